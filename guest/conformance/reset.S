// init, reset and port-cycles: what brings the processor to the reset vector, and what else that reaches.
//
// Port 92h, the keyboard controller, CF9h without SRST and a shutdown cycle are INIT, which the bridge does not
// see: PAM, SMRAM and its lock stay. CF9h with SRST is the hard reset (82371AB data sheet, INIT, CPURST and
// PCIRST#; RCR). RAM is expected to live through both; where it does not, a mark in the CMOS RAM ends the run.
#include "rom.inc"

#define CMOS 0x70
#define SHUTDOWN 0x0f   // the byte that says why the processor was reset
#define UNDERWAY 0xa6
#define RCR 0xcf9
#define SRST 2
#define RCPU 4
#define FAST_RESET 1
#define A20 2
#define PORT_A 0x92
#define KEYBOARD 0x64
#define PULSE_RESET 0xfe
#define PATIENCE 20000  // reads of port 80h
#define KEPT 0x4e5e7001
#define KEPT_AT 0xd0040

.text
.macro CMOS_WRITE value
  mov al, SHUTDOWN
  out CMOS, al
  mov al, \value
  out CMOS + 1, al
.endm

// After a reset while one is underway, in flat 32-bit code with the ROM's GDT: goes on in try_reset.
.globl resume
resume:
  mov dword ptr [underway], 0
  mov esi, offset ram_gdt_pointer
  lgdt [esi]
  mov esi, offset idt_pointer
  lidt [esi]
  mov esp, [reset_esp]
  CMOS_WRITE 0
  popad
  mov eax, 1
  ret

// At the start: the mark is there, and RAM, which should have it as well, has not.
.globl look_for_mark
look_for_mark:
  mov al, SHUTDOWN
  out CMOS, al
  in al, CMOS + 1
  cmp al, UNDERWAY
  jne 1f
  CMOS_WRITE 0
  mov esi, offset bail_out
  call say
  mov eax, 1
  jmp off
1:
  ret

// eax: 1 if the code at ebx brings the processor to the reset vector, 0 if not within a while.
try_reset:
  pushad
  CMOS_WRITE UNDERWAY
  mov [reset_esp], esp
  mov dword ptr [underway], RESET_UNDERWAY
  call ebx
  mov ecx, PATIENCE
1:
  in al, 0x80
  dec ecx
  jnz 1b
  mov dword ptr [underway], 0
  CMOS_WRITE 0
  popad
  xor eax, eax
  ret

// ZF if there is a CMOS RAM to keep the mark.
has_cmos:
  push eax
  CMOS_WRITE 0x35
  mov al, SHUTDOWN
  out CMOS, al
  in al, CMOS + 1
  mov ah, al
  CMOS_WRITE 0
  cmp ah, 0x35
  pop eax
  ret

// Runs the rows of a table from esi to edi: each is a code, a name and what to check.
.macro KINDS from
  mov esi, offset \from
  mov edi, offset \from\()_end
  call each_kind
.endm
each_kind:
  mov ebx, [esi]
  call prepare
  call try_reset
  test eax, eax
  mov ebx, [esi + 4]
  jz 1f
  mov eax, [esi + 8]
  call eax
  jmp 2f
1:
  call skip_kind
2:
  add esi, 12
  cmp esi, edi
  jb each_kind
  ret

// "port 92h does not reset". ebx: the kind.
skip_kind:
  pushad
  mov edi, offset kind_name
  mov esi, ebx
  call put_text
  mov esi, offset does_not_reset
  call put_text
  mov byte ptr [edi], 0
  mov ebx, offset kind_name
  call skip
  popad
  ret

// D0000 in state 11 with a mark, E0000 in state 01, F0000 in state 10; SMRAM is locked.
prepare:
  pushad
  mov edx, RW
  call set_all
  mov dword ptr [KEPT_AT], KEPT
  mov eax, 8
  mov edx, RO
  call set_state
  mov eax, LAST_SEGMENT
  mov edx, WO
  call set_state
  SMRAM_TO (D_LCK | SMRAM_CLOSED)
  mov eax, DRAMT
  call config_read32
  mov [before], eax
  mov eax, DRAMT + 4
  call config_read32
  mov [before + 4], eax
  mov eax, SMRAM
  call config_read8
  mov [before + 8], al
  popad
  ret

// "port 92h: PAM kept": the kind (in [kind]) and the rest (ebx).
check_kind:
  push esi
  push edi
  mov edi, offset kind_name
  mov esi, [kind]
  call put_text
  mov esi, ebx
  call put_text
  mov byte ptr [edi], 0
  pop edi
  pop esi
  mov ebx, offset kind_name
  jmp check
.macro KIND_CHECK text
  WHAT ": \text"
  call check_kind
.endm

.globl init
init:
  call has_cmos
  jne 1f
  KINDS inits
  mov edx, RW
  jmp set_all
1:
  SKIP "no CMOS RAM to keep a mark in"
  ret

// ebx: the kind.
kept_all:
  pushad
  mov [kind], ebx
  mov eax, DRAMT
  call config_read32
  mov edx, [before]
  KIND_CHECK "PAM0 to PAM2 stay"
  mov eax, DRAMT + 4
  call config_read32
  mov edx, [before + 4]
  KIND_CHECK "PAM3 to PAM6 stay"
  mov eax, SMRAM
  call config_read8
  movzx edx, byte ptr [before + 8]
  KIND_CHECK "D_LCK stays"
  SMRAM_TO SMRAM_OPEN
  mov eax, SMRAM
  call config_read8
  and eax, D_OPEN
  xor edx, edx
  KIND_CHECK "SMRAM cannot be opened"
  mov eax, [KEPT_AT]
  mov edx, KEPT
  KIND_CHECK "D0000 still shows DRAM"
  popad
  ret

.globl reset
reset:
  call has_cmos
  jne 1f
  KINDS resets
  // The state of a reset is the model's again.
  mov edx, RW
  call set_all
  jmp restore
1:
  SKIP "no CMOS RAM to keep a mark in"
  ret

cleared_all:
  pushad
  mov [kind], ebx
  mov eax, DRAMT
  call config_read32
  and eax, 0xffffff00
  xor edx, edx
  KIND_CHECK "PAM0 to PAM2 are 0"
  mov eax, DRAMT + 4
  call config_read32
  xor edx, edx
  KIND_CHECK "PAM3 to PAM6 are 0"
  mov eax, SMRAM
  call config_read8
  mov edx, BASE_SEG
  KIND_CHECK "SMRAM reads 02"
  mov eax, [0xf0000]
  mov edx, [0xf0000 - BUS_MODEL_BELOW]
  KIND_CHECK "F0000 shows the ROM"
  mov eax, [KEPT_AT]
  mov edx, [KEPT_AT - BUS_MODEL_BELOW]
  KIND_CHECK "D0000 shows the bus"
  mov edx, RW
  call set_all
  mov eax, [KEPT_AT]
  mov edx, KEPT
  KIND_CHECK "DRAM is kept"
  SMRAM_TO SMRAM_OPEN
  mov eax, SMRAM
  call config_read8
  mov edx, SMRAM_OPEN
  KIND_CHECK "SMRAM can be opened"
  SMRAM_TO SMRAM_CLOSED
  popad
  ret

// Of the cycles at CF9h those that begin there are the PIIX's; a cycle that begins before is not.
.globl port_cycles
port_cycles:
  call has_cmos
  jne 1f
  mov ebx, offset hard_by_byte
  call try_reset
  test eax, eax
  jz 2f
  mov edx, RCR
  mov al, 0
  out dx, al
  mov esi, offset cycles
3:
  mov ebx, [esi]
  call try_reset
  mov edx, [esi + 8]
  mov ebx, [esi + 4]
  call check
  mov edx, RCR
  mov al, 0
  out dx, al
  add esi, 12
  cmp esi, offset cycles_end
  jb 3b
  mov edx, RW
  call set_all
  jmp restore
1:
  SKIP "no CMOS RAM to keep a mark in"
  ret
2:
  SKIP "CF9h does not reset"
  ret

by_port_92:
  in al, PORT_A
  and al, ~FAST_RESET
  or al, A20
  out PORT_A, al
  or al, FAST_RESET
  out PORT_A, al
  ret
by_keyboard:
  mov al, PULSE_RESET
  out KEYBOARD, al
  ret
soft_by_byte:
  mov edx, RCR
  mov al, 0
  out dx, al
  mov al, RCPU
  out dx, al
  ret
by_shutdown:
  mov dword ptr [nothing], 0
  mov dword ptr [nothing + 4], 0
  mov esi, offset nothing
  lidt [esi]
  int3
  ret
hard_by_byte:
  mov edx, RCR
  mov al, SRST
  out dx, al
  mov al, SRST | RCPU
  out dx, al
  ret
.macro AT_PORT name, port, register, value
\name:
  xor eax, eax
  call config_read32  // no other register gets what goes past CFBh
  mov edx, \port
  mov eax, \value
  out dx, \register
  ret
.endm
AT_PORT word_at_cf9, RCR, ax, 0x0006
AT_PORT dword_at_cf9, RCR, eax, 0x00000006
AT_PORT word_at_cf8, (RCR - 1), ax, 0x0600
AT_PORT dword_at_cf7, (RCR - 2), eax, 0x00060000

.section .rodata
does_not_reset: .asciz " does not reset the processor"
bail_out: .asciz "Bail out! RAM was lost over a reset"
.macro KIND code, name, then
  .pushsection .rodata.text, "a"
  .Lkind\@: .asciz "\name"
  .popsection
  .long \code, .Lkind\@, \then
.endm
.balign 4
inits:
  KIND by_port_92, "port 92h", kept_all
  KIND by_keyboard, "keyboard controller", kept_all
  KIND soft_by_byte, "CF9h without SRST", kept_all
  KIND by_shutdown, "shutdown", kept_all
inits_end:
resets:
  KIND hard_by_byte, "CF9h with SRST", cleared_all
resets_end:
cycles:  // and whether it resets
  KIND word_at_cf9, "word written at CF9h", 1
  KIND dword_at_cf9, "dword written at CF9h", 1
  KIND word_at_cf8, "word written at CF8h", 0
  KIND dword_at_cf7, "dword written at CF7h", 0
cycles_end:

.bss
.balign 4
.globl underway
underway: .long 0
reset_esp: .long 0
before: .skip 12
kind: .long 0
kind_name: .skip 96
nothing: .skip 8

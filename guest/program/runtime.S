// Runs random programs one after the other, each from the same state, and tells what came of each in a line:
//
//   P 0007 0000002A 8C11F0E3 51B0A7D2      number, records, their checksum, the checksum of the windows
//
// with FLAG_VERBOSE after a line for each record (R value flags) and each window (W boundary checksum). At the end
// "END", the checksum of DRAM at C0000-FFFFF, and the machine is off. An exception is a record, E00000xx for
// vector xx, and ends its program. A reset in a program goes on where CALL_RESET_BY was told.
//
// It needs what the conformance ROM needs (guest/README.md).
#include "guest/enter_flat.inc"
#include "guest/power_off.inc"
#include "guest/program/layout.h"

.intel_syntax noprefix

#define MAGIC 0x50524f47
#define GATES 33                    // with that of INT 20h
#define DEFINED_FLAGS 0x8c5         // OF, SF, ZF, PF, CF; AF is not compared
#define PRIME 0x01000193
#define IN_ROM 0xfffff000           // where the runtime is before it is copied

#define PAM_START 0xc0000
#define PAM_DWORDS 0x10000

.macro VARIABLE name, at
  .set \name, PROGRAM_VARIABLES + \at
.endm
  VARIABLE magic, 0                 // a reset is wanted
  VARIABLE go_on_at, 4
  VARIABLE records, 8
  VARIABLE drb7, 12
  VARIABLE program, 16              // its number
  VARIABLE console, 20              // the port
  VARIABLE fault_wanted, 24

.text
.code32
.globl runtime
runtime:                            // the calls
  jmp record
  .org 0x10, 0x90
  jmp record_flags
  .org 0x20, 0x90
  jmp call_routine
  .org 0x30, 0x90
reset_by:
  push eax
  mov eax, [esp + 8]
  mov [go_on_at], eax
  mov dword ptr [magic], MAGIC
  pop eax
  ret 4
  .org 0x50, 0x90
  jmp dma
  .org 0x60, 0x90
  int 0x20
  .org 0x70, 0x90
  mov dword ptr [fault_wanted], 1
  int 0x21

record:
  push ebx
  xor ebx, ebx
  jmp keep
record_flags:
  push ebx
  pushfd
  pop ebx
  and ebx, DEFINED_FLAGS
keep:
  push ecx
  mov ecx, [records]
  cmp ecx, PROGRAM_MOST_RECORDS
  jae 1f
  mov [PROGRAM_TRACE + ecx * 8], eax
  mov [PROGRAM_TRACE + ecx * 8 + 4], ebx
  inc dword ptr [records]
1:
  pop ecx
  pop ebx
  ret

// The two routines that the host writes: "mov eax, number; ret", and the one that first writes the number.
call_routine:
  mov eax, 0x0badc0de
  cmp byte ptr [edi], 0xb8
  je 1f
  cmp word ptr [edi], 0x05c7
  jne 3f
  push ebx
  lea ebx, [edi + 11]
  cmp [edi + 2], ebx
  pop ebx
  jne 3f
  cmp byte ptr [edi + 10], 0xb8
  jne 3f
  cmp byte ptr [edi + 15], 0xc3
  jne 3f
  jmp 2f
1:
  cmp byte ptr [edi + 5], 0xc3
  jne 3f
2:
  call edi
3:
  ret

// QEMU's docs/specs/fw_cfg.rst: select and read, in big-endian dwords.
dma:
  push edx
  mov dword ptr [PROGRAM_DMA], 0x0a000000
  bswap ecx
  mov [PROGRAM_DMA + 4], ecx
  bswap ecx
  mov dword ptr [PROGRAM_DMA + 8], 0
  mov eax, edi
  bswap eax
  mov [PROGRAM_DMA + 12], eax
  mov edx, 0x514
  xor eax, eax
  out dx, eax
  mov eax, PROGRAM_DMA
  bswap eax
  mov edx, 0x518
  out dx, eax
  mov eax, [PROGRAM_DMA]
  pop edx
  ret

// What the frame at esp holds; with an error code it is a dword longer.
sum_fault:
  mov dword ptr [fault_wanted], 0
  mov eax, [esp + 12]
  jmp 1f
sum_frame:
  xor eax, eax
1:
  add eax, [esp]
  add eax, [esp + 4]
  add eax, [esp + 8]
  add eax, esp
  mov esp, PROGRAM_STACK - 4
  jmp edi

// Port 92h alone says whether address bit 20 is masked, and it is not.
own_a20:
  call keyboard_takes
  mov al, 0xd1
  out 0x64, al
  call keyboard_takes
  mov al, 0xdd
  out 0x60, al
  call keyboard_takes
open_a20:
  in al, 0x92
  and al, 0xfc
  or al, 2
  out 0x92, al
  ret
keyboard_takes:
  mov ecx, 0x4000
1:
  in al, 0x64
  test al, 2
  jz 2f
  dec ecx
  jnz 1b
2:
  ret

// ecx = offset of a configuration dword: dx = the data port of its byte `cl`.
select_config:
  mov eax, ecx
  and eax, 0xfc
  or eax, 0x80000000
  mov edx, 0xcf8
  out dx, eax
  mov edx, ecx
  and edx, 3
  or edx, 0xcfc
  ret

// The register ecx to the byte in bl.
write_config:
  push eax
  push edx
  call select_config
  mov al, bl
  out dx, al
  pop edx
  pop eax
  ret

// PAM0-PAM6 to the byte in bl, by two writes; DRAMT, which shares a dword with them, stays.
set_pam:
  push eax
  push ecx
  push edx
  mov ecx, 0x5c
  call select_config
  movzx eax, bl
  imul eax, eax, 0x01010101
  out dx, eax
  push eax
  mov ecx, 0x58
  call select_config
  in eax, dx
  mov cl, al
  pop eax
  mov al, cl
  out dx, eax
  pop edx
  pop ecx
  pop eax
  ret

.macro CONFIG offset, value
  mov ecx, \offset
  mov bl, \value
  call write_config
.endm

// All DRAM can be read and written.
open_all:
  push ebx
  push ecx
  CONFIG 0x68, 0
  mov ecx, 0x67
  mov bl, [drb7]
  call write_config
  CONFIG 0x73, 0                    // no register of the 82441FX
  CONFIG 0x72, 0x4a
  mov bl, 0x33
  call set_pam
  pop ecx
  pop ebx
  ret

// As after reset.
close_all:
  push ebx
  push ecx
  CONFIG 0x72, 0x02
  mov bl, 0
  call set_pam
  pop ecx
  pop ebx
  ret

// A dword that depends on its address edi.
pattern:
  mov eax, edi
  imul eax, eax, 0x9e3779b1
  ror eax, 13
  ret

// edi, ecx dwords.
fill:
  call pattern
  stosd
  dec ecx
  jnz fill
  ret

// eax = the checksum over ecx dwords at esi, from eax on.
checksum:
  xor eax, [esi]
  imul eax, eax, PRIME
  rol eax, 7
  add esi, 4
  dec ecx
  jnz checksum
  ret

// Text goes to the BIOS's debug port, which reads E9h, or else to port E9h; al is kept.
put:
  push edx
  mov edx, [console]
  out dx, al
  pop edx
  ret
newline:
  mov al, 10
  jmp put
// eax in ecx digits, after a blank.
put_number:
  push eax
  mov al, ' '
  call put
  pop eax
  push ebx
  mov ebx, eax
  push ecx
1:
  pop ecx
  dec ecx
  js 2f
  push ecx
  shl ecx, 2
  mov eax, ebx
  shr eax, cl
  and eax, 15
  cmp al, 10
  jb 3f
  add al, 7
3:
  add al, '0'
  call put
  jmp 1b
2:
  pop ebx
  ret
put_dword:
  mov ecx, 8
  jmp put_number

.globl main
main:
  mov edx, 0x402
  in al, dx
  cmp al, 0xe9
  je 1f
  mov edx, 0xe9
1:
  mov [console], edx
  mov ecx, 0x67
  call select_config
  in al, dx
  mov [drb7], al
  call open_all
  mov edi, PAM_START
  mov ecx, PAM_DWORDS
  call fill
  mov dword ptr [program], 0
next_program:
  mov eax, [program]
  cmp eax, [PROGRAM_CODE + HEADER_PROGRAMS]
  jae finish
  call open_all
  mov ebp, offset fill
  call each_window
  call close_all
  mov dword ptr [records], 0
  mov dword ptr [fault_wanted], 0
  mov eax, [program]
  mov ecx, [PROGRAM_CODE + HEADER_WINDOWS]
  add eax, ecx
  mov esp, PROGRAM_STACK
  call [PROGRAM_CODE + HEADER_BYTES + eax * 4]
ended:
  cld
  mov esp, PROGRAM_STACK
  call open_a20
  mov ecx, 0x72
  call select_config
  in al, dx
  test al, 0x10                     // D_LCK: what it froze only a reset moves
  jz 1f
  push offset 1f
  call reset_by
  mov edx, 0xcf9
  mov al, 2
  out dx, al
  mov al, 6
  out dx, al
  jmp .
1:
  call open_all
  call tell
  inc dword ptr [program]
  jmp next_program

// For each window: edi and esi = its first byte, ecx = its dwords; calls ebp. eax goes from one to the next.
each_window:
  xor edx, edx
1:
  mov edi, [PROGRAM_CODE + HEADER_BYTES + edx * 4]
  sub edi, WINDOW_BEFORE
  mov esi, edi
  mov ecx, WINDOW_BYTES / 4
  push edx
  call ebp
  pop edx
  inc edx
  cmp edx, [PROGRAM_CODE + HEADER_WINDOWS]
  jne 1b
  ret

tell:
  test dword ptr [PROGRAM_CODE + HEADER_FLAGS], FLAG_VERBOSE
  jz 1f
  call tell_records
  mov ebp, offset tell_window
  call each_window
1:
  mov al, 'P'
  call put
  mov eax, [program]
  mov ecx, 4
  call put_number
  mov eax, [records]
  call put_dword
  mov esi, PROGRAM_TRACE
  mov ecx, [records]
  add ecx, ecx
  xor eax, eax
  jecxz 2f
  call checksum
2:
  call put_dword
  xor eax, eax
  mov ebp, offset checksum
  call each_window
  call put_dword
  jmp newline

tell_records:
  xor edi, edi
1:
  cmp edi, [records]
  jae 2f
  mov al, 'R'
  call put
  mov eax, [PROGRAM_TRACE + edi * 8]
  call put_dword
  mov eax, [PROGRAM_TRACE + edi * 8 + 4]
  call put_dword
  call newline
  inc edi
  jmp 1b
2:
  ret

tell_window:
  push ecx
  mov al, 'W'
  call put
  lea eax, [edi + WINDOW_BEFORE]
  call put_dword
  pop ecx
  xor eax, eax
  call checksum
  call put_dword
  jmp newline

finish:
  mov esi, PAM_START
  mov ecx, PAM_DWORDS
  xor eax, eax
  call checksum
  mov ebx, eax
  mov esi, offset end_text
1:
  lodsb
  call put
  cmp al, 'D'
  jne 1b
  mov eax, ebx
  call put_dword
  call newline
  xor eax, eax
.att_syntax prefix
  POWER_OFF
.intel_syntax noprefix
2:
  hlt
  jmp 2b
end_text: .ascii "END"

// Exceptions.
catch_exceptions:
  mov edi, PROGRAM_IDT
  mov eax, offset entries
  mov ecx, GATES
1:
  mov [edi], ax
  mov word ptr [edi + 2], 0x08
  mov word ptr [edi + 4], 0x8e00    // present, 32-bit interrupt gate
  mov word ptr [edi + 6], 0
  add edi, 8
  add eax, 16
  dec ecx
  jnz 1b
  lidt [idt_pointer]
  ret
  .balign 8
idt_pointer:
  .word GATES * 8 - 1
  .long PROGRAM_IDT

.set vector, 0
.balign 16
entries:
.rept GATES
  mov eax, 0xe0000000 + vector
  jmp caught
  .balign 16
  .set vector, vector + 1
.endr
caught:
  cmp eax, 0xe0000020               // INT 20h
  je sum_frame
  cmp eax, 0xe000000d               // #GP
  jne 1f
  cmp dword ptr [fault_wanted], 0
  jne sum_fault
1:
  mov esp, PROGRAM_STACK            // wherever it was
  call record
  jmp ended

  .org 0xe00, 0x90
.code16
entry:
  cli
  cld
  // CS is still at FFFF0000, DS at 0 (SDM volume 3, table 9-1).
.att_syntax prefix
  ENTER_FLAT rom_gdtr-PROGRAM_RUNTIME+0xf000, protected-PROGRAM_RUNTIME+IN_ROM
protected:
  FLAT_DATA
.intel_syntax noprefix
  mov esp, PROGRAM_STACK - 64       // below what a program that goes on returns by
  cmp dword ptr [magic], MAGIC
  je go_on
  mov esi, IN_ROM
  mov edi, PROGRAM_RUNTIME
  mov ecx, PROGRAM_RUNTIME_SIZE / 4
  rep movsd
  xor esi, esi
  sub esi, [image_size]
  mov edi, PROGRAM_CODE
  mov ecx, [esi + HEADER_SIZE]
  shr ecx, 2
  rep movsd
  mov eax, offset start
  jmp eax
go_on:
  mov eax, offset start_again
  jmp eax

start:
  lgdt [ram_gdt_pointer]
  call catch_exceptions
  call own_a20
  jmp main
start_again:
  lgdt [ram_gdt_pointer]
  call catch_exceptions
  call own_a20
  mov dword ptr [magic], 0
  mov esp, PROGRAM_STACK - 4        // the return address of the program is there still
  jmp [go_on_at]
  .balign 8
ram_gdt: FLAT_GDT
ram_gdt_pointer: FLAT_GDTR ram_gdt
rom_gdtr: FLAT_GDTR ram_gdt-PROGRAM_RUNTIME+IN_ROM

  .org 0xff0, 0x90
.code16
  jmp entry
  .org PROGRAM_RUNTIME_SIZE - IMAGE_SIZE_FROM_END, 0x90
image_size:
  .long 0                           // of the whole image; the host's to fill in
  .org PROGRAM_RUNTIME_SIZE, 0x90

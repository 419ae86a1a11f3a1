// smram: A0000-BFFFF as DRAM and as VGA or PCI, by the bits of SMRAM, without SMM.
//
// Whatever answers there when it is closed (a display card, or nobody) is only compared with itself.
#include "rom.inc"

// A row of `places`.
#define PLACE_AT 0
#define PLACE_NAME 4
#define PLACE_CLOSED 8  // what it shows when closed
#define PLACE_INSIDE 12  // what was written to its DRAM
#define PLACE_BYTES 16

.macro PLACE at, name
  .long \at, .Lplace\@, 0, 0
  .pushsection .rodata
  .Lplace\@: .asciz "\name"
  .popsection
.endm
.data
.balign 4
places:
at_a0000: PLACE 0xa0000, "A0000"
at_a8000: PLACE 0xa8000, "A8000"
  PLACE 0xafffc, "AFFFC"
  PLACE 0xb0000, "B0000"
  PLACE 0xb8000, "B8000"
at_bfffc: PLACE 0xbfffc, "BFFFC"
places_end:

.bss
.balign 4
.globl what
what: .long 0
place_name: .skip 64

.text
// SMRAM to al.
.globl set_smram
set_smram:
  push eax
  push edx
  mov edx, eax
  mov eax, SMRAM
  call config_write8
  pop edx
  pop eax
  ret

// Calls eax for each place: esi its row in `places`, edi its address, ebx its name.
each_place:
  mov esi, offset places
1:
  mov edi, [esi + PLACE_AT]
  mov ebx, [esi + PLACE_NAME]
  push eax
  call eax
  pop eax
  add esi, PLACE_BYTES
  cmp esi, offset places_end
  jb 1b
  ret

// What is seen when closed.
.globl learn_closed
learn_closed:
  SMRAM_TO SMRAM_CLOSED
  mov eax, offset learn_place
  jmp each_place
learn_place:
  mov eax, [edi]
  mov [esi + PLACE_CLOSED], eax
  ret

// Every place shows what it did when closed. [what] tells under which circumstances.
.globl verify_closed
verify_closed:
  mov eax, offset closed_place
  jmp each_place
closed_place:
  mov eax, [edi]
  mov edx, [esi + PLACE_CLOSED]
  jmp check_place

verify_open:
  mov eax, offset open_place
  jmp each_place
open_place:
  mov eax, [edi]
  mov edx, [esi + PLACE_INSIDE]
  // Falls into check_place.

// "A0000 open": ebx is the place, [what] the rest.
check_place:
  push edi
  push esi
  mov edi, offset place_name
  mov esi, ebx
  call put_text
  mov esi, [what]
  call put_text
  mov byte ptr [edi], 0
  pop esi
  pop edi
  mov ebx, offset place_name
  jmp check


fill_place:
  mov eax, [esi + PLACE_CLOSED]
  mov edx, edi
  or edx, 0x80808080
  xor eax, edx
  mov [esi + PLACE_INSIDE], eax
  mov [edi], eax
  ret

scribble_place:
  not dword ptr [edi]
  ret

.globl smram
smram:
  call smram_registers
  call learn_closed
  SMRAM_TO SMRAM_OPEN
  mov eax, offset fill_place
  call each_place
  PLACES verify_open, "open"
  call smram_sizes
  call smram_fetch
  SMRAM_TO SMRAM_CLOSED
  PLACES verify_closed, "closed"
  mov eax, offset scribble_place
  call each_place
  SMRAM_TO SMRAM_OPEN
  PLACES verify_open, "opened again"

  call learn_closed
  SMRAM_TO (D_OPEN | BASE_SEG)
  PLACES verify_closed, "without G_SMRAME"
  SMRAM_TO (D_CLS | SMRAM_CLOSED)
  PLACES verify_closed, "under D_CLS"
  SMRAM_TO SMRAM_OPEN
  PLACES verify_open, "opened at last"
  SMRAM_TO SMRAM_CLOSED
  ret

smram_registers:
  READS_BACK SMRAM, 0x05, BASE_SEG, 0xff, "C_BASE_SEG reads 010"
  READS_BACK SMRAM, SMRAM_CLOSED, SMRAM_CLOSED, 0xff, "G_SMRAME reads 1"
  READS_BACK SMRAM, SMRAM_OPEN, SMRAM_OPEN, 0xff, "D_OPEN reads 1"
  READS_BACK SMRAM, (D_CLS | SMRAM_CLOSED), (D_CLS | SMRAM_CLOSED), 0xff, "D_CLS reads 1"
  READS_BACK SMRAM, (0x80 | SMRAM_CLOSED), SMRAM_CLOSED, 0xff, "reserved bit"
  ret

// Bytes and words while open, and dwords across either end.
smram_sizes:
  mov byte ptr [0xa8001], 0x5c
  mov eax, [0xa8000]
  mov edx, [at_a8000 + PLACE_INSIDE]
  mov dh, 0x5c
  mov [at_a8000 + PLACE_INSIDE], edx
  CHECK "byte write open"
  mov word ptr [0xa8002], 0x6d7e
  mov eax, [0xa8000]
  and edx, 0xffff
  or edx, 0x6d7e0000
  mov [at_a8000 + PLACE_INSIDE], edx
  CHECK "word write open"
  movzx eax, byte ptr [0xa8001]
  mov edx, 0x5c
  CHECK "byte read open"

  mov eax, 0
  mov edx, RW
  call set_state
  movzx edx, word ptr [PAM_START]
  shl edx, 16
  mov dx, [at_bfffc + PLACE_INSIDE + 2]
  mov eax, [PAM_START - 2]
  CHECK "dword into C0000"
  mov edx, [at_a0000 + PLACE_INSIDE]
  shl edx, 16
  mov dx, [0x9fffe]
  mov eax, [0x9fffe]
  CHECK "dword from below A0000"
  ret

smram_fetch:
  mov edi, 0xa4000
  mov byte ptr [edi], 0xb8
  mov dword ptr [edi + 1], 0x72000a40
  mov byte ptr [edi + 5], 0xc3
  call call_stub
  mov edx, 0x72000a40
  CHECK "fetch open"
  ret

// rmw: instructions that read and write one operand, while reads and writes go to different places.
//
// Each is executed twice: on the segment, and on a copy of what the segment should read.
#include "rom.inc"

// A row of `instructions`: what to call, its name, which bytes of the dword it writes.
#define INSTRUCTION_RUN 0
#define INSTRUCTION_NAME 4
#define INSTRUCTION_FIRST 8
#define INSTRUCTION_WRITES 9
#define INSTRUCTION_BYTES 12

.text
.globl rmw
rmw:
  call refill  // after `shadow` DRAM and bus are the same
  mov eax, offset modify_state
  jmp each_state

modify_state:
  mov esi, offset instructions
1:
  call modify
  add esi, INSTRUCTION_BYTES
  cmp esi, offset instructions_end
  jb 1b
  ret

modify:
  SET_STATE [state]
  mov eax, [segment]
  mov edi, [segments + eax * 8]
  mov edx, esi  // a place of its own for each
  sub edx, offset instructions
  imul edx, edx, 0x4b
  and edx, 0x3ffc
  add edi, edx
  mov ecx, 4
  call expect
  mov [copy], eax

  mov ebx, 0x00310207  // the operand
  push edi
  mov edi, offset copy
  call [esi + INSTRUCTION_RUN]
  pop edi
  mov edx, ebx
  call note_result
  mov ebx, 0x00310207
  call [esi + INSTRUCTION_RUN]
  mov eax, ebx
  cmp eax, edx  // what the instruction left in the register
  mov ebx, [esi + INSTRUCTION_NAME]
  jne check

  SET_STATE RW
  jmp verify

// The bytes that the instruction writes, into the model.
note_result:
  pushad
  movzx edx, byte ptr [esi + INSTRUCTION_FIRST]
  movzx ecx, byte ptr [esi + INSTRUCTION_WRITES]
  mov eax, [copy + edx]
  add edi, edx
  call note_write
  popad
  ret

// Operand in memory at edi, in a register ebx.
do_or:
  or [edi], ebx
  ret
do_add:
  add [edi], ebx
  ret
do_inc:
  inc dword ptr [edi]
  ret
do_not:
  not dword ptr [edi]
  ret
do_xor_byte:
  xor [edi + 1], bl
  ret
do_xchg:
  xchg [edi], ebx
  ret
do_bts:
  bts dword ptr [edi], 21
  sbb ebx, ebx  // the bit that was there
  ret
do_shl:
  shl dword ptr [edi], 3
  ret
do_xadd:
  xadd [edi], ebx
  ret
do_cmpxchg:
  mov eax, [edi]
  cmpxchg [edi], ebx
  ret

.macro INSTRUCTION run, name, first = 0, writes = 4
  .long \run, .Linstruction\@
  .byte \first, \writes, 0, 0
  .pushsection .rodata.text, "a"
  .Linstruction\@: .asciz "\name"
  .popsection
.endm
.section .rodata
.balign 4
instructions:
  INSTRUCTION do_or, "or"
  INSTRUCTION do_add, "add"
  INSTRUCTION do_inc, "inc"
  INSTRUCTION do_not, "not"
  INSTRUCTION do_xor_byte, "xor byte", 1, 1
  INSTRUCTION do_xchg, "xchg"
  INSTRUCTION do_bts, "bts"
  INSTRUCTION do_shl, "shl"
  INSTRUCTION do_xadd, "xadd"
  INSTRUCTION do_cmpxchg, "cmpxchg"
instructions_end:

.bss
.balign 4
copy: .skip 8

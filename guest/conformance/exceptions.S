// Exceptions: one in code that a check runs on purpose fails that check; any other ends the run with a line.
#include "rom.inc"

#define GATES 32

.text
.globl catch_exceptions
catch_exceptions:
  mov edi, offset idt
  mov eax, offset entries
  mov ecx, GATES
1:
  mov [edi], ax
  mov word ptr [edi + 2], 0x08
  mov word ptr [edi + 4], 0x8e00  // present, 32-bit interrupt gate
  mov edx, eax
  shr edx, 16
  mov [edi + 6], dx
  add edi, 8
  add eax, 8
  dec ecx
  jnz 1b
  mov eax, offset idt_pointer
  lidt [eax]
  ret

.set vector, 0
.balign 8
entries:
.rept GATES
  push vector
  jmp caught
  .balign 8
  .set vector, vector + 1
.endr

caught:
  cld
  pop eax
  mov ecx, [call_esp]
  jecxz 1f
  mov esp, ecx
  or eax, 0xe0000000
  jmp after_call
1:
  mov esp, STACK_TOP
  mov edx, NOT_NAMED
  CHECK "exception"
  jmp finish

// Calls the routine at edi if it reads as one (mov eax, number; ret), and gives its number in eax;
// 0BADC0DE if it does not, E00000xx after exception xx.
.globl call_stub
call_stub:
  mov eax, 0x0badc0de
  cmp byte ptr [edi], 0xb8
  jne 1f
  cmp byte ptr [edi + 5], 0xc3
  jne 1f
  push ebx
  mov ebx, edi
  xor eax, eax
  call call_code
  pop ebx
1:
  ret

// Calls the code at ebx with the other registers as they are, and gives eax as it leaves it; E00000xx after
// exception xx.
.globl call_code
call_code:
  pushad
  mov [call_esp], esp
  call ebx
after_call:
  mov esp, [call_esp]
  mov dword ptr [call_esp], 0
  mov [esp + 28], eax
  popad
  ret

.data
.globl idt_pointer, idt
idt_pointer:
  .word GATES * 8 - 1
  .long idt

.bss
.balign 8
idt: .skip GATES * 8
call_esp: .long 0

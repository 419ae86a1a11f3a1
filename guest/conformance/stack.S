// stack: the stack and the interrupt table in a segment: exceptions push to DRAM in state 11; in state 01
// pushes are lost, and what was there before is popped.
#include "rom.inc"

#define PUSHED 0x57ac0001
#define BEFORE 0x57ac0002
#define STACK_AT 0x2000  // in the segment
#define IDT_AT 0x100
#define IDT_BYTES 256
#define GATE_BREAKPOINT (3 * 8)
#define GATE_DEBUG (1 * 8)
#define CAUGHT_BREAKPOINT 0xe0000003
#define CAUGHT_DEBUG 0xe0000001

.text
.globl stack
stack:
  mov dword ptr [segment], 4  // D0000
  call stack_in_segment
  call table_in_segment
  mov dword ptr [segment], LAST_SEGMENT
  call stack_in_segment
  call table_in_segment
  mov dword ptr [segment], NOT_NAMED
  mov dword ptr [state], NOT_NAMED
  jmp restore

// The code at `from`, with esi at the stack, in a state.
.macro RUN to, from
  mov dword ptr [state], \to
  SET_STATE \to
  mov ebx, offset \from
  call call_code
.endm

stack_in_segment:
  call segment_edges
  lea esi, [eax + STACK_AT]
  RUN RW, push_and_break
  mov edx, CAUGHT_BREAKPOINT
  CHECK "exception"
  mov eax, [esi - 4]
  mov edx, PUSHED
  CHECK "pushed before"
  mov eax, [esi - 12]
  and eax, 0xffff
  mov edx, 8
  CHECK "pushed CS"
  mov eax, [esi - 16]
  mov edx, offset breakpoint_end
  CHECK "pushed EIP"

  mov dword ptr [esi - 4], BEFORE
  RUN RO, push_and_pop
  mov edx, BEFORE
  CHECK "pop after push"
  SET_STATE RW
  mov dword ptr [esi - 4], offset landed
  RUN RO, call_and_return
  mov edx, BEFORE
  CHECK "return after call"
  RUN RW, push_and_pop
  mov edx, PUSHED
  CHECK "pop after push"
  ret

table_in_segment:
  call segment_edges
  SET_STATE RW
  call segment_edges
  lea edi, [eax + IDT_AT]
  mov esi, offset idt
  mov ecx, IDT_BYTES / 4
  rep movsd
  lea edi, [eax + IDT_AT]
  mov word ptr [table], IDT_BYTES - 1
  mov [table + 2], edi
  SET_STATE RO
  mov eax, [edi + GATE_BREAKPOINT]
  mov edx, [idt + GATE_BREAKPOINT]
  mov dword ptr [state], RO
  CHECK "table"
  cmp eax, edx
  je 1f
  ret
1:
  mov esi, offset table
  lidt [esi]
  RUN RO, break_here
  mov edx, CAUGHT_BREAKPOINT
  CHECK "interrupt table"
  mov eax, [idt + GATE_DEBUG]
  mov [edi + GATE_BREAKPOINT], eax
  RUN RO, break_here
  mov edx, CAUGHT_BREAKPOINT
  CHECK "interrupt table written"
  SET_STATE RW
  mov eax, [idt + GATE_DEBUG]
  mov [edi + GATE_BREAKPOINT], eax
  RUN RW, break_here
  mov edx, CAUGHT_DEBUG
  CHECK "interrupt table written"
  mov esi, offset idt_pointer
  lidt [esi]
  ret

push_and_break:
  mov esp, esi
  push PUSHED
break_here:
  int3
breakpoint_end:
  ret

push_and_pop:
  mov edx, esp
  mov esp, esi
  push PUSHED
  pop eax
  mov esp, edx
  ret

call_and_return:
  mov edx, esp
  mov esp, esi
  call return_here
  mov eax, PUSHED
  mov esp, edx
  ret
return_here:
  ret
landed:
  mov eax, BEFORE
  mov esp, edx
  ret

.bss
.balign 4
table: .skip 8

// code: programs that change what they run: their own instructions, within a page, across pages and into the
// next segment, and the state of the segment that they lie in.
#include "rom.inc"

#define OLD 0x73000001
#define NEW 0x74020304
#define NOT_PLANTED 0x0badc0de
#define NUMBER_AT 8  // where the routine's number lies in it

.text
.globl code
code:
  mov dword ptr [segment], 0
1:
  call segment_edges
  lea edi, [eax + 0x40]
  WHAT "patches itself"
  call patch_in_place
  lea edi, [eax + 0x1000 - NUMBER_AT - 2]
  WHAT "patches itself across pages"
  call patch_in_place
  lea edi, [edx - NUMBER_AT - 2]
  call patch_into_next
  lea edi, [eax + 0x80]
  call close_under_itself
  inc dword ptr [segment]
  cmp dword ptr [segment], SEGMENTS
  jb 1b
  mov dword ptr [segment], NOT_NAMED
  mov dword ptr [state], NOT_NAMED
  jmp restore

// eax: start, edx: end of the segment.
.globl segment_edges
segment_edges:
  mov edx, [segment]
  mov eax, [segments + edx * 8]
  mov edx, [segments + edx * 8 + 4]
  add edx, eax
  ret

// Copies the routine to edi, in state 11 of all segments.
plant_patching:
  pushad
  mov edx, RW
  call set_all
  mov esi, offset patching
  mov ecx, offset patching_end - patching
  rep movsb
  popad
  ret

// The routine at edi, in a state of its segment: what it returns, as a check. ebx: what.
.macro RUN to, want
  mov dword ptr [state], \to
  SET_STATE \to
  push ebx
  mov ebx, edi
  call call_planted
  pop ebx
  mov edx, \want
  call check
.endm

// call_code, if the routine can be read at edi: who shows other memory there is not followed into it.
call_planted:
  call is_planted
  je call_code
  mov eax, NOT_PLANTED
  ret

// ZF if it can.
is_planted:
  cmp word ptr [edi], 0x47c7  // mov dword ptr [edi + ...], ...
  jne 1f
  cmp byte ptr [edi + NUMBER_AT - 1], 0xb8
  jne 1f
  cmp byte ptr [edi + NUMBER_AT + 4], 0xc3
1:
  ret

patch_in_place:
  pushad
  call plant_patching
  RUN RO, OLD
  RUN RW, NEW
  RUN RO, NEW
  popad
  ret

// The number lies half in this segment and half in the next, and only one of the two takes the write.
patch_into_next:
  cmp dword ptr [segment], LAST_SEGMENT
  jne 1f
  ret
1:
  pushad
  call plant_patching
  mov eax, [segment]
  inc eax
  mov edx, RO
  call set_state
  WHAT "patches itself, the next segment protected"
  RUN RW, ((OLD & 0xffff0000) | (NEW & 0xffff))
  call plant_patching
  WHAT "patches itself in the next segment alone"
  RUN RO, ((NEW & 0xffff0000) | (OLD & 0xffff))
  popad
  ret

// The routine makes its own segment read-only, goes on, and then writes no more.
close_under_itself:
  pushad
  call plant_patching
  SET_STATE RO
  call own_register
  call config_read8
  mov ebx, eax  // the value
  call is_planted
  mov eax, NOT_PLANTED
  jne 1f
  SET_STATE RW
  call own_register
  call config_read8  // which selects it
  call own_register
  and eax, 3
  lea edx, [eax + 0xcfc]
  mov byte ptr [edi - 1], 0xee  // out dx, al
  mov eax, ebx
  lea ebx, [edi - 1]
  call call_planted
1:
  mov edx, OLD
  mov dword ptr [state], RO
  CHECK "closes its own segment, then patches itself"
  SET_STATE RO
  popad
  ret

// eax: the register of the segment's state.
own_register:
  mov eax, [segment]
  cmp eax, LAST_SEGMENT
  je 1f
  shr eax, 1
  add eax, PAM0 + 1
  ret
1:
  mov eax, PAM0
  ret

.section .rodata
patching:  // edi: where it lies
  mov dword ptr [edi + NUMBER_AT], NEW
  mov eax, OLD
  ret
patching_end:

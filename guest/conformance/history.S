// pam-history: what the last of three states shows of what was written in the two before.
#include "rom.inc"

.text
.globl pam_history
pam_history:
  mov dword ptr [segment], 0
1:
  xor ebp, ebp  // three states of two bits, the first one highest
2:
  call one_history
  inc ebp
  cmp ebp, 64
  jb 2b
  inc dword ptr [segment]
  cmp dword ptr [segment], SEGMENTS
  jb 1b
  ret

one_history:
  call name_history
  mov eax, [segment]
  mov edi, ebp
  imul edi, edi, 0xfc
  add edi, [segments + eax * 8]
  mov ecx, 4
  mov edx, ebp
  shr edx, 4
  call write_in_state
  mov edx, ebp
  shr edx, 2
  call write_in_state
  mov edx, ebp
  and edx, 3
  mov eax, [segment]
  call set_state
  mov ebx, offset history
  jmp verify

// State edx (two bits of it), then a new value at edi.
write_in_state:
  and edx, 3
  mov eax, [segment]
  call set_state
  call fresh
  jmp poke

// "rw>wo>ro" in `history`.
name_history:
  mov edi, offset history
  mov edx, ebp
  mov ecx, 3
1:
  mov eax, edx
  shr eax, 4
  and eax, 3
  shl edx, 2
  mov esi, [state_names + eax * 4]
  call put_text
  mov byte ptr [edi], '>'
  inc edi
  dec ecx
  jnz 1b
  mov byte ptr [edi - 1], 0
  ret

.bss
history: .skip 32

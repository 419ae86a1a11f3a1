// shadow: what firmware does: ROM copied onto itself in state 10, then write-protected.
#include "rom.inc"

.text
.globl shadow
shadow:
  mov dword ptr [segment], 0
1:
  call shadow_segment
  inc dword ptr [segment]
  cmp dword ptr [segment], SEGMENTS
  jb 1b
  ret

shadow_segment:
  SET_STATE WO
  mov eax, [segment]
  mov esi, [segments + eax * 8]
  mov ecx, [segments + eax * 8 + 4]
  shr ecx, 2
  push esi
  push ecx
  mov edi, esi
  rep movsd
  WHAT "copied, read in wo"
  call verify_segment
  pop ecx  // the model's DRAM now holds what the bus shows
  pop esi
  lea edi, [esi - DRAM_MODEL_BELOW]
  sub esi, BUS_MODEL_BELOW
  rep movsd

  SET_STATE RO
  WHAT "copied, read in ro"
  call verify_segment
  call scribble
  WHAT "protected"
  call verify_segment
  SET_STATE RW
  WHAT "opened"
  call verify_segment
  call scribble
  WHAT "opened and written"
  call verify_segment
  SET_STATE MMIO
  WHAT "ROM after all"
  jmp verify_segment

// A new dword in every page.
scribble:
  mov eax, [segment]
  mov edi, [segments + eax * 8]
  mov edx, [segments + eax * 8 + 4]
  add edx, edi
  add edi, 0x124
  mov ecx, 4
1:
  call fresh
  call poke
  add edi, 0x1000
  cmp edi, edx
  jb 1b
  ret

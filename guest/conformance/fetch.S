// pam-fetch: routines of six bytes (mov eax, number; ret) in DRAM and, where there are some, in ROM.
#include "rom.inc"

.text
.globl pam_fetch
pam_fetch:
  mov edx, RW
  call set_all
  mov dword ptr [segment], 0
1:
  call fetch_first
  call fetch_middle
  call fetch_last
  call fetch_across
  inc dword ptr [segment]
  cmp dword ptr [segment], SEGMENTS
  jb 1b
  ret

// eax: start, edx: end of the segment.
edges:
  mov edx, [segment]
  mov eax, [segments + edx * 8]
  mov edx, [segments + edx * 8 + 4]
  add edx, eax
  ret

// Puts a routine with a new number, in ebx, at edi.
plant:
  push eax
  push ecx
  mov ebx, [number]
  add dword ptr [number], 0x00010203
  mov ecx, 1
  mov eax, 0xb8
  call poke
  inc edi
  mov ecx, 4
  mov eax, ebx
  call poke
  add edi, 4
  mov ecx, 1
  mov eax, 0xc3
  call poke
  sub edi, 5
  pop ecx
  pop eax
  ret

.macro FETCH to, number, text
  mov dword ptr [state], \to
  SET_STATE \to
  call call_stub
  mov edx, \number
  CHECK "\text"
.endm

fetch_first:
  call edges
  mov edi, eax
  call plant
  FETCH RO, ebx, "first"
  FETCH RW, ebx, "first"
  ret

fetch_last:
  call edges
  lea edi, [edx - 6]
  call plant
  FETCH RO, ebx, "last"
  FETCH RW, ebx, "last"
  ret

fetch_across:
  call edges
  lea edi, [edx - 3]
  SET_STATE RW
  call plant
  FETCH RO, ebx, "into the next segment"
  FETCH RW, ebx, "into the next segment"
  ret

// Here the ROM may have a routine of its own (number in ebp). What is fetched follows each change of state
// and each write at once.
fetch_middle:
  call edges
  lea edi, [eax + edx]
  shr edi, 1
  call plant
  FETCH RO, ebx, "middle"
  FETCH RW, ebx, "middle"
  lea esi, [edi - BUS_MODEL_BELOW]
  cmp byte ptr [esi], 0xb8
  jne 1f
  cmp byte ptr [esi + 5], 0xc3
  jne 1f
  mov ebp, [esi + 1]
  FETCH MMIO, ebp, "middle"
  FETCH RW, ebx, "after mmio"
  FETCH WO, ebp, "middle"
  FETCH RO, ebx, "after wo"
  FETCH WO, ebp, "after ro"
  call plant
  FETCH WO, ebp, "after a write"
1:
  SET_STATE WO
  call plant
  FETCH RO, ebx, "written in wo"
  mov ebp, ebx
  call plant
  FETCH RO, ebp, "after a write"
  FETCH RW, ebp, "after a write in ro"
  call plant
  FETCH RW, ebx, "after a write"
  mov dword ptr [state], NOT_NAMED
  ret

.data
.balign 4
number: .long 0x71000001

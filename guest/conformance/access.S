// pam-read, pam-write and pam-fetch: each segment in each state, by every size, at its edges and within.
#include "rom.inc"

.text
// Calls eax for each segment and state, which are in [segment] and [state].
.globl each_state
each_state:
  mov dword ptr [segment], 0
1:
  mov dword ptr [state], 0
2:
  push eax
  call eax
  pop eax
  inc dword ptr [state]
  cmp dword ptr [state], 4
  jb 2b
  inc dword ptr [segment]
  cmp dword ptr [segment], SEGMENTS
  jb 1b
  ret

// Puts the segment into the state, and the one above it into the opposite one.
.globl enter_state
enter_state:
  push eax
  push edx
  mov edx, [state]
  xor edx, 3
  call set_next
  SET_STATE [state]
  pop edx
  pop eax
  ret

// The segment above, if there is one, to state edx.
set_next:
  push eax
  mov eax, [segment]
  inc eax
  cmp eax, SEGMENTS
  je 1f
  call set_state
1:
  pop eax
  ret

// edi, ecx, ebx: address, size and name of the sample (esi) in the segment.
take_sample:
  push eax
  mov eax, [segment]
  mov edi, [segments + eax * 8]
  mov eax, [segments + eax * 8 + 4]
  shr eax, 1
  mul dword ptr [esi + SAMPLE_ANCHOR]
  add edi, eax
  add edi, [esi + SAMPLE_DELTA]
  mov ecx, [esi + SAMPLE_SIZE]
  mov ebx, [esi + SAMPLE_NAME]
  pop eax
  ret

.globl pam_read
pam_read:
  call compare_alias
  mov eax, offset read_state
  jmp each_state

read_state:
  call enter_state
  mov esi, offset samples
1:
  call take_sample
  call verify
  add esi, SAMPLE_BYTES
  cmp esi, offset samples_end
  jb 1b
  WHAT "whole"
  jmp verify_segment

// In state 00 the last 64 KiB show what lies below 4 GiB: the same part answers.
compare_alias:
  mov edx, MMIO
  call set_all
  mov esi, 0xf0000
  mov edi, 0xffff0000
  mov ecx, 0x4000
  repe cmpsd
  mov eax, [esi - 4]
  mov edx, [edi - 4]
  CHECK "F0000 mmio equals FFFF0000"
  ret

.globl pam_write
pam_write:
  mov eax, offset write_state
  jmp each_state

write_state:
  mov ebp, 1
1:
  call write_samples
  shl ebp, 1
  cmp ebp, 4
  jbe 1b
  WHAT "whole in rw"
  call verify_segment
  SET_STATE MMIO
  WHAT "whole in mmio"
  jmp verify_segment

// Writes all samples of ebp bytes in the state, then looks at the dwords around them in state 11.
write_samples:
  call enter_state
  mov esi, offset samples
1:
  cmp [esi + SAMPLE_SIZE], ebp
  jne 2f
  call take_sample
  call fresh
  call poke
2:
  add esi, SAMPLE_BYTES
  cmp esi, offset samples_end
  jb 1b

  mov edx, RW
  call set_next
  SET_STATE RW
  mov esi, offset samples
3:
  cmp [esi + SAMPLE_SIZE], ebp
  jne 5f
  call take_sample
  mov eax, edi
  and eax, 3
  add eax, ecx
  cmp eax, 4
  ja 4f
  and edi, 0xfffffffc
4:
  mov ecx, 4
  call verify
5:
  add esi, SAMPLE_BYTES
  cmp esi, offset samples_end
  jb 3b
  ret

.section .rodata
.macro SAMPLE anchor, delta, size, name  // anchor: 0 start, 1 middle, 2 end
  .long \anchor, \delta, \size, .Lsample\@
  .pushsection .rodata.text, "a"
  .Lsample\@: .asciz "\name"
  .popsection
.endm
.balign 4
samples:
  SAMPLE 0, 0, 1, "byte first"
  SAMPLE 1, 1, 1, "byte middle"
  SAMPLE 2, -1, 1, "byte last"
  SAMPLE 0, 0, 2, "word first"
  SAMPLE 1, 2, 2, "word middle"
  SAMPLE 1, 0x21, 2, "word unaligned"
  SAMPLE 2, -4, 2, "word last"
  SAMPLE 2, -1, 2, "word into the next segment"
  SAMPLE 0, 0, 4, "dword first"
  SAMPLE 1, 0, 4, "dword middle"
  SAMPLE 1, 0x43, 4, "dword unaligned"
  SAMPLE 0, 0xffd, 4, "dword across pages"
  SAMPLE 2, -8, 4, "dword last"
  SAMPLE 2, -2, 4, "dword into the next segment"
samples_end:

// neighbours: a change of one segment leaves the twelve others as they are.
// walk: random changes and writes over all segments against the model.
#include "rom.inc"

#define WALKS 32
#define STEPS 48

.text
.globl neighbours
neighbours:
  mov eax, offset change_one
  jmp each_state

change_one:
  mov eax, LAST_SEGMENT  // the others: all states, and others with each turn
1:
  lea edx, [eax + eax * 4]
  shr edx, 2
  add edx, [segment]
  add edx, eax
  and edx, 3
  call set_state
  dec eax
  jns 1b
  SET_STATE [state]
  xor eax, eax
2:
  mov edi, [segments + eax * 8]
  mov edx, [segments + eax * 8 + 4]
  call compare_at
  jne 3f
  lea edi, [edi + edx - 4]
  call compare_at
  jne 3f
  inc eax
  cmp eax, SEGMENTS
  jb 2b
  mov edi, PAM_START
3:
  WHAT "all others"
  mov ecx, 4
  jmp verify

// Flags as of got against wanted, for the dword at edi.
compare_at:
  push eax
  push ecx
  mov ecx, 4
  call expect
  cmp eax, [edi]
  pop ecx
  pop eax
  ret

.globl walk
walk:
  call refill
  mov dword ptr [random], 0x1b873593
  xor ebp, ebp
1:
  call one_walk
  inc ebp
  cmp ebp, WALKS
  jb 1b
  mov edx, RW
  call set_all
  call whole_window
  WHAT "all DRAM after"
  call check
  mov edx, MMIO
  call set_all
  call whole_window
  WHAT "all of the bus after"
  jmp check

// xorshift32, in eax.
next_random:
  push ecx
  mov eax, [random]
  mov ecx, eax
  shl ecx, 13
  xor eax, ecx
  mov ecx, eax
  shr ecx, 17
  xor eax, ecx
  mov ecx, eax
  shl ecx, 5
  xor eax, ecx
  mov [random], eax
  pop ecx
  ret

// eax: a random number below ecx (at most 65536).
random_below:
  call next_random
  push edx
  shr eax, 16
  mul ecx
  shr eax, 16
  pop edx
  ret

// edi, ecx: a random place from C0000 to FFFFC and a size.
random_place:
  mov ecx, 3
  call random_below
  push eax
  mov ecx, 0xffff
  call random_below
  lea edi, [PAM_START + eax * 4]
  call next_random
  and eax, 3
  add edi, eax
  pop ecx
  mov eax, 1
  shl eax, cl
  mov ecx, eax
  ret

// Ends at the first read that is wrong.
one_walk:
  mov esi, STEPS
1:
  mov ecx, SEGMENTS
  call random_below
  push eax
  call next_random
  mov edx, eax
  shr edx, 30
  pop eax
  call set_state
  call random_place
  call fresh
  call poke
  call random_place
  call expect
  mov edx, eax
  call peek
  cmp eax, edx
  jne 2f
  dec esi
  jnz 1b
2:
  push eax
  mov edi, offset walk_name
  mov eax, ebp
  mov ecx, 2
  call put_hex
  mov byte ptr [edi], 0
  pop eax
  mov ebx, offset walk_name
  jmp check

// C0000-FFFFF against the model, all in one state: eax and edx are the first dwords that differ, or the last.
whole_window:
  mov esi, PAM_START - BUS_MODEL_BELOW
  test byte ptr [pam_states], READ_ENABLE
  jz 1f
  mov esi, PAM_START - DRAM_MODEL_BELOW
1:
  mov edi, PAM_START
  mov ecx, (PAM_END - PAM_START) / 4
  repe cmpsd
  mov eax, [edi - 4]
  mov edx, [esi - 4]
  ret

.bss
.balign 4
random: .long 0
walk_name: .skip 4

// rom: the ROM at its two places: below 1 MiB as PAM says, below 4 GiB always, and never written.
#include "rom.inc"

#define BELOW_4G 0xfff00000  // + an address below 1 MiB
#define HALF 0x10000

.text
.globl rom
rom:
  mov dword ptr [segment], LAST_SEGMENT
  mov dword ptr [state], 0
1:
  SET_STATE [state]
  WHAT "below 4 GiB"
  call compare_top
  // Written at both, each write is the ROM's to drop or DRAM's to take.
  mov edi, 0xf9104
  mov ecx, 4
  call fresh
  mov [edi + BELOW_4G], eax
  call poke
  WHAT "written at both"
  call compare_top
  WHAT "after both were written"
  call verify
  inc dword ptr [state]
  cmp dword ptr [state], 4
  jb 1b
  mov dword ptr [segment], NOT_NAMED
  mov dword ptr [state], NOT_NAMED
  jmp rom_lower

// FFFF0000 on is what F0000 shows in state 00. ebx: what.
compare_top:
  push ecx
  push edi
  mov esi, 0xf0000 - BUS_MODEL_BELOW
  mov edi, 0xf0000 + BELOW_4G
  mov ecx, HALF / 4
  repe cmpsd
  mov eax, [edi - 4]
  mov edx, [esi - 4]
  call check
  pop edi
  pop ecx
  ret

// E0000-EFFFF likewise, if the ROM is as large.
rom_lower:
  mov edi, 0xe0000 + BELOW_4G
  mov ecx, HALF / 4
  mov eax, 0xffffffff
  repe scasd
  je 1f
  mov esi, 0xe0000 - BUS_MODEL_BELOW
  mov edi, 0xe0000 + BELOW_4G
  mov ecx, HALF / 4
  repe cmpsd
  mov eax, [esi - 4]
  mov edx, [edi - 4]
  CHECK "E0000 mmio equals FFFE0000"
  ret
1:
  SKIP "a ROM of 64 KiB has no lower half"
  ret

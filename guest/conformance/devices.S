// devices: a card's ROM, moved by its base address register to where PAM, FDHC and SMRAM leave accesses to
// PCI: it is read there, DRAM is not harmed, and where DRAM answers it does not.
//
// Any function on bus 0 with an expansion ROM will do (PCI Local Bus 2.2, 6.2.5.2).
#include "rom.inc"

#define COMMAND 0x04
#define MEMORY_SPACE 2
#define HEADER_TYPE 0x0e
#define ROM_BASE 0x30
#define ROM_ENABLE 1
#define ALONE 0xe0000000     // nobody else's
#define BRIDGE_AT 0x80000000
#define LEARNT 16            // dwords of the ROM
#define LARGEST 0xffff0000   // 64 KiB: what has its place in C0000-EFFFF

.text
.globl devices
devices:
  call find_rom
  jne 1f
  mov edx, MMIO
  call set_all
  call learn_rom
  call rom_in_segments
  call rom_in_holes
  xor edx, edx
  call rom_to
  mov [card_at], edx
  mov dword ptr [segment], NOT_NAMED
  mov dword ptr [state], NOT_NAMED
  jmp restore
1:
  SKIP "no card with a ROM on bus 0"
  ret

// ZF, and [card_at], if there is a ROM that answers.
find_rom:
  mov edi, BRIDGE_AT + 0x800
1:
  mov [config_at], edi
  mov eax, HEADER_TYPE
  call config_read8
  test al, 0x7f
  jnz 3f
  mov eax, ROM_BASE
  mov edx, 0xfffff800
  call config_write32
  call config_read32
  call is_rom
  je 2f
3:
  add edi, 0x100
  cmp edi, BRIDGE_AT + 0x10000
  jb 1b
  mov dword ptr [config_at], BRIDGE_AT
  test esp, esp
  ret
2:
  mov [card_at], edi
  mov dword ptr [config_at], BRIDGE_AT
  ret

// ZF if what ROM_BASE reads (eax) is that of a ROM up to 64 KiB which begins with 55 AA. It is left closed.
is_rom:
  pushad
  mov ecx, eax
  cmp eax, 0xffffffff
  je 2f
  cmp eax, LARGEST
  jb 2f
  mov ebx, 0
  mov eax, COMMAND
  call config_read16
  or eax, MEMORY_SPACE
  mov edx, eax
  mov eax, COMMAND
  call config_write16
  mov eax, ROM_BASE
  mov edx, ALONE + ROM_ENABLE
  call config_write32
  mov ebx, [ALONE]
  mov eax, ROM_BASE
  xor edx, edx
  call config_write32
  cmp bx, 0xaa55
  jmp 3f
2:
  mov eax, ROM_BASE
  xor edx, edx
  call config_write32
  test esp, esp
3:
  popad
  ret

// The card's ROM to edx: an address and ROM_ENABLE, or 0.
rom_to:
  push eax
  mov eax, [card_at]
  mov [config_at], eax
  mov eax, ROM_BASE
  call config_write32
  mov dword ptr [config_at], BRIDGE_AT
  pop eax
  ret

learn_rom:
  mov edx, ALONE + ROM_ENABLE
  call rom_to
  mov esi, ALONE
  mov edi, offset learnt
  mov ecx, LEARNT
  rep movsd
  ret

// The first dwords at edi are the ROM's. ebx: what.
compare_rom:
  pushad
  mov esi, offset learnt
  mov ecx, LEARNT
  repe cmpsd
  mov eax, [edi - 4]
  mov edx, [esi - 4]
  call check
  popad
  ret

// At C0000, D0000 and E0000 in all states.
rom_in_segments:
  mov dword ptr [segment], 0
  call rom_in_segment
  mov dword ptr [segment], 4
  call rom_in_segment
  mov dword ptr [segment], 8
  call rom_in_segment
  mov dword ptr [segment], NOT_NAMED
  mov dword ptr [state], NOT_NAMED
  ret

rom_in_segment:
  mov edx, MMIO
  call set_all
  call segment_edges
  mov edi, eax
  mov ecx, 4
  lea edx, [edi + ROM_ENABLE]
  call rom_to
  mov dword ptr [state], MMIO
  WHAT "card's ROM"
  call compare_rom
  call scribble_here
  WHAT "card's ROM, written"
  call compare_rom
  mov dword ptr [state], WO
  SET_STATE WO
  WHAT "card's ROM"
  call compare_rom
  call scribble_here
  WHAT "card's ROM, written"
  call compare_rom
  mov dword ptr [state], RO
  SET_STATE RO
  WHAT "DRAM over the card"
  call verify
  mov dword ptr [state], RW
  SET_STATE RW
  call scribble_here
  WHAT "DRAM over the card"
  call verify
  mov dword ptr [state], MMIO
  SET_STATE MMIO
  WHAT "card's ROM again"
  call compare_rom
  xor edx, edx
  call rom_to
  WHAT "card gone"
  jmp verify

scribble_here:
  call fresh
  jmp poke

// In the holes and in closed SMRAM; DRAM is kept behind it.
rom_in_holes:
  mov ebp, [0x80000]
  CONFIG_WRITE FDHC, 0x40
  mov edx, 0x80000 + ROM_ENABLE
  call rom_to
  mov eax, [0x80000]  // all accesses first: the models lie there
  not dword ptr [0x80000]
  xor edx, edx
  call rom_to
  push eax
  CONFIG_WRITE FDHC, 0
  pop eax
  mov edx, [learnt]
  CHECK "512K hole, card's ROM"
  mov eax, [0x80000]
  mov edx, ebp
  CHECK "512K hole, DRAM kept"

  mov edi, 0xf00000
  call is_dram
  jne 1f
  mov dword ptr [edi], 0xca4d0001
  mov edx, 0xf00000 + ROM_ENABLE
  call rom_to
  DWORD 0xca4d0001, "15M, DRAM over the card"
  CONFIG_WRITE FDHC, 0x80
  WHAT "15M hole, card's ROM"
  call compare_rom
  mov dword ptr [edi], 0xca4d0002
  CONFIG_WRITE FDHC, 0
  DWORD 0xca4d0001, "15M hole, DRAM kept"
1:
  ret

.bss
.balign 4
card_at: .long 0
learnt: .skip LEARNT * 4

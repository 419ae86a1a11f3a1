// firmware: what a BIOS does with PAM, as SeaBIOS does it: opens all by two dwords while it runs from below
// 4 GiB, copies itself, and closes all while it runs from F0000. Who fails here boots no firmware.
//
// C0000-CBFFF is left out: Hyper-V shows other memory there once it is closed.
#include "rom.inc"

#define IN_ROM 0xffff0000
#define IN_SHADOW 0xf0000
#define FIRST_OPENED 0xcc000
#define MARK 0x1f1e0000
#define LOW_END 0xf0000

.text
// Calls `routine`, which works at any address, where the image lies from `base` on.
.macro CALL_AT base, routine
  mov eax, offset \routine - IMAGE + \base
  call eax
.endm

.globl firmware
firmware:
  mov edx, MMIO
  call set_all
  CALL_AT IN_ROM, open_all
  call compare_registers
  mov esi, IN_ROM
  mov edi, IN_SHADOW
  mov ecx, 0x4000
  rep movsd
  WHAT "copied"
  call compare_shadow
  mov ebp, MARK
  call put_marks
  WHAT "opened"
  call compare_marks
  CALL_AT IN_SHADOW, close_all
  call compare_registers
  call after_close
  CALL_AT IN_ROM, open_all
  WHAT "opened again"
  call compare_marks
  mov ebp, MARK * 2
  call put_marks
  WHAT "opened again and written"
  call compare_marks
  jmp restore

after_close:
  WHAT "closed"
  call compare_marks
  mov ebp, ~MARK
  call put_marks
  mov ebp, MARK
  WHAT "closed and written"
  call compare_marks
  mov edi, IN_SHADOW + 0x8000
  not dword ptr [edi]
  mov dword ptr [IN_SHADOW + 0x1000], ebp
  WHAT "shadow written"
  jmp compare_shadow

// Both write the two dwords; DRAMT is kept.
.macro TWO_DWORDS first, second
  mov eax, 0x80000000 + DRAMT
  mov edx, 0xcf8
  out dx, eax
  mov edx, 0xcfc
  in eax, dx
  movzx eax, al
  or eax, \first
  out dx, eax
  mov eax, 0x80000000 + DRAMT + 4
  mov edx, 0xcf8
  out dx, eax
  mov edx, 0xcfc
  mov eax, \second
  out dx, eax
  ret
.endm
open_all:
  mov ebx, 0x33333333
  TWO_DWORDS 0x33333000, 0x33333333
close_all:
  mov ebx, 0x11111111
  TWO_DWORDS 0x11111000, 0x11111111

// PAM3 to PAM6 read as they were written (ebx), and so do PAM0 to PAM2.
compare_registers:
  mov edx, ebx
  mov eax, DRAMT + 4
  call config_read32
  CHECK "PAM3 to PAM6"
  and edx, 0xfffff000
  mov eax, DRAMT
  call config_read32
  and eax, 0xffffff00
  CHECK "PAM0 to PAM2"
  ret

// A dword that tells its place (ebp + address) at both ends of each page from CC000 to EFFFF.
put_marks:
  mov edi, FIRST_OPENED
1:
  lea eax, [ebp + edi]
  mov [edi], eax
  not eax
  mov [edi + 0xffc], eax
  add edi, 0x1000
  cmp edi, LOW_END
  jb 1b
  ret

// ebx: what.
compare_marks:
  mov edi, FIRST_OPENED
1:
  lea edx, [ebp + edi]
  mov eax, [edi]
  cmp eax, edx
  jne 2f
  not edx
  mov eax, [edi + 0xffc]
  cmp eax, edx
  jne 2f
  add edi, 0x1000
  cmp edi, LOW_END
  jb 1b
2:
  jmp check

// F0000-FDFFF is what lies below 4 GiB. ebx: what.
compare_shadow:
  mov esi, IN_ROM
  mov edi, IN_SHADOW
  mov ecx, 0xe000 / 4
  repe cmpsd
  mov eax, [edi - 4]
  mov edx, [esi - 4]
  jmp check

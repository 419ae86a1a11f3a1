// hole and tom: the fixed holes (FDHC), and the top of memory that DRB7 sets.
//
// DRB0-DRB7 are kept equal, as with all memory in one row. What needs more DRAM than there is, is left out.
#include "rom.inc"

#define UNIT_SHIFT 23  // a DRB counts 8 MiB
#define HOLE_512K 0x40
#define HOLE_15M 0x80

.text
// All DRBs to dl.
.globl set_rows
set_rows:
  push eax
  push edx
  movzx edx, dl
  imul edx, edx, 0x01010101
  mov eax, DRB0
  call config_write32
  mov eax, DRB0 + 4
  call config_write32
  pop edx
  pop eax
  ret

// eax: DRB7.
.globl rows
rows:
  mov eax, DRB7
  jmp config_read8

// At edi: ZF if there is DRAM. Two values, with another place written between them.
.globl is_dram
is_dram:
  push eax
  push edx
  push dword ptr [edi]
  mov edx, 0x13579bdf
1:
  mov [edi], edx
  mov dword ptr [elsewhere], 0xffffffff
  cmp [edi], edx
  jne 2f
  not edx
  test edx, edx
  js 1b
  cmp edx, edx
2:
  pop dword ptr [edi]
  pop edx
  pop eax
  ret

// A check that the dword at edi is edx. ebx: what.
.globl expect_dword
expect_dword:
  push eax
  mov eax, [edi]
  call check
  pop eax
  ret

.globl hole
hole:
  // Kept: the models end below 640 KiB.
  mov edx, [0x80000]
  mov ebx, [0x9fffc]
  mov ebp, [0x7fffc]
  CONFIG_WRITE FDHC, HOLE_512K
  mov eax, FDHC
  call config_read8
  mov ecx, [0x80000]  // all accesses first: the checks come when memory is whole again
  mov [0x80000], ecx
  not dword ptr [0x9fffc]
  mov esi, [0x9fffc]
  mov edi, [0x7fffc]
  push eax
  CONFIG_WRITE FDHC, 0
  pop eax
  mov edx, HOLE_512K
  CHECK "FDHC reads 512K-640K"
  mov eax, ecx
  mov edx, 0xffffffff
  CHECK "512K first dword is nobody's"
  mov eax, esi
  CHECK "640K last dword is nobody's"
  mov eax, edi
  mov edx, ebp
  CHECK "below 512K stays"
  mov eax, [0x9fffc]
  mov edx, ebx
  CHECK "640K last dword is kept"
  CONFIG_WRITE FDHC, 0x3f
  mov eax, FDHC
  call config_read8
  xor edx, edx
  CHECK "FDHC reserved bits"

  call rows
  mov ebp, eax
  mov edx, 2
  cmp eax, edx
  jae 1f
  call set_rows
1:
  mov edi, 0xf00000
  call is_dram
  jne 2f
  call hole_15m
  jmp 3f
2:
  SKIP "no DRAM from 15M to 16M"
3:
  mov edx, ebp
  jmp set_rows

hole_15m:
  mov dword ptr [0xeffffc], 0x15151500
  mov dword ptr [0xf00000], 0x15151501
  mov dword ptr [0xfffffc], 0x15151502
  CONFIG_WRITE FDHC, HOLE_15M
  mov eax, FDHC
  call config_read8
  mov edx, HOLE_15M
  CHECK "FDHC reads 15M-16M"
  mov edi, 0xf00000
  DWORD 0xffffffff, "15M first dword is nobody's"
  mov dword ptr [edi], 0x15151599
  mov edi, 0xfffffc
  DWORD 0xffffffff, "16M last dword is nobody's"
  mov edi, 0xeffffc
  DWORD 0x15151500, "below 15M stays"
  CONFIG_WRITE FDHC, 0
  mov edi, 0xf00000
  DWORD 0x15151501, "15M first dword is kept"
  mov edi, 0xfffffc
  DWORD 0x15151502, "16M last dword is kept"
  ret

.globl tom
tom:
  call rows
  push eax
  mov edx, 2
  cmp eax, edx
  jae 1f
  call set_rows
1:
  call rows
  mov ebx, eax  // the higher top
  lea edi, [eax - 1]
  shl edi, UNIT_SHIFT  // the lower one
  call is_dram
  jne 2f
  mov dword ptr [edi - 4], 0x70700001
  mov dword ptr [edi], 0x70700002
  lea edx, [ebx - 1]
  call set_rows
  DWORD 0xffffffff, "above the top is nobody's"
  mov dword ptr [edi], 0x70700099
  sub edi, 4
  DWORD 0x70700001, "below the top is DRAM"
  mov edx, ebx
  call set_rows
  DWORD 0x70700001, "below the top stays"
  add edi, 4
  DWORD 0x70700002, "above it is kept"
  jmp 3f
2:
  SKIP "no DRAM at the top of memory"
3:
  pop edx
  jmp set_rows

// sizing: how firmware finds out how much there is: with the rows as large as can be, each 8 MiB is DRAM with
// bytes of its own, or nobody's; none is another one's image.
#define MOST_UNITS 128  // 1 GiB

.globl sizing
sizing:
  call rows
  push eax
  mov edx, MOST_UNITS
  call set_rows
  mov ebp, 1
1:
  mov edi, ebp
  shl edi, UNIT_SHIFT
  call is_dram
  jne 2f
  inc ebp
  cmp ebp, MOST_UNITS
  jb 1b
2:
  cmp ebp, 1
  je 4f
  call own_bytes
  cmp ebp, MOST_UNITS
  je 3f
  DWORD 0xffffffff, "past the last DRAM is nobody's"
  mov edx, ebp
  call set_rows
  DWORD 0xffffffff, "past the rows is nobody's"
3:
  pop edx
  jmp set_rows
4:
  SKIP "no DRAM from 8M on"
  pop edx
  jmp set_rows

// Each of ebp units gets a dword at its end, then all are read.
own_bytes:
  push edi
  mov ecx, ebp
1:
  mov edi, ecx
  shl edi, UNIT_SHIFT
  mov edx, ecx
  not edx
  mov [edi - 4], edx
  dec ecx
  jnz 1b
  mov ecx, ebp
2:
  mov edi, ecx
  shl edi, UNIT_SHIFT
  mov edx, ecx
  not edx
  mov eax, [edi - 4]
  cmp eax, edx
  jne 3f
  dec ecx
  jnz 2b
3:
  CHECK "each 8 MiB has bytes of its own"
  pop edi
  ret

.bss
.balign 4
elsewhere: .long 0

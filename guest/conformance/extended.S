// hseg and tseg: the extended SMRAM of the 82443BX, as D_OPEN shows it outside SMM.
#include "rom.inc"

#define ESMRAMC_OFF 0x38
#define H_ON (H_SMRAM_EN | ESMRAMC_OFF)

.text
.globl hseg
hseg:
  UNLESS_82443BX 1f
  READS_BACK ESMRAMC, 0x00, ESMRAMC_OFF, 0xff, "ESMRAMC bits that read 1"
  READS_BACK ESMRAMC, H_ON, H_ON, 0xff, "H_SMRAM_EN reads 1"
  mov edx, MMIO  // what PAM says does not matter there
  call set_all
  call learn_closed
  mov edi, EXTENDED_AT + 0xa0000
  mov ebp, [edi]
  call hseg_open
  SMRAM_TO SMRAM_CLOSED
  mov edi, EXTENDED_AT + 0xa0000
  DWORD ebp, "closed"
  CONFIG_WRITE ESMRAMC, ESMRAMC_OFF
  SMRAM_TO SMRAM_OPEN
  mov edi, EXTENDED_AT + 0xa0000
  DWORD ebp, "without H_SMRAM_EN"
  mov edi, 0xa0000
  DWORD 0x4a4a0001, "A0000 is its DRAM"
  SMRAM_TO SMRAM_CLOSED
  mov eax, 8  // E0000
  mov edx, RW
  call set_state
  mov edi, 0xe0040
  mov ecx, 4
  WHAT "written there, read at E0000"
  jmp verify
1:
  SKIP "an 82443BX alone has it"
  ret

hseg_open:
  SMRAM_TO SMRAM_OPEN
  PLACES verify_closed, "is no SMRAM"
  mov dword ptr [EXTENDED_AT + 0xa0000], 0x4a4a0001
  mov edi, EXTENDED_AT + 0xa0000
  DWORD 0x4a4a0001, "A0000 open"
  mov edi, EXTENDED_AT + 0xbfffc
  mov edx, ebp
  xor edx, 0x81828384
  mov [edi], edx
  DWORD edx, "BFFFC open"
  mov edi, EXTENDED_AT + PAM_START
  DWORD [PAM_START - DRAM_MODEL_BELOW], "C0000 open"
  mov edi, EXTENDED_AT + PAM_END - 4
  DWORD [PAM_END - 4 - DRAM_MODEL_BELOW], "FFFFC open"
  mov edx, [0xe0040 - DRAM_MODEL_BELOW]
  not edx
  mov [0xe0040 - DRAM_MODEL_BELOW], edx
  mov [EXTENDED_AT + 0xe0040], edx
  ret

// alias: one DRAM at two addresses: the H range shows C0000-FFFFF whatever PAM says, so what is written at
// either address is seen at the other at once, and the last write wins.
#define ALIASED 0xc8000
#define ALIASED_SEGMENT 2

.globl alias
alias:
  UNLESS_82443BX 1f
  mov edx, RW
  call set_all
  SMRAM_TO SMRAM_OPEN
  CONFIG_WRITE ESMRAMC, H_ON
  mov edi, ALIASED
  lea esi, [edi + EXTENDED_AT]
  mov dword ptr [segment], ALIASED_SEGMENT
  mov dword ptr [edi], 0xa11a0001
  xchg esi, edi
  DWORD 0xa11a0001, "written below, read above"
  SET_STATE WO
  mov dword ptr [state], WO
  mov dword ptr [esi], 0xa11a0002
  DWORD 0xa11a0002, "written below, read above"
  mov dword ptr [edi], 0xa11a0003
  mov dword ptr [esi], 0xa11a0004
  mov dword ptr [edi], 0xa11a0005
  DWORD 0xa11a0005, "the last write wins above"
  mov dword ptr [esi], 0xa11a0006
  SET_STATE RO
  mov dword ptr [state], RO
  xchg esi, edi
  DWORD 0xa11a0006, "the last write wins below"
  mov dword ptr [esi], 0xa11a0007
  DWORD 0xa11a0007, "written above, read below"
  mov dword ptr [segment], NOT_NAMED
  mov dword ptr [state], NOT_NAMED
  CONFIG_WRITE ESMRAMC, ESMRAMC_OFF
  SMRAM_TO SMRAM_CLOSED
  jmp restore
1:
  SKIP "an 82443BX alone has it"
  ret

// For each size: the range below the top is nobody's, and shows 256 MiB higher while open.
.globl tseg
tseg:
  UNLESS_82443BX 3f
  call rows
  mov edi, eax
  shl edi, 23
  jz 4f
  mov [top], edi
  sub edi, 0x100000
  call is_dram
  jne 4f
  mov edi, [top]
  sub edi, 4
  call is_dram
  jne 4f
  mov ebp, 0
1:
  call tseg_size
  inc ebp
  cmp ebp, 4
  jb 1b
  CONFIG_WRITE ESMRAMC, ESMRAMC_OFF
  SMRAM_TO SMRAM_CLOSED
  ret
3:
  SKIP "an 82443BX alone has it"
  ret
4:
  SKIP "no DRAM at the top of memory"
  ret

// "128K ..." in a check: the size ebp, then the rest.
.macro TSEG_CHECK value, text
  mov edx, \value
  WHAT " \text"
  call tseg_check
.endm

tseg_check:
  pushad
  mov eax, [edi]
  mov ecx, ebx
  mov edi, offset tseg_name
  lea esi, [sizes + ebp * 8]
  call put_text
  mov esi, ecx
  call put_text
  mov byte ptr [edi], 0
  mov ebx, offset tseg_name
  call check
  popad
  ret

// ebp: TSEG_SZ; esi: the first address of the range.
tseg_size:
  mov ecx, ebp
  mov eax, 0x20000
  shl eax, cl
  mov esi, [top]
  sub esi, eax
  mov dword ptr [esi - 4], 0x75000001
  mov dword ptr [esi], 0x75000002
  mov edi, [top]
  mov dword ptr [edi - 4], 0x75000003
  mov edi, [esi + EXTENDED_AT]
  mov [shown_closed], edi

  lea edx, [ebp * 2 + ESMRAMC_OFF + TSEG_EN]
  mov eax, ESMRAMC
  call config_write8
  SMRAM_TO SMRAM_OPEN
  lea edi, [esi + EXTENDED_AT]
  TSEG_CHECK 0x75000002, "first dword open"
  mov dword ptr [edi], 0x75000004
  mov edi, [top]
  add edi, EXTENDED_AT - 4
  TSEG_CHECK 0x75000003, "last dword open"
  mov edi, esi
  TSEG_CHECK 0xffffffff, "first dword below the top is nobody's"
  mov dword ptr [edi], 0x75000099
  sub edi, 4
  TSEG_CHECK 0x75000001, "DRAM under it stays"
  mov edi, [top]
  sub edi, 4
  TSEG_CHECK 0xffffffff, "last dword below the top is nobody's"
  SMRAM_TO SMRAM_CLOSED
  lea edi, [esi + EXTENDED_AT]
  TSEG_CHECK [shown_closed], "closed"
  mov edi, esi
  TSEG_CHECK 0xffffffff, "closed, below the top"
  CONFIG_WRITE ESMRAMC, ESMRAMC_OFF
  mov edi, esi
  TSEG_CHECK 0x75000004, "written there, read when off"
  ret

.section .rodata
sizes:
.irp size, "128K", "256K", "512K", "1M"
  .balign 8
  .asciz "\size"
.endr

.bss
.balign 4
top: .long 0
shown_closed: .long 0
tseg_name: .skip 64

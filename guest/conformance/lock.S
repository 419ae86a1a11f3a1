// lock: D_LCK. What it freezes, it freezes until the next power-on.
#include "rom.inc"

.text
.globl lock_smram
lock_smram:
  call learn_closed
  SMRAM_TO SMRAM_OPEN
  READS_BACK SMRAM, (D_LCK | SMRAM_OPEN), D_LCK, (D_LCK | D_OPEN), "D_LCK clears D_OPEN"
  PLACES verify_closed, "locked"
  READS_BACK SMRAM, SMRAM_OPEN, D_LCK, (D_LCK | D_OPEN), "D_OPEN stays clear, D_LCK set"
  PLACES verify_closed, "locked, after D_OPEN"
  READS_BACK SMRAM, SMRAM_CLOSED, D_LCK, (D_LCK | D_OPEN), "D_LCK stays set"
  READS_BACK SMRAM, 0x00, (D_LCK | BASE_SEG), (D_LCK | 7), "D_LCK without G_SMRAME"
  READS_BACK SMRAM, (D_CLS | SMRAM_CLOSED), D_CLS, D_CLS, "D_CLS can be set"
  READS_BACK SMRAM, SMRAM_CLOSED, 0, D_CLS, "D_CLS can be cleared"
  call lock_extended

  // There is no lock on PAM.
  mov dword ptr [segment], 5
  mov dword ptr [state], 0
1:
  SET_STATE [state]
  WHAT "PAM under the lock"
  call verify_segment
  inc dword ptr [state]
  cmp dword ptr [state], 4
  jb 1b
  ret

// 82443BX: ESMRAMC and DRB7 are under it as well.
lock_extended:
  UNLESS_82443BX 1f
  READS_BACK ESMRAMC, 0xff, 0x38, 0xbf, "ESMRAMC under the lock"
  call rows
  mov ecx, eax
  mov edx, eax
  xor edx, 3
  mov eax, DRB7
  call config_write8
  call rows
  mov edx, ecx
  CHECK "DRB7 under the lock"
1:
  ret

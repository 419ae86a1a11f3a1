// What memory should show: an image of the DRAM behind C0000-FFFFF and one of what the bus shows there.
//
// In all of these edi is an address from C0000 up to a few bytes beyond FFFFF, and ecx a size of 1, 2 or 4.
#include "rom.inc"

.text
// State 00: copies what the bus shows. State 11: fills DRAM with bytes that all differ from it.
.globl learn_bus
learn_bus:
  mov edx, MMIO
  call set_all
  mov esi, PAM_START
  mov edi, PAM_START - BUS_MODEL_BELOW
  mov ecx, (PAM_END - PAM_START) / 4
  rep movsd
  mov dword ptr [0x100000], 0x5a6b7c8d
  mov dword ptr [beyond], 0x5a6b7c8d
  // Falls into refill.

// Fills DRAM anew; all segments are left in state 11.
.globl refill
refill:
  pushad
  mov edx, RW
  call set_all
  mov edi, PAM_START
  mov ecx, (PAM_END - PAM_START) / 4
  mov ebx, 0x2545f491
1:
  add ebx, 0x9e3779b1
  mov eax, ebx
  or eax, 0x80808080
  xor eax, [edi - BUS_MODEL_BELOW]
  mov [edi - DRAM_MODEL_BELOW], eax
  mov [edi], eax
  add edi, 4
  dec ecx
  jnz 1b
  popad
  ret

// DRAM to what the model has; all segments are left in state 11.
.globl restore
restore:
  pushad
  mov edx, RW
  call set_all
  mov esi, PAM_START - DRAM_MODEL_BELOW
  mov edi, PAM_START
  mov ecx, (PAM_END - PAM_START) / 4
  rep movsd
  popad
  ret

// esi: the DRAM byte of address edi in the model, edx: the state of its segment.
locate:
  cmp edi, PAM_END
  jae 2f
  lea edx, [edi - PAM_START]
  shr edx, 14
  cmp edx, LAST_SEGMENT
  jbe 1f
  mov edx, LAST_SEGMENT
1:
  movzx edx, byte ptr [pam_states + edx]
  lea esi, [edi - DRAM_MODEL_BELOW]
  ret
2:
  mov edx, RW
  lea esi, [edi - PAM_END + beyond]
  ret

// eax: what a read should give.
.globl expect
expect:
  push ecx
  push edx
  push esi
  push edi
  xor eax, eax
  lea edi, [edi + ecx - 1]
1:
  call locate
  test edx, READ_ENABLE
  jnz 2f
  lea esi, [edi - BUS_MODEL_BELOW]
2:
  shl eax, 8
  mov al, [esi]
  dec edi
  dec ecx
  jnz 1b
  pop edi
  pop esi
  pop edx
  pop ecx
  ret

// Notes a write of eax in the model.
.globl note_write
note_write:
  pushad
1:
  call locate
  test edx, WRITE_ENABLE
  jz 2f
  mov [esi], al
2:
  shr eax, 8
  inc edi
  dec ecx
  jnz 1b
  popad
  ret

// eax: a value of which no byte is what DRAM or the bus has there.
.globl fresh
fresh:
  push ebx
  push ecx
  push edx
  push esi
  push edi
  xor eax, eax
  lea edi, [edi + ecx - 1]
  mov ebx, [salt]
1:
  call locate
  add ebx, 37
  mov dl, bl
  or dl, 0x80
  xor dl, [esi]
  cmp edi, PAM_END
  jae 2f
  cmp dl, [edi - BUS_MODEL_BELOW]
  jne 2f
  xor dl, 1
2:
  shl eax, 8
  mov al, dl
  dec edi
  dec ecx
  jnz 1b
  mov [salt], ebx
  pop edi
  pop esi
  pop edx
  pop ecx
  pop ebx
  ret

// eax: what a read gives.
.globl peek
peek:
  cmp ecx, 2
  ja 2f
  je 1f
  movzx eax, byte ptr [edi]
  ret
1:
  movzx eax, word ptr [edi]
  ret
2:
  mov eax, [edi]
  ret

// Writes eax, in memory and in the model.
.globl poke
poke:
  call note_write
  cmp ecx, 2
  ja 2f
  je 1f
  mov [edi], al
  ret
1:
  mov [edi], ax
  ret
2:
  mov [edi], eax
  ret

// A check of what is read at edi. ebx: what.
.globl verify
verify:
  push eax
  push edx
  call expect
  mov edx, eax
  call peek
  call check
  pop edx
  pop eax
  ret

// A check of a whole segment (number in [segment]). ebx: what.
.globl verify_segment
verify_segment:
  pushad
  mov eax, [segment]
  mov edi, [segments + eax * 8]
  mov ecx, [segments + eax * 8 + 4]
  shr ecx, 2
  lea esi, [edi - BUS_MODEL_BELOW]
  test byte ptr [pam_states + eax], READ_ENABLE
  jz 1f
  lea esi, [edi - DRAM_MODEL_BELOW]
1:
  repe cmpsd
  mov eax, [edi - 4]
  mov edx, [esi - 4]
  call check
  popad
  ret

.bss
.balign 4
beyond: .skip 8  // the DRAM at 100000
salt: .long 0

// pam-config: the registers themselves: every size of access, reserved bits, what shares the dword, and that
// one write of a dword moves all its segments.
//
// The eight bytes from 58h are kept in `wanted`; DRAMT, the first, is never changed.
#include "rom.inc"

.text
.globl pam_config
pam_config:
  mov al, [dramt]
  mov [wanted], al
  mov esi, offset patterns
1:
  lodsd
  mov [pattern], eax
  call preset
  push esi
  call write_by_every_size
  pop esi
  cmp esi, offset patterns_end
  jb 1b
  call read_by_every_size
  call write_reserved
  call write_without_enable
  call move_many
  mov edx, RW
  jmp set_all

// All to the complement of the pattern, in bytes.
preset:
  mov eax, PAM0
1:
  mov edx, [pattern]
  not edx
  and edx, [masks + eax - DRAMT]
  call config_write8
  call note_config8
  inc eax
  cmp eax, PAM0 + 7
  jb 1b
  ret

// Notes byte dl, written to register eax, in `wanted`.
note_config8:
  mov [wanted + eax - DRAMT], dl
  ret

// Notes ecx bytes of edx from register eax on.
note_config:
  pushad
1:
  cmp eax, DRAMT
  je 2f
  call note_config8
2:
  shr edx, 8
  inc eax
  dec ecx
  jnz 1b
  popad
  ret

write_by_every_size:
  mov esi, offset accesses
1:
  movzx eax, byte ptr [esi]
  movzx ecx, byte ptr [esi + 1]
  mov edx, [pattern]
  rol dword ptr [pattern], 4
  and edx, [masks + eax - DRAMT]
  cmp eax, DRAMT  // which keeps its value
  jne 2f
  mov dl, [dramt]
2:
  call config_write
  call note_config
  call name_access
  call compare_both
  add esi, 2
  cmp esi, offset accesses_end
  jb 1b
  ret

config_write:
  cmp ecx, 2
  jb config_write8
  je config_write16
  jmp config_write32

config_read:
  cmp ecx, 2
  jb config_read8
  je config_read16
  jmp config_read32

// Checks dwords 58h and 5Ch.
compare_both:
  mov eax, DRAMT
  call config_read32
  mov edx, [wanted]
  cmp eax, edx
  jne 1f
  mov eax, DRAMT + 4
  call config_read32
  mov edx, [wanted + 4]
1:
  mov ebx, offset access_name
  jmp check

// "write 59 by 2": register eax, ecx bytes.
name_access:
  pushad
  mov edi, offset access_name
  mov esi, offset write_text
  test byte ptr [reading], 1
  jz 1f
  mov esi, offset read_text
1:
  call put_text
  push ecx
  mov ecx, 2
  call put_hex
  mov esi, offset by_text
  call put_text
  pop eax
  call put_decimal
  mov byte ptr [edi], 0
  popad
  ret

read_by_every_size:
  mov byte ptr [reading], 1
  mov esi, offset accesses
1:
  movzx eax, byte ptr [esi]
  movzx ecx, byte ptr [esi + 1]
  call name_access
  mov edx, [wanted + eax - DRAMT]
  call config_read
  cmp ecx, 2
  ja 3f
  je 2f
  movzx edx, dl
2:
  movzx edx, dx
3:
  mov ebx, offset access_name
  call check
  add esi, 2
  cmp esi, offset accesses_end
  jb 1b
  mov byte ptr [reading], 0
  ret

// Ones everywhere: bits 7, 6, 3 and 2, and 3:0 of PAM0, read 0.
write_reserved:
  mov ecx, PAM0
1:
  mov eax, ecx
  mov edx, 0xff
  call config_write8
  call config_read8
  push eax
  call name_reserved
  mov eax, ecx
  movzx edx, byte ptr [masks + ecx - DRAMT]
  call config_write8
  call note_config8
  pop eax
  mov ebx, offset access_name
  call check
  inc ecx
  cmp ecx, PAM0 + 7
  jb 1b
  ret

// "59 reserved bits": register ecx.
name_reserved:
  pushad
  mov edi, offset access_name
  mov eax, ecx
  mov ecx, 2
  call put_hex
  mov esi, offset reserved_text
  call put_text
  mov byte ptr [edi], 0
  popad
  ret

// CONFADD bit 31 clear: CONFDATA is no configuration cycle.
write_without_enable:
  mov eax, DRAMT + 4
  mov dx, 0xcf8
  out dx, eax
  mov eax, [wanted + 4]
  not eax
  mov dx, 0xcfc
  out dx, eax
  mov eax, DRAMT + 4
  call config_read32
  mov edx, [wanted + 4]
  CHECK "write without CONFADD enable"
  ret

// Two dword writes, then a look at each segment.
move_many:
  mov ebp, 0x01230123
  mov ecx, 8
1:
  push ecx
  call move_all
  pop ecx
  imul ebp, ebp, 0x19660d
  add ebp, 0x3c6ef35f
  dec ecx
  jnz 1b
  ret

move_all:
  mov edx, ebp
  shl edx, 8
  and edx, [masks]
  mov dl, [dramt]
  mov eax, DRAMT
  mov ecx, 4
  call config_write32
  call note_config
  mov edx, ebp
  rol edx, 13
  and edx, [masks + 4]
  mov eax, DRAMT + 4
  call config_write32
  call note_config
  call states_of_wanted
  mov dword ptr [segment], 0
2:
  mov eax, [segment]
  mov edx, eax
  movzx edx, byte ptr [pam_states + eax]
  mov [state], edx
  mov edi, [segments + eax * 8]
  WHAT "moved by a dword"
  call verify
  inc dword ptr [segment]
  cmp dword ptr [segment], SEGMENTS
  jb 2b
  mov dword ptr [segment], NOT_NAMED
  mov dword ptr [state], NOT_NAMED
  ret

// pam_states from `wanted`.
states_of_wanted:
  mov al, [wanted + 1]
  shr al, 4
  mov [pam_states + LAST_SEGMENT], al
  xor ecx, ecx
1:
  mov al, [wanted + 2 + ecx]
  mov ah, al
  and al, 3
  shr ah, 4
  mov [pam_states + ecx * 2], ax
  inc ecx
  cmp ecx, 6
  jb 1b
  ret

.section .rodata
write_text: .asciz "write "
read_text: .asciz "read "
by_text: .asciz " by "
reserved_text: .asciz " reserved bits"
masks: .byte 0xff, 0x30, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0, 0, 0, 0  // the bits that exist, from DRAMT on
accesses:  // register, bytes
.irp byte_at, 0x59, 0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f
  .byte \byte_at, 1
.endr
.irp word_at, 0x58, 0x59, 0x5a, 0x5c, 0x5d, 0x5e
  .byte \word_at, 2
.endr
  .byte 0x58, 4, 0x5c, 4
accesses_end:
.balign 4
patterns:
  .long 0x33333333, 0x00000000, 0x21302130, 0x01233210, 0x12031323
patterns_end:

.bss
.balign 4
wanted: .skip 8
pattern: .long 0
reading: .byte 0
access_name: .skip 32

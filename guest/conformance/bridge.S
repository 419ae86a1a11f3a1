// The bridge at 00:00.0 by configuration mechanism #1, and the state of a segment.
#include "rom.inc"

.text
// Selects the register (eax) of the function in [config_at]; dx is the port of its byte.
config_select:
  push eax
  and eax, 0xfc
  or eax, [config_at]
  mov dx, 0xcf8
  out dx, eax
  mov eax, [esp]
  and eax, 3
  lea edx, [eax + 0xcfc]
  pop eax
  ret

// eax: register; result in eax, zero-extended.
.macro CONFIG_READ bits, register
.globl config_read\bits
config_read\bits:
  push edx
  call config_select
  xor eax, eax
  in \register, dx
  pop edx
  ret
.endm
CONFIG_READ 8, al
CONFIG_READ 16, ax
CONFIG_READ 32, eax

// eax: register, edx: value.
.macro CONFIG_WRITE_OF bits, register
.globl config_write\bits
config_write\bits:
  push eax
  push edx
  call config_select
  mov eax, [esp]
  out dx, \register
  pop edx
  pop eax
  ret
.endm
CONFIG_WRITE_OF 8, al
CONFIG_WRITE_OF 16, ax
CONFIG_WRITE_OF 32, eax

// Who it is, told in a line; DRAMT, which shares a dword with PAM0-PAM2, is kept.
.globl find_bridge
find_bridge:
  mov eax, DRAMT
  call config_read8
  mov [dramt], al
  xor eax, eax
  call config_read32
  mov [bridge_id], eax
  mov edi, offset line
  mov esi, offset info
  call put_text
  call put_hex8
  jmp end_line

// The first function on bus 0 whose id is edx into [config_at], and ZF; the bridge and NZ if there is none.
.globl find_function
find_function:
  push eax
  mov dword ptr [config_at], 0x80000000
1:
  xor eax, eax
  call config_read32
  cmp eax, edx
  je 2f
  add dword ptr [config_at], 0x100
  cmp dword ptr [config_at], 0x80010000
  jb 1b
  mov dword ptr [config_at], 0x80000000
  test esp, esp
2:
  pop eax
  ret

// Segment eax (0-12 in order of address) to state edx: one byte write. The other half of the register is
// written as it should be.
.globl set_state
set_state:
  push eax
  push ecx
  push edx
  mov [pam_states + eax], dl
  cmp eax, LAST_SEGMENT
  je 1f
  and eax, 0xfe
  movzx edx, byte ptr [pam_states + eax + 1]
  shl edx, 4
  or dl, [pam_states + eax]
  shr eax, 1
  add eax, PAM0 + 1
  jmp 2f
1:
  shl edx, 4
  mov eax, PAM0
2:
  call config_write8
  pop edx
  pop ecx
  pop eax
  ret

// All segments to state edx.
.globl set_all
set_all:
  push eax
  mov eax, LAST_SEGMENT
1:
  call set_state
  dec eax
  jns 1b
  pop eax
  ret

.section .rodata
info: .asciz "# bridge "

.balign 4
// Start and size, in order of address.
.globl segments
segments:
.set start, PAM_START
.rept LAST_SEGMENT
  .long start, 0x4000
  .set start, start + 0x4000
.endr
  .long 0xf0000, 0x10000

.data
.balign 4
.globl config_at
config_at: .long 0x80000000  // CONFADD: enabled, bus, device and function

.bss
.balign 4
.globl bridge_id, pam_states, dramt
bridge_id: .long 0
pam_states: .skip SEGMENTS  // as last set
dramt: .byte 0

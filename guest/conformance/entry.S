// From the reset vector to flat 32-bit code in RAM. No firmware has run; nothing below 4 GiB but RAM is used.
#include "rom.inc"

#define CS_AT_RESET 0xffff0000

.section .boot, "ax"
.code16
entry:
  cli
  cld
  // CS is still at FFFF0000, DS at 0 (SDM volume 3, table 9-1). This section is linked for offsets in CS.
  data32 lgdt cs:[rom_gdt_pointer]
  mov eax, cr0
  or al, 1
  mov cr0, eax
  .byte 0x66, 0xea  // far jump
  .long protected + CS_AT_RESET
  .word 0x08

.code32
protected:
  mov eax, 0x10
  mov ds, eax
  mov es, eax
  mov ss, eax
  mov fs, eax
  mov gs, eax
  mov esp, STACK_TOP
  cmp dword ptr [underway], RESET_UNDERWAY
  jne 1f
  mov eax, offset resume
  jmp eax
1:
  cmp dword ptr [started], STARTED
  jne 2f
  mov eax, offset astray
  jmp eax
2:
  mov esi, CS_AT_RESET
  mov edi, IMAGE
  mov ecx, offset image_dwords
  rep movsd
  mov edi, offset bss_start
  mov ecx, offset bss_dwords
  xor eax, eax
  rep stosd
  mov eax, offset ram_gdt_pointer
  lgdt [eax]
  .byte 0xea
  .long main
  .word 0x08

.macro GDT  // accessed bits are set: the processor writes nothing here
  .quad 0
  .quad 0x00cf9b000000ffff
  .quad 0x00cf93000000ffff
.endm
  .balign 8
rom_gdt: GDT
rom_gdt_pointer:
  .word 23
  .long rom_gdt + CS_AT_RESET

  .org 0xe0, 0x90
  .byte 0  // FIRST_GROUP
  .org 0xf0, 0x90
.code16
  jmp entry
  .org 0x100, 0x90

.data
  .balign 8
.globl ram_gdt_pointer
ram_gdt: GDT
ram_gdt_pointer:
  .word 23
  .long ram_gdt

// From the reset vector to flat 32-bit code in RAM. No firmware has run; nothing below 4 GiB but RAM is used.
#include "guest/enter_flat.inc"
#include "rom.inc"

#define CS_AT_RESET 0xffff0000

.section .boot, "ax"
.code16
entry:
  cli
  cld
  // CS is still at FFFF0000, DS at 0 (SDM volume 3, table 9-1). This section is linked for offsets in CS.
.att_syntax prefix
  ENTER_FLAT rom_gdtr, protected+CS_AT_RESET
protected:
  FLAT_DATA
.intel_syntax noprefix
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

  .balign 8
rom_gdt: FLAT_GDT
rom_gdtr: FLAT_GDTR rom_gdt+CS_AT_RESET

  .org 0xe0, 0x90
  .byte 0  // FIRST_GROUP
  .org 0xf0, 0x90
.code16
  jmp entry
  .org 0x100, 0x90

.data
  .balign 8
.globl ram_gdt_pointer
ram_gdt: FLAT_GDT
ram_gdt_pointer: FLAT_GDTR ram_gdt

// The ROM's image in the program.
.section .rodata
.balign 16
.globl lowmeg_conformance_rom, lowmeg_conformance_rom_end
lowmeg_conformance_rom:
  .incbin CONFORMANCE_IMAGE
lowmeg_conformance_rom_end:

.section .note.GNU-stack, "", @progbits

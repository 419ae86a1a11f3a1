// What fills the part: dwords that differ from place to place, and in the middle of each segment a routine
// that returns its own number, so that fetches from ROM can be told from fetches from RAM.
#include "rom.inc"

.macro PATTERN bytes
  .rept (\bytes) / 4
    .long (place * 2654435761 + 0x1234567) & 0xffffffff
    .set place, place + 1
  .endr
.endm

.macro STUB number  // mov eax, number; ret
  .byte 0xb8
  .long \number
  .byte 0xc3, 0x90, 0x90
.endm

.set place, 1
.section .lower, "a"
.irp number, 0x70e00000, 0x70e40000, 0x70e80000, 0x70ec0000
  PATTERN 0x2000
  STUB \number
  PATTERN 0x1ff8
.endr

.section .upper, "a"
  PATTERN 0x1000
  STUB 0x70f00000
  PATTERN 0x7ef8

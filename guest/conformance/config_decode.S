// config-decode: configuration cycles that are not the bridge's: other functions, buses and devices, CONFDATA
// without the enable bit, CONFADD by less than a dword; and accesses that straddle its ports (PCI Local Bus
// 2.2, 3.2.2.1: a cycle has the bytes of one dword).
#include "rom.inc"

#define CONFADD 0xcf8
#define CONFDATA 0xcfc
#define ENABLED 0x80000000
#define HIGH_PAM (DRAMT + 4)  // 5Ch: PAM3 to PAM6
#define STORED 0x21302130
#define OTHER 0x12031203

.text
.globl config_decode
config_decode:
  mov eax, HIGH_PAM
  mov edx, STORED
  call config_write32
  mov esi, offset elsewhere_rows
1:
  mov ebx, [esi + 4]
  mov edi, [esi]
  call elsewhere
  add esi, 8
  cmp esi, offset elsewhere_rows_end
  jb 1b
  call partial_address
  call straddles
  mov edx, RW
  jmp set_all

// edi: in CONFADD. ebx: what. Nobody answers, and what is written there is not PAM's.
elsewhere:
  mov edx, CONFADD
  mov eax, edi
  out dx, eax
  mov edx, CONFDATA
  in eax, dx
  mov edx, 0xffffffff
  call check
  mov edx, CONFADD
  lea eax, [edi + HIGH_PAM]
  out dx, eax
  mov edx, CONFDATA
  mov eax, OTHER
  out dx, eax
  jmp compare_stored

// ebx: what.
compare_stored:
  mov eax, HIGH_PAM
  call config_read32
  mov edx, STORED
  jmp check

// CONFADD takes dwords (82443BX data sheet 3.2): what is written by bytes or words goes elsewhere.
.macro PARTIAL port, register, text
  mov eax, HIGH_PAM
  call config_read32  // which leaves CONFADD there
  mov edx, \port
  mov eax, 0
  out dx, \register
  mov edx, CONFDATA
  in eax, dx
  mov edx, STORED
  CHECK "\text"
.endm
partial_address:
  PARTIAL CONFADD, al, "byte written to CF8h"
  PARTIAL CONFADD, ax, "word written to CF8h"
  PARTIAL (CONFADD + 2), ax, "word written to CFAh"
  PARTIAL (CONFADD + 3), al, "byte written to CFBh"
  ret

// An access across the ends of CONFDATA: the bytes outside of it are nobody's, the ones within it are written.
.macro STRADDLE port, register, value, want, text
  mov eax, HIGH_PAM
  mov edx, STORED
  call config_write32
  mov edx, \port
  mov eax, \value
  out dx, \register
  mov eax, HIGH_PAM
  call config_read32
  mov edx, \want
  CHECK "\text"
.endm
.macro STRADDLED_READ port, register, mask, want, text
  mov eax, HIGH_PAM
  call config_read32
  mov edx, \port
  xor eax, eax
  in \register, dx
  and eax, \mask
  mov edx, \want
  CHECK "\text"
.endm
straddles:
  STRADDLE (CONFDATA - 1), eax, 0x03020100, 0x21030201, "dword written at CFBh"
  STRADDLE (CONFDATA - 2), eax, 0x12330000, 0x21301233, "dword written at CFAh"
  STRADDLE (CONFDATA - 1), ax, 0x3300, 0x21302133, "word written at CFBh"
  STRADDLE (CONFDATA + 1), eax, 0x03020133, 0x02013330, "dword written at CFDh"
  STRADDLE (CONFDATA + 2), eax, 0x03020133, 0x01332130, "dword written at CFEh"
  STRADDLE (CONFDATA + 3), ax, 0x0103, 0x03302130, "word written at CFFh"
  mov eax, HIGH_PAM
  mov edx, STORED
  call config_write32
  STRADDLED_READ (CONFDATA - 1), eax, 0xffffff00, (STORED << 8), "dword read at CFBh"
  STRADDLED_READ (CONFDATA - 2), eax, 0xffff0000, (STORED << 16), "dword read at CFAh"
  STRADDLED_READ (CONFDATA + 1), eax, 0x00ffffff, (STORED >> 8), "dword read at CFDh"
  STRADDLED_READ (CONFDATA + 2), eax, 0x0000ffff, (STORED >> 16), "dword read at CFEh"
  STRADDLED_READ (CONFDATA + 3), ax, 0x00ff, (STORED >> 24), "word read at CFFh"
  ret

.section .rodata
.macro ELSEWHERE address, name
  .pushsection .rodata.text, "a"
  .Lelsewhere\@: .asciz "\name"
  .popsection
  .long \address, .Lelsewhere\@
.endm
.balign 4
elsewhere_rows:
  ELSEWHERE ENABLED + 0x100, "00:00.1"
  ELSEWHERE ENABLED + 0x700, "00:00.7"
  ELSEWHERE ENABLED + 0x10000, "bus 1"
  ELSEWHERE ENABLED + 0xff0000, "bus FF"
  ELSEWHERE 0, "CONFDATA without enable"
elsewhere_rows_end:

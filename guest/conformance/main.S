// The order of the groups, and the end.
#include "rom.inc"

.text
.globl main
main:
  call find_console
  call catch_exceptions
  call find_bridge
  call learn_bus
  mov esi, offset groups
1:
  mov [group], esi
  mov eax, [post_code]  // for a POST card
  inc eax
  mov [post_code], eax
  out 0x80, al
  mov dword ptr [segment], NOT_NAMED
  mov dword ptr [state], NOT_NAMED
  call [esi + GROUP_RUN]
  mov esi, [group]
  add esi, GROUP_BYTES
  cmp esi, offset groups_end
  jb 1b

// Totals, then off: also the way out of an exception that nobody expected.
.globl finish
finish:
  call print_totals  // eax: 0 if all passed, else 1
  mov dx, 0x501
  out dx, al
  mov esi, offset shutdown
  mov ecx, 8
  mov dx, 0x8900
  rep outsb
  mov eax, 0x2000
  mov dx, 0x604
  out dx, ax
1:
  cli
  hlt
  jmp 1b

.section .rodata
shutdown: .ascii "Shutdown"

.macro GROUP name, run
  .pushsection .rodata
  .Lgroup\@: .asciz "\name"
  .popsection
  .long .Lgroup\@, \run, 0, 0
.endm

.data
  .balign 4
.globl groups, groups_end
groups:
  GROUP "pam-read", pam_read
  GROUP "pam-write", pam_write
  GROUP "pam-fetch", pam_fetch
  GROUP "pam-history", pam_history
  GROUP "pam-config", pam_config
  GROUP "shadow", shadow
  GROUP "rmw", rmw
  GROUP "neighbours", neighbours
  GROUP "walk", walk
  GROUP "hole", hole
  GROUP "tom", tom
  GROUP "smram", smram
  GROUP "hseg", hseg
  GROUP "tseg", tseg
  GROUP "lock", lock_smram  // the last: only a power-on reset unlocks
groups_end:

.bss
.balign 4
.globl group, segment, state
group: .long 0    // the row of `groups` that runs
segment: .long 0  // of the check in hand, for its name; or NOT_NAMED
state: .long 0    // likewise
post_code: .long 0

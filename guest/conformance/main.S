// The order of the groups, and the end.
#include "guest/power_off.inc"
#include "rom.inc"

.text
.globl main
main:
  mov dword ptr [started], STARTED
  call find_console
  mov esi, offset version
  call say
  call look_for_mark
  call catch_exceptions
  call find_bridge
  call learn_bus
  movzx esi, byte ptr [FIRST_GROUP]
  mov [post_code], esi
  shl esi, 4  // GROUP_BYTES
  add esi, offset groups
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
.globl off
off:
  mov dword ptr [started], 0
.att_syntax prefix
  POWER_OFF
.intel_syntax noprefix
  call soft_off
1:
  cli
  hlt
  jmp 1b

// A reset that nobody asked for: the run is not begun anew.
.globl astray
astray:
  mov edi, offset line
  mov esi, offset astray_text
  call put_text
  mov esi, [group]
  mov esi, [esi + GROUP_NAME]
  call put_text
  call end_line
  mov eax, 1
  jmp off

#define PIIX4_PM 0x71138086
#define PMBA 0x40
#define PMREGMISC 0x80

// The PIIX4 turns the power off, by its PMCNTRL (data sheet chapter 7) at 604h.
soft_off:
  mov edx, PIIX4_PM
  call find_function
  jne 1f
  mov eax, PMBA
  mov edx, 0x601
  call config_write32
  CONFIG_WRITE PMREGMISC, 1
  mov eax, 0x2000
  mov dx, 0x604
  out dx, ax
1:
  ret

.section .rodata
astray_text: .asciz "Bail out! the processor was reset in the group "
version: .asciz "TAP version 13"

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
  GROUP "firmware", firmware
  GROUP "rom", rom
  GROUP "code", code
  GROUP "stack", stack
  GROUP "string-io", string_io
  GROUP "descriptors", descriptors
  GROUP "config-decode", config_decode
  GROUP "hole", hole
  GROUP "sizing", sizing
  GROUP "tom", tom
  GROUP "smram", smram
  GROUP "hseg", hseg
  GROUP "tseg", tseg
  GROUP "alias", alias
  GROUP "devices", devices
  GROUP "bus-master", bus_master
  GROUP "a20", a20
  GROUP "latency", latency
  GROUP "lock", lock_smram  // what follows may find SMRAM locked
  GROUP "init", init
  GROUP "reset", reset
  GROUP "port-cycles", port_cycles
groups_end:

.bss
.balign 4
.globl group, segment, state, started
started: .long 0
group: .long 0    // the row of `groups` that runs
segment: .long 0  // of the check in hand, for its name; or NOT_NAMED
state: .long 0    // likewise
post_code: .long 0

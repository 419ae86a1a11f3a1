// latency: what a change of PAM costs, and what accesses cost in each state. The checks are of the clocks and
// of what memory shows afterwards; the figures are comments, "# latency D0000 rw>ro: 1234 ns".
//
// Time is the processor's time-stamp counter, which is measured against the 8254's counter 0. A change is one
// OUT to CONFDATA (two, and two to CONFADD, where all segments change), its time the median of SAMPLES.
// "touched": with a read of each segment that changed, which makes anew what a host threw away.
#include "rom.inc"

#define COUNTER_0 0x40
#define TIMER_CONTROL 0x43
#define MODE_2 0x34          // counter 0, two bytes, mode 2
#define LATCH 0
#define TICKS_PER_MS 1193    // of 1193182 Hz
#define MEASURED_MS 8
#define TIMER_PATIENCE 10000
#define SAMPLES 15
#define ACCESSES 1000
#define TIMED_SEGMENT 4      // D0000
#define HAS_TSC 0x10         // CPUID leaf 1, EDX
#define ALL_RO 0x11111111
#define ALL_RW 0x33333333

.text
.globl latency
latency:
  mov eax, 1
  cpuid
  test edx, HAS_TSC
  jz 1f
  call start_timer
  jne 2f
  call measure_clock
  mov eax, [cycles_per_ms]
  test eax, eax
  setnz al
  movzx eax, al
  mov edx, 1
  CHECK "time-stamp counter counts"
  test eax, eax
  jz 3f
  call one_segment
  call all_segments
  call accesses
  call verify_after
3:
  ret
1:
  SKIP "no time-stamp counter"
  ret
2:
  SKIP "no timer at port 40h"
  ret

// ZF if counter 0 counts.
start_timer:
  mov al, MODE_2
  out TIMER_CONTROL, al
  xor eax, eax
  out COUNTER_0, al
  out COUNTER_0, al
  mov ecx, TIMER_PATIENCE
  call timer
  mov ebx, eax
1:
  call timer
  cmp eax, ebx
  jne 2f
  dec ecx
  jnz 1b
  test esp, esp
  ret
2:
  cmp eax, eax
  ret

// eax: the count, which goes down from 65536 to 1, over and over.
timer:
  mov al, LATCH
  out TIMER_CONTROL, al
  xor eax, eax
  in al, COUNTER_0
  mov ah, al
  in al, COUNTER_0
  xchg al, ah
  ret

// [cycles_per_ms], rounded down; 0 if it does not count.
measure_clock:
  call timer
  mov ebx, eax
  rdtsc
  mov esi, eax
1:
  call timer
  mov ecx, ebx
  sub ecx, eax
  and ecx, 0xffff
  cmp ecx, TICKS_PER_MS * MEASURED_MS
  jb 1b
  rdtsc
  sub eax, esi
  mov edx, TICKS_PER_MS
  mul edx
  div ecx
  mov [cycles_per_ms], eax
  ret

// eax: nanoseconds of eax cycles; the most there is, if it is more.
nanoseconds:
  push edx
  mov edx, 1000000
  mul edx
  cmp edx, [cycles_per_ms]
  jae 1f
  div dword ptr [cycles_per_ms]
  pop edx
  ret
1:
  mov eax, 0xffffffff
  pop edx
  ret

// D0000 from each state to each: the register's value now in `from_value`, then in `to_value`.
one_segment:
  mov dword ptr [segment], TIMED_SEGMENT
  call nothing_changes
  xor ebp, ebp
1:
  mov eax, ebp
  shr eax, 2
  mov edx, ebp
  and edx, 3
  cmp eax, edx
  je 2f
  call name_change
  mov byte ptr [touching], 0
  call time_change
  call name_change
  call name_touched
  mov byte ptr [touching], 1
  call time_change
2:
  inc ebp
  cmp ebp, 16
  jb 1b
  mov dword ptr [segment], NOT_NAMED
  ret

nothing_changes:
  mov ebp, RW * 4 + RW
  mov esi, offset nothing
  call begin_name
  mov byte ptr [touching], 0
  jmp time_change

// `what_name` from esi on; edi is its end.
begin_name:
  mov edi, offset line
  push esi
  mov esi, offset latency_text
  call put_text
  pop esi
  jmp put_text

// "D0000 rw>ro"; ebp: the states.
name_change:
  pushad
  mov esi, offset segment_text
  call begin_name
  mov eax, ebp
  shr eax, 2
  mov esi, [state_names + eax * 4]
  call put_text
  mov byte ptr [edi], '>'
  inc edi
  mov eax, ebp
  and eax, 3
  mov esi, [state_names + eax * 4]
  call put_text
  mov [name_end], edi
  popad
  mov edi, [name_end]
  ret
name_touched:
  mov esi, offset touched
  jmp put_text

// Says ": N ns" behind the name in `line` (edi).
say_time:
  pushad
  mov esi, offset colon_text
  call put_text
  call put_decimal
  mov esi, offset ns_text
  call put_text
  call end_line
  popad
  ret

// Medians of the change ebp, with the name in `line` (edi).
time_change:
  pushad
  xor esi, esi
1:
  mov eax, TIMED_SEGMENT
  mov edx, ebp
  and edx, 3
  call set_state
  mov eax, PAM0 + 1 + TIMED_SEGMENT / 2
  call config_read8
  mov bl, al  // the register with the state to come
  mov eax, TIMED_SEGMENT
  mov edx, ebp
  shr edx, 2
  call set_state
  mov ecx, [0xd0000]
  mov eax, PAM0 + 1 + TIMED_SEGMENT / 2
  call config_read8  // which selects it
  call time_out
  mov [samples_taken + esi * 4], eax
  inc esi
  cmp esi, SAMPLES
  jb 1b
  call median
  call nanoseconds
  call say_time
  mov eax, TIMED_SEGMENT
  mov edx, ebp
  and edx, 3
  call set_state
  popad
  ret

// The OUT of bl. eax: cycles.
time_out:
  push edx
  push edi
  mov edi, 0xcfc + (PAM0 + 1 + TIMED_SEGMENT / 2) % 4
  rdtsc
  mov ecx, eax
  mov edx, edi
  mov al, bl
  out dx, al
  test byte ptr [touching], 1
  jz 1f
  mov eax, [0xd0000]
1:
  rdtsc
  sub eax, ecx
  pop edi
  pop edx
  ret

// eax: of the samples, which are sorted.
median:
  push ebx
  push ecx
  push edx
  mov ecx, 1
1:
  mov eax, [samples_taken + ecx * 4]
  mov edx, ecx
2:
  mov ebx, [samples_taken + edx * 4 - 4]
  cmp ebx, eax
  jbe 3f
  mov [samples_taken + edx * 4], ebx
  dec edx
  jnz 2b
3:
  mov [samples_taken + edx * 4], eax
  inc ecx
  cmp ecx, SAMPLES
  jb 1b
  mov eax, [samples_taken + SAMPLES / 2 * 4]
  pop edx
  pop ecx
  pop ebx
  ret

.macro ALL from, to, touch, text
  mov byte ptr [touching], \touch
  mov ebx, \from
  mov ebp, \to
  mov esi, offset \text
  call time_all
.endm
all_segments:
  ALL ALL_RW, ALL_RW, 0, all_nothing
  ALL ALL_RW, ALL_RO, 0, all_rw_ro
  ALL ALL_RW, ALL_RO, 1, all_rw_ro_touched
  ALL ALL_RO, ALL_RW, 0, all_ro_rw
  ALL ALL_RO, ALL_RW, 1, all_ro_rw_touched
  ALL 0, ALL_RW, 0, all_mmio_rw
  ALL 0, ALL_RW, 1, all_mmio_rw_touched
  mov edx, RW
  jmp set_all

time_all:
  call begin_name
  pushad
  xor esi, esi
1:
  mov ecx, ebx
  call write_all
  call touch_all
  rdtsc
  push eax
  mov ecx, ebp
  call write_all
  test byte ptr [touching], 1
  jz 2f
  call touch_all
2:
  rdtsc
  pop edx
  sub eax, edx
  mov [samples_taken + esi * 4], eax
  inc esi
  cmp esi, SAMPLES
  jb 1b
  call median
  call nanoseconds
  call say_time
  popad
  ret

// Both dwords to ecx; DRAMT is kept.
write_all:
  mov eax, 0x80000000 + DRAMT
  mov edx, 0xcf8
  out dx, eax
  mov eax, ecx
  mov edx, 0xcfc
  and eax, 0xfffff000
  mov al, [dramt]
  out dx, eax
  mov eax, 0x80000000 + DRAMT + 4
  mov edx, 0xcf8
  out dx, eax
  mov eax, ecx
  mov edx, 0xcfc
  out dx, eax
  ret

touch_all:
  mov ecx, PAM_START
1:
  mov eax, [ecx]
  add ecx, 0x4000
  cmp ecx, PAM_END
  jb 1b
  ret

// 1000 reads and 1000 writes in each state.
accesses:
  mov dword ptr [state], 0
1:
  mov eax, TIMED_SEGMENT
  mov edx, [state]
  call set_state
  mov esi, offset reads
  mov ebx, offset read_many
  call time_accesses
  mov esi, offset writes
  mov ebx, offset write_many
  call time_accesses
  inc dword ptr [state]
  cmp dword ptr [state], 4
  jb 1b
  mov dword ptr [state], NOT_NAMED
  ret

time_accesses:
  call begin_name
  mov eax, [state]
  mov esi, [state_names + eax * 4]
  call put_text
  mov ecx, ACCESSES
  rdtsc
  push eax
  mov eax, [0xd0000 - DRAM_MODEL_BELOW]
  call ebx
  rdtsc
  pop edx
  sub eax, edx
  call nanoseconds
  jmp say_time

read_many:
  mov eax, [0xd0000]
  dec ecx
  jnz read_many
  ret
write_many:  // what the DRAM has there
  mov [0xd0000], eax
  dec ecx
  jnz write_many
  ret

// The changes have left DRAM and bus as they were.
verify_after:
  mov dword ptr [segment], TIMED_SEGMENT
  SET_STATE RW
  WHAT "whole in rw after it"
  call verify_segment
  SET_STATE MMIO
  WHAT "whole in mmio after it"
  call verify_segment
  mov dword ptr [segment], NOT_NAMED
  jmp restore

.section .rodata
latency_text: .asciz "# latency "
segment_text: .asciz "D0000 "
nothing: .asciz "D0000 unchanged"
touched: .asciz ", touched"
all_nothing: .asciz "all 13 unchanged"
all_rw_ro: .asciz "all 13 rw>ro"
all_rw_ro_touched: .asciz "all 13 rw>ro, touched"
all_ro_rw: .asciz "all 13 ro>rw"
all_ro_rw_touched: .asciz "all 13 ro>rw, touched"
all_mmio_rw: .asciz "all 13 mmio>rw"
all_mmio_rw_touched: .asciz "all 13 mmio>rw, touched"
reads: .asciz "1000 reads in "
writes: .asciz "1000 writes in "
colon_text: .asciz ": "
ns_text: .asciz " ns"

.bss
.balign 4
cycles_per_ms: .long 0
samples_taken: .skip SAMPLES * 4
name_end: .long 0
touching: .byte 0

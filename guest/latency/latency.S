# A ROM of 64 KiB that times, by the processor's time-stamp counter, what changes of PAM cost a guest: on any
# PC with an 82441FX or 82443BX at 00:00.0. It prints, at port 402h, "LAT case cycles" for each sample, cycles
# in hexadecimal, and turns the machine off (bench/guest_seen makes a table of it).
#
# A sample is a change and the way back, by config writes of dwords. In the cases that "use" memory, the guest
# reads a dword in each of 64 pages of RAM after each change, and one in each 16 KiB of what changed: what a
# host throws away with a change it has to make again then.
#
# It starts at the reset vector, copies itself to 10000h and stays there in flat 32-bit code.

#include "guest/enter_flat.inc"

#define SAMPLES 64
#define WARM_UP 4
#define TIMES 0x20000
#define STACK 0x7000
#define USED 0x100000           // 64 pages
#define USED_END 0x140000

#define FIRST_DWORD 0x80000058   // PAM0 to PAM2: F0000, C0000, C4000, C8000, CC000
#define SECOND_DWORD 0x8000005c  // PAM3 to PAM6: D0000 to EFFFF
#define NO_EFFECT 0x8000000c     // the latency timer

#define CASE_NAME 0             // 12 characters, padded by zeros
#define CASE_FIRST 12           // what is written to CF8h; 0: no write
#define CASE_FIRST_THERE 16
#define CASE_FIRST_BACK 20
#define CASE_SECOND 24          // likewise
#define CASE_SECOND_THERE 28
#define CASE_SECOND_BACK 32
#define CASE_USES 36            // 0: nothing but the writes
#define CASE_READS 40           // what is read of what changed; 0: nothing
#define CASE_READS_END 44
#define CASE_BYTES 48

        .code16
        .text
        .globl _start
_start:                         # F000:0000, and the same linked for 1000:0000
        cli
        cld
        push    %cs
        pop     %ds
        mov     $0x1000, %ax
        mov     %ax, %es
        xor     %si, %si
        xor     %di, %di
        mov     $(image_end - _start), %cx
        rep     movsb
        ljmp    $0x1000, $(in_ram - _start)
in_ram:
        ENTER_FLAT gdtr-_start, flat
        .balign 8
gdt:    FLAT_GDT
gdtr:   FLAT_GDTR gdt
flat:   FLAT_DATA
        mov     $STACK, %esp
        mov     $FIRST_DWORD, %eax
        mov     $0xcf8, %edx
        out     %eax, %dx
        mov     $0xcfc, %edx
        in      %dx, %eax
        movzbl  %al, %eax
        mov     $cases, %ebx
1:      cmpl    $FIRST_DWORD, CASE_FIRST(%ebx)
        jne     2f
        or      %al, CASE_FIRST_THERE(%ebx)
        or      %al, CASE_FIRST_BACK(%ebx)
2:      add     $CASE_BYTES, %ebx
        cmp     $cases_end, %ebx
        jb      1b
        or      $0x33333000, %eax               # all of it memory; 58h has other things
        out     %eax, %dx
        mov     $SECOND_DWORD, %eax
        mov     $0xcf8, %edx
        out     %eax, %dx
        mov     $0x33333333, %eax
        mov     $0xcfc, %edx
        out     %eax, %dx

        mov     $cases, %esi
next_case:
        mov     $WARM_UP, %ebp
1:      call    sample
        dec     %ebp
        jnz     1b
        mov     $TIMES, %edi
        mov     $SAMPLES, %ebp
2:      call    sample
        stosl
        dec     %ebp
        jnz     2b
        call    report
        add     $CASE_BYTES, %esi
        cmp     $cases_end, %esi
        jb      next_case

        mov     $0x501, %edx
        xor     %eax, %eax
        out     %al, %dx
stop:   hlt
        jmp     stop

# The case at esi once: eax = cycles.
sample:
        rdtsc
        push    %eax
        mov     CASE_FIRST_THERE(%esi), %ebx
        mov     CASE_SECOND_THERE(%esi), %ecx
        call    change
        mov     CASE_FIRST_BACK(%esi), %ebx
        mov     CASE_SECOND_BACK(%esi), %ecx
        call    change
        rdtsc
        pop     %edx
        sub     %edx, %eax
        ret

# Writes ebx to the first register and ecx to the second, then uses memory.
change:
        mov     CASE_FIRST(%esi), %eax
        test    %eax, %eax
        jz      1f
        mov     $0xcf8, %edx
        out     %eax, %dx
        mov     %ebx, %eax
        mov     $0xcfc, %edx
        out     %eax, %dx
        mov     CASE_SECOND(%esi), %eax
        test    %eax, %eax
        jz      1f
        mov     $0xcf8, %edx
        out     %eax, %dx
        mov     %ecx, %eax
        mov     $0xcfc, %edx
        out     %eax, %dx
1:      cmpl    $0, CASE_USES(%esi)
        je      4f
        mov     $USED, %ebx
2:      mov     (%ebx), %eax
        add     $0x1000, %ebx
        cmp     $USED_END, %ebx
        jb      2b
        mov     CASE_READS(%esi), %ebx
3:      cmp     CASE_READS_END(%esi), %ebx
        jae     4f
        mov     (%ebx), %eax
        add     $0x4000, %ebx
        jmp     3b
4:      ret

# A line for each sample of the case at esi.
report:
        mov     $0x402, %edx
        mov     $TIMES, %edi
        mov     $SAMPLES, %ebp
1:      mov     $lat, %ebx
        call    say
        mov     %esi, %ebx                      # the name comes first in a case
        call    say
        mov     $' ', %al
        out     %al, %dx
        mov     (%edi), %ebx
        add     $4, %edi
        call    say_hex
        mov     $'\n', %al
        out     %al, %dx
        dec     %ebp
        jnz     1b
        ret
say:                                            # the text at ebx
        mov     (%ebx), %al
        test    %al, %al
        jz      1f
        out     %al, %dx
        inc     %ebx
        jmp     say
1:      ret
say_hex:                                        # ebx
        mov     $8, %ecx
1:      rol     $4, %ebx
        mov     %ebx, %eax
        and     $15, %eax
        mov     digits(%eax), %al
        out     %al, %dx
        dec     %ecx
        jnz     1b
        ret

lat:    .asciz  "LAT "
digits: .ascii  "0123456789ABCDEF"

        .macro  case name, first, first_there, first_back, second, second_there, second_back, uses, reads, reads_end
1:      .ascii  "\name"
        .skip   CASE_FIRST - (. - 1b)
        .long   \first, \first_there, \first_back, \second, \second_there, \second_back, \uses, \reads, \reads_end
        .endm
        .balign 4
cases:
        case use,          0, 0, 0, 0, 0, 0, 1, 0, 0
        case config-1,     NO_EFFECT, 0x800, 0, 0, 0, 0, 0, 0, 0
        case config-2,     NO_EFFECT, 0x800, 0, NO_EFFECT, 0x800, 0, 0, 0, 0
        case one-ro,       SECOND_DWORD, 0x33313333, 0x33333333, 0, 0, 0, 0, 0, 0
        case one-ro-use,   SECOND_DWORD, 0x33313333, 0x33333333, 0, 0, 0, 1, 0xe0000, 0xe4000
        case one-off,      SECOND_DWORD, 0x33303333, 0x33333333, 0, 0, 0, 0, 0, 0
        case one-off-use,  SECOND_DWORD, 0x33303333, 0x33333333, 0, 0, 0, 1, 0, 0
        case rom-ram,      FIRST_DWORD, 0x33330000, 0x33333000, 0, 0, 0, 0, 0, 0
        case rom-ram-use,  FIRST_DWORD, 0x33330000, 0x33333000, 0, 0, 0, 1, 0xf0000, 0x100000
        case all-ro,       FIRST_DWORD, 0x11111000, 0x33333000, SECOND_DWORD, 0x11111111, 0x33333333, 0, 0, 0
        case all-ro-use,   FIRST_DWORD, 0x11111000, 0x33333000, SECOND_DWORD, 0x11111111, 0x33333333, 1, 0xc0000, 0x100000
cases_end:
image_end:

        .org    0xfff0, 0xf4
        .code16
        ljmp    $0xf000, $0
        .org    0x10000, 0xff

# The SMP guest: every CPU runs the same rounds of locked counters, reads and writes while segments of the
# first megabyte are taken from under it; a CPU that is told to asks for the next change with an OUT.
#
# 64-bit code in ring 3 with IOPL 3, interrupts off, flat and paged one to one. The test sets all that up; it
# also places the image at SMP_PROGRAM and gives each CPU its block in RDI and a stack.
#
# A round: the counters of two segments, a call into the code segment, a write to and a read from the state
# segment. What the CPU counts in its own block is what the counters must add up to.
#include "guest/smp/layout.h"

        .code64
        .text
        .globl _start
_start:
        mov     %rdi, %r15                      # this CPU's block, throughout
        mov     $SMP_SHARED, %r14d              # throughout
        mov     SMP_STATE_SLOT(%r15), %r13      # throughout
        mov     SMP_FLIP_PERIOD(%r15), %r12     # rounds until this CPU's next flip
round:
        mov     $SMP_MOVING_COUNTERS, %ebx
        lea     SMP_LOCKED(%r15), %rbp
        call    count
        mov     $SMP_STEADY_COUNTERS, %ebx
        lea     SMP_LOCKED+8(%r15), %rbp
        call    count
        incq    SMP_INCREMENTS(%r15)
        call    call_stub
        call    write_state
        call    read_state
        incq    SMP_PROGRESS(%r15)
        cmpq    $0, SMP_STOP(%r14)
        jne     done
        test    %r12, %r12
        jz      round
        dec     %r12
        jnz     round
        mov     SMP_FLIP_PERIOD(%r15), %r12
        mov     $SMP_PORT_FLIP, %edx
        out     %eax, %dx
        jmp     round
done:
        mov     $SMP_PORT_DONE, %edx
        out     %eax, %dx
rest:
        pause
        jmp     rest

# One increment of each counter of the segment at RBX. The one under the spin lock is left out when the lock
# cannot be had, so that a CPU that is not running does not hold up the others; those made are counted at RBP.
count:
        lock incq SMP_COUNT_INC(%rbx)
        mov     SMP_COUNT_CMPXCHG(%rbx), %rax
1:      lea     1(%rax), %rcx
        lock cmpxchg %rcx, SMP_COUNT_CMPXCHG(%rbx)
        jne     1b
        mov     $1000, %ecx
2:      mov     $1, %eax
        xchg    %eax, SMP_LOCK(%rbx)
        test    %eax, %eax
        jz      3f
        pause
        dec     %ecx
        jnz     2b
        ret
3:      incq    SMP_COUNT_LOCKED(%rbx)
        movl    $0, SMP_LOCK(%rbx)
        incq    (%rbp)
        ret

# The stub doubles what it is given, slowly.
call_stub:
        mov     SMP_PROGRESS(%r15), %esi
        mov     $SMP_CODE, %eax
        call    *%rax
        mov     SMP_PROGRESS(%r15), %ecx
        add     %ecx, %ecx
        cmp     %ecx, %eax
        je      1f
        incq    SMP_BAD_CALLS(%r15)
1:      ret

# Writes the next number to the state segment. It is surely in RAM if every state that may have been in place
# lets writes through, surely not if none does.
write_state:
        mov     SMP_LAST(%r15), %r8
        inc     %r8
        mov     SMP_SEQUENCE(%r14), %r9
        mov     %r8d, (%r13)
        mov     SMP_SEQUENCE(%r14), %r10
        mov     %r8, SMP_LAST(%r15)
        call    states_between
        test    $0b0011, %eax                   # states 0 and 1: no write reaches RAM
        jz      1f
        test    $0b1100, %eax
        jz      2f
        cmpq    $0, SMP_UNSURE(%r15)
        jne     2f
        mov     %r8, SMP_UNSURE(%r15)
        ret
1:      mov     %r8, SMP_SURE(%r15)
        movq    $0, SMP_UNSURE(%r15)
2:      ret

# Reads it back. States 0 and 2 read ROM, 1 and 3 read RAM.
read_state:
        mov     SMP_SEQUENCE(%r14), %r9
        mov     (%r13), %r8d
        mov     SMP_SEQUENCE(%r14), %r10
        call    states_between
        mov     $SMP_ROM_DWORD, %ecx
        cmp     %ecx, %r8d
        jne     1f
        test    $0b0101, %eax
        jz      bad_read
        ret
1:      test    $0b1010, %eax
        jz      bad_read
        cmp     SMP_SURE(%r15), %r8
        je      2f
        mov     SMP_UNSURE(%r15), %rcx
        test    %rcx, %rcx
        jz      bad_read
        cmp     %rcx, %r8
        jb      bad_read
        cmp     SMP_LAST(%r15), %r8
        ja      bad_read
2:      mov     %r8, SMP_SURE(%r15)
        movq    $0, SMP_UNSURE(%r15)
        ret
bad_read:
        incq    SMP_BAD_READS(%r15)
        mov     %r8, SMP_BAD_VALUE(%r15)
        mov     %rax, SMP_BAD_STATES(%r15)
        ret

# EAX: bit s is set if state s may have been in place between the sequence numbers R9 and R10.
states_between:
        shr     %r9
        inc     %r10
        shr     %r10
        xor     %eax, %eax
1:      movzbl  SMP_STATES(%r9), %ecx
        bts     %ecx, %eax
        inc     %r9
        cmp     %r10, %r9
        jbe     1b
        ret

        .org    SMP_STUB
# Runs in the code segment, wherever that is just now. EAX = 2 ESI.
stub:
        xor     %eax, %eax
        mov     $64, %ecx
1:      add     %esi, %eax
        sub     %esi, %eax
        dec     %ecx
        jnz     1b
        lea     (%rsi,%rsi), %eax
        ret
        .org    SMP_STUB + SMP_STUB_SIZE

# A ROM that carries out a table of steps in flat 32-bit code: port writes, reads, writes and calls at any
# address. What a step reads goes to port 402h as it is, so that the console has one character a read.
#
# Runs from F0000 in state 00; the stack is below 7000h. Steps must leave both as they are.
#include "guest/enter_flat.inc"
#include "guest/script/layout.h"

        .code16
        .text
        .globl _start
_start:
        cli
        cld
        ENTER_FLAT gdtr-_start, flat
        .balign 8
gdt:    FLAT_GDT
gdtr:   FLAT_GDTR gdt
flat:   FLAT_DATA
        mov     $0x7000, %esp
        mov     $SCRIPT_TABLE, %esi
next:
        mov     (%esi), %ecx
        mov     4(%esi), %ebx
        mov     8(%esi), %eax
        mov     %ebx, %edx
        add     $12, %esi
        cmp     $SCRIPT_OUT_DWORD, %ecx
        je      out_dword
        cmp     $SCRIPT_OUT_BYTE, %ecx
        je      out_byte
        cmp     $SCRIPT_READ, %ecx
        je      read
        cmp     $SCRIPT_WRITE, %ecx
        je      write
        cmp     $SCRIPT_CALL, %ecx
        je      call
        cmp     $SCRIPT_END_IF, %ecx
        je      end_if
end:    xor     %eax, %eax
        mov     $0x501, %edx
        out     %al, %dx
stop:   hlt
        jmp     stop
out_dword:
        out     %eax, %dx
        jmp     next
out_byte:
        out     %al, %dx
        jmp     next
end_if:
        cmp     %al, (%ebx)
        je      end
        jmp     next
read:
        mov     (%ebx), %al
        jmp     say
write:
        mov     %al, (%ebx)
        jmp     next
call:
        call    *%ebx
say:
        mov     $0x402, %edx
        out     %al, %dx
        jmp     next

// descriptors: the processor writes accessed and busy bits to the tables, and PAM says where they go (Intel
// SDM volume 3, 3.4.5.1). In state 01 they are lost and the load succeeds, in state 10 they go to DRAM.
#include "rom.inc"

#define TABLE 0xd0000
#define TABLE_SEGMENT 4
#define CODE 0x08
#define DATA 0x10
#define TSS 0x18
#define TYPE_AT 5  // in a descriptor
#define CLEAR_CODE 0x9a
#define ACCESSED_DATA 0x93
#define CLEAR_DATA 0x92
#define BUSY_TSS 0x8b
#define FREE_TSS 0x89
#define LEFT 0x0ade0000  // what the code leaves when it came to its end
#define KVM_SIGNATURE 0x4b4d564b

.text
.macro TYPE selector, want, text
  movzx eax, byte ptr [TABLE + \selector + TYPE_AT]
  mov edx, \want
  CHECK "\text"
.endm

.globl descriptors
descriptors:
  call ordinary_table
  mov dword ptr [segment], TABLE_SEGMENT
  mov dword ptr [state], RW
  call lay_table
  call use_each
  TYPE CODE, [usual_code], "code descriptor's accessed bit"
  TYPE DATA, ACCESSED_DATA, "data descriptor's accessed bit"
  TYPE TSS, BUSY_TSS, "task's busy bit"
  call is_kvm
  je 1f
  call protected_table
  call hidden_table
  mov dword ptr [segment], NOT_NAMED
  mov dword ptr [state], NOT_NAMED
  jmp restore
1:
  mov dword ptr [segment], NOT_NAMED
  mov dword ptr [state], NOT_NAMED
  SKIP "KVM never ends an instruction whose descriptor cannot be written"
  jmp restore

// What the processor does in memory far from PAM. Some set no bit in the code descriptor: then none is wanted.
ordinary_table:
  mov esi, offset fresh_table
  mov edi, offset usual_table
  mov ecx, (fresh_table_end - fresh_table) / 4
  rep movsd
  mov word ptr [pointer], fresh_table_end - fresh_table - 1
  mov dword ptr [pointer + 2], offset usual_table
  mov ebx, offset use_code
  call load_and_use
  mov ebx, offset use_data
  call load_and_use
  mov ebx, offset use_task
  call load_and_use
  movzx eax, byte ptr [usual_table + DATA + TYPE_AT]
  mov edx, ACCESSED_DATA
  CHECK "data descriptor's accessed bit in ordinary memory"
  movzx eax, byte ptr [usual_table + TSS + TYPE_AT]
  mov edx, BUSY_TSS
  CHECK "task's busy bit in ordinary memory"
  movzx eax, byte ptr [usual_table + CODE + TYPE_AT]
  mov [usual_code], eax
  ret

protected_table:
  call lay_table
  mov dword ptr [state], RO
  SET_STATE RO
  mov eax, [TABLE + DATA]
  mov edx, [fresh_table + DATA]
  CHECK "table"
  cmp eax, edx
  je 1f
  ret
1:
  call use_each
  TYPE CODE, CLEAR_CODE, "code descriptor's accessed bit"
  TYPE DATA, CLEAR_DATA, "data descriptor's accessed bit"
  TYPE TSS, FREE_TSS, "task's busy bit"
  ret

use_each:
  mov ebx, offset use_code
  call use_table
  CHECK "far jump"
  mov ebx, offset use_data
  call use_table
  CHECK "mov to DS"
  mov ebx, offset use_task
  call use_table
  CHECK "ltr"
  ret

// The table in the ROM is read, and the DRAM at F0000 is written. There lies one that can be told from it, and
// that can be loaded as well, by boards that read it.
#define OTHER_DATA 0xf3
#define OTHER_TSS 0xe9
#define IN_ROM (0xf0000 - IMAGE)
hidden_table:
  mov dword ptr [segment], LAST_SEGMENT
  mov dword ptr [state], WO
  SET_STATE RW
  mov esi, offset fresh_table
  mov edi, offset fresh_table + IN_ROM
  mov ecx, (fresh_table_end - fresh_table) / 4
  rep movsd
  mov byte ptr [fresh_table + IN_ROM + DATA + TYPE_AT], OTHER_DATA
  mov byte ptr [fresh_table + IN_ROM + TSS + TYPE_AT], OTHER_TSS
  SET_STATE WO
  mov word ptr [pointer], fresh_table_end - fresh_table - 1
  mov dword ptr [pointer + 2], offset fresh_table + IN_ROM
  mov ebx, offset use_data
  call load_and_use
  CHECK "mov to DS"
  mov ebx, offset use_task
  call load_and_use
  CHECK "ltr"
  SET_STATE RW
  movzx eax, byte ptr [fresh_table + IN_ROM + DATA + TYPE_AT]
  mov edx, ACCESSED_DATA
  CHECK "data descriptor's accessed bit"
  movzx eax, byte ptr [fresh_table + IN_ROM + TSS + TYPE_AT]
  mov edx, BUSY_TSS
  CHECK "task's busy bit"
  ret

// The table with clear bits at D0000, in state 11.
lay_table:
  SET_STATE RW
  mov esi, offset fresh_table
  mov edi, TABLE
  mov ecx, (fresh_table_end - fresh_table) / 4
  rep movsd
  ret

// Runs the code at ebx with that table. eax: got, edx: wanted.
use_table:
  mov word ptr [pointer], fresh_table_end - fresh_table - 1
  mov dword ptr [pointer + 2], TABLE
load_and_use:
  mov esi, offset pointer
  lgdt [esi]
  call call_code
  mov esi, offset ram_gdt_pointer
  lgdt [esi]
  mov edx, 0x10
  mov ds, edx
  mov edx, LEFT
  ret

use_code:
  .byte 0xea
  .long 1f
  .word CODE
1:
  mov eax, LEFT
  ret
use_data:
  mov eax, DATA
  mov ds, eax
  mov eax, LEFT
  ret
use_task:
  mov eax, TSS
  ltr ax
  mov eax, LEFT
  ret

// ZF if the processor is KVM's.
is_kvm:
  pushad
  mov eax, 0x40000000  // without a hypervisor it says something else
  cpuid
  cmp ebx, KVM_SIGNATURE
  popad
  ret

.section .rodata
.balign 8
fresh_table:
  .quad 0
  .quad 0x00cf9a000000ffff
  .quad 0x00cf92000000ffff
  .word 0x67, 0x5000  // a task segment at 5000
  .byte 0, FREE_TSS, 0, 0
fresh_table_end:

.bss
.balign 4
pointer: .skip 8
usual_code: .long 0
usual_table: .skip 32

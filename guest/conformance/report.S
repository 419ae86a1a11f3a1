// The report, in TAP (testanything.org, version 13): a line a check, by way of port 402h, E9h or COM1.
#include "rom.inc"

.text
#define COM1 0x3f8
#define LINE_STATUS 5
#define LINE_CONTROL 3
#define SCRATCH 7
#define DIVISOR_LATCH 0x80
#define CAN_SEND 0x20

// Port 402h or E9h, whichever says E9h as emulators' debug ports do; else COM1 if there is one, 115200 8N1;
// else port E9h, which may be there without saying so.
.globl find_console
find_console:
  mov dx, 0x402
  in al, dx
  cmp al, 0xe9
  je 1f
  mov dx, 0xe9
  in al, dx
  cmp al, 0xe9
  je 1f
  call find_com1
1:
  mov [console], dx
  ret

// dx: COM1 if its scratch register keeps what is written, else as it was.
find_com1:
  push edx
  mov dx, COM1 + SCRATCH
  mov al, 0x5a
  out dx, al
  in al, dx
  cmp al, 0x5a
  jne 1f
  not al
  out dx, al
  in al, dx
  cmp al, 0xa5
  jne 1f
  mov dx, COM1 + LINE_CONTROL
  mov al, DIVISOR_LATCH
  out dx, al
  mov dx, COM1
  mov al, 1
  out dx, al
  inc edx
  mov al, 0
  out dx, al
  mov dx, COM1 + LINE_CONTROL
  mov al, 3
  out dx, al
  inc edx
  out dx, al
  add esp, 4
  mov dx, COM1
  ret
1:
  pop edx
  ret

// One check. eax: got, edx: wanted, ebx: what is checked.
.globl check
check:
  pushad
  mov ebp, [group]
  inc dword ptr [ebp + GROUP_TOTAL]
  mov edi, offset line
  cmp eax, edx
  jne 1f
  inc dword ptr [ebp + GROUP_PASSED]
  call put_verdict
  call put_name
  call end_line
  popad
  ret
1:
  mov esi, offset negated
  call put_text
  call put_verdict
  call put_name
  call end_line
  mov esi, offset got
  call put_value
  mov eax, edx
  mov esi, offset want
  call put_value
  mov edi, offset line
  mov esi, offset diagnosed
  call put_text
  call end_line
  popad
  ret

// What cannot be checked here. ebx: why.
.globl skip
skip:
  pushad
  mov edi, offset line
  call put_verdict
  mov eax, [group]
  mov esi, [eax + GROUP_NAME]
  call put_text
  mov esi, offset skipped
  call put_text
  mov esi, ebx
  call put_text
  call end_line
  popad
  ret

// "ok 12 - " at edi, which moves on.
put_verdict:
  push eax
  mov esi, offset verdict
  call put_text
  inc dword ptr [number_of_checks]
  mov eax, [number_of_checks]
  call put_decimal
  mov esi, offset dash
  call put_text
  pop eax
  ret

// "pam-read: C0000 ro byte first". ebx: the last part, ebp: group; appends at edi.
put_name:
  push eax
  mov esi, [ebp + GROUP_NAME]
  call put_text
  mov word ptr [edi], ':' + ' ' * 256
  add edi, 2
  mov eax, [segment]
  cmp eax, NOT_NAMED
  je 1f
  mov eax, [segments + eax * 8]
  mov ecx, 5
  call put_hex
  mov byte ptr [edi], ' '
  inc edi
1:
  mov eax, [state]
  cmp eax, NOT_NAMED
  je 2f
  mov esi, [state_names + eax * 4]
  call put_text
  mov byte ptr [edi], ' '
  inc edi
2:
  mov esi, ebx
  call put_text
  pop eax
  ret

// A line of a failure's diagnostic: the text (esi) and eax.
put_value:
  mov edi, offset line
  call put_text
  call put_hex8
  jmp end_line

// A text (esi) at edi, which moves on.
.globl put_text
put_text:
  push eax
1:
  lodsb
  stosb
  test al, al
  jnz 1b
  dec edi
  pop eax
  ret

// eax in hexadecimal: 8 digits, or the lowest ecx.
.globl put_hex8, put_hex
put_hex8:
  mov ecx, 8
put_hex:
  push eax
  push ebx
  push ecx
1:
  mov ebx, eax
  and ebx, 15
  mov bl, [digits + ebx]
  mov [edi + ecx - 1], bl
  shr eax, 4
  dec ecx
  jnz 1b
  pop ecx
  add edi, ecx
  pop ebx
  pop eax
  ret

// eax in decimal.
.globl put_decimal
put_decimal:
  pushad
  mov ecx, 10
  xor ebx, ebx
1:
  xor edx, edx
  div ecx
  push edx
  inc ebx
  test eax, eax
  jnz 1b
2:
  pop eax
  add al, '0'
  mov [edi], al
  inc edi
  dec ebx
  jnz 2b
  mov [esp], edi
  popad
  ret

// Sends what lies from `line` to edi, and a line feed.
.globl end_line
end_line:
  push ecx
  push edx
  push esi
  mov byte ptr [edi], 10
  lea ecx, [edi + 1]
  mov esi, offset line
  sub ecx, esi
  mov dx, [console]
  cmp dx, COM1
  je 1f
  rep outsb
  jmp 2f
1:
  call send_byte
  dec ecx
  jnz 1b
2:
  pop esi
  pop edx
  pop ecx
  ret

// The byte at esi, which moves on, to COM1: when it can send, or after a while.
send_byte:
  push eax
  push ecx
  mov ecx, 0x10000
  mov dx, COM1 + LINE_STATUS
1:
  in al, dx
  test al, CAN_SEND
  jnz 2f
  dec ecx
  jnz 1b
2:
  mov dx, COM1
  outsb
  pop ecx
  pop eax
  ret

// A comment for each group, the plan, and a comment for all. eax: 0 if all passed, else 1.
.globl print_totals
print_totals:
  mov ebp, offset groups
  xor ebx, ebx
  xor edx, edx
1:
  add ebx, [ebp + GROUP_PASSED]
  add edx, [ebp + GROUP_TOTAL]
  mov esi, [ebp + GROUP_NAME]
  mov eax, [ebp + GROUP_PASSED]
  mov ecx, [ebp + GROUP_TOTAL]
  call put_totals
  add ebp, GROUP_BYTES
  cmp ebp, offset groups_end
  jb 1b
  mov esi, offset all
  mov eax, ebx
  mov ecx, edx
  call put_totals
  mov edi, offset line
  mov esi, offset plan
  call put_text
  mov eax, [number_of_checks]
  call put_decimal
  call end_line
  xor eax, eax
  cmp ebx, edx
  setne al
  ret

// "# name: eax of ecx". esi: the name.
put_totals:
  mov edi, offset line
  push esi
  mov esi, offset comment
  call put_text
  pop esi
  call put_text
  mov esi, offset colon
  call put_text
  call put_decimal
  mov esi, offset of
  call put_text
  mov eax, ecx
  call put_decimal
  jmp end_line

// A line. esi: its text.
.globl say
say:
  push edi
  mov edi, offset line
  call put_text
  call end_line
  pop edi
  ret

.section .rodata
.globl state_names
state_names: .long mmio, ro, wo, rw
mmio: .asciz "mmio"
ro: .asciz "ro"
wo: .asciz "wo"
rw: .asciz "rw"
verdict: .asciz "ok "
negated: .asciz "not "
dash: .asciz " - "
colon: .asciz ": "
skipped: .asciz " # SKIP "
got: .asciz "  ---\n  got: 0x"
want: .asciz "  want: 0x"
diagnosed: .asciz "  ..."
plan: .asciz "1.."
comment: .asciz "# "
all: .asciz "all"
of: .asciz " of "
digits: .ascii "0123456789ABCDEF"

.bss
.globl line
line: .skip 256
number_of_checks: .long 0
console: .word 0

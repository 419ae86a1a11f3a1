// The report: a line a check, totals at the end, by way of port 402h or E9h.
#include "rom.inc"

.text
// Port 402h if it says E9h as emulators' debug ports do, else port E9h.
.globl find_console
find_console:
  mov dx, 0x402
  in al, dx
  cmp al, 0xe9
  je 1f
  mov dx, 0xe9
1:
  mov [console], dx
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
  mov esi, offset pass
  call put_text
  call put_name
  jmp 2f
1:
  mov esi, offset failed
  call put_text
  call put_name
  mov esi, offset got
  call put_text
  call put_hex8
  mov esi, offset want
  call put_text
  mov eax, edx
  call put_hex8
2:
  call end_line
  popad
  ret

// "pam-read C0000 ro byte first". ebx: the last part, ebp: group; appends at edi.
put_name:
  push eax
  mov esi, [ebp + GROUP_NAME]
  call put_text
  mov eax, [segment]
  cmp eax, NOT_NAMED
  je 1f
  mov byte ptr [edi], ' '
  inc edi
  mov eax, [segments + eax * 8]
  mov ecx, 5
  call put_hex
1:
  mov eax, [state]
  cmp eax, NOT_NAMED
  je 2f
  mov byte ptr [edi], ' '
  inc edi
  mov esi, [state_names + eax * 4]
  call put_text
2:
  mov byte ptr [edi], ' '
  inc edi
  mov esi, ebx
  call put_text
  pop eax
  ret

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
  rep outsb
  pop esi
  pop edx
  pop ecx
  ret

// "GROUP name passed total" for each group, "DONE passed total". eax: 0 if all passed, else 1.
.globl print_totals
print_totals:
  mov ebp, offset groups
  xor ebx, ebx
  xor edx, edx
1:
  add ebx, [ebp + GROUP_PASSED]
  add edx, [ebp + GROUP_TOTAL]
  mov edi, offset line
  mov esi, offset group_line
  call put_text
  mov esi, [ebp + GROUP_NAME]
  call put_text
  mov eax, [ebp + GROUP_PASSED]
  mov ecx, [ebp + GROUP_TOTAL]
  call put_totals
  add ebp, GROUP_BYTES
  cmp ebp, offset groups_end
  jb 1b
  mov edi, offset line
  mov esi, offset done_line
  call put_text
  mov eax, ebx
  mov ecx, edx
  call put_totals
  xor eax, eax
  cmp ebx, edx
  setne al
  ret

// " eax ecx" and the end of the line.
put_totals:
  mov byte ptr [edi], ' '
  inc edi
  call put_decimal
  mov byte ptr [edi], ' '
  inc edi
  mov eax, ecx
  call put_decimal
  jmp end_line

.section .rodata
.globl state_names
state_names: .long mmio, ro, wo, rw
mmio: .asciz "mmio"
ro: .asciz "ro"
wo: .asciz "wo"
rw: .asciz "rw"
pass: .asciz "PASS "
failed: .asciz "FAIL "
got: .asciz " got="
want: .asciz " want="
group_line: .asciz "GROUP "
done_line: .asciz "DONE"
digits: .ascii "0123456789ABCDEF"

.bss
.globl line
line: .skip 256
console: .word 0

// string-io: INS into and OUTS from a segment, by every size. The ports are those of the configuration
// mechanism, which every board has: the bridge's id is read, and CONFADD is written.
#include "rom.inc"

#define ADDRESS_BITS 0x80fffffc  // of CONFADD: enable, bus, device, function, register
#define AT_PAGE_END 0xff5        // in the segment
#define ASIDE 0x900

.text
.globl string_io
string_io:
  mov eax, offset string_state
  call each_state
  mov dword ptr [segment], NOT_NAMED
  mov dword ptr [state], NOT_NAMED
  ret

.macro INS_CHECK size, code, count, text
  call segment_edges
  lea edi, [eax + AT_PAGE_END]
  mov ebp, \size
  mov ecx, \count
  call note_ins
  mov eax, \size
  mov ebx, offset \code
  mov ecx, \count
  call run_ins
  WHAT "\text"
  mov ecx, \count * \size
  call verify_bytes
.endm

string_state:
  INS_CHECK 1, ins_bytes, 13, "ins byte"
  INS_CHECK 2, ins_words, 7, "ins word"
  INS_CHECK 4, ins_dwords, 4, "ins dword"

  SET_STATE [state]
  call segment_edges
  lea esi, [eax + ASIDE]
  mov edi, esi
  mov ecx, 4
  call expect
  mov ebp, eax  // what the segment shows
  mov edx, 0xcf8
  outsd
  in eax, dx
  and eax, ADDRESS_BITS
  mov edx, ebp
  and edx, ADDRESS_BITS
  CHECK "outs dword"
  ret

// What INS leaves, in the model: ecx pieces of ebp bytes of the id from edi on.
note_ins:
  pushad
  call set_model_state
  xchg ecx, ebp
1:
  mov eax, [bridge_id]
  call note_write
  add edi, ecx
  dec ebp
  jnz 1b
  popad
  ret

set_model_state:
  SET_STATE [state]
  ret

// In the state: the code at ebx, with CONFADD at the id.
run_ins:
  pushad
  xor eax, eax
  call config_read32
  mov edx, 0xcfc
  call ebx
  popad
  ret
ins_bytes:
  rep insb
  ret
ins_words:
  rep insw
  ret
ins_dwords:
  rep insd
  ret

// ecx bytes from edi on, as state 11 shows them: the first that is wrong, or the last. ebx: what.
verify_bytes:
  pushad
  SET_STATE RW
  mov ebp, ecx
  mov ecx, 1
1:
  call expect
  mov edx, eax
  call peek
  cmp eax, edx
  jne 2f
  inc edi
  dec ebp
  jnz 1b
2:
  call check
  popad
  ret

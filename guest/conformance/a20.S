// a20: with the gate closed the processor puts out no address bit 20 (A20M#, SDM volume 3, 20.1.1): an odd
// megabyte shows the one below it, PAM and all. The gate is open while port 92h or the keyboard controller says
// so (PIIX4 data sheet, A20M#). Bus masters are not the processor, and the BIOS answers at both addresses below
// 4 GiB (82443BX data sheet, High BIOS Area).
#include "rom.inc"

#define MIB 0x100000
#define PORT_A 0x92
#define FAST_A20 2
#define FAST_RESET 1
#define KEYBOARD_DATA 0x60
#define KEYBOARD 0x64
#define INPUT_FULL 2
#define WRITE_OUTPUT_PORT 0xd1
#define OUTPUT_PORT 0xdd       // all but A20GATE
#define A20GATE 2
#define PATIENCE 20000
#define LOW_TEXT 0x204d454d
#define HIGH_TEXT 0x32304120
#define NEW_TEXT 0x2157454e
#define LOW_NUMBER 0x0a200001
#define HIGH_NUMBER 0x0a200002
#define PLACE 0x340            // in the segment

.text
.globl a20
a20:
  call open_gate
  call lay_cells
  mov eax, [cell]
  mov edx, LOW_TEXT
  CHECK "open: a megabyte up is elsewhere"
  cmp dword ptr [cell + MIB], HIGH_TEXT
  jne 2f
  call close_gate
  mov eax, [cell + MIB]
  cmp eax, HIGH_TEXT
  je 1f
  call closed
  mov eax, offset closed_segment
  call each_state
  mov dword ptr [segment], NOT_NAMED
  mov dword ptr [state], NOT_NAMED
  call opened
  jmp restore
1:
  call open_gate
  SKIP "address bit 20 is never masked"
  ret
2:
  SKIP "no memory above the first megabyte"
  ret

// Two cells and two routines, a megabyte apart.
lay_cells:
  mov dword ptr [cell], LOW_TEXT
  mov dword ptr [cell + MIB], HIGH_TEXT
  mov byte ptr [routine], 0xb8  // mov eax, number; ret
  mov dword ptr [routine + 1], LOW_NUMBER
  mov byte ptr [routine + 5], 0xc3
  mov byte ptr [routine + MIB], 0xb8
  mov dword ptr [routine + MIB + 1], HIGH_NUMBER
  mov byte ptr [routine + MIB + 5], 0xc3
  ret

close_gate:
  xor eax, eax
  call port_a_gate
  jmp keyboard_gate
open_gate:
  mov eax, FAST_A20
  call port_a_gate
  jmp keyboard_gate

// eax: FAST_A20 to open it there, 0 to close it.
port_a_gate:
  push eax
  push ecx
  mov ecx, eax
  in al, PORT_A
  and al, ~(FAST_A20 | FAST_RESET) & 0xff
  or al, cl
  out PORT_A, al
  pop ecx
  pop eax
  ret
// eax: A20GATE, or 0.
keyboard_gate:
  push eax
  push ecx
  mov ah, al
  or ah, OUTPUT_PORT
  call keyboard_takes
  mov al, WRITE_OUTPUT_PORT
  out KEYBOARD, al
  call keyboard_takes
  mov al, ah
  out KEYBOARD_DATA, al
  call keyboard_takes
  pop ecx
  pop eax
  ret
// Clobbers al and ecx.
keyboard_takes:
  mov ecx, PATIENCE
1:
  in al, KEYBOARD
  test al, INPUT_FULL
  jz 2f
  dec ecx
  jnz 1b
2:
  ret

closed:
  mov eax, [cell + MIB]
  mov edx, LOW_TEXT
  CHECK "closed: read an odd megabyte up"
  mov dword ptr [cell + MIB], NEW_TEXT
  mov eax, [cell]
  mov edx, NEW_TEXT
  CHECK "closed: written an odd megabyte up"
  mov ecx, offset routine + MIB
  call ecx
  mov edx, LOW_NUMBER
  CHECK "closed: executed an odd megabyte up"
  mov edx, MMIO
  call set_all
  mov edx, [0xffffc]
  mov eax, [0xfffffffc]
  CHECK "closed: ROM below 4 GiB"
  in al, PORT_A
  and eax, FAST_A20
  xor edx, edx
  CHECK "closed: port 92h reads so"
  ret

// A read and a write of the segment a megabyte up: it is the segment itself, in its state.
closed_segment:
  call segment_edges
  lea edi, [eax + PLACE]
  SET_STATE [state]
  mov ecx, 4
  call expect
  mov edx, eax
  mov eax, [edi + MIB]
  WHAT "read a megabyte up"
  call check
  call fresh
  mov [edi + MIB], eax
  call note_write
  SET_STATE RW
  WHAT "written a megabyte up"
  jmp verify

opened:
  mov eax, FAST_A20
  call port_a_gate
  mov eax, [cell + MIB]
  mov edx, HIGH_TEXT
  CHECK "opened by port 92h"
  mov eax, A20GATE
  call keyboard_gate
  xor eax, eax
  call port_a_gate
  mov eax, [cell + MIB]
  mov edx, HIGH_TEXT
  CHECK "opened by the keyboard controller"
  call close_gate
  call masters_reach
  jmp open_gate

// The gate is closed: a device's write goes where it says.
masters_reach:
  call has_dma
  jne 1f
  mov esi, offset command
  mov edi, offset cell + MIB
  call lay_command
  call run_command
  call open_gate
  mov eax, [cell + MIB]
  mov edx, FW_CFG_SIGNATURE
  CHECK "closed: a device's write is not masked"
1:
  ret

.bss
.balign 8
cell: .long 0
routine: .skip 8

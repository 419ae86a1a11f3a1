// bus-master: where a device's DMA goes, by QEMU's fw_cfg (docs/specs/fw_cfg.rst): bus masters go by PAM, too
// (82443BX data sheet 4.1): what state 01 or 00 does not let through is not the bridge's to take.
#include "rom.inc"

#define SELECTOR 0x510
#define DATA 0x511
#define DMA_HIGH 0x514
#define DMA_LOW 0x518
#define HAS_DMA 2              // item 1
#define SELECT_AND_READ 0x0a   // item 0
#define PIECE 4
#define COMMAND_BYTES 16
#define TARGET_AT 0x540        // in the segment
#define COMMAND_AT 0x6c0

.text
.globl bus_master
bus_master:
  call has_dma
  jne 1f
  mov eax, offset dma_state
  call each_state
  mov dword ptr [segment], 0
2:
  call dma_into_next
  inc dword ptr [segment]
  cmp dword ptr [segment], LAST_SEGMENT
  jb 2b
  call dma_command
  mov dword ptr [segment], NOT_NAMED
  mov dword ptr [state], NOT_NAMED
  jmp restore
1:
  SKIP "no fw_cfg with DMA at 510h"
  ret

// ZF if there is one.
.globl has_dma
has_dma:
  pushad
  mov edx, SELECTOR
  xor eax, eax
  out dx, ax
  call read_piece
  cmp eax, FW_CFG_SIGNATURE
  jne 1f
  mov edx, SELECTOR
  mov eax, 1
  out dx, ax
  call read_piece
  and eax, HAS_DMA
  cmp eax, HAS_DMA
1:
  popad
  ret

// eax: four bytes of the item.
read_piece:
  mov edx, DATA
  mov ecx, PIECE
1:
  in al, dx
  ror eax, 8
  dec ecx
  jnz 1b
  ret

// Makes the command at esi: four bytes of item 0 to edi.
.globl lay_command
lay_command:
  push eax
  mov dword ptr [esi], SELECT_AND_READ << 24
  mov dword ptr [esi + 4], PIECE << 24
  mov dword ptr [esi + 8], 0
  mov eax, edi
  bswap eax
  mov [esi + 12], eax
  pop eax
  ret

// The command at esi is carried out, as a bus master.
.globl run_command
run_command:
  push eax
  push edx
  mov edx, DMA_HIGH
  xor eax, eax
  out dx, eax
  mov edx, DMA_LOW
  mov eax, esi
  bswap eax
  out dx, eax
  pop edx
  pop eax
  ret

dma_state:
  call segment_edges
  lea edi, [eax + TARGET_AT]
  SET_STATE [state]
  mov esi, offset command
  call lay_command
  call run_command
  mov eax, FW_CFG_SIGNATURE
  mov ecx, PIECE
  call note_write
  SET_STATE RW
  WHAT "device's write"
  jmp verify

// Half of the piece to this segment in state 11, half to the next in state 01.
dma_into_next:
  call segment_edges
  lea edi, [edx - PIECE / 2]
  mov edx, RW
  call set_all
  mov ecx, PIECE
  call fresh
  call poke
  mov eax, [segment]
  inc eax
  mov edx, RO
  call set_state
  mov esi, offset command
  call lay_command
  call run_command
  mov eax, FW_CFG_SIGNATURE
  mov ecx, PIECE
  call note_write
  mov dword ptr [state], RW
  WHAT "device's write into the next segment, protected"
  jmp verify

// The command itself lies in a segment: the device reads it in state 01, but cannot mark it as done.
dma_command:
  mov dword ptr [segment], 4
  call segment_edges
  lea esi, [eax + COMMAND_AT]
  mov edi, offset landing
  mov edx, RW
  call set_all
  mov dword ptr [state], RW
  call lay_command
  call command_runs
  mov eax, [esi]
  xor edx, edx
  CHECK "command marked as done"
  call lay_command
  mov dword ptr [state], RO
  SET_STATE RO
  call command_runs
  mov eax, [esi]
  mov edx, SELECT_AND_READ << 24
  CHECK "command is kept"
  ret

command_runs:
  mov dword ptr [landing], 0
  call run_command
  mov eax, [landing]
  mov edx, FW_CFG_SIGNATURE
  CHECK "device's read of its command"
  ret

.bss
.balign 4
.globl command
command: .skip COMMAND_BYTES
landing: .long 0

// Where things lie for guest programs: in low memory, and in the image that the host builds.
//
// The image ends at 4 GiB and has a size that flash parts have. Its last 4 KiB are the runtime; from its start on
// lie the programs, which the runtime copies to PROGRAMS: a header of dwords, then the windows, then an entry a
// program, then code.
#pragma once

#define PROGRAM_IDT 0x1000
#define PROGRAM_VARIABLES 0x2000
#define PROGRAM_DMA 0x2f00         // a command of fw_cfg
#define PROGRAM_TRACE 0x3000       // two dwords a record
#define PROGRAM_MOST_RECORDS 1024
#define PROGRAM_STACK 0x7f00       // a program's return address lies below it
#define PROGRAM_RUNTIME 0x8000
#define PROGRAM_RUNTIME_SIZE 0x1000
#define IMAGE_SIZE_FROM_END 8       // where the runtime has the dword that the host fills in
#define PROGRAM_CODE 0x10000
#define PROGRAM_CODE_END 0x70000

// The header of the programs.
#define HEADER_SIZE 0              // bytes to copy, whole dwords
#define HEADER_FLAGS 4
#define HEADER_WINDOWS 8           // how many
#define HEADER_PROGRAMS 12         // how many
#define HEADER_BYTES 16
#define FLAG_VERBOSE 1             // each record and each window has a line

// A window of memory that programs act on.
#define WINDOW_BEFORE 64           // bytes before the boundary that it lies about
#define WINDOW_BYTES 128

// What programs call: all keep every register but what is said.
#define CALL_RECORD 0x8000         // eax is a result
#define CALL_RECORD_FLAGS 0x8010   // likewise, with CF, PF, ZF, SF and OF
#define CALL_ROUTINE 0x8020        // calls the routine at edi if there is one, else gives eax = 0BADC0DE
#define CALL_RESET_BY 0x8030       // remembers [esp + 4] as where to go on after a reset
#define CALL_DMA 0x8050            // fw_cfg's DMA of its item 0, ecx bytes to edi; gives eax = the command's state after
#define JUMP_INTERRUPT 0x8060      // INT with its frame at esp, goes on at edi; gives eax = the sum of frame and esp
#define JUMP_FAULT 0x8070          // likewise, #GP with an error code
#define INTERRUPT_CS 8             // what the frames have
#define INTERRUPT_EIP 0x8062
#define FAULT_EIP 0x807a
#define FAULT_ERROR 0x10a          // of a gate past the table's end, 21h

// Where things lie in the script guest's ROM, for the guest and for the test that fills it.
#pragma once

#define SCRIPT_CODE 0xf0000   // the interpreter, entered in real mode at F000:0000
#define SCRIPT_TABLE 0xf1000  // steps of three dwords: what, where, value

#define SCRIPT_END 0  // power off
#define SCRIPT_OUT_DWORD 1
#define SCRIPT_OUT_BYTE 2
#define SCRIPT_READ 3    // a byte, which goes to port 402h
#define SCRIPT_WRITE 4   // a byte
#define SCRIPT_CALL 5    // AL of what is called goes to port 402h
#define SCRIPT_END_IF 6  // power off if the byte there is the value

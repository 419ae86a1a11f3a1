/* Where the SMP guest has what, for the program and for the test that runs it. Guest physical addresses, and
   linear ones: the program's page tables map them one to one. */
#ifndef LOWMEG_GUEST_SMP_LAYOUT_H
#define LOWMEG_GUEST_SMP_LAYOUT_H

#define SMP_PAGE_TABLES 0x10000 /* PML4, PDPT and page directory, made by the test */
#define SMP_PROGRAM 0x20000     /* the image, entered at its start */
#define SMP_STUB 0x800          /* offset in the image: 256 bytes that the test copies to the code segment */
#define SMP_STUB_SIZE 0x100
#define SMP_CPU_BLOCKS 0x30000  /* a page for each CPU: its block, and its stack from the top */
#define SMP_CPU_BLOCK_SIZE 0x1000
#define SMP_SHARED 0x40000
#define SMP_STATES 0x50000      /* a byte for each flip: the state of the state segment after it */

/* The segments. */
#define SMP_CODE 0xc8000            /* runs the stub */
#define SMP_MOVING_COUNTERS 0xd0000 /* goes from one RAM to another */
#define SMP_STEADY_COUNTERS 0xd8000 /* stays; what lies beside it changes */
#define SMP_STATE 0xe0000           /* goes among the four states; a page for each CPU */

/* A CPU's block. 64 bits each. */
#define SMP_PROGRESS 0   /* rounds */
#define SMP_INCREMENTS 8 /* made by lock inc in each counter segment, and by lock cmpxchg */
#define SMP_LOCKED 16    /* made under the spin lock: moving, steady */
#define SMP_SURE 32      /* the state segment: what its RAM holds, unless it is one of the next two's span */
#define SMP_UNSURE 40    /* first of the values written since that may be there instead; 0: none */
#define SMP_LAST 48      /* the last value written */
#define SMP_BAD_READS 56 /* reads of the state segment that no state then allowed */
#define SMP_BAD_VALUE 64 /* the last of them */
#define SMP_BAD_STATES 72
#define SMP_BAD_CALLS 80 /* wrong results of the stub */
#define SMP_STATE_SLOT 88   /* address of this CPU's dword in the state segment */
#define SMP_FLIP_PERIOD 96  /* rounds between two flips that this CPU makes; 0: it makes none */

/* Shared. 64 bits each, a cache line apart. */
#define SMP_SEQUENCE 0 /* 2 n: n flips made; 2 n + 1: the next is being made */
#define SMP_STOP 64    /* not 0: finish the round, then say so */

/* A counter segment. */
#define SMP_COUNT_INC 0
#define SMP_COUNT_CMPXCHG 64
#define SMP_LOCK 128
#define SMP_COUNT_LOCKED 192

#define SMP_ROM_DWORD 0xf0000000 /* what ROM holds at a state slot; RAM never does */

/* Ports. */
#define SMP_PORT_FLIP 0x2f0
#define SMP_PORT_DONE 0x2f4

#endif

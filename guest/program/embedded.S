// The runtime's image in the host's program.
.section .rodata
.balign 16
.globl lowmeg_program_runtime, lowmeg_program_runtime_end
lowmeg_program_runtime:
  .incbin PROGRAM_RUNTIME_IMAGE
lowmeg_program_runtime_end:

.section .note.GNU-stack, "", @progbits

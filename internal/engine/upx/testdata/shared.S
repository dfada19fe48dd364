/* A library for Linux on amd64, with something to do when it is loaded. */
        .globl  first, second, _init
        .type   first, @function
        .type   second, @function
        .section .init, "ax", @progbits
_init:  ret
        .text
first:  call    second
        ret
second: mov     words(%rip), %rax
        ret
        .rept   300
        call    second
        jne     second
        .endr
        .section .rodata
        .rept   60
        .ascii  "A library that is packed. "
        .endr
        .ascii  "Marker of the unpacked library.\n"
        .data
words:  .quad   first, second, 3, 4

/* As shared.S, with a list of functions to call when it is loaded. */
        .globl  first, second
        .type   first, @function
        .type   second, @function
        .section .init_array, "aw", @init_array
        .quad   first
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

/* A program for Linux on amd64 that writes a line and ends. */
        .globl  _start
        .text
_start: mov     $1, %eax
        mov     $1, %edi
        lea     marker(%rip), %rsi
        mov     $32, %edx
        syscall
        call    one
        call    two
        mov     $60, %eax
        xor     %edi, %edi
        syscall
one:    call    two
        ret
two:    jmp     three
        .rept   300
        call    three
        je      one
        .endr
three:  ret
        .section .rodata
        .rept   60
        .ascii  "A program that is packed. "
        .endr
marker: .ascii  "Marker of the unpacked program.\n"
        .data
words:  .quad   1, 2, 3, 4

#include "textflag.h"

// Each function takes groups of 32 bytes at src, one or more. Eight loads of
// four bytes are folded and hashed, and a word is fetched for each; bit i of the
// group's byte at dst tells whether both bits of the word are set that window i
// asks for.

#define CONSTANT(value, register) \
	MOVL $value, AX \
	MOVQ AX, X0 \
	VPBROADCASTD X0, register

#define ARGUMENTS \
	MOVQ dst+0(FP), DI \
	MOVQ src+8(FP), SI \
	MOVQ groups+16(FP), CX \
	MOVQ words+24(FP), DX

// TEST shifts the words in Y3 left by Y4 and by Y5, and ends the turn of a loop.
#define TEST \
	VPSLLVD Y4, Y3, Y6 \
	VPSLLVD Y5, Y3, Y7 \
	VPAND   Y6, Y7, Y6 \
	VMOVMSKPS Y6, AX \
	MOVB    AX, (DI) \
	ADDQ    $32, SI \
	INCQ    DI \
	DECQ    CX

// FETCH gets the words that the hashes in Y0 ask for, and their bits.
#define FETCH \
	VPSRLD  X15, Y0, Y1 \
	VPCMPEQD Y2, Y2, Y2 \
	VPGATHERDD Y2, (DX)(Y1*4), Y3 \
	VPAND   Y12, Y0, Y4 \
	VPSRLD  $5, Y0, Y5 \
	VPAND   Y12, Y5, Y5

// func probeFourAVX2(dst, src *byte, groups int, words *byte, shift uint64)
TEXT ·probeFourAVX2(SB), NOSPLIT, $0-40
	ARGUMENTS
	MOVQ shift+32(FP), AX
	MOVQ AX, X15
	CONSTANT(0x20202020, Y14)
	CONSTANT(0x9E3779B1, Y13)
	CONSTANT(31, Y12)

four:
	VPOR    (SI), Y14, Y0
	VPMULLD Y13, Y0, Y0
	FETCH
	TEST
	JNZ     four
	VZEROUPPER
	RET

// func probeLongAVX2(dst, src *byte, groups int, words *byte, shift uint64, second int)
//
// The last four bytes of a window begin second bytes behind its first.
TEXT ·probeLongAVX2(SB), NOSPLIT, $0-48
	ARGUMENTS
	MOVQ second+40(FP), BX
	MOVQ shift+32(FP), AX
	MOVQ AX, X15
	CONSTANT(0x20202020, Y14)
	CONSTANT(0x9E3779B1, Y13)
	CONSTANT(0x85EBCA6B, Y11)
	CONSTANT(31, Y12)

long:
	VPOR    (SI), Y14, Y0
	VPOR    (SI)(BX*1), Y14, Y8
	VPMULLD Y13, Y0, Y0
	VPMULLD Y11, Y8, Y8
	VPADDD  Y8, Y0, Y0
	FETCH
	TEST
	JNZ     long
	VZEROUPPER
	RET

// LOOKUP gets the sets that the bytes at src may be in from a table for their
// lower halves and one for their upper halves.
#define LOOKUP(src, low, high, sets) \
	VMOVDQU src, Y0 \
	VPAND   Y0, Y12, Y1 \
	VPSRLW  $4, Y0, Y0 \
	VPAND   Y0, Y12, Y0 \
	VPSHUFB Y1, low, Y1 \
	VPSHUFB Y0, high, Y0 \
	VPAND   Y0, Y1, sets

// func probePairsAVX2(dst *uint32, src *byte, groups int, tables *pairFilter)
//
// Here bit i of the group's four bytes at dst is for the window that begins at
// byte i.
TEXT ·probePairsAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ groups+16(FP), CX
	MOVQ tables+24(FP), DX
	VBROADCASTI128 (DX), Y8
	VBROADCASTI128 16(DX), Y9
	VBROADCASTI128 32(DX), Y10
	VBROADCASTI128 48(DX), Y11
	CONSTANT(0x0F0F0F0F, Y12)
	VPXOR   Y13, Y13, Y13

pairs:
	LOOKUP((SI), Y8, Y9, Y2)
	LOOKUP(1(SI), Y10, Y11, Y3)
	VPAND   Y2, Y3, Y2
	VPCMPEQB Y13, Y2, Y2
	VPMOVMSKB Y2, AX
	NOTL    AX
	MOVL    AX, (DI)
	ADDQ    $32, SI
	ADDQ    $4, DI
	DECQ    CX
	JNZ     pairs
	VZEROUPPER
	RET

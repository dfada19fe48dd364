#include "textflag.h"

// func probeAVX2(dst *byte, src *byte, groups int, keep uint32, bloom *uint32, shift uint64)
//
// For each group of 32 bytes at src, eight loads of four bytes are folded, cut
// to the bytes of the window, hashed and looked up; bit i of the group's byte at dst tells whether window i
// may be one of the table's. One bit of the word is at h&31 from the top, the
// other at h>>5&31.
TEXT ·probeAVX2(SB), NOSPLIT, $0-48
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ groups+16(FP), CX
	MOVL keep+24(FP), AX
	MOVQ AX, X11
	VPBROADCASTD X11, Y11
	MOVQ bloom+32(FP), DX
	MOVQ shift+40(FP), AX
	MOVQ AX, X15
	MOVL $0x20202020, AX
	MOVQ AX, X14
	VPBROADCASTD X14, Y14
	MOVL $0x9E3779B1, AX
	MOVQ AX, X13
	VPBROADCASTD X13, Y13
	MOVL $31, AX
	MOVQ AX, X12
	VPBROADCASTD X12, Y12
	TESTQ CX, CX
	JLE  done

loop:
	VMOVDQU (SI), Y0
	VPOR    Y14, Y0, Y0
	VPAND   Y11, Y0, Y0
	VPMULLD Y13, Y0, Y0
	VPSRLD  X15, Y0, Y1
	VPCMPEQD Y2, Y2, Y2
	VPGATHERDD Y2, (DX)(Y1*4), Y3
	VPAND   Y12, Y0, Y4
	VPSRLD  $5, Y0, Y5
	VPAND   Y12, Y5, Y5
	VPSLLVD Y4, Y3, Y6
	VPSLLVD Y5, Y3, Y7
	VPAND   Y6, Y7, Y6
	VMOVMSKPS Y6, AX
	MOVB    AX, (DI)
	ADDQ    $32, SI
	INCQ    DI
	DECQ    CX
	JNZ     loop

done:
	VZEROUPPER
	RET

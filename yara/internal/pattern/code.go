package pattern

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Most programs of a set never run: what they begin with is nowhere in the
// data. Their instructions are kept as code, a few bits each, and are read out
// when a program is run for the first time.
//
// Code is a row of runs: a byte with the operation in its low half and the
// number of further instructions with that operation in its high half, then
// what each of them holds. Places are written by their distance.

// maxRun is the number of instructions in a run at most.
const maxRun = 16

// Code gives the instructions as code, and their number.
func (p *Program) Code() (code []byte, n int) {
	if p.Insts == nil {
		return p.code, p.count
	}
	for i := 0; i < len(p.Insts); {
		run := 1
		for run < maxRun && i+run < len(p.Insts) && p.Insts[i+run].Op == p.Insts[i].Op {
			run++
		}
		code = append(code, byte(p.Insts[i].Op)|byte(run-1)<<4)
		for ; run > 0; run-- {
			code = appendInst(code, &p.Insts[i], i)
			i++
		}
	}
	return code, len(p.Insts)
}

func appendInst(code []byte, in *Inst, i int) []byte {
	switch in.Op {
	case OpByte:
		return append(code, in.Val)
	case OpMask, OpNotMask, OpAssert:
		return append(code, in.Val, in.Mask)
	case OpClass, OpSkip:
		return binary.AppendUvarint(code, uint64(in.X))
	case OpText, OpGap:
		return binary.AppendUvarint(binary.AppendUvarint(code, uint64(in.X)), uint64(in.Y))
	case OpSplit:
		return binary.AppendVarint(binary.AppendVarint(code, int64(in.X)-int64(i)), int64(in.Y)-int64(i))
	case OpJump:
		return binary.AppendVarint(code, int64(in.X)-int64(i))
	}
	return code
}

// Pack keeps the instructions as code alone.
func (p *Program) Pack() {
	if p.Insts != nil {
		p.code, p.count = p.Code()
		p.Insts = nil
	}
}

// SetCode gives the program n instructions that come from outside. It keeps
// code, which must pass CheckCode before the program is run.
func (p *Program) SetCode(code []byte, n int) { p.Insts, p.code, p.count = nil, code, n }

// CheckCode is Check for a packed program.
func (p *Program) CheckCode() error {
	r, n := codeReader{left: p.code}, p.count
	last := opCount
	for i := 0; i < n; {
		op, run := r.run()
		if run > n-i || r.bad {
			return errDamaged
		}
		last = op
		if op <= OpNotMask && op != OpClass {
			r.skip(run * operands(op))
			i += run
			continue
		}
		for end := i + run; i < end; i++ {
			if in := r.inst(op, i); !p.instOK(i, n, in) {
				return fmt.Errorf("check program: instruction %d of %d is invalid", i, n)
			}
		}
	}
	if r.bad || len(r.left) > 0 {
		return errDamaged
	}
	return p.checkEnds(last)
}

var errDamaged = errors.New("check program: its code is damaged")

// operands is the number of bytes behind an operation that takes a byte of the
// data and needs no check.
func operands(op Op) int {
	switch op {
	case OpByte:
		return 1
	case OpMask, OpNotMask:
		return 2
	}
	return 0
}

// ready gives the program with its instructions.
func (p *Program) ready() *Program {
	if p.Insts != nil {
		return p
	}
	if full := p.full.Load(); full != nil {
		return full
	}
	p.full.CompareAndSwap(nil, &Program{Insts: readCode(p.code, p.count), Sets: p.Sets, Text: p.Text, Straight: p.Straight, Longest: p.Longest,
		Reverse: p.Reverse, Literal: p.Literal, NoCase: p.NoCase, MinLen: p.MinLen, FixedLen: p.FixedLen, First: p.First, Anchored: p.Anchored})
	return p.full.Load()
}

// readCode gives the n instructions of code that was checked.
func readCode(code []byte, n int) []Inst {
	out := make([]Inst, 0, n)
	for r := (codeReader{left: code}); len(out) < n; {
		for op, run := r.run(); run > 0; run-- {
			out = append(out, r.inst(op, len(out)))
		}
	}
	return out
}

type codeReader struct {
	left []byte
	bad  bool
}

// run reads the head of a run.
func (r *codeReader) run() (op Op, n int) {
	head := r.byte()
	return Op(head & 0x0F), int(head>>4) + 1
}

func (r *codeReader) inst(op Op, i int) Inst {
	switch op {
	case OpByte:
		return Inst{Op: op, Val: r.byte()}
	case OpMask, OpNotMask, OpAssert:
		return Inst{Op: op, Val: r.byte(), Mask: r.byte()}
	case OpClass, OpSkip:
		return Inst{Op: op, X: r.number()}
	case OpText, OpGap:
		return Inst{Op: op, X: r.number(), Y: r.number()}
	case OpSplit:
		return Inst{Op: op, X: r.place(i), Y: r.place(i)}
	case OpJump:
		return Inst{Op: op, X: r.place(i)}
	}
	return Inst{Op: op}
}

func (r *codeReader) byte() byte {
	if len(r.left) == 0 {
		r.bad = true
		return 0
	}
	b := r.left[0]
	r.left = r.left[1:]
	return b
}

func (r *codeReader) skip(n int) {
	if n > len(r.left) {
		n, r.bad = len(r.left), true
	}
	r.left = r.left[n:]
}

func (r *codeReader) number() uint32 {
	v, n := binary.Uvarint(r.left)
	return uint32(r.taken(int64(v), n))
}

func (r *codeReader) place(i int) uint32 {
	v, n := binary.Varint(r.left)
	return uint32(r.taken(v+int64(i), n))
}

func (r *codeReader) taken(v int64, n int) int64 {
	if n <= 0 || v < 0 || v > 1<<32-1 {
		r.bad = true
		return 0
	}
	r.left = r.left[n:]
	return v
}

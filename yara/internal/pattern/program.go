package pattern

import (
	"bytes"
	"errors"
	"fmt"
	"sync/atomic"
)

// Op says what an instruction does.
type Op uint8

// The instructions. Those up to OpNotMask match one byte and go on with the
// next instruction.
const (
	OpByte    Op = iota // the byte Val
	OpAny               // any byte
	OpClass             // a byte of Sets[X]
	OpMask              // a byte that is Val under Mask
	OpNotMask           // a byte that is not Val under Mask
	OpText              // Text[X:X+Y]; straight programs only
	OpSkip              // X bytes; straight programs only
	OpAssert            // the condition Val on the place; Mask 1 for two-byte characters
	OpSplit             // go on at X, and with less preference at Y
	OpJump              // go on at X
	OpMatch             // the pattern has matched; always the last instruction
	OpGap               // X to Y bytes; straight programs only
	opCount
)

// Inst is one instruction. What the fields hold depends on Op.
type Inst struct {
	Op        Op
	Val, Mask byte
	X, Y      uint32
}

// Program is a compiled pattern: plain data without pointers into itself, to
// be written to and read from a file. Make one with Compile; one that was read
// must pass Check before it is run. It is immutable and can be shared.
type Program struct {
	Insts []Inst // nil once packed
	Sets  []Set
	Text  []byte // what OpText compares with

	// Straight programs have no branches: they run without thread lists.
	Straight bool
	// Longest programs go on to the longest match from a start; others end at
	// the preferred one.
	Longest bool
	// Reverse programs match backwards: for Backward only, others never.
	Reverse bool
	// Literal is the text of a pattern that is nothing but a plain text, as it
	// stands in the data (with zero bytes between when wide). Nil otherwise.
	Literal []byte
	// NoCase tells that ASCII letters of Literal match in either case.
	NoCase bool
	// MinLen and FixedLen are in bytes; FixedLen is -1 when matches differ in
	// length.
	MinLen, FixedLen int
	// First has the bytes that a match can start with (that it ends with when
	// Reverse). It is full when a match can be empty.
	First Set
	// Anchored tells that every match starts at the first byte of the data.
	Anchored bool

	code  []byte // instead of Insts: see Pack
	count int    // of instructions in code
	full  atomic.Pointer[Program]
}

// ErrTooLarge is wrapped by Compile's error when the program would have more
// instructions than allowed.
var ErrTooLarge = errors.New("pattern too large")

// Options say how to compile.
type Options struct {
	Wide     bool // match text of two bytes per character, the second zero
	Reverse  bool // match backwards
	Longest  bool // of all matches from one start prefer the longest
	MaxInsts int  // 0 means DefaultMaxInsts
}

// DefaultMaxInsts bounds the size of a program: 3 MiB of instructions.
const DefaultMaxInsts = 1 << 18

// None gives a program that matches nothing.
func None(reverse bool) *Program {
	return &Program{Insts: []Inst{{Op: OpMask, Val: 1}, {Op: OpMatch}}, Straight: true, Reverse: reverse, MinLen: 1, FixedLen: 1}
}

// Check tells whether a program that comes from outside can be run: every
// index is in range and the shape is what the Machine expects.
func (p *Program) Check() error {
	n, last := len(p.Insts), opCount
	for i, in := range p.Insts {
		if !p.instOK(i, n, in) {
			return fmt.Errorf("check program: instruction %d of %d is invalid", i, n)
		}
		last = in.Op
	}
	return p.checkEnds(last)
}

func (p *Program) checkEnds(last Op) error {
	if last != OpMatch {
		return errors.New("check program: no match at the end")
	}
	if p.MinLen < 0 || p.FixedLen < -1 {
		return errors.New("check program: negative length")
	}
	return nil
}

// instOK checks instruction i of n.
func (p *Program) instOK(i, n int, in Inst) bool {
	switch in.Op {
	case OpByte, OpAny, OpMask, OpNotMask:
		return true
	case OpClass:
		return int(in.X) < len(p.Sets)
	case OpText:
		return p.Straight && in.Y > 0 && uint64(in.X)+uint64(in.Y) <= uint64(len(p.Text))
	case OpSkip:
		return p.Straight && in.X <= maxJump
	case OpGap:
		return p.Straight && in.X < in.Y && in.Y <= maxGap
	case OpAssert:
		return look(in.Val) < lookCount
	case OpSplit:
		return !p.Straight && int(in.X) < n && int(in.Y) < n
	case OpJump:
		return !p.Straight && int(in.X) < n
	case OpMatch:
		return i == n-1
	}
	return false
}

// matches tells whether a one-byte instruction takes c.
func (p *Program) matches(in *Inst, c byte) bool {
	switch in.Op {
	case OpByte:
		return c == in.Val
	case OpAny:
		return true
	case OpClass:
		return p.Sets[in.X].Has(c)
	case OpMask:
		return c&in.Mask == in.Val
	case OpNotMask:
		return c&in.Mask != in.Val
	}
	return false
}

// holds tells whether an assertion is true of the place before data[at].
func holds(l look, wide bool, data []byte, at int) bool {
	switch l {
	case lookStart:
		return at == 0
	case lookEnd:
		return at == len(data)
	case lookPairEnd:
		return at == len(data) || wide && at == len(data)-1
	case lookLineStart, lookLineEnd:
		return holdsLine(l, wide, data, at)
	}
	width := 1
	if wide {
		width = 2
	}
	before, after := wordAt(data, at-width, width), wordAt(data, at, width)
	switch l {
	case lookWord:
		return before != after
	case lookNotWord:
		return before == after
	case lookWordStart:
		return !before && after
	case lookWordEnd:
		return before && !after
	case lookWordStartHalf:
		return !before
	}
	return !after // lookWordEndHalf
}

// wordAt tells whether a character of \w stands at data[at].
func wordAt(data []byte, at, width int) bool {
	if at < 0 || at+width > len(data) {
		return false
	}
	return isWord(data[at]) && (width == 1 || data[at+1] == 0)
}

// holdsLine: lines end with LF, CR, or CR LF, which nothing stands between.
func holdsLine(l look, wide bool, data []byte, at int) bool {
	width := 1
	if wide {
		width = 2
	}
	if at == 0 && l == lookLineStart || at >= len(data)-width+1 && l == lookLineEnd {
		return true
	}
	before, after := charAt(data, at-width, width), charAt(data, at, width)
	if l == lookLineStart {
		return before == '\n' || before == '\r' && after != '\n'
	}
	return after == '\r' || after == '\n' && before != '\r'
}

// charAt gives the character at data[at], or -1.
func charAt(data []byte, at, width int) int {
	if at < 0 || at+width > len(data) || width == 2 && data[at+1] != 0 {
		return -1
	}
	return int(data[at])
}

// LiteralAt tells whether Literal stands at data[at], which may be any offset.
func (p *Program) LiteralAt(data []byte, at int) bool {
	if at < 0 || len(data)-at < len(p.Literal) {
		return false
	}
	d := data[at : at+len(p.Literal)]
	if !p.NoCase {
		return bytes.Equal(d, p.Literal)
	}
	for i, c := range p.Literal {
		if lower(d[i]) != c {
			return false
		}
	}
	return true
}

package blob

import (
	"fmt"

	"vitrine/yara/internal/pattern"
)

// programs numbers the programs of a set; those shared in memory are shared here.
type programs struct {
	w     *Writer
	known map[*pattern.Program]uint32
}

// The flags of a program.
const (
	progStraight = 1 << iota
	progLongest
	progReverse
	progNoCase
	progAnchored
	progLiteral
	progFlags = 1<<iota - 1
)

// maxProgramLen bounds the length that a program says it matches, in bytes.
const maxProgramLen = 1 << 30

// number gives the number of a program, counted from 1; 0 is none.
func (p *programs) number(prog *pattern.Program) uint32 {
	if prog == nil {
		return 0
	}
	n, ok := p.known[prog]
	if !ok {
		p.write(prog)
		n = uint32(p.w.Len(Programs))
		p.known[prog] = n
	}
	return n
}

func (p *programs) write(prog *pattern.Program) {
	var flags uint32
	for i, on := range []bool{prog.Straight, prog.Longest, prog.Reverse, prog.NoCase, prog.Anchored, prog.Literal != nil} {
		flags |= Bit(i, on)
	}
	text, textLen := p.w.Bytes(prog.Text)
	lit, litLen := p.w.Bytes(prog.Literal)
	first := setWords(prog.First)
	code, n := prog.Code()
	row := append([]uint32{flags, uint32(n), uint32(len(code)), uint32(len(prog.Sets)), text, textLen, lit, litLen,
		uint32(min(prog.MinLen, maxProgramLen)), uint32(int32(min(prog.FixedLen, maxProgramLen)))}, first[:]...)
	p.w.Row(Programs, row...)
	p.w.sections[Code] = append(p.w.sections[Code], code...)
	for _, s := range prog.Sets {
		words := setWords(s)
		p.w.Row(Sets, words[:]...)
	}
}

func setWords(s pattern.Set) (words [8]uint32) {
	for i, v := range s {
		words[2*i], words[2*i+1] = Halves(v)
	}
	return words
}

func readSet(row Row, k int) (s pattern.Set) {
	for i := range s {
		s[i] = row.Long(k + 2*i)
	}
	return s
}

// readPrograms gives all programs, which are fit to be run once CheckCode was asked.
func readPrograms(r *Reader) []pattern.Program {
	sets := make([]pattern.Set, r.Len(Sets))
	for i := range sets {
		sets[i] = readSet(r.At(Sets, i), 0)
	}
	r.Drop(Sets)
	out := make([]pattern.Program, r.Len(Programs))
	for i := range out {
		readProgram(r, &out[i], i, sets)
	}
	r.Done(Code, Sets)
	r.code = meanwhile(func() error { return checkCode(out) })
	r.Drop(Programs)
	return out
}

func readProgram(r *Reader, p *pattern.Program, i int, sets []pattern.Set) {
	row := r.At(Programs, i)
	flags := r.Flags(row, 0, progFlags)
	from, to := r.Take(Sets, row.Word(3))
	p.Sets = sets[from:to:to]
	p.Text = r.Bytes(row, 4)
	if lit := r.Bytes(row, 6); flags&progLiteral != 0 {
		p.Literal = lit
	}
	p.Straight, p.Longest, p.Reverse = flags&progStraight != 0, flags&progLongest != 0, flags&progReverse != 0
	p.NoCase, p.Anchored = flags&progNoCase != 0, flags&progAnchored != 0
	p.MinLen, p.FixedLen = int(row.Word(8)), int(row.Int(9))
	p.First = readSet(row, 10)
	if p.MinLen > maxProgramLen || p.FixedLen > maxProgramLen {
		r.Fail("program %d matches too much", i)
	}
	from, to = r.Take(Code, row.Word(2))
	p.SetCode(r.section(Code)[from:to:to], int(row.Word(1)))
}

// checkCode looks at every instruction.
func checkCode(all []pattern.Program) error {
	for i := range all {
		if err := all[i].CheckCode(); err != nil {
			return fmt.Errorf("program %d: %w", i, err)
		}
	}
	return nil
}

// program gives the program whose number stands in word k; nil for 0.
func program(r *Reader, all []pattern.Program, row Row, k int) *pattern.Program {
	n := row.Word(k)
	switch {
	case n == 0:
		return nil
	case uint64(n) > uint64(len(all)):
		r.Fail("program %d of %d", n, len(all))
		return nil
	}
	return &all[n-1]
}

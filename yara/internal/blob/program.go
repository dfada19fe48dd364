package blob

import (
	"fmt"
	"slices"
	"sync/atomic"

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
	row := append([]uint32{flags, uint32(n), uint32(p.w.Len(Code)), uint32(p.w.Len(Sets)), text, textLen, lit, litLen,
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

// stored makes programs and patterns of a blob that was checked, when they are asked for.
type stored struct {
	sections [sectionCount][]byte
	programs []atomic.Pointer[pattern.Program]
}

func newStored(r *Reader) *stored {
	return &stored{r.sections, make([]atomic.Pointer[pattern.Program], r.Len(Programs))}
}

// reader gives a Reader for one thing: what it finds wrong counts for that only.
func (s *stored) reader() *Reader { return &Reader{sections: s.sections} }

// program gives program i, always the same one. Of a blob that has changed since
// it was checked it may be one that matches nothing.
func (s *stored) program(i int) *pattern.Program {
	if known := s.programs[i].Load(); known != nil {
		return known
	}
	r, p := s.reader(), &pattern.Program{}
	readProgram(r, p, i)
	if r.Err() != nil || p.CheckCode() != nil {
		p = pattern.None(p.Reverse)
	}
	s.programs[i].CompareAndSwap(nil, p)
	return s.programs[i].Load()
}

// readProgram reads all of a program but the code, which stays where it is.
func readProgram(r *Reader, p *pattern.Program, i int) {
	row := r.At(Programs, i)
	flags := r.Flags(row, 0, progFlags)
	p.Text = r.Bytes(row, 4)
	if lit := r.Bytes(row, 6); flags&progLiteral != 0 {
		p.Literal = lit
	}
	p.Straight, p.Longest, p.Reverse = flags&progStraight != 0, flags&progLongest != 0, flags&progReverse != 0
	p.NoCase, p.Anchored = flags&progNoCase != 0, flags&progAnchored != 0
	p.MinLen, p.FixedLen = int(row.Word(8)), int(row.Int(9))
	for k := range p.First {
		p.First[k] = row.Long(10 + 2*k)
	}
	if p.MinLen > maxProgramLen || p.FixedLen > maxProgramLen {
		r.Fail("program %d matches too much", i)
	}
	from, to := r.Span(Programs, i, 3, Sets)
	p.Sets = slices.Grow(p.Sets[:0], to-from)[:to-from]
	for k := range p.Sets {
		set := r.At(Sets, from+k)
		for w := range p.Sets[k] {
			p.Sets[k][w] = set.Long(2 * w)
		}
	}
	from, to = r.Span(Programs, i, 2, Code)
	p.SetCode(r.Section(Code)[from:to:to], int(row.Word(1)))
}

// checkPrograms looks at every program.
func (s *stored) checkPrograms() error {
	var p pattern.Program
	r := s.reader()
	r.owned(Code, Programs)
	r.owned(Sets, Programs)
	for i := range s.programs {
		p.Literal = nil
		readProgram(r, &p, i)
		if r.Err() != nil {
			return r.Err()
		}
		if err := p.CheckCode(); err != nil {
			return fmt.Errorf("load rules: program %d: %w", i, err)
		}
	}
	return r.Err()
}

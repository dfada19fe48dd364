package blob

import (
	"slices"

	"vitrine/yara/internal/pattern"
	"vitrine/yara/internal/search"
)

// The flags of patterns and forms. Those of a form share a word with the
// smallest and the largest key of xor.
const (
	patFullWord = 1 << iota
	patGreedy
	patOnDemand
	patNeedList
	patPlainWord
	patFlags = 1<<iota - 1
)

const (
	formNoCase = 1 << iota
	formWide
	formXor
	formBase64
	formFlags = 1<<iota - 1
)

func (p *programs) pattern(pt *search.Pattern) {
	var flags uint32
	for i, on := range []bool{pt.FullWord, pt.Greedy, pt.OnDemand, pt.NeedList, pt.DecodesWord()} {
		flags |= Bit(i, on)
	}
	low, high := Halves(uint64(pt.Anchor))
	p.w.Row(Patterns, flags, low, high, uint32(p.w.Len(Links)))
	for i := range pt.Links {
		l := &pt.Links[i]
		p.w.Row(Links, uint32(l.GapMin), uint32(int32(l.GapMax)), uint32(p.w.Len(Forms)))
		for f := range l.Forms {
			p.form(&l.Forms[f])
		}
	}
}

func (p *programs) form(f *search.Form) {
	base64, decoded := f.Base64Text()
	word := uint32(f.XorMin)<<8 | uint32(f.XorMax)<<16
	for i, on := range []bool{f.NoCase, f.Wide, f.Xor, decoded} {
		word |= Bit(i, on)
	}
	at, n := p.w.Bytes(f.Literal)
	number := uint32(0)
	if decoded {
		text, textLen := p.w.Bytes(base64.Text)
		alphabet, alphabetLen := p.w.Text(base64.Alphabet)
		p.w.Row(Base64s, text, textLen, uint32(base64.Lead), alphabet, alphabetLen)
		number = uint32(p.w.Len(Base64s))
	}
	p.w.Row(Forms, word, at, n, p.number(f.Program), uint32(p.w.Len(Atoms)), number)
	for _, a := range f.Atoms {
		at, n := p.w.Bytes(a.Bytes)
		p.w.Row(Atoms, at, n, Bit(0, a.NoCase), uint32(a.Offset), p.number(a.Prefix), p.number(a.Suffix))
	}
}

// patternReader makes patterns of a blob.
type patternReader struct {
	r       *Reader
	program func(number uint32) *pattern.Program // of one that exists
	base64s int                                  // read so far

	links []search.Link // memory for one pattern
	forms []search.Form
	atoms []search.Atom
}

// pattern gives pattern i of the stored ones. Of a blob that has changed since it was
// checked it may be one that is nowhere.
func (s *stored) pattern(i int32) *search.Pattern {
	p := &patternReader{r: s.reader(), program: func(number uint32) *pattern.Program { return s.program(int(number - 1)) }}
	pt := new(search.Pattern)
	if p.pattern(pt, int(i)); p.r.Err() != nil {
		return &search.Pattern{Anchor: -1, Links: []search.Link{{}}}
	}
	return pt
}

// checkPatterns looks at all patterns. It gives the forms that no literal is of.
func (s *stored) checkPatterns(r *Reader) (slow []search.Slow) {
	r.owned(Links, Patterns)
	r.owned(Forms, Links)
	r.owned(Atoms, Forms)
	forward, backward := &pattern.Program{}, &pattern.Program{Reverse: true}
	p := &patternReader{r: r, program: func(number uint32) *pattern.Program {
		if r.At(Programs, int(number-1)).Word(0)&progReverse != 0 {
			return backward
		}
		return forward
	}}
	var pt search.Pattern
	for i := range r.Len(Patterns) {
		if p.pattern(&pt, i); r.Err() != nil {
			return nil
		}
		slow = pt.AppendSlow(slow, int32(i))
	}
	if p.base64s != r.Len(Base64s) {
		r.Fail("section %d has records that belong to nothing", Base64s)
	}
	return slow
}

// pattern reads pattern i.
func (p *patternReader) pattern(pt *search.Pattern, i int) {
	row := p.r.At(Patterns, i)
	flags := p.r.Flags(row, 0, patFlags)
	*pt = search.Pattern{Anchor: int64(row.Long(1)), FullWord: flags&patFullWord != 0,
		Greedy: flags&patGreedy != 0, OnDemand: flags&patOnDemand != 0, NeedList: flags&patNeedList != 0}
	pt.DecodeWord(flags&patPlainWord != 0)
	from, to := p.r.Span(Patterns, i, 3, Links)
	p.links, p.forms, p.atoms = p.links[:0], p.forms[:0], p.atoms[:0]
	p.room(from, to)
	for l := from; l < to; l++ {
		row := p.r.At(Links, l)
		first := len(p.forms)
		p.readForms(l)
		p.links = append(p.links, search.Link{GapMin: int(row.Int(0)), GapMax: int(row.Int(1)), Forms: p.forms[first:len(p.forms):len(p.forms)]})
	}
	pt.Links = p.links
	if err := pt.Check(); err != nil {
		p.r.Fail("pattern %d: %w", i, err)
	}
}

// room makes room for some links, and all forms and atoms in them: then the memory
// does not move while it is referred to.
func (p *patternReader) room(from, to int) {
	if from == to {
		return
	}
	first, _ := p.r.Span(Links, from, 2, Forms)
	_, end := p.r.Span(Links, to-1, 2, Forms)
	p.links, p.forms = slices.Grow(p.links, to-from), slices.Grow(p.forms, max(end-first, 0))
	if first >= end {
		return
	}
	first, _ = p.r.Span(Forms, first, 4, Atoms)
	_, end = p.r.Span(Forms, end-1, 4, Atoms)
	p.atoms = slices.Grow(p.atoms, max(end-first, 0))
}

// readForms reads the forms of a link.
func (p *patternReader) readForms(link int) {
	from, to := p.r.Span(Links, link, 2, Forms)
	for i := from; i < to; i++ {
		row := p.r.At(Forms, i)
		word := p.r.Flags(row, 0, formFlags|0xFFFF00)
		f := search.Form{NoCase: word&formNoCase != 0, Wide: word&formWide != 0, Xor: word&formXor != 0,
			XorMin: byte(word >> 8), XorMax: byte(word >> 16), Program: p.programAt(row, 3)}
		if literal := p.r.Bytes(row, 1); f.Program == nil {
			f.Literal = literal
		}
		first := len(p.atoms)
		from, to := p.r.Span(Forms, i, 4, Atoms)
		for a := from; a < to; a++ {
			row := p.r.At(Atoms, a)
			p.atoms = append(p.atoms, search.Atom{Bytes: p.r.Bytes(row, 0), NoCase: p.r.Flags(row, 2, 1) != 0, Offset: int(row.Int(3)),
				Prefix: p.programAt(row, 4), Suffix: p.programAt(row, 5)})
		}
		f.Atoms = p.atoms[first:len(p.atoms):len(p.atoms)]
		p.base64(&f, row.Word(5), word&formBase64 != 0)
		p.forms = append(p.forms, f)
	}
}

// base64 sets what a form has to decode to; number counts from 1.
func (p *patternReader) base64(f *search.Form, number uint32, decoded bool) {
	if decoded != (number > 0) || uint64(number) > uint64(p.r.Len(Base64s)) {
		p.r.Fail("a form decodes to text %d of %d", number, p.r.Len(Base64s))
		return
	}
	if !decoded {
		return
	}
	p.base64s++
	row := p.r.At(Base64s, int(number-1))
	text := search.Base64Text{Text: p.r.Bytes(row, 0), Lead: int(row.Word(2)), Alphabet: p.r.Text(row, 3)}
	if err := f.SetBase64(text); err != nil {
		p.r.Fail("text %d: %w", number, err)
	}
}

// programAt gives the program whose number stands in word k; nil for 0.
func (p *patternReader) programAt(row Row, k int) *pattern.Program {
	switch n := row.Word(k); {
	case n == 0:
		return nil
	case uint64(n) > uint64(p.r.Len(Programs)):
		p.r.Fail("program %d of %d", n, p.r.Len(Programs))
		return nil
	default:
		return p.program(n)
	}
}

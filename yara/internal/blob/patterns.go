package blob

import (
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

func (p *programs) patterns(list []*search.Pattern) {
	for _, pt := range list {
		var flags uint32
		for i, on := range []bool{pt.FullWord, pt.Greedy, pt.OnDemand, pt.NeedList, pt.DecodesWord()} {
			flags |= Bit(i, on)
		}
		low, high := Halves(uint64(pt.Anchor))
		p.w.Row(Patterns, flags, low, high, uint32(len(pt.Links)))
		for i := range pt.Links {
			l := &pt.Links[i]
			p.w.Row(Links, uint32(l.GapMin), uint32(int32(l.GapMax)), uint32(len(l.Forms)))
			for f := range l.Forms {
				p.form(&l.Forms[f])
			}
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
	p.w.Row(Forms, word, at, n, p.number(f.Program), uint32(len(f.Atoms)), 0)
	if decoded {
		text, textLen := p.w.Bytes(base64.Text)
		alphabet, alphabetLen := p.w.Text(base64.Alphabet)
		p.w.Row(Base64s, text, textLen, uint32(base64.Lead), alphabet, alphabetLen)
	}
	for _, a := range f.Atoms {
		at, n := p.w.Bytes(a.Bytes)
		p.w.Row(Atoms, at, n, Bit(0, a.NoCase), uint32(a.Offset), p.number(a.Prefix), p.number(a.Suffix))
	}
}

// readPatterns gives all patterns, each fit to be searched.
func readPatterns(r *Reader, all []pattern.Program) []*search.Pattern {
	p := &patternReader{r: r, programs: all, links: make([]search.Link, r.Len(Links)),
		forms: make([]search.Form, r.Len(Forms)), atoms: make([]search.Atom, r.Len(Atoms))}
	for i := range p.atoms {
		p.atom(i)
	}
	r.Drop(Atoms)
	for i := range p.forms {
		p.form(i)
	}
	r.Drop(Forms)
	for i := range p.links {
		p.link(i)
	}
	r.Drop(Links)
	patterns, out := make([]search.Pattern, r.Len(Patterns)), make([]*search.Pattern, r.Len(Patterns))
	for i := range patterns {
		p.pattern(&patterns[i], i)
		out[i] = &patterns[i]
	}
	r.Done(Links, Forms, Atoms, Base64s)
	r.Drop(Patterns)
	return out
}

type patternReader struct {
	r        *Reader
	programs []pattern.Program
	links    []search.Link
	forms    []search.Form
	atoms    []search.Atom
}

func (p *patternReader) atom(i int) {
	row := p.r.At(Atoms, i)
	p.atoms[i] = search.Atom{Bytes: p.r.Bytes(row, 0), NoCase: p.r.Flags(row, 2, 1) != 0, Offset: int(row.Int(3)),
		Prefix: program(p.r, p.programs, row, 4), Suffix: program(p.r, p.programs, row, 5)}
}

func (p *patternReader) form(i int) {
	row := p.r.At(Forms, i)
	word := p.r.Flags(row, 0, formFlags|0xFFFF00)
	p.r.Flags(row, 5, 0)
	f := &p.forms[i]
	f.NoCase, f.Wide, f.Xor = word&formNoCase != 0, word&formWide != 0, word&formXor != 0
	f.XorMin, f.XorMax = byte(word>>8), byte(word>>16)
	literal := p.r.Bytes(row, 1)
	if f.Program = program(p.r, p.programs, row, 3); f.Program == nil {
		f.Literal = literal
	}
	from, to := p.r.Take(Atoms, row.Word(4))
	f.Atoms = p.atoms[from:to:to]
	if word&formBase64 == 0 {
		return
	}
	if from, to := p.r.Take(Base64s, 1); from < to {
		row := p.r.At(Base64s, from)
		text := search.Base64Text{Text: p.r.Bytes(row, 0), Lead: int(row.Word(2)), Alphabet: p.r.Text(row, 3)}
		if err := f.SetBase64(text); err != nil {
			p.r.Fail("form %d: %w", i, err)
		}
	}
}

func (p *patternReader) link(i int) {
	row := p.r.At(Links, i)
	from, to := p.r.Take(Forms, row.Word(2))
	p.links[i] = search.Link{GapMin: int(row.Int(0)), GapMax: int(row.Int(1)), Forms: p.forms[from:to:to]}
}

func (p *patternReader) pattern(pt *search.Pattern, i int) {
	row := p.r.At(Patterns, i)
	flags := p.r.Flags(row, 0, patFlags)
	from, to := p.r.Take(Links, row.Word(3))
	*pt = search.Pattern{Links: p.links[from:to:to], Anchor: int64(row.Long(1)), FullWord: flags&patFullWord != 0,
		Greedy: flags&patGreedy != 0, OnDemand: flags&patOnDemand != 0, NeedList: flags&patNeedList != 0}
	pt.DecodeWord(flags&patPlainWord != 0)
	if err := pt.Check(); err != nil {
		p.r.Fail("pattern %d: %w", i, err)
	}
}

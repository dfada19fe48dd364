package search

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// What is here serves reading and writing compiled patterns.

// Base64Text is what a form has to decode to.
type Base64Text struct {
	Text     []byte
	Lead     int    // bytes of the first group of three before the text, 0 to 2
	Alphabet string // 64 different characters
}

// Base64Text gives the text that the form must decode to. ok is false where
// that is not asked.
func (f *Form) Base64Text() (t Base64Text, ok bool) {
	if f.Base64 == nil {
		return Base64Text{}, false
	}
	return Base64Text{f.Base64.text, f.Base64.lead, alphabetOf(f.Base64.encoding)}, true
}

// alphabetOf lets the encoding write all its characters: three bytes for each
// four numbers of six bits.
func alphabetOf(enc *base64.Encoding) string {
	var in []byte
	for v := 0; v < 64; v += 4 {
		word := v<<18 | (v+1)<<12 | (v+2)<<6 | (v + 3)
		in = append(in, byte(word>>16), byte(word>>8), byte(word))
	}
	return enc.EncodeToString(in)
}

// SetBase64 sets the text that the form must decode to.
func (f *Form) SetBase64(t Base64Text) error {
	if t.Lead < 0 || t.Lead > 2 || len(t.Text) == 0 || len(t.Alphabet) != 64 || strings.ContainsAny(t.Alphabet, "\r\n") {
		return errors.New("check base64: malformed")
	}
	var seen [256]bool
	for _, c := range []byte(t.Alphabet) {
		if seen[c] {
			return fmt.Errorf("check base64: %q stands twice in the alphabet", c)
		}
		seen[c] = true
	}
	f.Base64 = &base64Check{t.Text, t.Lead, base64.NewEncoding(t.Alphabet)}
	return nil
}

// DecodesWord tells whether FullWord looks at the neighbours of xor strings
// after xor.
func (p *Pattern) DecodesWord() bool { return p.decodeWord }

// DecodeWord sets what DecodesWord tells.
func (p *Pattern) DecodeWord(on bool) { p.decodeWord = on }

// Pack makes the programs of the pattern small until one of them is run.
func (p *Pattern) Pack() {
	for _, l := range p.Links {
		for i := range l.Forms {
			f := &l.Forms[i]
			if f.Program != nil {
				f.Program.Pack()
			}
			for _, a := range f.Atoms {
				if a.Prefix != nil {
					a.Prefix.Pack()
					a.Suffix.Pack()
				}
			}
		}
	}
}

// maxOffset bounds distances in a pattern, in bytes: more than any rule can say.
const maxOffset = 1 << 30

// Check tells whether a pattern that comes from outside can be searched. Its
// programs must have passed their own check.
func (p *Pattern) Check() error {
	switch {
	case len(p.Links) == 0 || len(p.Links) > 1<<16:
		return errors.New("check pattern: it has no links, or too many")
	case p.OnDemand && len(p.Links) > 1:
		return errors.New("check pattern: on demand, and cut")
	case p.Anchor < -1 || p.Anchor >= 0 && !p.OnDemand && len(p.Links) == 1:
		return errors.New("check pattern: anchored, and not on demand")
	}
	for i := range p.Links {
		if err := p.Links[i].check(); err != nil {
			return err
		}
	}
	return nil
}

func (l *Link) check() error {
	if l.GapMin < 0 || l.GapMin > maxOffset || l.GapMax < -1 || l.GapMax > maxOffset || len(l.Forms) == 0 || len(l.Forms) > 1<<16 {
		return errors.New("check pattern: a link is malformed")
	}
	for i := range l.Forms {
		if err := l.Forms[i].check(); err != nil {
			return err
		}
	}
	return nil
}

func (f *Form) check() error {
	switch {
	case f.Program == nil && (len(f.Literal) == 0 || len(f.Literal) > maxOffset || len(f.Atoms) == 0):
		return errors.New("check pattern: a text without bytes, or with nothing to find it by")
	case f.Program != nil && (f.Program.Reverse || f.Xor || f.Base64 != nil || f.Literal != nil):
		return errors.New("check pattern: a program where it cannot stand")
	case len(f.Atoms) > 1<<16:
		return errors.New("check pattern: too many atoms")
	}
	for i := range f.Atoms {
		a := &f.Atoms[i]
		switch {
		case len(a.Bytes) == 0 || a.Offset < 0 || a.Offset > maxOffset:
			return errors.New("check pattern: an atom is malformed")
		case (a.Prefix == nil) != (a.Suffix == nil) || a.Prefix != nil && (!a.Prefix.Reverse || a.Suffix.Reverse || f.Program == nil):
			return errors.New("check pattern: an atom has the wrong programs")
		}
	}
	return nil
}

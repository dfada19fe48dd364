package search

import (
	"errors"
	"fmt"

	"vitrine/yara/internal/pattern"
	"vitrine/yara/syntax"
)

// chainThreshold is the jump length from which a pattern is cut in two.
const chainThreshold = 200

// Options chooses the dialect.
type Options struct {
	YARAX bool
}

// Compile makes the Pattern of a string definition. Anchor, OnDemand and
// NeedList are the caller's to set, from how conditions use the string. The
// error is a *pattern.SyntaxError where the source is at fault.
func Compile(s *syntax.String, o Options) (*Pattern, error) {
	p := &Pattern{FullWord: s.Mods.FullWord, Anchor: -1, decodeWord: o.YARAX}
	if s.Kind == syntax.Text {
		if o.YARAX && (s.Mods.Base64 || s.Mods.Base64Wide) && len(s.Value) < 3 {
			return nil, errors.New("base64 needs at least three characters")
		}
		p.Links = []Link{{Forms: textForms(s, o.YARAX)}}
		return p, nil
	}
	root, err := parse(s, o)
	if err != nil {
		return nil, err
	}
	if err := checkRegexp(s, root, o); err != nil {
		return nil, err
	}
	p.UnknownEscape = root.UnknownEscape()
	p.Greedy = s.Kind == syntax.Regexp && root.Greedy()
	for _, part := range pattern.Split(root, chainThreshold) {
		forms, err := programForms(part.Node, s, p.Greedy)
		if err != nil {
			return nil, err
		}
		p.Links = append(p.Links, Link{Forms: forms, GapMin: part.GapMin, GapMax: part.GapMax})
	}
	return p, nil
}

// checkRegexp refuses expressions that cannot be searched in a sensible way.
func checkRegexp(s *syntax.String, root *pattern.Node, o Options) error {
	switch {
	case s.Kind != syntax.Regexp:
	case root.Greedy() && root.Ungreedy():
		return errors.New("greedy and ungreedy repetitions are mixed")
	case o.YARAX && root.MinLen() == 0:
		return errors.New("it matches the empty text, and so everywhere")
	case o.YARAX && root.EndlessStart():
		return errors.New("it begins with an endless repetition of any byte; leave that out")
	}
	return nil
}

func parse(s *syntax.String, o Options) (*pattern.Node, error) {
	if s.Kind == syntax.Hex {
		return pattern.ParseHex(s.Value)
	}
	flags := pattern.Flags{NoCase: s.CaseInsensitive || s.Mods.NoCase, DotAll: s.DotAll}
	return pattern.ParseRegexp(s.Value, flags, o.YARAX)
}

// programForms compiles one link in the widths asked for.
func programForms(n *pattern.Node, s *syntax.String, longest bool) ([]Form, error) {
	var forms []Form
	for _, wide := range widths(s) {
		f, err := programForm(n, wide, longest)
		if err != nil {
			return nil, err
		}
		forms = append(forms, f)
	}
	return forms, nil
}

func widths(s *syntax.String) []bool {
	switch {
	case s.Mods.Wide && s.Mods.ASCII:
		return []bool{false, true}
	case s.Mods.Wide:
		return []bool{true}
	}
	return []bool{false}
}

func programForm(n *pattern.Node, wide, longest bool) (Form, error) {
	prog, err := pattern.Compile(n, pattern.Options{Wide: wide, Longest: longest})
	if err != nil {
		return Form{}, fmt.Errorf("compile: %w", err)
	}
	f := Form{Program: prog, Wide: wide}
	if prog.Literal != nil {
		f = Form{Literal: prog.Literal, NoCase: prog.NoCase, Wide: wide}
		f.Atoms = literalAtoms(&f)
		return f, nil
	}
	for _, a := range pattern.Atoms(n, pattern.AtomOptions{Wide: wide, Longest: longest}) {
		f.Atoms = append(f.Atoms, Atom{Bytes: a.Bytes, NoCase: a.NoCase, Offset: a.MinOff, Prefix: a.Prefix, Suffix: a.Suffix})
	}
	return f, nil
}

package search

import (
	"bytes"

	"vitrine/yara/syntax"
)

// textForms gives every form of a text string.
func textForms(s *syntax.String, strict bool) []Form {
	m := &s.Mods
	var forms []Form
	plain := func(text []byte, wide bool) {
		f := Form{Literal: text, NoCase: m.NoCase, Wide: wide, Xor: m.Xor, XorMin: m.XorMin, XorMax: m.XorMax}
		f.Atoms = literalAtoms(&f)
		forms = append(forms, f)
	}
	texts := spellings(s)
	if !m.Base64 && !m.Base64Wide {
		for _, t := range texts {
			plain(t.bytes, t.wide)
		}
		return forms
	}
	for _, t := range texts {
		if m.Base64 {
			forms = append(forms, base64Forms(t.bytes, alphabetOr(m.Base64Alphabet, ""), false, strict)...)
		}
		if m.Base64Wide {
			forms = append(forms, base64Forms(t.bytes, alphabetOr(m.Base64WideAlphabet, m.Base64Alphabet), true, strict)...)
		}
	}
	return forms
}

type spelling struct {
	bytes []byte
	wide  bool
}

// spellings gives the text as ascii, wide or both tell.
func spellings(s *syntax.String) []spelling {
	var out []spelling
	if s.Mods.ASCII || !s.Mods.Wide {
		out = append(out, spelling{s.Value, false})
	}
	if s.Mods.Wide {
		out = append(out, spelling{widen(s.Value), true})
	}
	return out
}

// widen puts a zero behind every byte.
func widen(b []byte) []byte {
	w := make([]byte, 2*len(b))
	for i, c := range b {
		w[2*i] = c
	}
	return w
}

// xorAtomLen is how much of a xor string is looked for under each key.
const xorAtomLen = 8

// literalAtoms gives the atoms of a form with a Literal: itself, or a piece of
// it under every key.
func literalAtoms(f *Form) []Atom {
	if !f.Xor {
		return []Atom{{Bytes: f.Literal, NoCase: f.NoCase}}
	}
	n := min(xorAtomLen, len(f.Literal))
	at := leastUniform(f.Literal, n)
	var atoms []Atom
	for key := int(f.XorMin); key <= int(f.XorMax); key++ {
		piece := bytes.Clone(f.Literal[at : at+n])
		for i := range piece {
			piece[i] ^= byte(key)
		}
		atoms = append(atoms, Atom{Bytes: piece, Offset: at})
	}
	return atoms
}

// leastUniform gives the offset of the piece of n bytes with the most distinct
// differences between neighbours: under xor the bytes themselves say nothing.
func leastUniform(b []byte, n int) int {
	best, bestScore := 0, -1
	for i := 0; i+n <= len(b); i++ {
		var seen [256]bool
		score := 0
		for j := i + 1; j < i+n; j++ {
			if d := b[j] ^ b[j-1]; d != 0 && !seen[d] {
				seen[d] = true
				score++
			}
		}
		if score > bestScore {
			best, bestScore = i, score
		}
	}
	return best
}

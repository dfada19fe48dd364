// Package search finds the strings of YARA rules in data: text strings with
// their modifiers, hex strings and regular expressions.
//
// Compile turns a string definition into a Pattern. An Index over many patterns
// finds candidates for all of them in one pass; a Searcher verifies them and
// keeps the lists of matches. Patterns and indexes are immutable; a Searcher
// belongs to one goroutine. Work to reset a Searcher is in proportion to what
// was found, not to the number of patterns.
package search

import (
	"slices"

	"vitrine/yara/internal/pattern"
)

// Pattern is one string, ready to be searched.
type Pattern struct {
	Links    []Link // more than one when the string is cut at long jumps
	FullWord bool
	Greedy   bool // a later, possibly longer match at the same place replaces an earlier one

	// Anchor is the only offset where an occurrence counts, or -1.
	Anchor int64
	// OnDemand: conditions ask for given offsets only, so it is checked there and
	// never searched. Patterns of one link only; an anchored one of one link is
	// on demand.
	OnDemand bool
	// NeedList: conditions ask for counts, offsets or lengths, so every match
	// has to be known; otherwise the first is enough.
	NeedList bool

	// UnknownEscape tells that the source has an escape that means nothing.
	UnknownEscape bool

	decodeWord bool // FullWord looks at the neighbours of xor strings after xor
}

// Link is a part of a pattern between long jumps. Gaps are counted in bytes
// from the end of the link before; GapMax is -1 when there is no upper bound.
type Link struct {
	Forms          []Form
	GapMin, GapMax int
}

// Form is one way a link may be written in the data.
type Form struct {
	// Literal is the text as it stands in the data, widened where wide. Nil
	// when Program says what to match.
	Literal []byte
	NoCase  bool
	Wide    bool
	Xor     bool // with some key from XorMin to XorMax
	XorMin  byte
	XorMax  byte

	Program *pattern.Program
	Atoms   []Atom // none: every position is a candidate
	// Base64 is the text a base64 form must decode to; nil when that is not asked.
	Base64 *base64Check
}

// Atom is a literal that stands in every match of its form, or in every match
// of one alternative of it.
type Atom struct {
	Bytes  []byte
	NoCase bool
	Offset int // from the start of the match to the atom, where Prefix is nil
	// Prefix matches backwards what stands between start and atom, Suffix what
	// begins at the atom. Nil when the offset is fixed.
	Prefix, Suffix *pattern.Program
}

// BeginsLiteral reports whether the first link is nothing but text.
func (p *Pattern) BeginsLiteral() bool {
	return !slices.ContainsFunc(p.Links[0].Forms, func(f Form) bool { return f.Literal == nil })
}

// MinLength is the length of the shortest atom of the pattern's first link, 0
// when it has none: a measure of how selective a search for it is.
func (p *Pattern) MinLength() int {
	least := 0
	for _, f := range p.Links[0].Forms {
		if len(f.Atoms) == 0 {
			return 0
		}
		for _, a := range f.Atoms {
			if least == 0 || len(a.Bytes) < least {
				least = len(a.Bytes)
			}
		}
	}
	return least
}

// Match is one occurrence.
type Match struct {
	Offset int64
	Length int32
	Key    byte // of xor strings
}

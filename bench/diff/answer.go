package main

import (
	"cmp"
	"slices"
)

// Hit is one match of one string.
type Hit struct {
	Offset int64  `json:"offset"`
	Length int    `json:"length"`
	Name   string `json:"string"` // with the $
}

// Answer is what one engine found in one file: for each matching rule, named
// NAMESPACE:RULE, the matches of its strings that are not private.
type Answer map[string][]Hit

// sortHits puts matches into an order that both engines share.
func sortHits(hits []Hit) {
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Length, b.Length))
	})
}

// missing gives the hits of a that b lacks; both are sorted.
func missing(a, b []Hit) []Hit {
	var only []Hit
	for _, h := range a {
		for len(b) > 0 && less(b[0], h) {
			b = b[1:]
		}
		if len(b) > 0 && b[0] == h {
			b = b[1:]
			continue
		}
		only = append(only, h)
	}
	return only
}

func less(a, b Hit) bool {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Length, b.Length)) < 0
}

// Difference is one rule on which the engines disagree about one file.
type Difference struct {
	File     string `json:"file"`
	Rule     string `json:"rule"`
	RuleFile string `json:"rule_file"`
	Kind     string `json:"kind"`           // one of the constants below
	Only     []Hit  `json:"yara,omitempty"` // what only the peer has
	Extra    []Hit  `json:"vitrine,omitempty"`
	Reason   string `json:"exception,omitempty"` // the documented exception it falls under
}

const (
	kindPeerOnly = "only yara matches"
	kindOwnOnly  = "only vitrine matches"
	kindStrings  = "strings differ"
	kindRefused  = "only vitrine refuses"
)

// compare gives the differences of two answers about one file, by rule.
func compare(file string, own, peer Answer) []Difference {
	var out []Difference
	for rule, theirs := range peer {
		ours, ok := own[rule]
		if !ok {
			out = append(out, Difference{File: file, Rule: rule, Kind: kindPeerOnly, Only: theirs})
			continue
		}
		sortHits(theirs)
		sortHits(ours)
		if !slices.Equal(ours, theirs) {
			out = append(out, Difference{File: file, Rule: rule, Kind: kindStrings, Only: missing(theirs, ours), Extra: missing(ours, theirs)})
		}
	}
	for rule, ours := range own {
		if _, ok := peer[rule]; !ok {
			out = append(out, Difference{File: file, Rule: rule, Kind: kindOwnOnly, Extra: ours})
		}
	}
	slices.SortFunc(out, func(a, b Difference) int { return cmp.Compare(a.Rule, b.Rule) })
	return out
}

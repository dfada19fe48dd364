package main

import (
	"slices"
	"strings"

	"vitrine/yara"
	"vitrine/yara/syntax"
)

// exception is a way of the peer that vitrine does not follow, told apart by
// what a rule uses and by the kind of the difference, never by a rule's name.
type exception struct {
	name   string
	reason string
	covers func(d Difference, r *yara.Rule) bool
}

// exceptions are all that there are.
func exceptions() []exception {
	return []exception{
		{
			name:   "pe.number_of_signatures",
			reason: "yara before 4.3 counts only signatures of the certificate table itself; later ones, and vitrine, count nested ones",
			covers: uses("pe.number_of_signatures"),
		},
		{
			name:   "ascii and wide in one",
			reason: "where a regular expression with both modifiers matches at one offset both ways, yara 4.2 may keep the shorter match; 4.5, and vitrine, keep the longer",
			covers: longerOfTwo,
		},
		{
			name:   "empty matches",
			reason: "yara 4.2 does not find the matches of length 0 of a regular expression with an empty alternative; 4.5, and vitrine, find them",
			covers: emptyMatches,
		},
	}
}

// uses covers every difference of a rule whose text holds the words.
func uses(words string) func(Difference, *yara.Rule) bool {
	return func(_ Difference, r *yara.Rule) bool { return strings.Contains(r.Text, words) }
}

// longerOfTwo covers hits at the same offsets, longer in vitrine, of regular
// expressions that are searched both ways.
func longerOfTwo(d Difference, r *yara.Rule) bool {
	if d.Kind != kindStrings || len(d.Only) != len(d.Extra) {
		return false
	}
	for i, theirs := range d.Only {
		ours := d.Extra[i]
		if ours.Name != theirs.Name || ours.Offset != theirs.Offset || ours.Length <= theirs.Length || !bothWays(r, ours.Name) {
			return false
		}
	}
	return true
}

// bothWays says whether a string is a regular expression, ascii and wide.
func bothWays(r *yara.Rule, name string) bool {
	file, _ := syntax.Parse("", []byte(r.Text), syntax.Options{})
	for _, item := range file.Items {
		rule, ok := item.(*syntax.Rule)
		if ok && slices.ContainsFunc(rule.Strings, func(s *syntax.String) bool {
			return "$"+s.Name == name && s.Kind == syntax.Regexp && s.Mods.ASCII && s.Mods.Wide
		}) {
			return true
		}
	}
	return false
}

// emptyMatches covers what vitrine alone finds because of hits of no length.
func emptyMatches(d Difference, _ *yara.Rule) bool {
	empty := func(h Hit) bool { return h.Length == 0 }
	switch d.Kind {
	case kindStrings:
		return len(d.Only) == 0 && !slices.ContainsFunc(d.Extra, func(h Hit) bool { return !empty(h) })
	case kindOwnOnly:
		return slices.ContainsFunc(d.Extra, empty)
	}
	return false
}

// explain fills in the exception a difference falls under, if any.
func explain(d *Difference, r *yara.Rule, table []exception) {
	for _, e := range table {
		if r != nil && e.covers(*d, r) {
			d.Reason = e.name
			return
		}
	}
}

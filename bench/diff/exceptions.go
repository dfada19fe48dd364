package main

import (
	"bytes"
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

// leftOver names what a second look settles: see settle.
const leftOver = "left over from another file"

// exceptions are all that there are.
func exceptions() []exception {
	return []exception{
		{
			name:   leftOver,
			reason: "asked about this file alone yara agrees; yara 4.2 keeps the entry point of a program for the files it scans after it",
			covers: func(Difference, *yara.Rule) bool { return false },
		},
		{
			name:   "pe.number_of_signatures",
			reason: "yara before 4.3 counts only signatures of the certificate table itself; later ones, and vitrine, count nested ones",
			covers: uses("pe.number_of_signatures"),
		},
		{
			name:   "longest match",
			reason: "where a regular expression matches in several ways at one offset (branches, or ascii and wide) yara keeps the match it finds last, vitrine the longest",
			covers: longest,
		},
		{
			name:   "whole words of wide expressions",
			reason: "yara 4.5 looks at single bytes around some matches of a wide regular expression with fullword, and so takes parts of words; 4.2, and vitrine, do not",
			covers: partsOfWords,
		},
		{
			name:   "wide branches",
			reason: "yara 4.2 misses some matches of a wide regular expression with branches that begin inside of another; 4.5, and vitrine, find them",
			covers: insideWide,
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

// longest covers hits at the same offsets, longer in vitrine, of regular
// expressions.
func longest(d Difference, r *yara.Rule) bool {
	if d.Kind != kindStrings || len(d.Only) != len(d.Extra) {
		return false
	}
	for i, theirs := range d.Only {
		ours := d.Extra[i]
		if ours.Name != theirs.Name || ours.Offset != theirs.Offset || ours.Length <= theirs.Length {
			return false
		}
	}
	return all(d, r, func(s *syntax.String) bool { return s.Kind == syntax.Regexp })
}

// partsOfWords covers hits of expressions that are wide and whole words.
func partsOfWords(d Difference, r *yara.Rule) bool {
	return all(d, r, func(s *syntax.String) bool { return s.Kind == syntax.Regexp && s.Mods.Wide && s.Mods.FullWord })
}

// insideWide covers further hits in vitrine of wide expressions with branches.
func insideWide(d Difference, r *yara.Rule) bool {
	return d.Kind == kindStrings && len(d.Only) == 0 &&
		all(d, r, func(s *syntax.String) bool {
			return s.Kind == syntax.Regexp && s.Mods.Wide && bytes.Contains(s.Value, []byte("|"))
		})
}

// all says whether every string with a hit that only one engine has fits. A
// difference without hits never does.
func all(d Difference, r *yara.Rule, fits func(*syntax.String) bool) bool {
	file, _ := syntax.Parse("", []byte(r.Text), syntax.Options{})
	good := map[string]bool{}
	for _, item := range file.Items {
		if rule, ok := item.(*syntax.Rule); ok {
			for _, s := range rule.Strings {
				good["$"+s.Name] = fits(s)
			}
		}
	}
	hits := slices.Concat(d.Only, d.Extra)
	return len(hits) > 0 && !slices.ContainsFunc(hits, func(h Hit) bool { return !good[h.Name] })
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

// settle takes what yara says of a file alone: differences that are gone by then
// are put down to what it scanned before, new ones are added.
func settle(before, alone []Difference) []Difference {
	for _, d := range before {
		if !slices.ContainsFunc(alone, func(a Difference) bool { return a.Rule == d.Rule }) {
			d.Reason = leftOver
			alone = append(alone, d)
		}
	}
	return alone
}

// open says whether a difference is left that no exception covers.
func open(all []Difference) bool {
	return slices.ContainsFunc(all, func(d Difference) bool { return d.Reason == "" })
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

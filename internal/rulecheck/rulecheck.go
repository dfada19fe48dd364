// Package rulecheck says what a finding about a rule is: what the checks below
// it (lint and hunting) give and what the command prints.
//
// It holds values only: it reads no file and knows no check.
package rulecheck

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity says how bad a finding is. The zero value is Low.
type Severity uint8

// The severities.
const (
	Low Severity = iota
	Medium
	High
)

// String gives the word that ParseSeverity reads.
func (s Severity) String() string { return [...]string{"low", "medium", "high"}[min(s, High)] }

// ParseSeverity reads low, medium or high.
func ParseSeverity(word string) (Severity, error) {
	for s := Low; s <= High; s++ {
		if s.String() == word {
			return s, nil
		}
	}
	return Low, fmt.Errorf("%q is no severity: low, medium or high", word)
}

// Kind groups the checks.
type Kind string

// The kinds.
const (
	Correctness Kind = "correctness"
	Performance Kind = "performance"
	Hunting     Kind = "hunting" // fires on documents rather than on code
)

// Finding is one thing wrong or doubtful with one rule.
type Finding struct {
	Severity Severity
	Kind     Kind
	Check    string // short name of the check, such as "short-atom"
	Rule     string // empty: the file as a whole
	String   string // with the $; empty when it is not about one string
	Reason   string // one sentence without a full stop
	File     string
	Line     int // 0: not known
	Col      int
}

// Sort orders findings by file and place.
func Sort(f []Finding) {
	slices.SortStableFunc(f, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Check, b.Check))
	})
}

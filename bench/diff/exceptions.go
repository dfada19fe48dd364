package main

import (
	"strings"

	"vitrine/yara"
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
	}
}

// uses covers every difference of a rule whose text holds the words.
func uses(words string) func(Difference, *yara.Rule) bool {
	return func(_ Difference, r *yara.Rule) bool { return strings.Contains(r.Text, words) }
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

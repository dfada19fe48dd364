package search

import (
	"strings"
	"testing"
)

// TestTally counts places tried and matches found, however a pattern is
// searched.
func TestTally(t *testing.T) {
	list := func(p *Pattern) { p.NeedList = true }
	demand := func(p *Pattern) { p.OnDemand = true }
	anchored := func(p *Pattern) { p.OnDemand, p.Anchor = true, 1 }
	gap := strings.Repeat(".", 250)
	for name, c := range map[string]struct {
		def, data    string
		how          func(*Pattern)
		tried, found int
	}{
		"first only":       {`"abcd"`, "abcd abcd", func(*Pattern) {}, 1, 1},
		"all":              {`"abcd"`, "abcd abcd", list, 2, 2},
		"no whole word":    {`"abcd" fullword`, "abcde abcd", list, 2, 1},
		"none":             {`"abcd"`, "nothing", list, 0, 0},
		"every place":      {`/[ab][^x]{3}[ab]/`, "a...b..b", list, 3, 1},
		"on demand":        {`"abcd"`, ".abcd", demand, 1, 1},
		"there or nowhere": {`"abcd"`, ".abcd", anchored, 1, 1},
		"not there":        {`"abcd"`, "abcd.", anchored, 1, 0},
		"parts":            {`{ 61 62 63 64 [201-300] 65 66 67 68 }`, "abcd" + gap + "efgh", list, 2, 2},
		"parts without":    {`{ 61 62 63 64 [201-300] 65 66 67 68 }`, "abcd" + gap, list, 1, 1},
	} {
		p := compile(t, c.def, Options{})
		c.how(p)
		tally := make([]Tally, 1)
		s := searcher(Config{Tally: tally}, p)
		for range 2 {
			search(t, s, c.data)
			s.Found(0)
		}
		if got := tally[0]; got != (Tally{2 * c.tried, 2 * c.found}) {
			t.Errorf("%s: %+v, want %d tried and %d found", name, got, 2*c.tried, 2*c.found)
		}
	}
}

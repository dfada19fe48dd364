package bench

import (
	"regexp"
	"strings"
	"testing"
)

func TestRulesAreTheSameForEver(t *testing.T) {
	a := Rules(50, 7)
	if Rules(50, 7) != a {
		t.Error("the same seed gives other rules")
	}
	if Rules(50, 8) == a {
		t.Error("another seed gives the same rules")
	}
	if n := strings.Count(a, "\nrule made_up_"); n != 50 {
		t.Errorf("%d rules, want 50", n)
	}
}

func TestShapesAreWhole(t *testing.T) {
	sum := 0
	for _, s := range shapes {
		sum += s.share
	}
	if sum != 1000 {
		t.Errorf("the shares of the shapes sum to %d, want 1000", sum)
	}
}

// TestRulesHaveThePublicShape counts over 3,000 rules what the public sets
// were counted for, in percent, with room for chance.
func TestRulesHaveThePublicShape(t *testing.T) {
	const n = 3000
	text := Rules(n, 1)
	count := func(expression string) int { return len(regexp.MustCompile(`(?m)`+expression).FindAllString(text, -1)) }
	texts, hexes, regexes := count(`^    \$\w+ = "`), count(`^    \$\w+ = \{`), count(`^    \$\w+ = /`)
	all := texts + hexes + regexes
	tests := []struct {
		name            string
		part, whole     int
		atLeast, atMost int
	}{
		{"text strings", texts, all, 65, 85},
		{"hex strings", hexes, all, 12, 32},
		{"regular expressions", regexes, all, 1, 4},
		{"fullword of the texts", count(`" (?:\w+ )*fullword`), texts, 35, 60},
		{"wide of the texts", count(`" (?:\w+ )*wide`), texts, 15, 40},
		{"nocase of the texts", count(`" (?:\w+ )*nocase`), texts, 3, 15},
		{"rules gated by MZ", count(`uint16\(0\) == 0x5a4d`), n, 50, 75},
		{"rules with a file size", count(`filesize <`), n, 40, 70},
		{"all of them", count(`all of them`), n, 30, 60},
		{"n of them", count(`\d+ of them`), n, 7, 25},
		{"rules with pe", count(`^    .*pe\.`), n, 3, 10},
		{"strings per rule", all, n, 300, 500},
		{"texts of 4 to 7 bytes", count(`^    \$\w+ = ".{4,7}"`), texts, 3, 15},
	}
	for _, tt := range tests {
		percent := tt.part * 100 / tt.whole
		if percent < tt.atLeast || percent > tt.atMost {
			t.Errorf("%s: %d %%, want %d to %d", tt.name, percent, tt.atLeast, tt.atMost)
		}
	}
}

func TestQuantileStaysInside(t *testing.T) {
	w := &writer{rand: newRand(3, 1)}
	low, high, middle := 1000, 0, 0
	for range 10_000 {
		n := w.quantile(5, 6, 8, 12, 20, 36, 60, 75, 102)
		low, high = min(low, n), max(high, n)
		if n <= 20 {
			middle++
		}
	}
	if low != 5 || high < 95 || high > 102 || middle < 4500 || middle > 5800 {
		t.Errorf("from %d to %d, %d of 10000 up to the median", low, high, middle)
	}
}

func TestQuoteEscapes(t *testing.T) {
	if got, want := quote(`a\b"c`), `"a\\b\"c"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := wideHex("Ab"), "00410062"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

package yara

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestTheTimeLimitEndsAnything: whatever a scan is busy with, it looks at the
// clock, and once the time is over it does nothing more.
func TestTheTimeLimitEndsAnything(t *testing.T) {
	rep := strings.Repeat
	const forever = `for any i in (0..100000000) : `
	tests := []struct{ name, rules, data string }{
		{"plain search", `rule r { strings: $a = "needle" condition: $a }`, rep("x", 1<<20)},
		{"candidates", `rule r { strings: $a = "ab" condition: #a > 0 }`, rep("ab", 1<<19)},
		{"backwards from each literal", `rule r { strings: $a = /.*foo.*/ condition: #a > 0 }`, rep("foo", 1<<15)},
		{"forwards from each literal", `rule r { strings: $a = /a(a|aa){1,2000}b/ condition: $a }`, rep("a", 1<<15)},
		{"no literal", `rule r { strings: $a = /[a-z]+[^a-z]/ condition: #a > 0 }`, rep("a", 1<<16)},
		{"two widths", `rule r { strings: $a = /[a-z]/ wide ascii condition: #a > 0 }`, rep("a\x00", 1<<19)},
		{"long jumps", `rule r { strings: $a = { 61 [0-300] 62 } condition: #a > 0 }`, rep("ab", 1<<18)},
		{"a string asked at places", `rule r { strings: $a = /[a-z]+[^a-z]/ condition: ` + forever + `($a at i) }`, rep("a", 1<<16)},
		{"a string asked at places, and everywhere", `rule r { strings: $a = /[a-z]+[^a-z]/ condition: not $a at 5 and not $a at 6 }`, rep("a", 1<<16)},
		{"an empty loop", `rule r { condition: ` + forever + `(i < 0) }`, ""},
		{"counts", `rule r { strings: $a = "a" condition: ` + forever + `(#a in (i..filesize) < 0) }`, rep("a", 1<<12)},
		{"texts", `rule r { condition: ` + forever + `("` + rep("a", 2000) + `" icontains "b") }`, ""},
		{"expressions", `rule r { condition: ` + forever + `("` + rep("a", 2000) + `" matches /(a|aa){1,50}b/) }`, ""},
		{"entropy", `import "math" rule r { condition: ` + forever + `(math.entropy(i, filesize) < 0.0) }`, rep("a", 1<<16)},
		{"hashes", `import "hash" rule r { condition: ` + forever + `(hash.md5(i, filesize) == "x") }`, rep("a", 1<<16)},
		{"a program's tables", `import "pe" rule r { condition: ` + forever + `(pe.imports(/a/, /b/) > 100 or pe.is_pe == i + 5) }`, string(smallPE())},
		{"many conditions", `rule r { condition: ` + rep("uint8(0) + 1 == 0 or ", 900) + "false }\n" + manyRules(130, "uint8(0) + 1 == 0 or ", 900), "x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			const last = 20 // looks within the time
			looks := 0
			now := func() time.Time {
				looks++
				return time.Unix(0, int64(looks))
			}
			s, err := NewScanner(mustCompile(t, Config{}, tt.rules), ScanConfig{Matches: true, Timeout: last, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Scan(context.Background(), []byte(tt.data)); !errors.Is(err, ErrTimeout) {
				t.Fatalf("the scan ends with %v after %d looks at the clock", err, looks)
			}
			if looks > last+3 {
				t.Errorf("the scan ends %d looks after its time", looks-last)
			}
		})
	}
}

// manyRules writes rules whose conditions are long.
func manyRules(n int, operand string, operands int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("rule r" + string(rune('a'+i%26)) + strings.Repeat("x", i/26) + " { condition: " + strings.Repeat(operand, operands) + "false }\n")
	}
	return b.String()
}

// TestListingIsBounded: rules that share a string with very many matches do
// not each list all of them.
func TestListingIsBounded(t *testing.T) {
	var text strings.Builder
	for i := range 20 {
		fmt.Fprintf(&text, "rule r%d { strings: $a = \"a\" condition: $a }\n", i)
	}
	rules := mustCompile(t, Config{}, text.String())
	r := mustScan(t, rules, ScanConfig{Matches: true, MaxListed: 1_500_000}, strings.Repeat("a", 100_000))
	listed := 0
	for _, m := range r.Matches {
		listed += len(m.Strings)
	}
	if len(r.Matches) != 20 || listed != 1_500_000 {
		t.Errorf("%d rules list %d matches, want 20 and 1500000", len(r.Matches), listed)
	}
	if len(r.Limits) == 0 || r.Limits[0].Limit != LimitMatches {
		t.Errorf("the limits reported are %v", r.Limits)
	}
}

package yara

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
)

// TestScanningAllocatesNothing: a Scanner used again works in the memory it
// has, whether rules match or not.
func TestScanningAllocatesNothing(t *testing.T) {
	var text strings.Builder
	text.WriteString("import \"math\"\n")
	for i := range 300 {
		fmt.Fprintf(&text, `rule r%d { strings: $a = "needle%d" $b = { %02X ?? 8B [2-4] 45 } $c = /re%dx[a-z]+/ $d = "no%dcase" nocase wide
			condition: (uint16(0) == 0x5A4D and all of them) or (filesize < 100000 and #a > 3 and for any i in (1..#a) : (@a[i] < 5)) or $b at 0 }
`, i, i, i%256, i, i)
	}
	text.WriteString(`rule hit { strings: $a = "plain" $b = /s[a-z]urce/ condition: $a and #b > 10 and for all i in (1..#b) : (@b[i] > @a) and math.max(#b, 3) > 5 }`)
	rules := mustCompile(t, Config{}, text.String())
	s, err := NewScanner(rules, ScanConfig{})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		data    []byte
		matches int
		most    float64 // allocations
	}{
		{"no match", bytes.Repeat([]byte("a line of nothing at all;\n"), 200), 0, 0},
		{"empty", nil, 0, 0},
		{"match", bytes.Repeat([]byte("a line of plain source text;\n"), 200), 1, 8},
	}
	for _, tt := range tests {
		var got *Result
		allocs := testing.AllocsPerRun(20, func() { got, err = s.Scan(context.Background(), tt.data) })
		if err != nil || len(got.Matches) != tt.matches {
			t.Fatalf("%s: %d matches, %v", tt.name, len(got.Matches), err)
		}
		if allocs > tt.most {
			t.Errorf("%s: %v allocations for a scan, want at most %v", tt.name, allocs, tt.most)
		}
	}
}

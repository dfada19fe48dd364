package yara

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// show writes what a scan found: the rules, and the places of their strings.
func (r *Result) show() []string {
	var out []string
	for _, m := range r.Matches {
		out = append(out, m.Rule.Name)
		for _, s := range m.Strings {
			out = append(out, fmt.Sprintf("%s:%d+%d^%d", s.Name, s.Offset, len(s.Data), s.XorKey))
		}
	}
	return out
}

// checkLazy compares what lazy scanners find with what evaluating every rule
// over every string finds, and finds it again with the scanners used once more.
func checkLazy(t *testing.T, choices []byte, kind int, data []byte) {
	t.Helper()
	g := &generator{chooser: chooser{choices}}
	dialect := Dialect(g.pick(2))
	text := g.ruleSet()
	compiler := NewCompiler(Config{Dialect: dialect, Externals: generatedExternals()})
	if err := compiler.Add(Source{Text: []byte(text)}); err != nil {
		if dialect == YARAX {
			return // YARA-X refuses some of what YARA takes
		}
		t.Fatalf("%v\n%s", err, text)
	}
	rules, err := compiler.Rules()
	if err != nil {
		t.Fatal(err)
	}
	scanner := func(c ScanConfig, all bool) *Scanner {
		c.MaxLoop = 20_000
		s, err := NewScanner(rules, c)
		if err != nil {
			t.Fatal(err)
		}
		s.all = all
		return s
	}
	all, lists := scanner(ScanConfig{Matches: true}, true), scanner(ScanConfig{Matches: true}, false)
	lazy, fast := scanner(ScanConfig{}, false), scanner(ScanConfig{Matches: true, Fast: true}, false)
	data = container(kind, data)
	other := container(kind+1, []byte("other data abc, abcab"))
	for range 2 {
		want, _ := all.Scan(context.Background(), data)
		for name, s := range map[string]*Scanner{"lazy": lazy, "lists": lists, "fast": fast} {
			got, err := s.Scan(context.Background(), data)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(want.names(), got.names()) {
				t.Fatalf("%s found %v, all %v\n%s\n%q", name, got.names(), want.names(), text, data)
			}
			if name == "lists" && !slices.Equal(want.show(), got.show()) {
				t.Fatalf("%s found %v, all %v\n%s\n%q", name, got.show(), want.show(), text, data)
			}
		}
		for _, s := range []*Scanner{all, lists, lazy, fast} {
			if _, err := s.Scan(context.Background(), other); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func FuzzLazy(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8}, uint8(0), []byte("abcabcaab"))
	f.Add([]byte{3, 0, 1, 20, 6, 1, 9, 3, 3, 12, 5, 5, 14, 2}, uint8(1), []byte("MZ\x90\x00abc"))
	f.Add([]byte{2, 9, 11, 13, 8, 0, 8, 4, 2, 1, 1, 7}, uint8(2), []byte("a\x00b\x00c\x00 abcab YWJjYWI="))
	f.Fuzz(func(t *testing.T, choices []byte, kind uint8, data []byte) {
		if len(data) > 2000 {
			data = data[:2000]
		}
		checkLazy(t, choices, int(kind), data)
	})
}

// TestLazy does what FuzzLazy does with choices drawn from a seed.
func TestLazy(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	rounds := 3000
	if testing.Short() {
		rounds = 300
	}
	for range rounds {
		choices := make([]byte, 30+rng.IntN(150))
		for i := range choices {
			choices[i] = byte(rng.Uint32())
		}
		data := make([]byte, rng.IntN(24)*(1+rng.IntN(3)))
		for i := range data {
			data[i] = "aaaabbbccMZ\x00 xAB"[rng.IntN(16)]
		}
		if rng.IntN(8) == 0 {
			data = append(data, bytes.Repeat([]byte("x"), 300)...)
			data = append(data, "abc"...)
		}
		checkLazy(t, choices, rng.IntN(4), data)
	}
}

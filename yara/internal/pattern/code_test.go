package pattern

import (
	"slices"
	"sync"
	"testing"
)

// TestCode: instructions come back from code as they were, and a packed
// program matches as before, for several machines at once.
func TestCode(t *testing.T) {
	for _, source := range []string{`abc`, `a`, `[ab]+c{2,40}|x.*?y`, `^a\b.{300}b$`, `(a|b|(cd)*)+`, `a?b?c?d{0,500}`} {
		p, err := Compile(mustRegexp(t, source), Options{})
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(p.Insts)
		code, n := p.Code()
		if got := readCode(code, n); !slices.Equal(got, want) {
			t.Errorf("%s: %v", source, got)
		}
		for short := range code {
			if p.SetCode(code[:short], n); p.CheckCode() == nil {
				t.Errorf("%s: %d bytes of code are taken", source, short)
			}
		}
		p.Insts = want
		for _, data := range []string{"", "abc", "xxy", "abcccc", "dddd"} {
			var plain Machine
			before := plain.Search(p, []byte(data))
			packed, err := Compile(mustRegexp(t, source), Options{})
			if err != nil {
				t.Fatal(err)
			}
			packed.Pack()
			packed.Pack()
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					var m Machine
					if packed.Insts != nil || m.Search(packed, []byte(data)) != before {
						t.Errorf("%s in %s: not %t", source, data, before)
					}
				})
			}
			all.Wait()
			if again, m := packed.Code(); !slices.Equal(again, code) || m != n {
				t.Errorf("%s: other code", source)
			}
		}
	}
}

// FuzzCode reads code of any kind, and runs what passes.
func FuzzCode(f *testing.F) {
	for _, source := range []string{`abc`, `[ab]+c{2,40}|x.*?y`, `^a\b.{300}b$`} {
		p, err := Compile(mustRegexp(f, source), Options{})
		if err != nil {
			f.Fatal(err)
		}
		code, n := p.Code()
		f.Add(code, n, p.Straight)
	}
	f.Fuzz(func(t *testing.T, code []byte, n int, straight bool) {
		p := &Program{Straight: straight, Sets: make([]Set, 2), Text: []byte("some text")}
		if p.SetCode(code, n); p.CheckCode() != nil {
			return
		}
		if insts := p.ready().Insts; len(insts) != n {
			t.Fatalf("%d instructions of %d", len(insts), n)
		}
		var m Machine
		m.Search(p, []byte("some text to be searched"))
		m.Forward(p, []byte("some text to be searched"), 3, 0)
	})
}

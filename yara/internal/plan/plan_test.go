package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
	"vitrine/yara/internal/modules"
	"vitrine/yara/internal/search"
	"vitrine/yara/internal/sema"
	"vitrine/yara/syntax"
)

const rules = `
import "pe" import "elf" import "console"
rule text    { strings: $a = "some text" condition: $a }
rule both    { strings: $a = "some text" $b = "other text" condition: $a or $b }
rule windows { strings: $a = "windows text" condition: uint16(0) == 0x5A4D and $a }
rule header  { condition: pe.number_of_sections == 3 }
rule linux   { strings: $a = "windows text" $b = "linux text" condition: uint32(0) == 0x464C457F and all of them }
rule always  { condition: filesize > 10 }
rule small   { strings: $a = "some text" condition: filesize < 100 and $a }
rule never   { strings: $a = "never" condition: $a and false }
rule unless  { strings: $a = "some text" condition: not $a }
rule acts    { strings: $a = "acting" condition: console.log("x") and $a }
rule refers  { condition: windows }
rule third   { strings: $a = "third" condition: uint8(2) == 7 and $a }
rule either  { condition: uint16(0) == 0x5A4D or uint32(0) == 0x464C457F }
rule two     { strings: $a = "some text" $b = "linux text" $c = "third" condition: 2 of them }
rule ways    { strings: $a = "some text" $b = "PK" condition: uint16(0) == 0x5A4D and pe.is_pe or $b at 0 and filesize > 3 or #a > 1 }
rule offset  { strings: $a = "PK" condition: $a at 0 }
`

func build(t testing.TB) (*ir.Set, []string) { return buildRules(t, rules) }

func buildRules(t testing.TB, text string) (*ir.Set, []string) {
	t.Helper()
	file, errs := syntax.Parse("t.yar", []byte(text), syntax.Options{})
	for _, e := range errs {
		t.Fatal(e)
	}
	c := sema.New(sema.Options{Module: modules.Named, Externals: map[string]module.Value{}})
	var names []string
	for _, item := range file.Items {
		switch item := item.(type) {
		case *syntax.Import:
			c.Import(item, "")
		case *syntax.Rule:
			names = append(names, item.Name)
			for _, p := range c.Rule(item, "") {
				t.Fatal(p.Message)
			}
		}
	}
	return c.Set(), names
}

func head(data string) []byte { return []byte(data[:min(4, len(data))]) }

// found gives the patterns that occur in data, searched as a scan does.
func found(t testing.TB, set *ir.Set, p *Plan, data string) []int32 {
	t.Helper()
	s := search.NewSearcher(p.Index, set.Patterns, search.Config{MaxMatches: 100, RegexWindow: 100, Stop: func() error { return nil }})
	s.Reset([]byte(data), Kind(head(data)), p.Open(head(data), nil))
	if err := s.Search(); err != nil {
		t.Fatal(err)
	}
	var out []int32
	for _, id := range s.Touched() {
		if s.Found(id) {
			out = append(out, id)
		}
	}
	return out
}

// TestCandidates: which rules a scan evaluates.
func TestCandidates(t *testing.T) {
	set, names := build(t)
	p := New(set)
	long := strings.Repeat(".", 100)
	tests := []struct{ data, want string }{
		{"", "unless acts"},
		{"abc", "unless acts"},
		{"long enough to be", "always unless acts"},
		{"some text", "text both small unless acts two ways"},
		{"some text" + long, "text both always unless acts two ways"},
		{"other text", "both unless acts"},
		{"windows text", "always unless acts"},
		{"MZ windows text", "windows header always unless acts refers either ways"},
		{"MZ", "header unless acts either ways"},
		{"M", "unless acts"},
		{"\x7fELF windows text linux text", "linux always unless acts either two"},
		{"\x7fELF windows text", "linux always unless acts either"},
		{"\x7fELF", "unless acts either"},
		{"\x7fEL", "unless acts"},
		{"ab\x07 third", "unless acts third"},
		{"ab\x08 third", "unless acts"},
		{"never and acting", "always unless acts"},
		{"PK\x03\x04", "unless acts ways offset"},
		{"PK", "unless acts offset"},
		{"P", "unless acts"},
	}
	for _, tt := range tests {
		var got []string
		for _, r := range p.Candidates(nil, found(t, set, p, tt.data), head(tt.data), int64(len(tt.data)), modulesOf{}) {
			got = append(got, names[r])
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%.20q: %v, want %s", tt.data, got, tt.want)
		}
	}
}

// TestClasses: which patterns are searched for in which files.
func TestClasses(t *testing.T) {
	set, names := build(t)
	p := New(set)
	pattern := map[string]int32{}
	for r, rule := range set.Rules {
		for i, s := range rule.Strings {
			pattern[names[r]+"$"+string("abc"[i])] = s.Pattern
		}
	}
	tests := []struct {
		head   string
		open   []string
		closed []string
	}{
		{"text", []string{"text$a", "both$b", "acts$a", "two$c"}, []string{"windows$a", "never$a"}},
		{"MZ\x90\x00", []string{"text$a", "windows$a"}, []string{"never$a"}},
		{"\x7fELF", []string{"text$a", "windows$a", "linux$b"}, []string{"never$a"}},
		{"", []string{"text$a"}, []string{"windows$a", "never$a"}},
	}
	class := p.classify(set)
	for _, tt := range tests {
		open := p.Open([]byte(tt.head), nil)
		for want, list := range map[bool][]string{true: tt.open, false: tt.closed} {
			for _, name := range list {
				id, ok := pattern[name]
				if !ok {
					t.Fatalf("no string %s", name)
				}
				if open[class[id]] != want {
					t.Errorf("%q: class of %s is open: %t", tt.head, name, !want)
				}
			}
		}
	}
}

// TestManyClasses: more kinds of rules than classes still find their strings.
func TestManyClasses(t *testing.T) {
	var b strings.Builder
	const n = 2 * maxClasses
	for i := range n {
		fmt.Fprintf(&b, "rule r%d { strings: $a = \"text of %d.\" condition: uint16(2) == %d and $a }\n", i, i, i)
	}
	file, _ := syntax.Parse("t.yar", []byte(b.String()), syntax.Options{})
	c := sema.New(sema.Options{Module: modules.Named})
	for _, item := range file.Items {
		c.Rule(item.(*syntax.Rule), "")
	}
	set := c.Set()
	p := New(set)
	if len(p.classes) != maxClasses {
		t.Errorf("%d classes", len(p.classes))
	}
	for _, i := range []int{0, 1, maxClasses - 2, maxClasses, n - 1} {
		data := string([]byte{'.', '.', byte(i), byte(i >> 8)}) + fmt.Sprintf(" text of %d.", i)
		got := p.Candidates(nil, found(t, set, p, data), head(data), int64(len(data)), modulesOf{})
		if !slices.Equal(got, []int32{int32(i)}) {
			t.Errorf("rule %d: candidates %v", i, got)
		}
	}
}

func TestOwner(t *testing.T) {
	set, names := build(t)
	p := New(set)
	for id := range set.Patterns.Len() {
		o := p.Owner(int32(id))
		if o.Rule < 0 || set.Rules[o.Rule].Strings[o.String].Pattern != int32(id) {
			t.Errorf("pattern %d is owned by %+v", id, o)
		}
	}
	if o := p.Owner(set.Rules[1].Strings[0].Pattern); names[o.Rule] != "text" {
		t.Errorf("the shared string belongs to %s", names[o.Rule])
	}
}

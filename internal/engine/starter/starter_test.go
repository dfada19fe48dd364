package starter

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"vitrine/yara"
)

// compiled compiles the rules once for all tests.
var compiled = sync.OnceValues(Compile)

func rules(t *testing.T) *yara.Rules {
	t.Helper()
	r, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func scanner(t *testing.T, matches bool) *yara.Scanner {
	t.Helper()
	s, err := yara.NewScanner(rules(t), yara.ScanConfig{Matches: matches})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func found(t *testing.T, s *yara.Scanner, data []byte) []string {
	t.Helper()
	result, err := s.Scan(context.Background(), data)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, 0, len(result.Matches))
	for _, m := range result.Matches {
		names = append(names, m.Rule.Name)
	}
	return names
}

// public ranges over the rules that can be reported.
func public(t *testing.T) []*yara.Rule {
	t.Helper()
	var out []*yara.Rule
	for rule := range rules(t).All() {
		if !rule.Private {
			out = append(out, rule)
		}
	}
	return out
}

func TestSources(t *testing.T) {
	sources := Sources()
	if len(sources) == 0 || sources[0].Name != "00_gates.yar" {
		t.Fatalf("the gates do not come first: %d sources", len(sources))
	}
	for _, s := range sources {
		if s.Namespace != Namespace {
			t.Errorf("%s is in namespace %q", s.Name, s.Namespace)
		}
		if n := bytes.Count(s.Text, []byte("\n")); n > 500 {
			t.Errorf("%s has %d lines; split it", s.Name, n)
		}
	}
	sources[1].Text[0] ^= 0xFF
	if Sources()[1].Text[0] == sources[1].Text[0] {
		t.Error("the texts are not copies")
	}
}

func TestCompileWarnsOfNothing(t *testing.T) {
	c := yara.NewCompiler(yara.Config{})
	for _, s := range Sources() {
		if err := c.Add(s); err != nil {
			t.Error(err)
		}
	}
	for _, w := range c.Warnings() {
		t.Errorf("%s:%d: %s: %s", w.File, w.Line, w.Rule, w.Message)
	}
}

var (
	nameShape = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)+$`)
	wordShape = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
	linkShape = regexp.MustCompile(`^https://[a-z0-9.-]+/\S*$`)
)

// Every rule says what it is, where that is written down, and how bad it is.
func TestMetadata(t *testing.T) {
	categories := []string{"eicar", "webshell", "reverse_shell", "dropper", "miner", "botnet", "backdoor", "rootkit",
		"persistence", "credential", "c2", "packed", "keygen", "ransom", "mail"}
	severities := []string{"critical", "high", "medium", "low"}
	seen := map[string]bool{}
	told := map[string]string{}
	for _, rule := range public(t) {
		category, description := rule.MetaText("category"), rule.MetaText("description")
		switch {
		case seen[rule.Name]:
			t.Errorf("%s stands twice", rule.Name)
		case !nameShape.MatchString(rule.Name):
			t.Errorf("%s is not lower_snake", rule.Name)
		case !slices.Contains(categories, category):
			t.Errorf("%s: unknown category %q", rule.Name, category)
		case !strings.HasPrefix(rule.Name, category+"_"):
			t.Errorf("%s does not begin with its category %q", rule.Name, category)
		case !slices.Contains(severities, rule.MetaText("severity")):
			t.Errorf("%s: unknown severity %q", rule.Name, rule.MetaText("severity"))
		case !wordShape.MatchString(rule.MetaText("family")):
			t.Errorf("%s: family %q", rule.Name, rule.MetaText("family"))
		case !linkShape.MatchString(rule.MetaText("reference")):
			t.Errorf("%s: reference %q", rule.Name, rule.MetaText("reference"))
		case len(description) < 20 || len(description) > 160:
			t.Errorf("%s: description of %d bytes", rule.Name, len(description))
		case told[description] != "":
			t.Errorf("%s and %s have one description", rule.Name, told[description])
		}
		seen[rule.Name], told[description] = true, rule.Name
	}
	if len(seen) < 120 {
		t.Errorf("%d rules, want at least 120", len(seen))
	}
	t.Logf("%d rules", len(seen))
}

// Every rule finds its sample, and a sample wakes no rule that has nothing to
// do with it.
func TestSamples(t *testing.T) {
	all := samples(t)
	s := scanner(t, false)
	for _, rule := range public(t) {
		sample, ok := all[rule.Name]
		if !ok {
			t.Errorf("%s has no sample", rule.Name)
			continue
		}
		names := found(t, s, sample.build())
		if !slices.Contains(names, rule.Name) {
			t.Errorf("%s does not find its sample; found: %v", rule.Name, names)
		}
		for _, name := range names {
			if name != rule.Name && !slices.Contains(companions[rule.Name], name) {
				t.Errorf("the sample of %s is also found by %s", rule.Name, name)
			}
		}
		for _, name := range companions[rule.Name] {
			if !slices.Contains(names, name) {
				t.Errorf("the sample of %s is no longer found by %s: drop it from companions", rule.Name, name)
			}
		}
		delete(all, rule.Name)
	}
	for name := range all {
		t.Errorf("sample for %s, but no such rule", name)
	}
}

// No file of this package holds a mark of a sample in one piece: what a rule
// matches in its sample must not stand anywhere as it is.
func TestSamplesAreStoredInPieces(t *testing.T) {
	tree := packageTexts(t)
	s := scanner(t, true)
	for name, sample := range samples(t) {
		data := sample.build()
		result, err := s.Scan(context.Background(), data)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range result.Matches {
			longest := longestMatch(m)
			if len(longest) < 12 {
				continue
			}
			for file, text := range tree {
				if bytes.Contains(text, longest) {
					t.Errorf("%s holds %q of the sample of %s in one piece", file, longest, name)
				}
			}
		}
	}
}

func longestMatch(m yara.RuleMatch) []byte {
	var longest []byte
	for _, s := range m.Strings {
		if len(s.Data) > len(longest) {
			longest = s.Data
		}
	}
	return longest
}

// packageTexts gives the test files of this folder: the rules themselves must
// name what they look for.
func packageTexts(t *testing.T) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("*_test.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	texts := map[string][]byte{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = text
	}
	return texts
}

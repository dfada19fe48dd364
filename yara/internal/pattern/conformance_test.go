package pattern

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// vector is a case of the conformance table (VITRINE_VECTORS), whose README
// explains the fields. Here only those count whose rule is one pattern $a and
// whose condition is $a; the scanner's own test runs the whole table.
type vector struct {
	ID       string
	Group    string
	Rule     string
	Data     []byte `json:"data_b64"`
	Expect   string
	Dialect  string
	Verdict4 string `json:"yara458"`
	Matches  []vectorMatch
	Limited  string        `json:"matches_dialect"`
	All      []vectorMatch `json:"observed_matches"`
}

type vectorMatch struct {
	String         string
	Offset, Length int
}

// onePattern takes a rule apart: a regular expression with its flags, or the
// text between braces; then modifiers.
var onePattern = regexp.MustCompile(`(?s)^\s*rule\s+\w+\s*\{\s*strings:\s*\$a\s*=\s*(?:/(.*)/([is]*)|\{(.*)\})((?:\s+(?:wide|ascii|nocase))*)\s+condition:\s*\$a\s*\}\s*$`)

func TestConformance(t *testing.T) {
	ran := map[string]int{}
	for _, v := range loadVectors(t) {
		for _, strict := range []bool{false, true} {
			if !v.holds(strict) {
				continue
			}
			parts := onePattern.FindStringSubmatch(v.Rule)
			if parts == nil || strings.Count(v.Rule, "condition:") > 1 || parts[3] != "" && parts[4] != "" {
				continue
			}
			ran[v.Group]++
			if problem := v.check(parts, strict); problem != "" {
				t.Errorf("%s (YARA-X: %v): %s on %.60q: %s", v.ID, strict, v.Rule, v.Data, problem)
			}
		}
	}
	t.Logf("cases run: %v", ran)
	if ran["regex"] < 700 || ran["hex"] < 90 {
		t.Errorf("only %v cases were understood", ran)
	}
}

func loadVectors(t *testing.T) []vector {
	t.Helper()
	dir := os.Getenv("VITRINE_VECTORS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "vectors")
	}
	f, err := os.Open(filepath.Join(dir, "yara", "conformance.jsonl"))
	if err != nil {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatalf("VITRINE_REQUIRE_ALL is set and the conformance table is absent: %v", err)
		}
		t.Skipf("NOT RUN: the conformance table is absent (set VITRINE_VECTORS): %v", err)
	}
	defer f.Close()
	var all []vector
	lines := bufio.NewScanner(f)
	for lines.Buffer(nil, 8<<20); lines.Scan(); {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if slices.Contains([]string{"regex", "hex", "compile-error"}, v.Group) {
			all = append(all, v)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// holds tells whether the case is true of the dialect.
func (v *vector) holds(strict bool) bool {
	if strict {
		return v.Dialect != "yara4"
	}
	want := v.Expect
	if want == "compile_error" {
		want = "error"
	}
	return v.Dialect != "yarax" || v.Verdict4 == want
}

// check gives what is wrong with our answer, or nothing.
func (v *vector) check(parts []string, strict bool) string {
	n, err := parseParts(parts, strict)
	if v.Expect == "compile_error" {
		switch {
		case err != nil || n.Greedy() && n.Ungreedy():
		case strict && (n.MinLen() == 0 || n.EndlessStart()):
		default:
			if _, err := Compile(n, Options{}); err == nil {
				return "accepted"
			}
		}
		return ""
	}
	if err != nil {
		return err.Error()
	}
	found, problem := v.matches(n, strings.Fields(parts[4]))
	if problem != "" {
		return problem
	}
	if (len(found) > 0) != (v.Expect == "match") {
		return v.Expect + " expected"
	}
	return v.compare(found, strict)
}

func parseParts(parts []string, strict bool) (*Node, error) {
	if parts[3] != "" {
		return ParseHex([]byte(parts[3]))
	}
	nocase := strings.Contains(parts[2], "i") || strings.Contains(parts[4], "nocase")
	return ParseRegexp([]byte(parts[1]), Flags{NoCase: nocase, DotAll: strings.Contains(parts[2], "s")}, strict)
}

// matches searches the pattern at every offset, in the widths asked for.
func (v *vector) matches(n *Node, mods []string) (found []vectorMatch, problem string) {
	links := Split(n, 200)
	for _, wide := range []bool{false, true} {
		if wide != slices.Contains(mods, "wide") && (wide || slices.Contains(mods, "wide") && !slices.Contains(mods, "ascii")) {
			continue
		}
		p, err := Compile(links[0].Node, Options{Wide: wide})
		if err != nil {
			return nil, err.Error()
		}
		var m Machine
		m.All(p, nil, v.Data, 0, len(v.Data), 4096, func(start, end int) bool {
			if end, ok := v.chained(&m, links[1:], end); ok {
				found = append(found, vectorMatch{"$a", start, end - start})
			}
			return true
		})
	}
	return found, ""
}

// chained gives the nearest end of the links that follow one another behind
// end.
func (v *vector) chained(m *Machine, links []Link, end int) (int, bool) {
	if len(links) == 0 {
		return end, true
	}
	p, err := Compile(links[0].Node, Options{})
	if err != nil {
		return 0, false
	}
	last := len(v.Data)
	if links[0].GapMax >= 0 {
		last = min(last, end+links[0].GapMax)
	}
	for at := end + links[0].GapMin; at <= last; at++ {
		if e, ok, _ := m.Forward(p, v.Data, at, 4096); ok {
			if e, ok := v.chained(m, links[1:], e); ok {
				return e, true
			}
		}
	}
	return 0, false
}

func (v *vector) compare(found []vectorMatch, strict bool) string {
	if limited := v.Limited; limited != "" && (limited == "yarax") != strict {
		return ""
	}
	for _, want := range append(v.Matches, v.All...) {
		if !slices.Contains(found, want) {
			return "a match is missing"
		}
	}
	if v.All != nil && len(found) != len(v.All) {
		return "a match too many"
	}
	return ""
}

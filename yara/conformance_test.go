package yara_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/yara"
)

// The table holds, for each case, a rule, the bytes to scan and the verdict
// that the test suite of YARA or of YARA-X states for them. It is other
// people's data and stays outside this repository: VITRINE_VECTORS says where.

// vector is one line of the table. Its README explains the fields.
type vector struct {
	ID      string
	Group   string
	Rule    string
	RuleB64 string `json:"rule_b64"`
	DataB64 string `json:"data_b64"`

	Files     map[string]string
	Externals map[string]any

	Expect   string
	Rules    []string
	Dialect  string
	Verdict4 string `json:"yara458"`

	Matches        []place
	MatchesDialect string  `json:"matches_dialect"`
	AllMatches     []place `json:"observed_matches"`

	Console      []string
	WarningsMin  *int     `json:"warnings_min"`
	WarningsMax  *int     `json:"warnings_max"`
	WarningCodes []string `json:"warning_codes"`
}

// place is where a string matches.
type place struct {
	String string
	Offset int64
	Length int
}

// mode is one of the two languages that the library can speak.
type mode struct {
	name    string
	dialect yara.Dialect
	takes   func(*vector) bool
}

func modes() []mode {
	return []mode{
		{"yara4", yara.YARA4, func(v *vector) bool { return v.Dialect != "yarax" || v.Verdict4 == v.verdict() }},
		{"yarax", yara.YARAX, func(v *vector) bool { return v.Dialect != "yara4" }},
	}
}

// verdict is Expect in the words of the observed verdicts.
func (v *vector) verdict() string {
	if v.Expect == "compile_error" {
		return "error"
	}
	return v.Expect
}

// score counts the cases of a group in one mode.
type score struct {
	passed, total, warned, warnable int
}

// TestConformance runs the table in both dialects. A group is chosen with
// -run TestConformance/regex, a dialect with -run TestConformance//yarax.
func TestConformance(t *testing.T) {
	groups := loadVectors(t)
	scores := make(map[string]map[string]*score)
	for _, group := range sortedKeys(groups) {
		t.Run(group, func(t *testing.T) {
			scores[group] = make(map[string]*score)
			for _, m := range modes() {
				s := new(score)
				scores[group][m.name] = s
				t.Run(m.name, func(t *testing.T) { runGroup(t, m, groups[group], s) })
			}
		})
	}
	t.Log("\n" + scoreTable(scores))
}

func runGroup(t *testing.T, m mode, vectors []*vector, s *score) {
	for _, v := range vectors {
		if !m.takes(v) {
			continue
		}
		s.total++
		if problem := v.check(m, s); problem != "" {
			t.Errorf("%s: %s\n%s", v.ID, problem, v.brief())
		} else {
			s.passed++
		}
	}
}

// check runs a case and says what is wrong, or nothing.
func (v *vector) check(m mode, s *score) (problem string) {
	defer func() {
		if r := recover(); r != nil {
			problem = fmt.Sprintf("panic: %v", r)
		}
	}()
	compiler := yara.NewCompiler(yara.Config{Dialect: m.dialect, Externals: v.externals(), Include: v.include})
	err := compiler.Add(yara.Source{Name: "rule.yar", Text: []byte(v.rule())})
	if v.Expect == "compile_error" {
		return checkRefusal(err)
	}
	if err != nil {
		return fmt.Sprintf("want %s, does not compile: %v", v.Expect, err)
	}
	v.countWarnings(m, s, len(compiler.Warnings()))
	rules, err := compiler.Rules()
	if err != nil {
		return fmt.Sprintf("want %s, no rules: %v", v.Expect, err)
	}
	return v.scan(m, rules)
}

// checkRefusal wants an error that says where in the rules it is.
func checkRefusal(err error) string {
	var list yara.Errors
	switch {
	case err == nil:
		return "want compile_error, compiles"
	case !errors.As(err, &list) || len(list) == 0:
		return fmt.Sprintf("refused, but with %T: %v", err, err)
	}
	for _, d := range list {
		if d.Line < 1 || d.Col < 1 || d.Message == "" || d.File != "rule.yar" {
			return fmt.Sprintf("refused without place or message: %+v", d)
		}
	}
	return ""
}

// scan scans three times: for the answer, again with the same Scanner, and
// without asking for matches. All must agree.
func (v *vector) scan(m mode, rules *yara.Rules) string {
	data, err := base64.StdEncoding.DecodeString(v.DataB64)
	if err != nil {
		return err.Error()
	}
	var console []string
	config := yara.ScanConfig{
		Matches: true,
		Timeout: 10 * time.Second,
		Now:     func() time.Time { return time.Unix(1700000000, 0) },
		Console: func(line string) { console = append(console, line) },
	}
	scanner, err := yara.NewScanner(rules, config)
	if err != nil {
		return err.Error()
	}
	config.Matches, config.Console = false, nil
	bare, err := yara.NewScanner(rules, config)
	if err != nil {
		return err.Error()
	}
	var first []string
	for i, s := range []*yara.Scanner{scanner, scanner, bare} {
		result, err := s.Scan(context.Background(), data)
		if err != nil {
			return fmt.Sprintf("scan %d: %v", i+1, err)
		}
		names := ruleNames(result)
		if i == 0 {
			first = names
			if problem := v.compare(m, result, console); problem != "" {
				return problem
			}
		}
		if !slices.Equal(names, first) {
			return fmt.Sprintf("scan %d says %v, the first said %v", i+1, names, first)
		}
	}
	return ""
}

func (v *vector) compare(m mode, result *yara.Result, console []string) string {
	got, want := ruleNames(result), slices.Sorted(slices.Values(v.Rules))
	if !slices.Equal(got, want) {
		return fmt.Sprintf("want %s %v, got %v (limits %v)", v.Expect, want, got, result.Limits)
	}
	if v.Console != nil && !slices.Equal(console, v.Console) {
		return fmt.Sprintf("want console %q, got %q", v.Console, console)
	}
	places := placesOf(result)
	if v.MatchesDialect == "" || v.MatchesDialect == m.name {
		for _, p := range v.Matches {
			if !slices.Contains(places, p) {
				return fmt.Sprintf("want a match %v, got %s", p, some(places))
			}
		}
	}
	if all := slices.SortedFunc(slices.Values(v.AllMatches), comparePlaces); v.AllMatches != nil && !slices.Equal(places, all) {
		return fmt.Sprintf("want all matches %s, got %s", some(all), some(places))
	}
	return ""
}

func ruleNames(result *yara.Result) []string {
	var names []string
	for _, m := range result.Matches {
		names = append(names, m.Rule.Name)
	}
	slices.Sort(names)
	return names
}

func placesOf(result *yara.Result) []place {
	var places []place
	for _, m := range result.Matches {
		for _, s := range m.Strings {
			places = append(places, place{s.Name, s.Offset, len(s.Data)})
		}
	}
	slices.SortFunc(places, comparePlaces)
	return places
}

func comparePlaces(a, b place) int {
	if c := strings.Compare(a.String, b.String); c != 0 {
		return c
	}
	if a.Offset != b.Offset {
		return int(a.Offset - b.Offset)
	}
	return a.Length - b.Length
}

// some prints the first places of a list.
func some(places []place) string {
	if len(places) > 6 {
		return fmt.Sprintf("%v… (%d)", places[:6], len(places))
	}
	return fmt.Sprint(places)
}

// countWarnings keeps the score of the warnings, which does not fail a case:
// the suites state their number, not what they say.
func (v *vector) countWarnings(m mode, s *score, n int) {
	low, high := v.WarningsMin, v.WarningsMax
	if m.dialect == yara.YARAX {
		low, high = nil, nil
		if v.WarningCodes != nil {
			codes := len(v.WarningCodes)
			low, high = &codes, &codes
		}
	}
	if low == nil && high == nil {
		return
	}
	s.warnable++
	if (low == nil || n >= *low) && (high == nil || n <= *high) {
		s.warned++
	}
}

func (v *vector) rule() string {
	if v.RuleB64 == "" {
		return v.Rule
	}
	text, err := base64.StdEncoding.DecodeString(v.RuleB64)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (v *vector) externals() map[string]any {
	vars := make(map[string]any, len(v.Externals))
	for name, value := range v.Externals {
		vars[name] = value
		if n, ok := value.(json.Number); ok {
			if i, err := n.Int64(); err == nil {
				vars[name] = i
			} else if f, err := n.Float64(); err == nil {
				vars[name] = f
			}
		}
	}
	return vars
}

func (v *vector) include(from, name string) (yara.Source, error) {
	full := path.Join(path.Dir(from), name)
	text, ok := v.Files[full]
	if !ok {
		return yara.Source{}, fmt.Errorf("no file %s", full)
	}
	return yara.Source{Name: full, Text: []byte(text)}, nil
}

// brief shows the rule and the first bytes of the data.
func (v *vector) brief() string {
	rule := strings.Join(strings.Fields(v.rule()), " ")
	if len(rule) > 300 {
		rule = rule[:300] + "…"
	}
	data, _ := base64.StdEncoding.DecodeString(v.DataB64)
	head := data[:min(len(data), 48)]
	return fmt.Sprintf("    rule: %s\n    data: %d bytes %q", rule, len(data), head)
}

func loadVectors(t *testing.T) map[string][]*vector {
	t.Helper()
	f, err := os.Open(filepath.Join(vectorsDir(), "yara", "conformance.jsonl"))
	if err != nil {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatalf("VITRINE_REQUIRE_ALL is set and the conformance table is absent: %v", err)
		}
		t.Skipf("NOT RUN: the conformance table is absent (set VITRINE_VECTORS): %v", err)
	}
	defer f.Close()
	groups := make(map[string][]*vector)
	lines := bufio.NewScanner(f)
	for lines.Buffer(nil, 8<<20); lines.Scan(); {
		v := new(vector)
		d := json.NewDecoder(strings.NewReader(lines.Text()))
		d.UseNumber()
		if err := d.Decode(v); err != nil {
			t.Fatal(err)
		}
		groups[v.Group] = append(groups[v.Group], v)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return groups
}

func vectorsDir() string {
	if dir := os.Getenv("VITRINE_VECTORS"); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", "shared", "vectors")
}

func scoreTable(scores map[string]map[string]*score) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-20s %12s %12s %16s\n", "group", "yara4", "yarax", "warnings")
	sum := map[string]*score{"yara4": {}, "yarax": {}}
	for _, group := range sortedKeys(scores) {
		writeScore(&b, group, scores[group])
		for name, s := range scores[group] {
			sum[name].add(s)
		}
	}
	writeScore(&b, "total", sum)
	b.WriteString("warnings: cases with as many warnings as the suites state; not required.\n")
	return b.String()
}

func (s *score) add(o *score) {
	s.passed += o.passed
	s.total += o.total
	s.warned += o.warned
	s.warnable += o.warnable
}

func writeScore(b *strings.Builder, name string, s map[string]*score) {
	four, x := s["yara4"], s["yarax"]
	fmt.Fprintf(b, "%-20s %12s %12s", name, ratio(four.passed, four.total), ratio(x.passed, x.total))
	fmt.Fprintf(b, " %8s %7s\n", ratio(four.warned, four.warnable), ratio(x.warned, x.warnable))
}

func ratio(part, whole int) string {
	if whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%d/%d", part, whole)
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

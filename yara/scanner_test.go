package yara

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func mustCompile(t testing.TB, c Config, text string) *Rules {
	t.Helper()
	compiler := NewCompiler(c)
	if err := compiler.Add(Source{Name: "test.yar", Text: []byte(text)}); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	rules, err := compiler.Rules()
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func mustScan(t testing.TB, rules *Rules, c ScanConfig, data string) *Result {
	t.Helper()
	s, err := NewScanner(rules, c)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Scan(context.Background(), []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestConditions(t *testing.T) {
	// Strings: $a at 2 and 7, $b at 4, $c nowhere.
	const data = "..ab.CDab.\x01\x02\x03\x04"
	const declared = `$a = "ab" $b = /C./ $c = "zzz"`
	hold := []string{
		`$a`, `not $c`, `$a and $b`, `$a or $c`, `$a at 2`, `$a at 7 and not $a at 3`, `$b in (5..6)`,
		`#a == 2`, `#a in (3..9) == 1`, `@a == 2`, `@a[2] == 7`, `!b == 2`, `not defined @a[3]`, `not defined @c`,
		`any of them`, `2 of them`, `none of ($c)`, `all of ($a, $b)`, `66% of them`, `not 67% of them`,
		`any of ($a*) in (6..8)`, `all of ($a, $b) in (0..7)`, `any of them at 5`,
		`for any of them : ($ at 5)`, `for all of ($a, $b) : (# > 0 and @ < 6)`, `for none of them : (@ == 3)`,
		`for all i in (1..#a) : (@a[i] + !a[i] <= filesize)`, `for any i in (1, 7) : ($a at i)`,
		`for 2 s in ("x", "y", "x") : (s == "x")`, `not for all i in (filesize..1) : (true)`,
		`uint8(10) == 1 and uint16(10) == 0x0201 and uint32be(10) == 0x01020304`, `int8(0) == 46`,
		`not defined uint32(filesize - 3)`, `not defined uint8(-1)`,
		`1 + 2 * 3 == 7 and (1 + 2) * 3 == 9`, `7 \ 2 == 3 and 7 % 4 == 3 and -7 \ 2 == -3`, `7.0 \ 2 == 3.5`,
		`1 << 4 == 16 and 256 >> 4 == 16 and 1 << 64 == 0`, `5 & 3 == 1`, `~0 == -1 and 6 ^ 3 == 5 and 6 | 1 == 7`,
		`1KB == 1024 and 1MB == 1048576`, `filesize == 14`,
		`"foobar" contains "oba"`, `"FooBar" icontains "OBA"`, `"foobar" startswith "foo" and "foobar" endswith "bar"`,
		`"FOOBAR" istartswith "foo" and "foobar" iendswith "BAR"`, `"Foo" iequals "fOO"`, `"foo" matches /^f.o$/`,
		`"abc" < "abd" and "b" > "abc"`, `not (uint8(100) == 0 or false)`, `not defined (uint8(100) == 0)`,
		`with x = #a, y = x + 1 : (y == 3)`, `any of (1 == 2, 2 == 2)`, `with s = "abc" : (s.len() == 3)`, `float32(10) > 0.0`,
		`true and not false`,
	}
	for _, cond := range hold {
		t.Run(cond, func(t *testing.T) {
			rules := mustCompile(t, Config{}, fmt.Sprintf(`rule r { strings: %s condition: (%s) or (filesize < 0 and all of them) }`, declared, cond))
			if len(mustScan(t, rules, ScanConfig{}, data).Matches) != 1 {
				t.Errorf("%s does not hold", cond)
			}
		})
	}
}

func TestStringMatches(t *testing.T) {
	tests := []struct{ def, data, want string }{
		{`"ab"`, "abcab", "0+2 3+2"},
		{`"ab" nocase`, "AbcaB", "0+2 3+2"},
		{`"ab" wide`, "ab a\x00b\x00", "3+4"},
		{`"ab" wide ascii`, "ab a\x00b\x00", "0+2 3+4"},
		{`"ab" fullword`, "ab xab ab1 (ab)", "0+2 12+2"},
		{`"ab" xor(1-2)`, "ab`cab", "2+2/1"},
		{`"hello" base64`, "aGVsbG8gaGVsbG8=", "0+6 8+6"},
		{`{ 61 [1-2] 62 }`, "aXbaXXbaXXXb", "0+3 3+4"},
		{`{ 61 [250-] 62 }`, "a" + strings.Repeat("x", 300) + "b..b", "0+302"},
		{`{ 61 ( 62 | 63 64 ) ?5 }`, "abe acde abf", "0+3 4+4"},
		{`/a+/`, "aab", "0+2 1+1"},
		{`/a+?b/`, "aab", "0+3 1+2"},
		{`/[0-9]{2,3}x/`, "1234x", "1+4 2+3"},
		{`/x.*y/`, "x1y2y", "0+5"},
	}
	for _, tt := range tests {
		t.Run(tt.def, func(t *testing.T) {
			rules := mustCompile(t, Config{}, fmt.Sprintf(`rule r { strings: $a = %s condition: #a >= 0 }`, tt.def))
			var got []string
			for _, m := range mustScan(t, rules, ScanConfig{Matches: true}, tt.data).Matches[0].Strings {
				s := fmt.Sprintf("%d+%d", m.Offset, len(m.Data))
				if m.XorKey != 0 {
					s += fmt.Sprintf("/%d", m.XorKey)
				}
				got = append(got, s)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %v, want %s", got, tt.want)
			}
		})
	}
}

func TestRulesOfRules(t *testing.T) {
	const text = `
private rule inner { strings: $a = "inner" condition: $a }
rule outer { condition: inner and filesize < 100 }
rule several { condition: 2 of (inner, outer) }
rule every : tag1 tag2 { meta: author = "x" n = 3 yes = true condition: all of (inner*) }
global rule short { condition: filesize < 50 }`
	rules := mustCompile(t, Config{}, text)
	if got := mustScan(t, rules, ScanConfig{}, "the inner thing").names(); !slices.Equal(got, []string{"outer", "several", "every", "short"}) {
		t.Errorf("got %v", got)
	}
	if got := mustScan(t, rules, ScanConfig{}, "the inner thing"+strings.Repeat(" ", 60)).names(); len(got) != 0 {
		t.Errorf("a global rule fails, yet %v match", got)
	}
	for r := range rules.All() {
		if r.Name == "every" && (!slices.Equal(r.Tags, []string{"tag1", "tag2"}) || r.MetaText("author") != "x" || len(r.Meta) != 3 || r.Line != 5) {
			t.Errorf("rule every is described as %+v", r)
		}
	}
}

func TestExternals(t *testing.T) {
	c := Config{Externals: map[string]any{"name": "a.exe", "n": 1, "f": 1.5, "on": true}}
	rules := mustCompile(t, c, `rule r { condition: name endswith ".exe" and n + 1 == 2 and f > 1.0 and on }`)
	if len(mustScan(t, rules, ScanConfig{}, "").Matches) != 1 {
		t.Error("the values of the compilation do not count")
	}
	if len(mustScan(t, rules, ScanConfig{Externals: map[string]any{"name": "a.txt"}}, "").Matches) != 0 {
		t.Error("the value of the scan does not count")
	}
	for _, bad := range []map[string]any{{"name": 1}, {"other": "x"}, {"n": []int{}}} {
		if _, err := NewScanner(rules, ScanConfig{Externals: bad}); err == nil {
			t.Errorf("externals %v are accepted", bad)
		}
	}
	if err := NewCompiler(Config{Externals: map[string]any{"x": struct{}{}}}).Add(Source{}); err == nil {
		t.Error("a struct is accepted as a variable")
	}
}

func TestConsoleIsNeverSkipped(t *testing.T) {
	rules := mustCompile(t, Config{}, `import "console" rule r { strings: $a = "never" condition: console.log("size ", filesize) and $a }`)
	var lines []string
	mustScan(t, rules, ScanConfig{Console: func(l string) { lines = append(lines, l) }}, "abc")
	if !slices.Equal(lines, []string{"size 3"}) {
		t.Errorf("console has %q", lines)
	}
}

func TestLimitsAreReported(t *testing.T) {
	limits := func(r *Result) string {
		var out []string
		for _, l := range r.Limits {
			out = append(out, l.Limit+" "+l.Rule.Name+l.String)
		}
		return strings.Join(out, ", ")
	}
	tests := []struct {
		rule, data, want string
		config           ScanConfig
	}{
		{`rule m { strings: $a = "a" condition: #a > 2 }`, "aaaaaa", "matches m$a", ScanConfig{MaxMatches: 3}},
		{`rule l { condition: for all i in (0..1000) : (i >= 0) }`, "", "loop l", ScanConfig{MaxLoop: 100}},
		{`rule x { strings: $a = /ab*c/ condition: $a }`, "a" + strings.Repeat("b", 100) + "c", "regex x$a", ScanConfig{RegexWindow: 50}},
		{`rule ok { strings: $a = "a" condition: #a > 2 and for all i in (0..99) : (i >= 0) }`, "aaa", "", ScanConfig{MaxMatches: 3, MaxLoop: 200}},
	}
	for _, tt := range tests {
		if got := limits(mustScan(t, mustCompile(t, Config{}, tt.rule), tt.config, tt.data)); got != tt.want {
			t.Errorf("%s: limits %q, want %q", tt.rule, got, tt.want)
		}
	}
}

// stepClock goes on by a second every time it is read.
func stepClock() func() time.Time {
	now := time.Unix(0, 0)
	return func() time.Time {
		now = now.Add(time.Second)
		return now
	}
}

func TestTimeoutKeepsWhatWasFound(t *testing.T) {
	rules := mustCompile(t, Config{}, `rule r { strings: $a = "needle" condition: $a }`)
	s, _ := NewScanner(rules, ScanConfig{Timeout: 10 * time.Second, Now: stepClock()})
	if _, err := s.Scan(context.Background(), make([]byte, 4<<20)); !errors.Is(err, ErrTimeout) {
		t.Errorf("64 looks at a clock that runs a second each: %v", err)
	}
	if r, err := s.Scan(context.Background(), []byte("needle")); err != nil || len(r.Matches) != 1 {
		t.Errorf("the scanner does not work after a timeout: %v", err)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	rules := mustCompile(t, Config{}, `rule r { condition: for all i in (0..90000000) : (i >= 0) }`)
	s, _ := NewScanner(rules, ScanConfig{})
	if _, err := s.Scan(ctx, []byte("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled loop ends with %v", err)
	}
}

func TestScannersShareRules(t *testing.T) {
	rules := mustCompile(t, Config{}, `rule r { strings: $a = "x" $b = /y+z/ condition: #a == 3 and $b }`)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			s, _ := NewScanner(rules, ScanConfig{Matches: true})
			for range 100 {
				r, err := s.Scan(context.Background(), []byte("x yyz x x"))
				if err != nil || len(r.Matches) != 1 {
					t.Errorf("%v %v", r, err)
					return
				}
			}
		})
	}
	group.Wait()
}

func TestFastStopsAtTheFirstMatch(t *testing.T) {
	rules := mustCompile(t, Config{}, `rule r { strings: $a = "x" $b = "y" condition: $a and #b > 0 }`)
	r := mustScan(t, rules, ScanConfig{Matches: true, Fast: true}, "xyxyxy")
	if got := len(r.Matches[0].Strings); got != 4 {
		t.Errorf("%d matches, want one of $a and three of $b", got)
	}
}

func TestAnchoredStringsAreNotSearched(t *testing.T) {
	rules := mustCompile(t, Config{}, `import "pe" rule r { strings: $a = "ab" $b = "cd" condition: $a at 0 and $b at uint8(6) }`)
	r := mustScan(t, rules, ScanConfig{Matches: true}, "abcdab\x02..cd")
	var got []int64
	for _, m := range r.Matches[0].Strings {
		got = append(got, m.Offset)
	}
	// $a counts at 0 only; $b is searched everywhere for the report.
	if !slices.Equal(got, []int64{0, 2, 9}) {
		t.Errorf("offsets %v", got)
	}
}

func BenchmarkSmallFiles(b *testing.B) {
	var text strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&text, "rule r%d { strings: $a = \"needle%d_%x\" $b = { %02X %02X ?? 8B %02X 45 } condition: uint16(0) == 0x5A4D and all of them }\n", i, i, i*7919, i%256, i/256, i%251)
	}
	rules := mustCompile(b, Config{}, text.String())
	s, _ := NewScanner(rules, ScanConfig{})
	data := bytes.Repeat([]byte("a line of plain source text;\n"), 100)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		s.Scan(context.Background(), data)
	}
}

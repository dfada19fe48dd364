package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"vitrine/yara"
)

func TestReadAnswers(t *testing.T) {
	const printed = "n0:one /tmp/a file\n0x0:5:$a\n0x1f:7:$\nlogged by a rule\nn12:two /tmp/a file\nn0:one /tmp/b\n0xzz:1:$a\n0x2:3:$b\nx:y /tmp/b\n"
	got, err := readAnswers(strings.NewReader(printed))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Answer{
		"/tmp/a file": {"n0:one": {{0, 5, "$a"}, {0x1f, 7, "$"}}, "n12:two": nil},
		"/tmp/b":      {"n0:one": {{2, 3, "$b"}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestCompareTellsWhatOnlyOneHas(t *testing.T) {
	own := Answer{"n0:same": {{9, 1, "$b"}, {1, 1, "$a"}}, "n0:mine": {{3, 1, "$a"}}, "n0:strings": {{1, 1, "$a"}, {4, 2, "$a"}, {4, 2, "$a"}}}
	peer := Answer{"n0:same": {{1, 1, "$a"}, {9, 1, "$b"}}, "n0:yours": nil, "n0:strings": {{1, 1, "$a"}, {4, 3, "$a"}, {4, 2, "$a"}}}
	want := []Difference{
		{File: "f", Rule: "n0:mine", Kind: kindOwnOnly, Extra: []Hit{{3, 1, "$a"}}},
		{File: "f", Rule: "n0:strings", Kind: kindStrings, Only: []Hit{{4, 3, "$a"}}, Extra: []Hit{{4, 2, "$a"}}},
		{File: "f", Rule: "n0:yours", Kind: kindPeerOnly},
	}
	if got := compare("f", own, peer); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestExceptionsGoByWhatARuleUses(t *testing.T) {
	const both = `rule one { strings: $a = /x+/ ascii wide $b = /y+/ $t = "yy" $w = /z+/ wide fullword $v = /u|vw/ wide condition: any of them }`
	hit := func(name string, length int) []Hit { return []Hit{{4, length, name}} }
	tests := []struct {
		text string
		d    Difference
		want string
	}{
		{"rule one { condition: pe.number_of_signatures == 1 }", Difference{Kind: kindOwnOnly}, "pe.number_of_signatures"},
		{"rule one { condition: true }", Difference{Rule: "pe.number_of_signatures", Kind: kindOwnOnly}, ""},
		{both, Difference{Kind: kindStrings, Only: hit("$a", 1), Extra: hit("$a", 2)}, "longest match"},
		{both, Difference{Kind: kindStrings, Only: hit("$b", 1), Extra: hit("$b", 2)}, "longest match"},
		{both, Difference{Kind: kindStrings, Only: hit("$a", 2), Extra: hit("$a", 1)}, ""},
		{both, Difference{Kind: kindStrings, Only: hit("$t", 1), Extra: hit("$t", 2)}, ""},
		{both, Difference{Kind: kindStrings, Only: hit("$a", 1), Extra: hit("$b", 2)}, ""},
		{both, Difference{Kind: kindStrings, Extra: hit("$a", 2)}, ""},
		{both, Difference{Kind: kindStrings, Extra: hit("$v", 2)}, "wide branches"},
		{both, Difference{Kind: kindStrings, Only: hit("$v", 2)}, ""},
		{both, Difference{Kind: kindStrings, Extra: hit("$b", 0)}, "empty matches"},
		{both, Difference{Kind: kindOwnOnly, Extra: append(hit("$a", 2), hit("$b", 0)...)}, "empty matches"},
		{both, Difference{Kind: kindStrings, Extra: append(hit("$a", 2), hit("$b", 0)...)}, ""},
		{both, Difference{Kind: kindPeerOnly, Only: hit("$b", 0)}, ""},
		{both, Difference{Kind: kindPeerOnly, Only: hit("$w", 2)}, "whole words of wide expressions"},
		{both, Difference{Kind: kindPeerOnly, Only: append(hit("$w", 2), hit("$a", 1)...)}, ""},
		{both, Difference{Kind: kindPeerOnly}, ""},
	}
	for _, tt := range tests {
		if explain(&tt.d, &yara.Rule{Name: "any", Text: tt.text}, exceptions()); tt.d.Reason != tt.want {
			t.Errorf("%s, %+v: %q, want %q", tt.text, tt.d, tt.d.Reason, tt.want)
		}
	}
	for _, e := range exceptions() {
		if e.name == "" || len(e.reason) < 20 || e.covers == nil {
			t.Errorf("exception %q is not documented", e.name)
		}
	}
}

// place writes rules, files and stand-ins for yara and yarac: the one prints
// what it is told of every file, the other writes an empty file.
func place(t *testing.T, says string) (args []string) {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"rules/a.yar": `rule a { strings: $a = "needle" condition: $a }`, "files/one": "a needle", "files/two": "two needle",
		"bin/yarac": "#!/bin/sh\nfor last; do :; done\n: > \"$last\"\n",
		"bin/yara":  "#!/bin/sh\nfor last; do :; done\nwhile read -r f; do " + says + "; done < \"$last\"\n",
	}
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"-yara", filepath.Join(dir, "bin/yara"), filepath.Join(dir, "rules"), "--", filepath.Join(dir, "files")}
}

func TestExitStatus(t *testing.T) {
	const right = `case $f in *one) at=2;; *) at=4;; esac; printf 'n0:a %s\n0x%s:6:$a\n' "$f" $at`
	tests := []struct {
		name, says string
		status     int
		tells      string
	}{
		{"same", right, 0, "1 rules × 2 files (2 scans): 0 differences, 0 documented exceptions; 2 rule matches and 2 string matches agree"},
		{"other offset", `printf 'n0:a %s\n0x2:6:$a\n' "$f"`, 1, "files/two: %s/a.yar: rule n0:a: strings differ; only in yara: $a at 0x2 (6); only in vitrine: $a at 0x4 (6)"},
		{"nothing found", `:`, 1, "only vitrine matches; only in vitrine: $a at 0x2 (6)"},
		{"other when alone", `if [ -e "$0.seen" ]; then ` + right + `; else : > "$0.seen"; fi`, 0, "1 documented exceptions"},
		{"too slow", `echo "error scanning $f: scanning timed out" >&2`, 0, "2 scans out of time"},
		{"broken", `echo no >&2; exit 3`, 2, "exit status 3: no"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args := place(t, tt.says)
			var stdout, stderr bytes.Buffer
			if got := run(args, &stdout, &stderr); got != tt.status {
				t.Fatalf("status %d, want %d: %s%s", got, tt.status, &stdout, &stderr)
			}
			tells := tt.tells
			if strings.Contains(tells, "%s") {
				tells = fmt.Sprintf(tells, args[2])
			}
			if out := stdout.String() + stderr.String(); !strings.Contains(out, tells) {
				t.Errorf("%q is not in:\n%s", tells, out)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if got := run(append([]string{"-json"}, place(t, `:`)...), &stdout, &stderr); got != 1 {
		t.Fatalf("status %d: %s", got, &stderr)
	}
	var r Report
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if r.Rules != 1 || r.Files != 2 || len(r.Differences) != 2 || r.Differences[0].Extra[0] != (Hit{2, 6, "$a"}) {
		t.Errorf("%s", &stdout)
	}
}

func TestWrongUse(t *testing.T) {
	for _, args := range [][]string{{}, {"rules"}, {"--", "files"}, {"-nonsense"}, {"-yara", "/none/yara", "r", "--", "f"}, {"r", "--"}} {
		var stdout, stderr bytes.Buffer
		if got := run(args, &stdout, &stderr); got != 2 || stderr.Len() == 0 {
			t.Errorf("%v: status %d, %q", args, got, &stderr)
		}
	}
	if got := run([]string{"-help"}, &bytes.Buffer{}, &bytes.Buffer{}); got != 0 {
		t.Errorf("help ends with %d", got)
	}
}

// TestAgainstYara is the command itself, on a few rules and made files.
func TestAgainstYara(t *testing.T) {
	if _, err := exec.LookPath("yara"); err != nil {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatal(err)
		}
		t.Skipf("NOT RUN: %v", err)
	}
	dir := t.TempDir()
	const rules = `import "console"
rule logs { strings: $a = "needle" wide ascii $b = { 01 [2-600] 02 } condition: any of them and console.log("n0:no such rule") }
private rule hidden { strings: $a = "needle" condition: $a }
rule words { strings: $ = "hay" fullword nocase $ = /s[a-e]{2,9}k/ condition: hidden or any of them }`
	if err := os.WriteFile(filepath.Join(dir, "r.yar"), []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if got := run([]string{"-positives", "-1", dir, "--", dir}, &stdout, &stderr); got != 0 {
		t.Errorf("status %d\n%s%s", got, &stdout, &stderr)
	}
	if !strings.HasPrefix(stdout.String(), "3 rules × 4 files (4 scans): 0 differences, 0 documented exceptions; 7 rule matches") {
		t.Errorf("got %s", &stdout)
	}
}

package hunting

import (
	"os"
	"strings"
	"testing"

	"vitrine/internal/rulecheck"
	"vitrine/yara/syntax"
)

func parse(t *testing.T, name string) *syntax.File {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	f, errs := syntax.Parse(name, text, syntax.Options{})
	for _, e := range errs {
		t.Errorf("%s: %v", name, e)
	}
	return f
}

// judged gives the severity of each public rule, -1 where there is no finding.
func judged(f *syntax.File) map[string]int {
	out := map[string]int{}
	for _, item := range f.Items {
		if rule, ok := item.(*syntax.Rule); ok && !rule.Private {
			out[rule.Name] = -1
		}
	}
	for _, finding := range New().File(f) {
		out[finding.Rule] = int(finding.Severity)
	}
	return out
}

func TestPlantedAreFound(t *testing.T) {
	rules := judged(parse(t, "planted.yar"))
	if len(rules) < 40 {
		t.Fatalf("only %d rules", len(rules))
	}
	for name, severity := range rules {
		if severity != int(rulecheck.High) {
			t.Errorf("%s: severity %d, want high", name, severity)
		}
	}
}

func TestInnocentAreLeftAlone(t *testing.T) {
	rules := judged(parse(t, "innocent.yar"))
	if len(rules) < 40 {
		t.Fatalf("only %d rules", len(rules))
	}
	for name, severity := range rules {
		if severity >= int(rulecheck.Medium) {
			t.Errorf("%s: severity %d", name, severity)
		}
	}
}

func TestFindingSaysWhereAndWhy(t *testing.T) {
	text := "rule calm { condition: false }\nrule r\n{\n  strings:\n    $x = \"VirtualAlloc\"\n    $mark = { 54 4F 50 20 53 45 43 52 45 54 }\n  condition:\n    any of them\n}\n"
	f, _ := syntax.Parse("dir/r.yar", []byte(text), syntax.Options{})
	got := New().File(f)
	want := rulecheck.Finding{Severity: rulecheck.High, Kind: rulecheck.Hunting, Check: "documents", Rule: "r", String: "$mark",
		Reason: `looks for the marking "top secret", and needs nothing that is code`, File: "dir/r.yar", Line: 6, Col: 5}
	if len(got) != 1 || got[0] != want {
		t.Errorf("got %+v", got)
	}
}

// Whatever a rule says of itself does not count.
func TestMetadataDoesNotCount(t *testing.T) {
	f, _ := syntax.Parse("x", []byte(`rule ransomware_backdoor : malware { meta: description = "CreateRemoteThread shellcode"
		strings: $a = "top secret" condition: $a }
		rule secret_documents { meta: description = "finds top secret files" strings: $a = { 55 8B EC 83 EC 10 E8 ?? ?? } condition: $a }`), syntax.Options{})
	var names []string
	for _, finding := range New().File(f) {
		names = append(names, finding.Rule)
	}
	if strings.Join(names, " ") != "ransomware_backdoor" {
		t.Errorf("found %q", names)
	}
}

func TestGlobalRulesCount(t *testing.T) {
	f, _ := syntax.Parse("x", []byte(`global private rule program { condition: uint16(0) == 0x5A4D }
		rule r { strings: $a = "top secret" condition: $a }`), syntax.Options{})
	if got := New().File(f); got != nil {
		t.Errorf("a set for programs only: %+v", got)
	}
}

// What is compiled together is judged together, and each file once.
func TestOtherFilesCount(t *testing.T) {
	user, _ := syntax.Parse("user", []byte(`rule r { strings: $a = "top secret" condition: gate and $a }`), syntax.Options{})
	for text, want := range map[string]int{
		`private rule gate { strings: $a = { 55 8B EC 83 EC 10 E8 ?? ?? } condition: $a }`:                                          0,
		`private rule gate { condition: filesize > 1 } rule other { strings: $a = "top secret" condition: $a }`:                     1,
		`rule gate { condition: filesize > 1 } global private rule program { condition: uint16(0) == 0x5A4D and uint8(2) == 0x90 }`: 0,
	} {
		gate, _ := syntax.Parse("gate", []byte(text), syntax.Options{})
		if got := New().File(user, gate); len(got) != want || want > 0 && (got[0].Rule != "r" || got[0].Severity != rulecheck.High) {
			t.Errorf("with %s: %+v", text, got)
		}
	}
}

func FuzzFile(f *testing.F) {
	f.Add(`rule r { strings: $a = /(a|b)*[x-z]{3,}/ $b = { 41 ( 42 | 43 ( 44 | 45 ) ) [2-] ~46 4? } condition: 2 of them }`)
	f.Add(`rule r { strings: $a = "\x54\xff" xor condition: for any i in (1..#a) : ( @a[i] > 3 and uint32be(i) == 0x544F5020 ) }`)
	f.Add(`rule r { condition: filename matches /x{1000}{1000}/ or r }`)
	c := New()
	f.Fuzz(func(t *testing.T, text string) {
		file, _ := syntax.Parse("f", []byte(text), syntax.Options{})
		for _, finding := range c.File(file) {
			if finding.Rule == "" || finding.Reason == "" {
				t.Errorf("empty: %+v", finding)
			}
		}
	})
}

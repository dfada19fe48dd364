package positive

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"vitrine/yara"
	"vitrine/yara/syntax"
)

func parse(t *testing.T, text string) *syntax.Rule {
	t.Helper()
	file, errs := syntax.Parse("t", []byte(text), syntax.Options{})
	if len(errs) > 0 {
		t.Fatal(errs[0])
	}
	for _, item := range file.Items {
		if r, ok := item.(*syntax.Rule); ok {
			return r
		}
	}
	t.Fatal("no rule")
	return nil
}

// TestRulesMatchTheirFile is the purpose of the package.
func TestRulesMatchTheirFile(t *testing.T) {
	tests := []struct{ name, text string }{
		{"text", `rule r { strings: $a = "needle" condition: $a }`},
		{"wide and plain", `rule r { strings: $a = "needle" wide ascii condition: #a >= 2 }`},
		{"whole word", `rule r { strings: $a = "needle" fullword condition: $a }`},
		{"any case", `rule r { strings: $a = "NeEdLe of any case" nocase condition: $a }`},
		{"xor", `rule r { strings: $a = "needle in hay" xor(3-200) condition: $a }`},
		{"base64", `rule r { strings: $a = "needle in hay" base64 base64wide condition: #a >= 2 }`},
		{"own alphabet", `rule r { strings: $a = "needle" base64("!@#$%^&*(){}[].,|ABCDEFGHIJ\x09LMNOPQRSTUVWXYZabcdefghijklmnopqrstu") condition: $a }`},
		{"hex", `rule r { strings: $a = { 01 ?2 3? ?? [2-4] ~05 ( AA BB | CC [1] ( 11 | 22 ) ) /* not 77 */ 66 // nor 88
			99 } condition: $a }`},
		{"open jump", `rule r { strings: $a = { 01 02 03 [-] 04 05 [3-] 06 [8] 07 } condition: $a }`},
		{"expression", `rule r { strings: $a = /ab+c?[x-z]{2,5}(foo|bar)\.\d{3}[^a-z]\/e/ condition: $a }`},
		{"expression with flags", `rule r { strings: $a = /new.{,3}line\x90/is wide condition: $a }`},
		{"header", `rule r { strings: $a = "needle" condition: uint16(0) == 0x5A4D and uint32be(8) == 0x01020304 and 0x55 == uint8(20) and $a }`},
		{"program", `import "pe" rule r { condition: uint16(0) == 0x5A4D and pe.is_pe and uint32(uint32(0x3C)) == 0x4550 and pe.number_of_sections == 1 }`},
		{"anchored", `rule r { strings: $a = "needle" $b = "other" condition: uint16(0) == 0x4142 and $a at 100 and $b }`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rules, err := yara.Compile(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			scanner, err := yara.NewScanner(rules, yara.ScanConfig{})
			if err != nil {
				t.Fatal(err)
			}
			for seed := range uint64(20) {
				data := For(parse(t, tt.text), seed)
				result, err := scanner.Scan(context.Background(), data)
				if err != nil {
					t.Fatal(err)
				}
				if len(result.Matches) != 1 {
					t.Fatalf("seed %d: no match in %q", seed, data)
				}
			}
		})
	}
}

func TestSameSeedSameFile(t *testing.T) {
	rule := parse(t, `rule r { strings: $a = { 01 ?? ?? ?? ?? ?? } $b = "needle" xor condition: all of them }`)
	if !bytes.Equal(For(rule, 1), For(rule, 1)) {
		t.Error("the same seed gives another file")
	}
	if bytes.Equal(For(rule, 1), For(rule, 2)) {
		t.Error("another seed gives the same file")
	}
}

func TestFilesAreBounded(t *testing.T) {
	rule := parse(t, `rule r { strings: $a = { 01 [2000000000] 02 } $b = /((a{900}){900}){900}/ condition: uint8(4000000000) == 1 or $a at 4000000000 }`)
	if n := len(For(rule, 1)); n > 16*most {
		t.Errorf("%d bytes", n)
	}
}

// What is not well formed gives some bytes or none, as long as it ends.
func TestMalformedStringsAreTaken(t *testing.T) {
	m := &maker{rand: rand.New(rand.NewPCG(1, 1))}
	for _, source := range []string{"", "~", "[", "[-", "(", "( | ", ")", "0", "/*", "//", "( 0 1", "[9-1]", "~?", "zz"} {
		m.hex([]byte(source))
	}
	for _, source := range []string{"", "(", "a**", "[", `\`, "x{9999}"} {
		m.regexp(&syntax.String{Value: []byte(source)})
	}
}

func TestEncodedReadsAsTheFunctionDoes(t *testing.T) {
	tests := []struct {
		function string
		want     string
	}{
		{"uint8", "04"}, {"uint16", "0403"}, {"uint32", "04030201"}, {"uint16be", "0304"}, {"int32be", "01020304"}, {"int8be", "04"}, {"other", ""},
	}
	for _, tt := range tests {
		if got := fmt.Sprintf("%x", encoded(tt.function, 0x01020304)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.function, got, tt.want)
		}
	}
}

func TestAlphabetsAreChecked(t *testing.T) {
	for _, bad := range []string{"", "abc", string(bytes.Repeat([]byte("a"), 64)), "\nBCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"} {
		if valid(bad) {
			t.Errorf("%q is taken", bad)
		}
	}
}

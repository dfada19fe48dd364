package syntax

import (
	"fmt"
	"strings"
	"testing"
)

// generatedRules writes n rules of the shape that public sets have.
func generatedRules(n int) []byte {
	var b strings.Builder
	b.WriteString("import \"pe\"\n\n")
	for i := range n {
		fmt.Fprintf(&b, "/* number %d */\nrule Family_%d_Variant : elf tag%d {\n\tmeta:\n", i, i, i%7)
		fmt.Fprintf(&b, "\t\tdescription = \"Detects the %d-th thing, version \\\"%d\\\"\"\n", i, i*3)
		fmt.Fprintf(&b, "\t\tdate = \"2024-01-%02d\"\n\t\tscore = %d\n\tstrings:\n", i%28+1, i%100)
		for s := range 8 {
			fmt.Fprintf(&b, "\t\t$s%d = \"/usr/lib/part%d/%x.so\" ascii wide fullword // plain\n", s, i, i*s)
		}
		fmt.Fprintf(&b, "\t\t$h = { 4D 5A ?? %02X [2-8] (00 | 0F 1?) 90 }\n", i%256)
		fmt.Fprintf(&b, "\t\t$r = /https?:\\/\\/[a-z]{%d,20}\\.example\\/[0-9]+/ nocase\n\tcondition:\n", i%9+1)
		b.WriteString("\t\tuint16(0) == 0x5a4d and filesize < 500KB and\n")
		b.WriteString("\t\t(3 of ($s*) or $h at pe.entry_point or (#r > 2 and all of ($s1, $s2))) and\n")
		b.WriteString("\t\tfor any i in (1..#h) : (@h[i] + !h[i] < filesize - 10)\n}\n\n")
	}
	return []byte(b.String())
}

func BenchmarkParse(b *testing.B) {
	for _, n := range []int{1000, 12000} {
		b.Run(fmt.Sprintf("%dk", n/1000), func(b *testing.B) {
			src := generatedRules(n)
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				f, errs := Parse("", src, Options{})
				if len(errs) > 0 || len(f.Items) != n+1 {
					b.Fatalf("%d items, errors %v", len(f.Items), errs)
				}
			}
		})
	}
}

func BenchmarkParseGarbage(b *testing.B) {
	src := []byte(strings.Repeat("rule ( \"x\" /y/ { $a ", 50_000))
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if _, errs := Parse("", src, Options{}); len(errs) == 0 {
			b.Fatal("no error")
		}
	}
}

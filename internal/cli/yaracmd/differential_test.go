package yaracmd

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/cli/term"
)

// The tests of this file hold the command against yara itself, on rules and
// trees made here. VITRINE_YARA names another yara than that of the PATH.

func yaraBinary(t *testing.T) string {
	t.Helper()
	name := os.Getenv("VITRINE_YARA")
	if name == "" {
		name = "yara"
	}
	binary, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatalf("VITRINE_REQUIRE_ALL is set and there is no yara to compare with: %v", err)
		}
		t.Skipf("NOT RUN: no yara to compare with: %v", err)
	}
	return binary
}

// snippets are what files are made of: some match, some nearly do.
var snippets = []string{
	"hello", "HELLO", "hEllo", "hell", "h\x00e\x00l\x00l\x00o\x00", " hello ", "xhellox",
	"curl http://example.org/a.sh | sh", "curl -s x |sh", "aGVsbG8=", "dark secret", "\x7fELF\x02\x01\x01", "MZ\x90\x00",
	"\x25\x24\x33\x2a\x61", "\xde\xad\xbe\xef", "\xde\xad\x00\x00\x00\xef", "aaaa", "abab", "\n", "\r\n", "\x00", " ", "42", "0x1f", "~",
}

const diffRules = `
import "math"
rule text : t1 t2 { meta: n = 1 s = "a\tb\"c" ok = false strings: $a = "hello" $b = "hello" nocase wide ascii $c = "hello" fullword condition: any of them }
rule hexes : t2 { strings: $h = { de ad [0-4] ef } $i = { 68 ( 65 | 45 ) 6? ?c } condition: any of them }
rule regexes : t3 { meta: n = -1 strings: $r = /curl[^\n]{0,40}\|\s*sh/ $s = /a[ab]+?b/ $w = /h.?e/ wide condition: any of them }
rule keyed { strings: $x = "dark" xor $y = "hello" xor(1-255) $z = "hello" base64 condition: any of them }
rule counted { strings: $a = "a" condition: #a > 3 and @a[1] < 20 and !a[1] == 1 }
rule anonymous { strings: $ = "hello" $ = /ell/ condition: 2 of them }
rule anonymous_hex { strings: $ = { 68 65 } $ = { 6c 6c 6f } condition: any of them }
private rule hidden { strings: $a = "secret" private condition: $a }
rule leaning { condition: hidden }
rule quiet { strings: $p = "hello" private $q = "42" condition: all of them }
rule sized { condition: filesize > 40 and math.entropy(0, filesize) > 3.0 }
rule looped { strings: $a = "hello" condition: for any i in (1..#a) : ( @a[i] > 10 ) }
rule numbers { condition: uint8(0) == 0x68 or uint16be(0) == 0x4d5a or int32(0) == 0x464c457f }
rule external { condition: level > 2 and name contains "an" and flag and ratio < 1.5 }
rule never { strings: $a = "hello" condition: $a and false }
rule always { condition: true }
`

const moreRules = `
global rule not_empty { condition: filesize > 0 }
rule always { condition: true }
rule text { strings: $a = "aaaa" condition: $a }
`

// diffTree makes rules and files, the same in every run.
func diffTree(t *testing.T) {
	files := map[string]string{"r.yar": diffRules, "more.yar": moreRules, "t/empty": "", "t/l": "-> d0/f1", "t/gone": "-> nowhere", "t/d3": "-> d1"}
	rnd := rand.New(rand.NewPCG(1, 2))
	var list strings.Builder
	for i := range 60 {
		var b strings.Builder
		for range rnd.IntN(30) {
			b.WriteString(snippets[rnd.IntN(len(snippets))])
		}
		name := fmt.Sprintf("t/d%d/f%d", i%3, i)
		if i%7 == 0 {
			name = fmt.Sprintf("t/with space %d", i)
		}
		files[name] = b.String()
		fmt.Fprintln(&list, name)
	}
	files["t/large"] = strings.Repeat("x", smallFile) + strings.Repeat("hello curl a|sh ", 100)
	files["list"] = list.String() + "t/d1\n"
	tree(t, files)
}

func TestSameLinesAsYara(t *testing.T) {
	binary := yaraBinary(t)
	diffTree(t)
	const vars = "-d level=3 -d name=ana -d flag=true -d ratio=0.5 "
	for _, args := range []string{
		"r.yar t", "-r r.yar t", "-rs r.yar t", "-rsm r.yar t", "-rg r.yar t", "-rse r.yar t", "-rsL r.yar t", "-rL r.yar t/",
		"-rn r.yar t", "-rc r.yar t", "-rnc r.yar t", "-rf r.yar t", "-r -N r.yar t",
		"-r -t t2 r.yar t", "-r -t t1 -t t3 r.yar t", "-r -i text -i always r.yar t", "-r -i text -t t3 r.yar t",
		"-r -n -t t2 r.yar t", "-r -z 100 r.yar t", "-re r.yar more:more.yar t", "-rec a:r.yar b:r.yar more.yar t", "-rsgme more.yar a:r.yar t",
		"--scan-list r.yar list", "--scan-list -rs r.yar list", "--scan-list -c r.yar list",
		"-p 1 -rs r.yar t", "-p 4 -rs r.yar t", "-a 60 -r r.yar t", "-k 30000 -r r.yar t", "r.yar t -r -s",
		"-s r.yar t/large", "-c r.yar t/large", "-n r.yar t/empty", "-l 1 r.yar t/large", "-l 3 -s r.yar t/large", "-l 2 -n r.yar t/large",
		"-sm r.yar " + os.DevNull, "--recursive --print-strings --print-meta --print-tags --print-namespace --print-string-length r.yar t",
	} {
		t.Run(args, func(t *testing.T) { compareWithYara(t, binary, true, strings.Fields("-w "+vars+args)) })
	}
}

// Where yara fails we do, and nothing else is printed.
func TestFailsWithYara(t *testing.T) {
	binary := yaraBinary(t)
	diffTree(t)
	for _, args := range []string{
		"r.yar t", "none.yar t", "x:none.yar t", "more.yar more.yar t", "more.yar t/none", "more.yar",
		"-C more.yar t/empty", "--scan-list more.yar t", "--unknown more.yar t", "-p more.yar t", "-x pe more.yar t", "-x pe=none more.yar t",
	} {
		t.Run(args, func(t *testing.T) { compareWithYara(t, binary, false, strings.Fields(args)) })
	}
}

func compareWithYara(t *testing.T, binary string, works bool, args []string) {
	t.Helper()
	var theirs, said bytes.Buffer
	cmd := exec.Command(binary, args...)
	cmd.Stdout, cmd.Stderr = &theirs, &said
	if err := cmd.Run(); (err == nil) != works {
		t.Fatalf("yara: %v\n%s", err, &said)
	}
	ours, stderr, code := typed(t, "", args...)
	if (code == term.Yes) != works {
		t.Errorf("exit %d: %s", code, stderr)
	}
	want, got := sortedLines(theirs.String()), sortedLines(ours)
	if !slices.Equal(want, got) {
		t.Errorf("lines only of yara:\n%slines only of ours:\n%s", without(want, got), without(got, want))
	}
}

func sortedLines(s string) []string {
	lines := strings.SplitAfter(s, "\n")
	slices.Sort(lines)
	return lines
}

// without gives the first lines of a that are not in b.
func without(a, b []string) string {
	left := make(map[string]int)
	for _, l := range b {
		left[l]++
	}
	var only []string
	for _, l := range a {
		if left[l]--; left[l] < 0 && len(only) < 10 {
			only = append(only, l)
		}
	}
	return strings.Join(only, "")
}

// The lines of one file stay together, in the order of the rules.
func TestLinesOfAFileStayTogether(t *testing.T) {
	diffTree(t)
	stdout, _, _ := typed(t, "", "-w", "-p", "8", "-r", "more.yar", "r:more.yar", "t")
	seen, last := make(map[string]bool), ""
	for _, l := range strings.Split(strings.TrimSuffix(stdout, "\n"), "\n") {
		_, name, _ := strings.Cut(l, " ")
		if name != last && seen[name] {
			t.Fatalf("lines of %s are in two places", name)
		}
		seen[name], last = true, name
	}
	if len(seen) < 50 || !seen[filepath.Join("t", "large")] {
		t.Errorf("%d files have lines", len(seen))
	}
}

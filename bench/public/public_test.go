package public

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tree writes files into a new directory.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const plain = "rule %s { condition: true }\n"

func rules(names ...string) string {
	var b strings.Builder
	for _, n := range names {
		b.WriteString(strings.ReplaceAll(plain, "%s", n))
	}
	return b.String()
}

func find(t *testing.T, files map[string]string) []File {
	t.Helper()
	found, err := Find([]string{tree(t, files)})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestFindLeavesOutWhatOnlyIncludes(t *testing.T) {
	files := find(t, map[string]string{
		"b/two.YAR": rules("x", "y"), "a.yara": rules("x"), "index.yar": `include "a.yara"`, "both.rule": `include "a.yara"` + "\n" + rules("z"),
		"note.txt": rules("n"), "empty.yar": "",
	})
	var got []string
	for _, f := range files {
		got = append(got, f.Namespace+"="+filepath.Base(f.Path))
	}
	if want := "n0=a.yara n1=two.YAR n2=both.rule n3=empty.yar"; strings.Join(got, " ") != want {
		t.Errorf("found %v, want %s", got, want)
	}
	if n := Count(files); n != 4 {
		t.Errorf("%d rules, want 4", n)
	}
	if _, err := Find([]string{filepath.Join(t.TempDir(), "none")}); err == nil {
		t.Error("a directory that is not there must be an error")
	}
}

func TestGroupsHoldEveryFileOnce(t *testing.T) {
	files := make([]File, 10)
	for i := range files {
		files[i].Rules = i
	}
	var sizes []int
	total := 0
	for _, g := range Groups(files, 10) {
		sizes = append(sizes, len(g))
		total += len(g)
	}
	if total != len(files) || len(sizes) != 4 || sizes[0] != 5 {
		t.Errorf("groups of %v files", sizes)
	}
	if Groups(nil, 10) != nil {
		t.Error("a group of nothing")
	}
}

// badRules are refused by both engines; the other files compile, though names
// clash and variables are used that none defines.
var mixed = map[string]string{
	"a.yar": rules("same"), "b.yar": rules("same"), "bad.yar": rules("fine") + "rule broken { condition: nothing_known }",
	"vars.yar":    `rule v { condition: filename contains "x" or filepath matches /y/ or extension == ".z" }`,
	"sub/inc.yar": `include "../a.yar"` + "\n" + rules("other"),
}

func TestCompileSetsApartWhatItRefuses(t *testing.T) {
	files := find(t, mixed)
	compiled, refused, err := Compile(files)
	if err != nil {
		t.Fatal(err)
	}
	if len(refused) != 1 || filepath.Base(refused[0].File.Path) != "bad.yar" || !strings.Contains(refused[0].Reason, "nothing_known") {
		t.Errorf("refused %+v", refused)
	}
	if compiled.Len() != 5 {
		t.Errorf("%d rules, want 5", compiled.Len())
	}
	if kept := Without(files, refused); len(kept) != len(files)-1 {
		t.Errorf("%d files left of %d", len(kept), len(files))
	}
}

func TestYaracSetsApartTheSame(t *testing.T) {
	command, err := exec.LookPath("yarac")
	if err != nil {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatal(err)
		}
		t.Skipf("NOT RUN: %v", err)
	}
	files := find(t, mixed)
	y := Yarac{Command: command, Dir: t.TempDir()}
	refused, err := y.Refused(files)
	if err != nil {
		t.Fatal(err)
	}
	if len(refused) != 1 || filepath.Base(refused[0].File.Path) != "bad.yar" || !strings.Contains(refused[0].Reason, "nothing_known") {
		t.Errorf("refused %+v", refused)
	}
	out := filepath.Join(y.Dir, "all.yarc")
	if err := y.Compile(files, out); err == nil {
		t.Error("a refused file compiled")
	}
	if err := y.Compile(Without(files, refused), out); err != nil {
		t.Error(err)
	}
}

func TestYaracMustBeThere(t *testing.T) {
	y := Yarac{Command: filepath.Join(t.TempDir(), "none"), Dir: t.TempDir()}
	if _, err := y.Refused(find(t, mixed)); err == nil {
		t.Error("without yarac every file would be refused without a reason")
	}
}

func TestCutTakesEachNameOnce(t *testing.T) {
	files := find(t, map[string]string{
		"a.yar": rules("one", "two"), "b.yar": rules("two", "three"), "c.yar": rules("four"), "d.yar": "global " + rules("five"),
		"e.yar": `include "a.yar"` + "\n" + rules("six"), "f.yar": "rule broken {", "g.yar": rules("seven", "seven"), "h.yar": "\xef\xbb\xbf" + rules("eight"),
	})
	cut := Cut(files, 100)
	text := Join(cut)
	if len(cut) != 3 || Count(cut) != 4 || strings.Count(text, "rule two") != 1 || strings.Contains(text, "global") || strings.Contains(text, "\xef") {
		t.Errorf("%d files, %d rules:\n%s", len(cut), Count(cut), text)
	}
	if one := Cut(files, 1); len(one) != 1 || one[0].Rules != 1 {
		t.Errorf("one rule is %+v", one)
	}
	if again := Join(Cut(files, 100)); again != text {
		t.Error("another cut the second time")
	}
}

package ruleset

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"vitrine/yara"
)

const trivial = "rule %s { condition: true }\n"

func rule(name string) string { return fmt.Sprintf(trivial, name) }

// lay writes files below a new directory.
func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// packed writes a zip archive. Names and texts alternate.
func packed(t *testing.T, namesAndTexts ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rules.bin") // the content says that it is an archive
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(file)
	for i := 0; i < len(namesAndTexts); i += 2 {
		w, err := z.Create(namesAndTexts[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(namesAndTexts[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// names gives "namespace:name" of the rules, without the directory root.
func names(set *Set, root string) []string {
	var out []string
	for r := range set.Rules.All() {
		out = append(out, strings.ReplaceAll(r.Namespace, root+"/", "")+":"+r.Name)
	}
	return out
}

func mustLoad(t *testing.T, c Config) *Set {
	t.Helper()
	set, err := Load(c)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestLoadDirectory(t *testing.T) {
	root := lay(t, map[string]string{
		"b.yar": rule("same"), "a/x.YARA": rule("same"), "a/readme.txt": "no rule", ".git/y.yar": "broken",
		"a/.hidden.yar": "broken",
	})
	if err := os.Symlink("../b.yar", root+"/a/link.yar"); err != nil {
		t.Fatal(err)
	}
	got := names(mustLoad(t, Config{Paths: []string{root}}), root)
	if want := []string{"a/link.yar:same", "a/x.YARA:same", "b.yar:same"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNamedTwice(t *testing.T) {
	root := lay(t, map[string]string{"a.yar": rule("a"), "b.yar": rule("b")})
	set := mustLoad(t, Config{Paths: []string{root + "/a.yar", root, root + "/b.yar", root}})
	if got := names(set, root); !slices.Equal(got, []string{"a.yar:a", "b.yar:b"}) {
		t.Errorf("got %q", got)
	}
}

func TestLoadFileWithIncludes(t *testing.T) {
	root := lay(t, map[string]string{
		"main.yar":   "include \"sub/a.yar\"\n" + rule("top"),
		"sub/a.yar":  "include \"../b.yar\"\ninclude \"./c.inc\"\n" + rule("a"),
		"b.yar":      rule("b"),
		"sub/c.inc":  rule("c"),
		"unused.yar": rule("unused"),
	})
	set := mustLoad(t, Config{Paths: []string{root + "/main.yar"}})
	if got, want := names(set, root), []string{"main.yar:b", "main.yar:c", "main.yar:a", "main.yar:top"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if text := string(set.Text(root + "/sub/c.inc")); text != rule("c") {
		t.Errorf("source of an included file: %q", text)
	}
}

// An index that includes the files beside it must not make every rule count twice.
func TestDirectoryWithIndex(t *testing.T) {
	root := lay(t, map[string]string{
		"index.yar": "include \"./m/a.yar\"\n// include \"b.yar\"\n",
		"m/a.yar":   rule("a"), "b.yar": rule("b") + "/* include \"m/a.yar\" */",
	})
	got := names(mustLoad(t, Config{Paths: []string{root}}), root)
	if want := []string{"b.yar:b", "index.yar:a"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLoadZip(t *testing.T) {
	path := packed(t, "index.yar", "include \"d/a.inc\"\n"+rule("top"), "d/a.inc", rule("a"), "d/b.yara", rule("b"), "README", "x")
	set := mustLoad(t, Config{Paths: []string{path}})
	want := []string{path + "!d/b.yara:b", path + "!index.yar:a", path + "!index.yar:top"}
	if got := names(set, "/"); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if set.Text(path+"!d/a.inc") == nil {
		t.Error("no source for an included member")
	}
}

func TestErrors(t *testing.T) {
	outside := lay(t, map[string]string{"secret.yar": rule("secret")})
	root := lay(t, map[string]string{
		"two.yar":      "rule a { condition: $x }\nrule b { condition:\n  nope }\n",
		"above.yar":    "include \"../secret.yar\"",
		"absolute.yar": "include \"/etc/passwd\"",
		"gone.yar":     "include \"gone.inc\"",
		"empty/x.txt":  "",
	})
	if err := os.Mkdir(root+"/led", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside+"/secret.yar", root+"/led/out.yar"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path string
		want []string // each in a line of its own
	}{
		{"two.yar", []string{`two.yar:1:`, `two.yar:3:`}},
		{"above.yar", []string{"above.yar:1:", "leads out of the directory"}},
		{"absolute.yar", []string{"relative path"}},
		{"gone.yar", []string{`include "gone.inc"`}},
		{"empty", []string{"no *.yar"}},
		{"led", []string{"led/out.yar"}},
		{"nothing", []string{"no such file"}},
	} {
		_, err := Load(Config{Paths: []string{root + "/" + c.path}})
		if err == nil {
			t.Errorf("%s: no error", c.path)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", c.path, err, want)
			}
		}
	}
	all, err := Load(Config{Paths: []string{root + "/two.yar", root + "/nothing", root + "/gone.yar"}})
	if n := strings.Count(fmt.Sprint(err), "\n") + 1; all != nil || n != 4 {
		t.Errorf("every error of every file, 4 lines, not %d:\n%v", n, err)
	}
}

func TestZipErrors(t *testing.T) {
	for name, path := range map[string]string{
		"leads out":  packed(t, "../x.yar", rule("x")),
		"twice":      packed(t, "x.yar", rule("x"), "x.yar", rule("y")),
		"no *.yar":   packed(t, "x.txt", rule("x")),
		"!x.yar:1:":  packed(t, "x.yar", "rule"),
		"read rules": filepath.Join(lay(t, map[string]string{"cut.zip": "PK\x03\x04cut"}), "cut.zip"),
	} {
		if _, err := Load(Config{Paths: []string{path}}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not say %q", err, name)
		}
	}
}

func TestIncludesOfACircleBeginSomewhere(t *testing.T) {
	texts := map[string][]byte{
		"a.yar": []byte(`include "b.yar"`), "b.yar": []byte(`include "a.yar"`),
		"root.yar": []byte(`include "leaf.yar"`), "leaf.yar": []byte(rule("leaf")), "self.yar": []byte(`include "self.yar"`),
	}
	var got []string
	for name, in := range reached([]string{"a.yar", "b.yar", "leaf.yar", "root.yar", "self.yar"}, texts) {
		if in {
			got = append(got, name)
		}
	}
	if !slices.Equal(got, []string{"leaf.yar"}) {
		t.Errorf("left to others: %q, want leaf.yar alone", got)
	}
}

func TestBuiltin(t *testing.T) {
	builtin := []yara.Source{{Name: "ours.yar", Namespace: "ours", Text: []byte(rule("a"))}}
	root := lay(t, map[string]string{"a.yar": rule("a")})
	set := mustLoad(t, Config{Builtin: builtin, Paths: []string{root}})
	if got := names(set, root); !slices.Equal(got, []string{"ours:a", "a.yar:a"}) {
		t.Errorf("got %q", got)
	}
	t.Chdir(lay(t, map[string]string{"ours.yar": rule("theirs")}))
	set = mustLoad(t, Config{Builtin: builtin, Paths: []string{"ours.yar"}})
	if string(set.Text("ours.yar")) != rule("a") || string(set.Text("./ours.yar")) != rule("theirs") {
		t.Errorf("a file called like one of ours takes its place: %q", names(set, root))
	}
	if _, err := Load(Config{Builtin: []yara.Source{{Name: "ours.yar", Text: []byte(`include "x"`)}}}); err == nil {
		t.Error("an include from inside the program: no error")
	}
}

// The identity is that of the contents, computed here in the words of the documentation.
func TestIdentity(t *testing.T) {
	texts := []string{rule("a"), rule("b"), "include \"a.yar\"\n"}
	var lines []string
	for _, text := range texts {
		sum := sha256.Sum256([]byte(text))
		lines = append(lines, hex.EncodeToString(sum[:])+"\n")
	}
	sort.Strings(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	want := Identity{Count: 2, SHA256: hex.EncodeToString(sum[:])}

	dir := lay(t, map[string]string{"a.yar": texts[0], "b.yar": texts[1], "index.yar": texts[2]})
	for name, path := range map[string]string{
		"directory": dir,
		"archive":   packed(t, "y/b.yar", texts[1], "y/index.yar", texts[2], "y/a.yar", texts[0]),
	} {
		if got := mustLoad(t, Config{Paths: []string{path}}).Identity; got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	other := lay(t, map[string]string{"a.yar": texts[0], "b.yar": texts[1] + "\n", "index.yar": texts[2]})
	if got := mustLoad(t, Config{Paths: []string{other}}).Identity; got.SHA256 == want.SHA256 {
		t.Error("other contents, same identity")
	}
	if want.Short() != want.SHA256[:12] || (Identity{}).Short() != "" {
		t.Error("short identity")
	}
}

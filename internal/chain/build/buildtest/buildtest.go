// Package buildtest makes small repositories to build: two commands that need a
// second, instead of this product's. It is for tests.
package buildtest

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vitrine/internal/chain/build"
)

// Files of the repository, by name.
var files = map[string]string{
	"go.mod":             "module example.org/small\n\ngo 1.26\n",
	"cmd/hello/main.go":  "package main\n\nimport \"example.org/small/word\"\n\nfunc main() { println(word.Word) }\n",
	"cmd/other/main.go":  "package main\n\nfunc main() { println(\"other\") }\n",
	"word/word.go":       "// Package word is a word.\npackage word\n\n// Word is it.\nconst Word = \"hello\"\n",
	"word/testdata/link": "not read by anybody\n",
}

// Recipe is how the repository is built.
func Recipe() build.Recipe {
	return build.Recipe{Commands: []string{"hello", "other"}, Platforms: build.Standard().Platforms}
}

// Repo makes a git repository with one commit.
func Repo(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		Write(t, dir, name, text)
	}
	git(t, dir, "init", "-q", "-b", "main")
	Commit(t, dir)
	return dir
}

// Write writes a file of the repository.
func Write(t testing.TB, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Commit commits all that was written.
func Commit(t testing.TB, dir string) {
	t.Helper()
	git(t, dir, "add", "-A")
	git(t, dir, "-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "commit", "-q", "-m", "Change it")
}

func git(t testing.TB, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

var look = sync.OnceValues(func() (*build.Go, error) { return build.LookGo(context.Background(), "") })

// Go is this machine's go command.
func Go(t testing.TB) *build.Go {
	t.Helper()
	g, err := look()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Cache is the build cache of whoever runs the tests: with one of its own, each
// build would compile the standard library first.
func Cache(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// Release makes the folder of a release whose binaries are made-up bytes and
// not built of anything. Word goes into each of them.
func Release(t testing.TB, version, word string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	put := func(name string) build.Item {
		data := []byte(name + " " + version + " " + word + "\n")
		Write(t, dir, name, string(data))
		return build.Item{Name: name, SHA256: sha256.Sum256(data), Size: int64(len(data))}
	}
	m := build.Manifest{
		Schema: "vitrine.release/v1", Version: version, Repo: "https://example.org/small", Commit: strings.Repeat("a", 40), Location: "here",
		Go: "go1.26.8", GoH1: "h1:" + strings.Repeat("A", 43) + "=", Archive: put(build.SourceFile), Provenance: put(build.ProvenanceFile),
	}
	for _, name := range build.Standard().Files() {
		m.Binaries = append(m.Binaries, put(name))
		m.SBOM = append(m.SBOM, put(name+build.SBOMSuffix))
	}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	Write(t, dir, build.ManifestName, string(text))
	return dir
}

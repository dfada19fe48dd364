package starter

import (
	"bytes"
	"context"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitrine/yara"
)

// silenceEnv names a list of folders, separated by colons, in which no rule may
// find anything. They are read whole, however long that takes.
const silenceEnv = "VITRINE_SILENCE"

// largest is the size of the largest file that the silence tests read.
const largest = 64 << 20

// watch scans the files below root and complains of every finding. It takes
// every n-th file, and none that skip refuses.
func watch(t *testing.T, s *yara.Scanner, root string, n int, skip func(path string, d fs.DirEntry) bool) {
	t.Helper()
	seen, scanned := 0, 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // a folder we may not read holds nothing to check
		}
		if skip != nil && skip(path, d) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		if seen++; seen%n != 0 {
			return nil
		}
		if watchFile(t, s, path) {
			scanned++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if scanned == 0 {
		t.Errorf("%s: no file was scanned", root)
	}
	t.Logf("%s: %d of %d files scanned", root, scanned, seen)
}

func watchFile(t *testing.T, s *yara.Scanner, path string) bool {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil || info.Size() > largest {
		return false
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	result, err := s.Scan(context.Background(), data)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, m := range result.Matches {
		t.Errorf("%s found in %s", m.Rule.Name, path)
	}
	for _, l := range result.Limits {
		t.Errorf("%s: limit %q of rule %s", path, l.Limit, l.Rule.Name)
	}
	return true
}

// stride gives how many files to pass over: all are read only when asked for.
func stride(full int) int {
	if testing.Short() {
		return full * 8
	}
	return full
}

// Our own repository is silent, the rules and their samples included. Left out
// is what must be found: the files that carry EICAR on purpose.
func TestSilentOnRepository(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatalf("not the root of the repository: %v", err)
	}
	wanted := filepath.Join(root, "testdata", "samples")
	watch(t, scanner(t, false), root, 1, func(path string, d fs.DirEntry) bool {
		return d.IsDir() && (d.Name() == ".git" || path == wanted)
	})
}

func TestSilentOnGoSource(t *testing.T) {
	root := filepath.Join(build.Default.GOROOT, "src")
	if info, err := os.Stat(root); err != nil || !info.IsDir() {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatalf("needs Go's source, and there is none at %q", root)
		}
		t.Skipf("no Go source at %q", root)
	}
	watch(t, scanner(t, false), root, stride(6), nil)
}

// A clean system is silent. Here a part of /usr is read; VITRINE_SILENCE=/usr
// reads all of it.
func TestSilentOnSystem(t *testing.T) {
	s := scanner(t, false)
	for _, part := range []struct {
		root string
		n    int
	}{
		{"/usr/bin", 8},
		{"/usr/lib/x86_64-linux-gnu", 40},
		{"/usr/share/doc", 40},
		{"/etc", 8},
	} {
		if _, err := os.Stat(part.root); err != nil {
			t.Logf("%s is not here", part.root)
			continue
		}
		watch(t, s, part.root, stride(part.n), tooLarge)
	}
}

func tooLarge(_ string, d fs.DirEntry) bool {
	if d.IsDir() {
		return false
	}
	info, err := d.Info()
	return err != nil || info.Size() > 4<<20
}

func TestSilentWhole(t *testing.T) {
	roots := os.Getenv(silenceEnv)
	if roots == "" {
		t.Skipf("%s is not set: it names the folders to read whole, such as /usr:/usr/local/go/src", silenceEnv)
	}
	s := scanner(t, false)
	for _, root := range filepath.SplitList(roots) {
		watch(t, s, root, 1, nil)
	}
}

// Programs that hold the text of the rules, as ours does, are not found by
// them; nor are scripts, pages and mails that quote a rule file whole.
func TestSilentOnRuleText(t *testing.T) {
	var text bytes.Buffer
	for _, source := range Sources() {
		text.Write(source.Text)
	}
	s := scanner(t, false)
	for name, data := range map[string][]byte{
		"text":       text.Bytes(),
		"program":    elf(text.String()),
		"library":    elfLib(text.String()),
		"module":     elfModule(text.String()),
		"device":     elfSegments(text.String(), 5, 2),
		"windows":    pe(text.String()),
		"macos":      macho(text.String()),
		"mail":       append([]byte("From: a@a.example\n\n"), text.Bytes()...),
		"json":       append([]byte(`{"rules": "`), text.Bytes()...),
		"powershell": append([]byte("$rules = @'\n"), text.Bytes()...),
		"batch":      append([]byte("@echo off\n"), text.Bytes()...),
		"rtf":        append([]byte(`{\rtf1 `), text.Bytes()...),
		"pdf":        append([]byte("%PDF-1.4\n"), text.Bytes()...),
		"office":     ole(text.String()),
	} {
		if names := found(t, s, data); len(names) > 0 {
			t.Errorf("%s with the rules in it is found by %s", name, strings.Join(names, ", "))
		}
	}
}

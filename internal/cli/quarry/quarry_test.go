package quarry

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/clamav"
)

func TestPasswords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "passwords")
	for text, want := range map[string][]string{"": nil, "a\n\n b \r\nc": {"a", " b ", "c"}, strings.Repeat("x", maxPasswords+1): nil} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Passwords(path, nil)
		if !slices.Equal(got, want) || (err != nil) != (len(text) > maxPasswords) {
			t.Errorf("%.20q: %q, %v", text, got, err)
		}
	}
	if _, err := Passwords(path+"gone", nil); err == nil {
		t.Error("a password file that is not there: no error")
	}
}

func TestLists(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "list")
	text := strings.Repeat("ab", 32) + "  some.malware\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var read bytes.Buffer
	set, err := Lists([]string{name}, &read)
	if err != nil || set.Len() != 1 || read.String() != text {
		t.Errorf("%d, %v, read %q", set.Len(), err, read.String())
	}
	if set, err := Lists(nil, nil); set != nil || err != nil {
		t.Errorf("no list: %v, %v", set, err)
	}
	_, err = Lists([]string{name + "1", name, name + "2"}, nil)
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("two lists that are not there: %v", err)
	}
}

func TestDatabases(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := Databases([]string{dir}, clamav.Config{}, nil); err == nil {
		t.Error("a directory without databases: no error")
	}
	if _, _, err := Databases([]string{filepath.Join(dir, "gone")}, clamav.Config{}, nil); err == nil {
		t.Error("no directory: no error")
	}
	text := "44d88612fea8a8f36de82e1278abb02f:68:Test.File\n"
	if err := os.WriteFile(filepath.Join(dir, "x.hdb"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var read bytes.Buffer
	d, report, err := Databases([]string{dir}, clamav.Config{}, &read)
	if err != nil || d.Len() != 1 || len(report.Problems) != 0 || read.String() != text {
		t.Errorf("%v, %v, %v, read %q", d, report, err, read.String())
	}
}

func TestBuiltin(t *testing.T) {
	sources := Builtin()
	if len(sources) == 0 || !strings.HasPrefix(sources[0].Name, "internal/engine/starter/") {
		t.Errorf("%d sources", len(sources))
	}
}

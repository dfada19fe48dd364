package ruleset

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func compiled(t *testing.T, paths ...string) []byte {
	t.Helper()
	data, err := mustLoad(t, Config{Paths: paths, Portable: true}).Rules.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestPortableIsTheSameAnywhere(t *testing.T) {
	files := map[string]string{"b.yar": "include \"d/i.inc\"\n" + rule("b"), "d/a.yar": rule("a"), "d/i.inc": rule("i")}
	more := map[string]string{"z.yar": rule("z"), "b.yar": rule("other")}
	one, two := lay(t, files), lay(t, files)
	first, second := lay(t, more), lay(t, more)
	want := compiled(t, one, first)
	for i, got := range [][]byte{
		compiled(t, second, two), compiled(t, two, second, two), compiled(t, two, first, second+"/z.yar", first),
		compiled(t, packed(t, "d/i.inc", files["d/i.inc"], "b.yar", files["b.yar"], "d/a.yar", files["d/a.yar"]), first),
	} {
		if !bytes.Equal(got, want) {
			t.Errorf("%d: other bytes", i)
		}
	}
	if bytes.Contains(want, []byte(filepath.Base(one))) {
		t.Error("the place of the rules is in what was compiled")
	}
}

func TestPortableNames(t *testing.T) {
	one := lay(t, map[string]string{"a.yar": rule("x"), "d/b.yar": rule("y")})
	two := lay(t, map[string]string{"a.yar": rule("z"), "d/b.yar": rule("y")})
	sum := sha256.Sum256([]byte(rule("z")))
	want := []string{"a.yar:x", "a.yar~" + hex.EncodeToString(sum[:4]) + ":z", "d/b.yar:y"}
	for _, paths := range [][]string{{one, two}, {two, one}} {
		if got := names(mustLoad(t, Config{Paths: paths, Portable: true}), "/"); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestPortableErrors(t *testing.T) {
	including := map[string]string{"a.yar": "include \"i.inc\"\n", "i.inc": rule("i")}
	blob := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(blob, compiled(t, lay(t, map[string]string{"a.yar": rule("a")})), 0o644); err != nil {
		t.Fatal(err)
	}
	bad := lay(t, map[string]string{"d/bad.yar": "rule a { condition: x }"})
	for want, paths := range map[string][]string{
		"include others":        {lay(t, including), lay(t, including)},
		"compiled already":      {blob},
		bad + "/d/bad.yar:1:21": {bad},
	} {
		if _, err := Load(Config{Paths: paths, Portable: true}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func TestCompiledBesideSources(t *testing.T) {
	dir := lay(t, map[string]string{"s.yar": rule("source")})
	data := compiled(t, lay(t, map[string]string{"a.yar": rule("a") + rule("b")}))
	blob := filepath.Join(dir, "rules.bin")
	if err := os.WriteFile(blob, data, 0o644); err != nil {
		t.Fatal(err)
	}
	set := mustLoad(t, Config{Paths: []string{blob, dir + "/s.yar", blob}})
	if got, want := names(set, dir), []string{"s.yar:source", "a.yar:a", "a.yar:b"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if set.Identity.Count != 3 || set.Files != 2 {
		t.Errorf("%d rules of %d files", set.Identity.Count, set.Files)
	}
	alone := mustLoad(t, Config{Paths: []string{blob}})
	sum := sha256.Sum256(data)
	if want := fmt.Sprintf("%x", sha256.Sum256([]byte(hex.EncodeToString(sum[:])+"\n"))); alone.Identity.SHA256 != want {
		t.Errorf("identity %s, want %s", alone.Identity.SHA256, want)
	}
	if err := os.WriteFile(blob, data[:len(data)-1], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(Config{Paths: []string{blob}}); err == nil || !strings.Contains(err.Error(), "rules.bin") {
		t.Errorf("cut off: %v", err)
	}
}

// What is compiled goes through the caller's memory, if that is asked for, and is the
// same set.
func TestHold(t *testing.T) {
	dir := lay(t, map[string]string{"a.yar": rule("a")})
	name := filepath.Join(t.TempDir(), "rules.vyr")
	if err := os.WriteFile(name, compiled(t, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	want := mustLoad(t, Config{Paths: []string{name}})
	var held []byte
	got := mustLoad(t, Config{Paths: []string{name}, Hold: func(r io.Reader) (_ []byte, err error) {
		held, err = io.ReadAll(r)
		return held, err
	}})
	if len(held) == 0 || got.Identity != want.Identity || got.Files != want.Files {
		t.Errorf("%d bytes held, %+v, want %+v", len(held), got.Identity, want.Identity)
	}
	none := errors.New("no room")
	if _, err := Load(Config{Paths: []string{name}, Hold: func(io.Reader) ([]byte, error) { return nil, none }}); !errors.Is(err, none) {
		t.Errorf("no room: %v", err)
	}
}

package site

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPaths(t *testing.T) {
	digest := [32]byte{0xab, 31: 0x01}
	for got, want := range map[string]string{
		RuleBundle("core", 123):                  "rules/core/000123.bundle",
		File("rules/core/000123.bundle", digest): "files/rules/core/ab" + strings.Repeat("0", 60) + "01.000123.bundle",
		File("plain", digest):                    "files/ab" + strings.Repeat("0", 60) + "01.plain",
		Leaf(RuleBundle("urgent", 1)):            "files/rules/urgent/000001.bundle.leaf",
		Proof(ReleaseFile("v1.2.3", "vitrine")):  "files/release/v1.2.3/vitrine.tlog-proof",
		Leaf(Rebuild("v1.2.3", "abcd")):          "files/rebuild/v1.2.3/abcd.leaf",
		Tile("tile/0/x001/234.p/5"):              "log/tile/0/x001/234.p/5",
		TUF("2.root.json"):                       "tuf/2.root.json",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if !Valid(got) {
			t.Errorf("%s is not valid", got)
		}
	}
}

func TestValid(t *testing.T) {
	for _, bad := range []string{"", "/etc/passwd", "a//b", "a/", "../x", "a/../b", "a/./b", "a/.state", `a\b`, "a b", "a?b", "a%2fb", "a\x00", "é", strings.Repeat("a", 513)} {
		if Valid(bad) {
			t.Errorf("%q is valid", bad)
		}
	}
}

func TestDir(t *testing.T) {
	ctx := context.Background()
	top := t.TempDir()
	root := filepath.Join(top, "site")
	for name, data := range map[string]string{"site/log/checkpoint": "12345", "secret": "secret", "site/.hidden": "x"} {
		name = filepath.Join(top, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(data), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../secret", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	for _, f := range []Fetcher{Dir(root), Memory{"log/checkpoint": []byte("12345")}} {
		if data, err := f.Fetch(ctx, "log/checkpoint", 5); err != nil || string(data) != "12345" {
			t.Errorf("%T: got %q, %v", f, data, err)
		}
		if _, err := f.Fetch(ctx, "log/checkpoint", 4); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%T: over the limit: %v", f, err)
		}
		if _, err := f.Fetch(ctx, "log/none", 4); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%T: not there: %v", f, err)
		}
		ended, end := context.WithCancel(ctx)
		end()
		if _, err := f.Fetch(ended, "log/checkpoint", 5); !errors.Is(err, context.Canceled) {
			t.Errorf("%T: ended: %v", f, err)
		}
	}
	for _, name := range []string{"link", "../secret", ".hidden", "log"} {
		if data, err := Dir(root).Fetch(ctx, name, 10); err == nil {
			t.Errorf("%s: read %q", name, data)
		}
	}
	if _, err := Dir(filepath.Join(top, "none")).Fetch(ctx, "log/checkpoint", 5); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a site that is not there says %v", err)
	}
}

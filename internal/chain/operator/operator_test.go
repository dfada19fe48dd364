package operator_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/operator"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tuf"
	"vitrine/internal/durable/durabletest"
)

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func newFolder(t *testing.T) (*operator.Folder, string) {
	t.Helper()
	dir := filepath.Join(durabletest.Dir(t), "op")
	f, err := operator.Init(operator.InitConfig{
		Dir: dir, Origin: "log.example/av1", Random: rand.Reader, Now: now,
		Witnesses: []operator.Witness{{Name: "w.example/1", URL: "http://127.0.0.1:1"}, {Name: "w.example/2", URL: "http://127.0.0.1:2"}, {Name: "w.example/3", URL: "http://127.0.0.1:3"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return f, dir
}

func TestInit(t *testing.T) {
	made, dir := newFolder(t)
	f, err := operator.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	root, err := f.Root()
	if err != nil {
		t.Fatal(err)
	}
	c, err := tuf.New(tuf.Config{Store: tuf.Store{Dir: t.TempDir()}, Fetcher: site.Metadata{Site: site.Dir(f.Site())}, Root: root, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	for role, threshold := range map[string]int{"rules-core": 2, "rules-urgent": 2, "releases": 2, "rebuilders": 2, "certificates": 1} {
		r, err := c.Role(role)
		if err != nil || r.Threshold != threshold || len(r.Keys) < threshold {
			t.Errorf("%s: %+v, %v", role, r, err)
		}
		if s, err := f.Signers(role); err != nil || len(s) != threshold || s[0].Key().ID != r.Keys[0].ID {
			t.Errorf("%s: %v, %v", role, s, err)
		}
	}
	p, err := f.Policy()
	if err != nil || p.Origin() != "log.example/av1" || len(p.Witnesses) != 3 || p.Groups[0].Threshold != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	if s, err := f.LogSigner(); err != nil || s.Name() != "log.example/av1" {
		t.Errorf("%v, %v", s, err)
	}
	if _, err := operator.Init(operator.InitConfig{Dir: made.Dir, Origin: "x", Random: rand.Reader, Now: now}); err == nil {
		t.Error("made anew over an old folder")
	}
}

// A spare key takes the place of one that is elsewhere; two short is too few.
func TestSigners(t *testing.T) {
	f, dir := newFolder(t)
	remove := func(name string) {
		if err := os.Remove(filepath.Join(dir, "keys", name)); err != nil {
			t.Fatal(err)
		}
	}
	remove("rules-core-1")
	if s, err := f.Signers("rules-core"); err != nil || len(s) != 2 {
		t.Errorf("%v, %v", s, err)
	}
	remove("rules-core-3")
	if _, err := f.Signers("rules-core"); !errors.Is(err, operator.ErrTooFew) || !strings.Contains(err.Error(), "1 of 2 (not here: keys/rules-core-1, keys/rules-core-3)") {
		t.Errorf("got %v", err)
	}
	swapped, err := os.ReadFile(filepath.Join(dir, "keys", "releases-2"))
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, "keys", "releases-1"), swapped, 0o600)
	if _, err := f.Signers("releases"); err == nil || !strings.Contains(err.Error(), "another key") {
		t.Errorf("got %v", err)
	}
	if _, err := f.Signers("none"); err == nil {
		t.Error("signs for a role that is not there")
	}
}

func TestInitRefuses(t *testing.T) {
	for name, c := range map[string]operator.InitConfig{
		"no witness":  {Origin: "log.example/av1"},
		"no log name": {Witnesses: []operator.Witness{{Name: "w.example/1", URL: "http://127.0.0.1:1"}}},
		"bad URL":     {Origin: "log.example/av1", Witnesses: []operator.Witness{{Name: "w.example/1", URL: "not a url"}}},
		"same twice":  {Origin: "log.example/av1", Witnesses: []operator.Witness{{Name: "w", URL: "http://127.0.0.1:1", VKey: "x"}}},
	} {
		c.Dir, c.Random, c.Now = filepath.Join(durabletest.Dir(t), "op"), rand.Reader, now
		if _, err := operator.Init(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestReplace(t *testing.T) {
	f, _ := newFolder(t)
	before, err := os.ReadFile(filepath.Join(f.Dir, "operator.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		role   string
		number int
	}{{"none", 1}, {"root", 0}, {"root", 6}} {
		if _, _, err := f.Replace(c.role, c.number, rand.Reader, ""); err == nil {
			t.Errorf("replaced key %d of %s", c.number, c.role)
		}
	}
	spec, public, err := f.Replace("root", 2, rand.Reader, "")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := operator.Open(f.Dir, nil); err != nil {
		t.Error(err)
	} else if l, err := again.Layout(); err != nil || len(l.Root.Keys) != 5 || l.Root.Keys[1].ID != public.ID {
		t.Errorf("%+v, %v", l.Root, err)
	}
	after, err := os.ReadFile(filepath.Join(f.Dir, "operator.json"))
	if err != nil || string(after) == string(before) || !strings.Contains(string(after), spec) || !strings.Contains(string(after), `"retired"`) {
		t.Errorf("%v\n%s", err, after)
	}
}

package lists

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vitrine/internal/durable"
	"vitrine/internal/durable/durabletest"
	"vitrine/internal/endpoint/files"

	"pgregory.net/rapid"
)

// clock is a time that tests set.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newClock() *clock { return &clock{time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)} }

func digest(n int) string { return fmt.Sprintf("%064x", n) }

func openAllowed(t *testing.T, dir string, c *clock) *Allowed {
	t.Helper()
	a, err := OpenAllowed(durable.Disk{}, dir, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAllowed(t *testing.T) {
	dir, c := filepath.Join(durabletest.Dir(t), "new"), newClock()
	a := openAllowed(t, dir, c)
	e, err := a.Add(Entry{What: strings.ToUpper(digest(0xab)), Reason: "  our own installer\n", UID: 7})
	if err != nil || e.What != digest(0xab) || e.Reason != "our own installer" || !e.Added.Equal(c.at) || e.UID != 7 {
		t.Errorf("added %+v, %v", e, err)
	}
	c.at = c.at.Add(time.Second)
	if _, err := a.Add(Entry{What: digest(1), Reason: "for a day", Until: c.at.Add(24 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	for name, l := range map[string]*Allowed{"same": a, "read again": openAllowed(t, dir, c)} {
		all := l.All()
		if len(all) != 2 || all[0] != e || all[1].What != digest(1) {
			t.Errorf("%s: %+v", name, all)
		}
		if _, ok := l.Has(digest(2)); ok {
			t.Errorf("%s: everything is allowed", name)
		}
	}
	c.at = c.at.Add(24 * time.Hour)
	if _, ok := a.Has(digest(1)); ok || len(a.All()) != 1 {
		t.Error("an entry outlives its end")
	}
	if was, err := a.Remove(digest(0xab)); err != nil || was.Reason != "our own installer" {
		t.Errorf("removed %+v, %v", was, err)
	}
	if _, err := a.Remove(digest(0xab)); !errors.Is(err, ErrNone) {
		t.Errorf("removed twice: %v", err)
	}
	if l := openAllowed(t, dir, c); len(l.All()) != 0 {
		t.Errorf("left: %+v", l.All())
	}
}

func TestAddRefuses(t *testing.T) {
	c := newClock()
	a := openAllowed(t, durabletest.Dir(t), c)
	x, _ := OpenExcluded(durable.Disk{}, durabletest.Dir(t), c.now)
	for _, e := range []Entry{
		{What: digest(1), Reason: " "}, {What: digest(1), Reason: strings.Repeat("x", 501)}, {What: digest(1), Reason: "\xff"},
		{What: "abc", Reason: "r"}, {What: digest(1)[1:] + "g", Reason: "r"}, {What: digest(1), Reason: "r", Until: c.at},
	} {
		if _, err := a.Add(e); err == nil {
			t.Errorf("took %+v", e)
		}
	}
	for _, what := range []string{"", "/", "*", "/**", "**/", "[a", "a/../b", "/srv/./x/", "..", "\xff", strings.Repeat("a", 5000)} {
		if _, err := x.Add(Entry{What: what, Reason: "r"}); err == nil {
			t.Errorf("took the pattern %.20q", what)
		}
	}
}

func TestExcluded(t *testing.T) {
	c := newClock()
	x, err := OpenExcluded(durable.Disk{}, durabletest.Dir(t), c.now)
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Fix([]string{"/srv/db/", "*.iso"}, "/etc/x.toml:3"); err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"cache/tmp", "/odd[12]"} {
		if _, err := x.Add(Entry{What: what, Reason: "r", Until: c.at.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		"/srv/db": "", "/srv/db/a/b": "/srv/db/", "/home/x/y.iso": "*.iso", "/y.iso/inside": "*.iso", "/x.isos": "",
		"/home/cache/tmp/x": "cache/tmp", "/odd1": "/odd[12]", "/odd1/\xff": "/odd[12]", "/odd3": "", "/": "", "": "", "relative.iso": "*.iso",
	} {
		if e, ok := x.Match(path, false); e.What != want || ok != (want != "") {
			t.Errorf("%q: %+v", path, e)
		}
	}
	if e, ok := x.Match("/srv/db", true); !ok || e.Source != "/etc/x.toml:3" {
		t.Errorf("the folder itself: %+v", e)
	}
	if _, err := x.Remove("*.iso"); !errors.Is(err, ErrNone) {
		t.Errorf("an entry of the configuration was removed: %v", err)
	}
	if _, err := x.Remove("cache/tmp"); err != nil {
		t.Error(err)
	}
	if _, ok := x.Match("/cache/tmp", true); ok {
		t.Error("a removed entry still matches")
	}
	if err := x.Fix([]string{"[a"}, "f"); err == nil {
		t.Error("took a pattern that is none")
	}
	if _, ok := x.Match("/x.iso", false); !ok || len(x.All()) != 3 {
		t.Errorf("after a refused configuration: %+v", x.All())
	}
	c.at = c.at.Add(time.Hour)
	if _, ok := x.Match("/odd1", false); ok {
		t.Error("an entry outlives its end")
	}
}

func TestPowerCut(t *testing.T) {
	c := newClock()
	durabletest.Each(
		func() string {
			dir := durabletest.Dir(t)
			if _, err := openAllowed(t, dir, c).Add(Entry{What: digest(1), Reason: "r"}); err != nil {
				t.Fatal(err)
			}
			return dir
		},
		func(disk durable.Disk, dir string) error {
			a, err := OpenAllowed(disk, dir, c.now)
			if err == nil {
				_, err = a.Add(Entry{What: digest(2), Reason: "r"})
			}
			return err
		},
		func(dir string, done bool) {
			all := openAllowed(t, dir, c).All()
			if len(all) == 0 || len(all) > 2 || done && len(all) != 2 {
				t.Errorf("after the cut (reported done: %v): %+v", done, all)
			}
		})
}

func TestDamaged(t *testing.T) {
	for _, text := range []string{"", "{", `{"schema":"vitrine.exclude/v1"}`, `{"schema":"vitrine.allow/v1","entries":[{"what":"x"}]}`} {
		dir := durabletest.Dir(t)
		name := filepath.Join(dir, "allow.json")
		os.WriteFile(name, []byte(text), 0o600)
		a, err := OpenAllowed(durable.Disk{}, dir, newClock().now)
		if err == nil || len(a.All()) != 0 {
			t.Errorf("%q was read as %v", text, a.All())
		}
		if _, err := a.Add(Entry{What: digest(1), Reason: "r"}); err == nil {
			t.Errorf("%q was overwritten", text)
		}
		if got, _ := os.ReadFile(name); string(got) != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestAtOnce(t *testing.T) {
	x, err := OpenExcluded(durable.Disk{}, durabletest.Dir(t), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if _, err := x.Add(Entry{What: fmt.Sprint("name", i), Reason: "r"}); err != nil {
				t.Error(err)
			}
			x.Match("/a/name0", false)
			x.All()
		})
	}
	wg.Wait()
	for i := range 8 {
		if _, ok := x.Match(fmt.Sprint("/a/name", i), false); !ok {
			t.Errorf("name%d is not compiled", i)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"schema":"vitrine.exclude/v1","entries":[{"what":"*.x","reason":"r","until":"2026-01-01T00:00:00Z"}]}`))
	f.Add([]byte(`{"entries":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		l := list{schema: "vitrine.exclude/v1", check: checkPattern, entries: map[string]Entry{}}
		if l.parse(text) != nil {
			return
		}
		for what := range l.entries {
			if checkPattern(what) != nil {
				t.Errorf("took %q", what)
			}
		}
	})
}

// TestLiteral: what a pattern must hold keeps no path out that it matches.
func TestLiteral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SampledFrom([]string{"a", "b", "ab", "/", "*", "**", "**/", "?", "[a-b]", "]", `\*`, `\`, "é", "./", "a/b"})
		what := strings.Join(rapid.SliceOfN(piece, 1, 6).Draw(t, "pattern"), "")
		path := "/" + strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ab", "*", "é", "]", "\xff"}), 1, 5).Draw(t, "path"), rapid.SampledFrom([]string{"", "/"}).Draw(t, "between"))
		p, err := files.ParsePattern(what, "/")
		if err != nil {
			t.Skip("no pattern")
		}
		if matches(p, path, true) && !strings.Contains(path, literal(what)) {
			t.Errorf("%q matches %q, and %q is not in it", what, path, literal(what))
		}
	})
	if literal("/srv/db/") != "srv/db" || literal("*.iso") != ".iso" || literal("[ab]c") != "" {
		t.Error("nothing is told apart")
	}
}

func BenchmarkMatch(b *testing.B) {
	x, err := OpenExcluded(durable.Disk{}, b.TempDir(), time.Now)
	if err != nil {
		b.Fatal(err)
	}
	var patterns []string
	for i := range 50 {
		patterns = append(patterns, fmt.Sprintf("/srv/place%d/", i), fmt.Sprintf("*.kind%d", i))
	}
	if err := x.Fix(patterns, "f"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		x.Match("/usr/lib/x86_64-linux-gnu/perl/5.36/auto/List/Util/Util.so", false)
	}
}

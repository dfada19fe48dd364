package files

import (
	"strings"
	"testing"
)

func TestPatternMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		dir, want     bool
	}{
		{"*.log", "a/b/x.log", false, true},
		{"*.log", "x.log", false, true},
		{"*.log", "x.logs", false, false},
		{"*.log", "a.log/x", false, false}, // Walk leaves out the directory a.log itself
		{"a*c*e", "abcde", false, true},
		{"a*c*e", "abcdf", false, false},
		{"*a*b", "xxabxb", false, true},
		{"?.txt", "é.txt", false, true},
		{"?.txt", "\xff.txt", false, true},
		{"??.txt", "é.txt", false, false},
		{"[a-c]x", "bx", false, true},
		{"[!a-c]x", "bx", false, false},
		{"[^a-c]x", "dx", false, true},
		{"[]x]", "]", false, true},
		{"[a-]", "-", false, true},
		{`\*`, "*", false, true},
		{`\*`, "x", false, false},
		{"build/", "a/build", true, true},
		{"build/", "a/build", false, false},
		{"cache/tmp", "/home/x/cache/tmp", true, true},
		{"cache/tmp", "cache/tmp", true, true},
		{"cache/tmp", "notcache/tmp", true, false},
		{"cache/tmp", "cache/tmp/x", false, false},
		{"cache/*.tmp", "/x/cache/a.tmp", false, true},
		{"cache/*.tmp", "/x/cache/b/a.tmp", false, false},
		{"cache/**/*.tmp", "/x/cache/b/c/a.tmp", false, true},
		{"cache/**/*.tmp", "/x/cache/a.tmp", false, true},
		{"cache/**", "/x/cache/b/c/a.tmp", false, true},
		{"c**p/x", "cache/tmp/x", false, true},
		{"/var/lib/lxc", "/var/lib/lxc", true, true},
		{"/var/lib/lxc", "/mnt/var/lib/lxc", true, false},
		{"/srv/a", "./a", true, true},
		{"/srv/a", "../srv/a", true, true},
		{"./a/b", "x/a/b", true, true},
		{"[a-z]/x", "b/x", false, true},
	} {
		p, err := ParsePattern(c.pattern, "/srv")
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
			continue
		}
		if got := p.Match(c.path, c.dir); got != c.want {
			t.Errorf("%q matches %q (directory %v): %v, want %v", c.pattern, c.path, c.dir, got, c.want)
		}
	}
}

func TestPatternErrors(t *testing.T) {
	for _, bad := range []string{"", "/", "./", "a[b", "["} {
		if _, err := ParsePattern(bad, "/"); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// Patterns come from users, names from anybody: no name may take forever.
func TestPatternHasNoExponent(t *testing.T) {
	p, err := ParsePattern(strings.Repeat("*a", 50)+"b", "/")
	if err != nil {
		t.Fatal(err)
	}
	if p.Match(strings.Repeat("a", 255), false) {
		t.Error("matched without a b")
	}
	p, err = ParsePattern(strings.Repeat("**/a*/", 30)+"b", "/")
	if err != nil {
		t.Fatal(err)
	}
	if p.Match(strings.Repeat("a/", 2000), false) {
		t.Error("matched without a b")
	}
}

func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{{"*.log", "a.log"}, {"a/**/b", "a/x/b"}, {"[!a]?", "bc"}, {"**x", "\xffx"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		p, err := ParsePattern(pattern, "/w")
		if err != nil {
			return
		}
		p.Match(name, true)
		if strings.ContainsAny(pattern, `*?[]\/`) || strings.Contains(name, "/") || pattern == "." {
			return
		}
		if p.Match("d/"+pattern, false) != true {
			t.Errorf("%q does not match itself", pattern)
		}
	})
}

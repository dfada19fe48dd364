package lists

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"vitrine/internal/durable"
	"vitrine/internal/endpoint/files"
)

// Excluded is the list of places that are not looked at: those of the
// configuration, and those that were added. Its methods may be called at the
// same time; Match waits for nobody.
type Excluded struct {
	list list

	mu       sync.Mutex // of those who change what is compiled
	fixed    []Entry
	compiled atomic.Pointer[[]compiled]
}

type compiled struct {
	entry   Entry
	pattern files.Pattern
	must    string // what every path holds that the pattern matches
}

// OpenExcluded reads the list that is kept in a folder; see OpenAllowed.
func OpenExcluded(disk durable.Disk, dir string, now func() time.Time) (*Excluded, error) {
	x := &Excluded{list: list{disk: disk, file: filepath.Join(dir, "exclude.json"), schema: "vitrine.exclude/v1", now: now, check: checkPattern}}
	err := x.list.load()
	return x, errors.Join(err, x.compile())
}

func checkPattern(what string) error {
	if !utf8.ValidString(what) || len(what) > 4096 {
		return errors.New("the pattern is no text, or longer than 4096 bytes: ? stands for any character or byte")
	}
	if strings.Trim(what, "*/") == "" {
		return fmt.Errorf("the pattern %q leaves everything out: vitrine protect off does that, and says for how long", what)
	}
	_, err := files.ParsePattern(what, "/")
	return err
}

// Fix puts the patterns of the configuration in force, in place of those that
// were before, and on an error leaves those. The source is where they stand.
func (x *Excluded) Fix(patterns []string, source string) error {
	x.mu.Lock()
	was := x.fixed
	x.fixed = nil
	for _, p := range patterns {
		x.fixed = append(x.fixed, Entry{What: p, Reason: "configuration", Source: source})
	}
	x.mu.Unlock()
	err := x.compile()
	if err != nil {
		x.mu.Lock()
		x.fixed = was
		x.mu.Unlock()
	}
	return err
}

// compile makes of all entries what Match compares with.
func (x *Excluded) compile() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	var next []compiled
	for _, e := range append(x.fixed[:len(x.fixed):len(x.fixed)], x.list.all()...) {
		p, err := files.ParsePattern(e.What, "/")
		if err != nil {
			return err
		}
		next = append(next, compiled{e, p, literal(e.What)})
	}
	x.compiled.Store(&next)
	return nil
}

// Match says which entry leaves a path out: one that matches it, or a folder it
// lies in. The path is absolute and clean, and raw bytes.
func (x *Excluded) Match(path string, dir bool) (Entry, bool) {
	now := time.Time{}
	for _, c := range *x.compiled.Load() {
		if !strings.Contains(path, c.must) || !matches(c.pattern, path, dir) {
			continue
		}
		if !c.entry.Until.IsZero() && now.IsZero() {
			now = x.list.now()
		}
		if !c.entry.Over(now) {
			return c.entry, true
		}
	}
	return Entry{}, false
}

// literal is the longest run of a pattern that stands for itself. Almost all
// paths can be told apart from almost all patterns by it alone.
func literal(pattern string) string {
	longest := ""
	body := strings.TrimPrefix(strings.TrimSuffix(pattern, "/"), "./")
	for _, run := range strings.FieldsFunc(body, func(r rune) bool { return strings.ContainsRune(`*?[]\`, r) }) {
		// A slash at its end may be taken by the ** beside it.
		if run = strings.Trim(run, "/"); len(run) > len(longest) {
			longest = run
		}
	}
	if strings.ContainsAny(body, `[\`) {
		return "" // what is in a set, or behind a backslash, is no run
	}
	return longest
}

// matches holds the path and every folder above it against a pattern.
func matches(p files.Pattern, path string, dir bool) bool {
	for ; len(path) > 1; path, dir = path[:max(0, strings.LastIndexByte(path, '/'))], true {
		if p.Match(path, dir) {
			return true
		}
	}
	return false
}

// All gives the entries in force: those of the configuration, then the others,
// oldest first.
func (x *Excluded) All() []Entry {
	x.mu.Lock()
	fixed := x.fixed[:len(x.fixed):len(x.fixed)]
	x.mu.Unlock()
	return append(fixed, x.list.all()...)
}

// Add leaves out what e.What matches because of e.Reason; see Allowed.Add. The
// paths that it is held against are clean: a pattern with . or .. in it would
// match none of them, and is refused.
func (x *Excluded) Add(e Entry) (Entry, error) {
	parts := strings.Split(strings.TrimPrefix(e.What, "./"), "/")
	if slices.Contains(parts, "..") || slices.Contains(parts, ".") {
		return e, fmt.Errorf("the pattern %q matches nothing: no path has . or .. in it", e.What)
	}
	e, err := x.list.add(e)
	if err == nil {
		err = x.compile()
	}
	return e, err
}

// Remove takes an entry away and gives it. The error wraps ErrNone if there is
// none that could be taken away; those of the configuration cannot.
func (x *Excluded) Remove(pattern string) (Entry, error) {
	e, err := x.list.remove(pattern)
	if err == nil {
		err = x.compile()
	}
	return e, err
}

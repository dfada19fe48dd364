// Package lists keeps what the administrator has decided about files on this
// machine: which content is allowed whatever scanners say (by SHA-256), and
// which places are not looked at (by pattern). Each entry says who made it, when
// and why, and may end by itself.
//
// A list is one JSON file, replaced as a whole, so that a power cut leaves the
// old list or the new one. It holds no content and changes no file it lists.
package lists

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"vitrine/internal/durable"
)

// Entry is one decision.
type Entry struct {
	What   string    `json:"what"` // a SHA-256 in lower-case hexadecimal, or a pattern
	Reason string    `json:"reason"`
	Added  time.Time `json:"added"`
	UID    uint32    `json:"uid"` // who added it
	Until  time.Time `json:"until,omitzero"`
	Source string    `json:"source,omitempty"` // of a pattern that the configuration holds: where
}

// Over says whether the entry has ended.
func (e Entry) Over(now time.Time) bool { return !e.Until.IsZero() && !now.Before(e.Until) }

// ErrNone is wrapped when there is no such entry.
var ErrNone = errors.New("there is no such entry")

const (
	maxEntries = 100_000
	maxReason  = 500 // bytes
	maxFile    = 64 << 20
)

// list is one file of entries.
type list struct {
	disk   durable.Disk
	file   string
	schema string
	now    func() time.Time
	check  func(what string) error

	mu      sync.RWMutex
	entries map[string]Entry
	damaged error // the file cannot be read, so it is not overwritten either
}

// document is the file.
type document struct {
	Schema  string  `json:"schema"`
	Entries []Entry `json:"entries"`
}

func (l *list) load() error {
	l.entries = map[string]Entry{}
	text, err := os.ReadFile(l.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil:
		err = l.parse(text)
	}
	if err != nil {
		l.entries = map[string]Entry{}
		l.damaged = fmt.Errorf("read %s: %w", l.file, err)
	}
	return l.damaged
}

func (l *list) parse(text []byte) error {
	var d document
	if len(text) > maxFile {
		return fmt.Errorf("it is larger than %d bytes", maxFile)
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return err
	}
	if d.Schema != l.schema {
		return fmt.Errorf("its schema is %q and not %q", d.Schema, l.schema)
	}
	if len(d.Entries) > maxEntries {
		return fmt.Errorf("it has more than %d entries", maxEntries)
	}
	for i, e := range d.Entries {
		if err := l.check(e.What); err != nil {
			return fmt.Errorf("entry %d: %w", i+1, err)
		}
		l.entries[e.What] = e
	}
	return nil
}

// add takes an entry over, in place of one about the same, and gives it as it
// was taken. The reason must say something.
func (l *list) add(e Entry) (Entry, error) {
	e.Reason = strings.TrimSpace(e.Reason)
	e.Added, e.Source = l.now().UTC().Truncate(time.Second), ""
	switch {
	case e.Reason == "":
		return e, errors.New("a reason is needed: whoever reads the list later must know why")
	case len(e.Reason) > maxReason || !utf8.ValidString(e.Reason):
		return e, fmt.Errorf("the reason is longer than %d bytes, or no text", maxReason)
	case e.Over(l.now()):
		return e, fmt.Errorf("%s has passed already", e.Until.UTC().Format(time.RFC3339))
	}
	if err := l.check(e.What); err != nil {
		return e, err
	}
	return e, l.change(func(entries map[string]Entry) error {
		if _, known := entries[e.What]; !known && len(entries) >= maxEntries {
			return fmt.Errorf("the list is full: %d entries", maxEntries)
		}
		entries[e.What] = e
		return nil
	})
}

func (l *list) remove(what string) (Entry, error) {
	var was Entry
	err := l.change(func(entries map[string]Entry) error {
		var known bool
		if was, known = entries[what]; !known {
			return fmt.Errorf("%q: %w", what, ErrNone)
		}
		delete(entries, what)
		return nil
	})
	return was, err
}

// change writes what do makes of the entries; only what is written counts.
// Entries that have ended go.
func (l *list) change(do func(map[string]Entry) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.damaged != nil {
		return &keepError{l.damaged}
	}
	next := make(map[string]Entry, len(l.entries)+1)
	for what, e := range l.entries {
		if !e.Over(l.now()) {
			next[what] = e
		}
	}
	if err := do(next); err != nil {
		return err
	}
	text, err := json.MarshalIndent(document{l.schema, sorted(next)}, "", "\t")
	if err == nil {
		err = l.disk.MkdirAll(filepath.Dir(l.file), 0o755)
	}
	if err == nil {
		err = l.disk.WriteFile(l.file, append(text, '\n'), 0o600)
	}
	if err != nil {
		return &keepError{err}
	}
	l.entries = next
	return nil
}

// keepError is that the disk did not take a change; all other errors are about
// the change.
type keepError struct{ error }

func (e *keepError) Unwrap() error { return e.error }

// sorted gives entries oldest first.
func sorted(entries map[string]Entry) []Entry {
	out := make([]Entry, 0, len(entries))
	for _, e := range entries {
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Entry) int {
		if n := a.Added.Compare(b.Added); n != 0 {
			return n
		}
		return strings.Compare(a.What, b.What)
	})
	return out
}

// all gives the entries that are in force, oldest first.
func (l *list) all() []Entry {
	l.mu.RLock()
	defer l.mu.RUnlock()
	now := l.now()
	return slices.DeleteFunc(sorted(l.entries), func(e Entry) bool { return e.Over(now) })
}

func (l *list) get(what string) (Entry, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	e, known := l.entries[what]
	return e, known && !e.Over(l.now())
}

// Allowed is the list of content that is never malware on this machine. Its
// methods may be called at the same time.
type Allowed struct{ list list }

// OpenAllowed reads the list that is kept in a folder, which is made at the
// first change. With an error the list is empty and takes no changes, so that a
// damaged file is neither trusted nor overwritten.
func OpenAllowed(disk durable.Disk, dir string, now func() time.Time) (*Allowed, error) {
	a := &Allowed{list{disk: disk, file: filepath.Join(dir, "allow.json"), schema: "vitrine.allow/v1", now: now, check: checkDigest}}
	return a, a.list.load()
}

func checkDigest(what string) error {
	if b, err := hex.DecodeString(what); err != nil || len(b) != 32 || what != strings.ToLower(what) {
		return fmt.Errorf("%q is not a SHA-256 in hexadecimal", what)
	}
	return nil
}

// Has says whether content is allowed, by its SHA-256 in lower-case hexadecimal.
func (a *Allowed) Has(sha256 string) (Entry, bool) { return a.list.get(sha256) }

// All gives the entries in force, oldest first.
func (a *Allowed) All() []Entry { return a.list.all() }

// Add allows e.What because of e.Reason; What and Reason are needed, Until may
// be zero. Cached verdicts and marks must be dropped by the caller.
func (a *Allowed) Add(e Entry) (Entry, error) {
	e.What = strings.ToLower(e.What)
	return a.list.add(e)
}

// Remove takes an entry away and gives it; the error wraps ErrNone if there is none.
func (a *Allowed) Remove(sha256 string) (Entry, error) {
	return a.list.remove(strings.ToLower(sha256))
}

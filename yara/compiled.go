package yara

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"vitrine/yara/internal/blob"
	"vitrine/yara/internal/modules"
	"vitrine/yara/internal/plan"
)

// ErrNotCompiled is wrapped by Load's error for bytes that are no compiled
// rules at all.
var ErrNotCompiled = blob.ErrNotBlob

// IsCompiled reports whether data begins like compiled rules.
func IsCompiled(data []byte) bool { return blob.Is(data) }

// MarshalBinary gives the rules in the form that Load reads: see
// docs/spec/compiled-rules.md. The same sources, added in the same order, give
// the same bytes on every machine. Rules made by Join cannot be marshalled.
func (r *Rules) MarshalBinary() ([]byte, error) {
	if r.set == nil {
		return nil, errors.New("write compiled rules: the set is joined from several")
	}
	w := &blob.Writer{}
	if err := blob.WriteSet(w, r.set); err != nil {
		return nil, err
	}
	blob.WritePacked(w, r.about)
	blob.WriteFacts(w, r.plan.Facts())
	blob.WriteWindows(w, r.plan.Index.Windows())
	return w.Finish(features)
}

// features are the choices of this program that a blob depends on.
const features = 0

// Load reads rules written by MarshalBinary. It checks all of data before it
// uses any, and keeps none of it. Whatever data holds, Load and scans with its
// result neither panic nor run without end.
func Load(data []byte) (*Rules, error) {
	return LoadFrom(bytes.NewReader(data), int64(len(data)))
}

// LoadFrom is Load for a file of some size, which takes less memory than to
// read it first. It reads from several places at once, and some twice.
func LoadFrom(src io.ReaderAt, size int64) (*Rules, error) {
	r, err := blob.Open(src, size)
	if err != nil {
		return nil, err
	}
	rules, err := read(r)
	if err := r.Verify(); err != nil {
		return nil, err
	}
	return rules, err
}

// read makes the rules. It must be safe whatever the blob holds.
func read(r *blob.Reader) (*Rules, error) {
	if r.Features != features {
		return nil, fmt.Errorf("load rules: made for a program with features %#x, this one has %#x: compile the rules again", r.Features, features)
	}
	set := blob.ReadSet(r, modules.Named)
	about := blob.ReadPacked(r)
	proved := blob.ReadFacts(r, len(set.Rules), len(set.Patterns))
	windows := blob.ReadWindows(r)
	r.CheckCode()
	if r.Err() != nil {
		return nil, r.Err()
	}
	p, err := plan.Load(set, proved, windows)
	if err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	return newRules(set, p, about), nil
}

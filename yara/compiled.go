package yara

import (
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
	blob.WriteIndex(w, r.plan.Index.Stored())
	return w.Finish(features)
}

// features are the choices of this program that a blob depends on.
const features = 0

// Load reads rules written by MarshalBinary. It checks data before it uses any, and
// then uses most of it where it is: data must not change as long as the rules are in
// use, and is best the memory that a file is mapped to, of which many processes
// then share one copy. Whatever data holds, Load and scans with its result neither
// panic nor run without end; where data changes afterwards, rules may be missed or a
// scan may panic, and nothing else.
func Load(data []byte) (*Rules, error) {
	r, err := blob.Open(data)
	if err != nil {
		return nil, err
	}
	rules, err := read(r)
	if err := r.Verify(); err != nil {
		return nil, err
	}
	return rules, err
}

// LoadFrom is Load for a file of some size, which is read into memory: nothing
// that happens to the file afterwards matters.
func LoadFrom(src io.ReaderAt, size int64) (*Rules, error) {
	var data []byte
	for _, n := range []int64{min(size, int64(len(blob.Magic))), size} { // what is no blob is not read
		data = make([]byte, n)
		if got, err := src.ReadAt(data, 0); got < len(data) {
			return nil, fmt.Errorf("load rules: %w", err)
		}
		if !blob.Is(data) {
			break
		}
	}
	return Load(data)
}

// read makes the rules. It must be safe whatever the blob holds.
func read(r *blob.Reader) (*Rules, error) {
	if r.Features != features {
		return nil, fmt.Errorf("load rules: made for a program with features %#x, this one has %#x: compile the rules again", r.Features, features)
	}
	set, slow := blob.ReadSet(r, modules.Named)
	about := blob.ReadPacked(r)
	proved := blob.ReadFacts(r, len(set.Rules), set.Patterns.Len())
	index := blob.ReadIndex(r)
	if r.Err() != nil {
		return nil, r.Err()
	}
	p, err := plan.Load(set, proved, index, slow)
	if err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	return newRules(set, p, about), nil
}

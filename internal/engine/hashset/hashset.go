// Package hashset holds lists of digests with names: what a list of known bad
// or known good files is. It reads text from an io.Reader and keeps the
// digests sorted in memory; it computes no digests and opens no files.
//
// A list has one digest a line, in any of these shapes, which sha256sum, its
// kin and ClamAV's .hdb and .hsb files write:
//
//	digest
//	digest name
//	digest  file name
//	digest *file name
//	digest:size:name
//
// The digest is MD5, SHA-1 or SHA-256 by its length. Lines that are empty or
// begin with # say nothing.
package hashset

import (
	"encoding/hex"
	"slices"
)

// Algorithms is a set of digest algorithms.
type Algorithms uint8

// The algorithms.
const (
	MD5 Algorithms = 1 << iota
	SHA1
	SHA256
)

// Digests are those of one object. Only the ones a Set needs must be filled.
type Digests struct {
	MD5    [16]byte
	SHA1   [20]byte
	SHA256 [32]byte
}

// Set is an immutable list of SHA-256, SHA-1 and MD5 digests with names. A nil
// Set is empty. It is safe for concurrent use.
type Set struct {
	sha256 []entry[[32]byte]
	sha1   []entry[[20]byte]
	md5    []entry[[16]byte]
	names  names
}

// entry is 20 to 36 bytes, so that millions fit.
type entry[D digest] struct {
	digest D
	name   uint32 // where the name begins in names.blob
}

type digest interface{ [16]byte | [20]byte | [32]byte }

// Len is the number of different digests.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.sha256) + len(s.sha1) + len(s.md5)
}

// Needs tells which digests of an object Lookup looks at.
func (s *Set) Needs() Algorithms {
	var a Algorithms
	if s == nil {
		return a
	}
	if len(s.sha256) > 0 {
		a |= SHA256
	}
	if len(s.sha1) > 0 {
		a |= SHA1
	}
	if len(s.md5) > 0 {
		a |= MD5
	}
	return a
}

// Lookup finds an object by the strongest of its digests that is listed. The
// digest is returned as "sha256:…", in lower case.
func (s *Set) Lookup(d *Digests) (name, listed string, ok bool) {
	if s == nil {
		return "", "", false
	}
	if at, ok := find(s.sha256, &d.SHA256); ok {
		return s.names.at(at), "sha256:" + hex.EncodeToString(d.SHA256[:]), true
	}
	if at, ok := find(s.sha1, &d.SHA1); ok {
		return s.names.at(at), "sha1:" + hex.EncodeToString(d.SHA1[:]), true
	}
	if at, ok := find(s.md5, &d.MD5); ok {
		return s.names.at(at), "md5:" + hex.EncodeToString(d.MD5[:]), true
	}
	return "", "", false
}

// find searches a sorted list and gives the place of the name.
func find[D digest](list []entry[D], d *D) (uint32, bool) {
	at, ok := slices.BinarySearchFunc(list, d, func(e entry[D], d *D) int { return compare(&e.digest, d) })
	if !ok {
		return 0, false
	}
	return list[at].name, true
}

// Merge makes one Set of several. Where they name a digest differently, the
// first name stays.
func Merge(sets ...*Set) *Set {
	b := newBuilder()
	for _, s := range sets {
		if s == nil {
			continue
		}
		for _, e := range s.sha256 {
			b.set.sha256 = append(b.set.sha256, entry[[32]byte]{e.digest, b.intern(s.names.bytes(e.name))})
		}
		for _, e := range s.sha1 {
			b.set.sha1 = append(b.set.sha1, entry[[20]byte]{e.digest, b.intern(s.names.bytes(e.name))})
		}
		for _, e := range s.md5 {
			b.set.md5 = append(b.set.md5, entry[[16]byte]{e.digest, b.intern(s.names.bytes(e.name))})
		}
	}
	return b.finish()
}

// builder gathers entries in the order of the lists.
type builder struct {
	set   *Set
	index index
}

func newBuilder() *builder { return &builder{set: &Set{}} }

func (b *builder) intern(name []byte) uint32 { return b.index.add(&b.set.names, name) }

// add takes a digest of 16, 20 or 32 bytes.
func (b *builder) add(digest, name []byte) {
	at := b.intern(name)
	switch len(digest) {
	case 32:
		b.set.sha256 = append(b.set.sha256, entry[[32]byte]{[32]byte(digest), at})
	case 20:
		b.set.sha1 = append(b.set.sha1, entry[[20]byte]{[20]byte(digest), at})
	case 16:
		b.set.md5 = append(b.set.md5, entry[[16]byte]{[16]byte(digest), at})
	}
}

// Package digests holds millions of digests with sizes and names in little
// memory: what ClamAV's .hdb, .hsb, .mdb, .msb, .fp and .sfp files list. A
// digest found is a whole digest compared, never a part of it. The package
// computes no digests and reads no files.
package digests

import (
	"bytes"
	"cmp"
	"slices"
)

// AnySize is the size of an entry that fits objects of every size.
const AnySize = ^uint32(0)

// Kinds is a set of digest algorithms.
type Kinds uint8

// The algorithms.
const (
	MD5 Kinds = 1 << iota
	SHA1
	SHA256
)

// KindOf tells the algorithm by the length of a digest in bytes; 0: none.
func KindOf(length int) Kinds {
	switch length {
	case 16:
		return MD5
	case 20:
		return SHA1
	case 32:
		return SHA256
	}
	return 0
}

// Set is an immutable list. A nil Set is empty. It is safe for concurrent use.
type Set struct {
	md5    list[[16]byte]
	sha1   list[[20]byte]
	sha256 list[[32]byte]
	names  names
}

type digest interface{ [16]byte | [20]byte | [32]byte }

// entry is 28, 32 or 44 bytes. A name is a form, which many share, and the
// number that stands in it.
type entry[D digest] struct {
	digest D
	size   uint32
	form   uint32
	number uint32
}

// list keeps entries apart by the first byte of the digest, so that loading
// grows and sorts small pieces and never copies the whole.
type list[D digest] struct {
	buckets [256][]entry[D]
	count   int
	sizes   sizes
}

func (l *list[D]) add(d []byte, size, form, number uint32) {
	b := &l.buckets[d[0]]
	if len(*b) == cap(*b) {
		*b = slices.Grow(*b, len(*b)/8+4)
	}
	*b = append(*b, entry[D]{D(d), size, form, number})
	l.count++
}

func compare[D digest](x, y *D) int {
	for i := range len(*x) {
		if a, b := (*x)[i], (*y)[i]; a != b {
			return int(a) - int(b)
		}
	}
	return 0
}

func compareEntries[D digest](x, y entry[D]) int {
	if c := compare(&x.digest, &y.digest); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(x.size, y.size), cmp.Compare(x.form, y.form), cmp.Compare(x.number, y.number))
}

// finish sorts and drops what comes again.
func (l *list[D]) finish() {
	l.sizes.make(l.count)
	for i, b := range l.buckets {
		slices.SortFunc(b, compareEntries)
		b = slices.CompactFunc(b, func(x, y entry[D]) bool { return x == y })
		for _, e := range b {
			l.sizes.add(e.size)
		}
		l.buckets[i] = slices.Clip(b)
	}
}

func (l *list[D]) lookup(d []byte, size uint32, found func(form, number uint32)) {
	key := D(d)
	b := l.buckets[d[0]]
	at, _ := slices.BinarySearchFunc(b, &key, func(e entry[D], d *D) int { return compare(&e.digest, d) })
	for ; at < len(b) && b[at].digest == key; at++ {
		if b[at].size == size || b[at].size == AnySize {
			found(b[at].form, b[at].number)
		}
	}
}

// Len is the number of entries.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return s.md5.count + s.sha1.count + s.sha256.count
}

// Needs tells which digests of an object of that many bytes may be listed.
// Most sizes are listed nowhere, and such objects are never hashed.
func (s *Set) Needs(size int64) Kinds {
	var k Kinds
	if s == nil || size < 0 || size >= int64(AnySize) {
		return k
	}
	if s.md5.sizes.may(uint32(size)) {
		k |= MD5
	}
	if s.sha1.sizes.may(uint32(size)) {
		k |= SHA1
	}
	if s.sha256.sizes.may(uint32(size)) {
		k |= SHA256
	}
	return k
}

// Lookup gives the name of every entry with this digest, of 16, 20 or 32
// bytes, and this size.
func (s *Set) Lookup(digest []byte, size int64, found func(name string)) {
	if s == nil || size < 0 || size >= int64(AnySize) {
		return
	}
	name := func(form, number uint32) { found(s.names.at(form, number)) }
	switch KindOf(len(digest)) {
	case MD5:
		s.md5.lookup(digest, uint32(size), name)
	case SHA1:
		s.sha1.lookup(digest, uint32(size), name)
	case SHA256:
		s.sha256.lookup(digest, uint32(size), name)
	}
}

// Builder gathers a Set.
type Builder struct {
	set   Set
	forms map[string]uint32
}

// Add takes one entry; the digest has 16, 20 or 32 bytes, others are dropped.
func (b *Builder) Add(digest []byte, size uint32, name []byte) {
	if KindOf(len(digest)) == 0 {
		return
	}
	form, number := b.intern(name)
	switch len(digest) {
	case 16:
		b.set.md5.add(digest, size, form, number)
	case 20:
		b.set.sha1.add(digest, size, form, number)
	case 32:
		b.set.sha256.add(digest, size, form, number)
	}
}

func (b *Builder) intern(name []byte) (form, number uint32) {
	before, number, after := split(name)
	key := append(append(append(make([]byte, 0, 64), before...), 0), after...)
	if form, ok := b.forms[string(key)]; ok {
		return form, number
	}
	if b.forms == nil {
		b.forms = map[string]uint32{}
	}
	form = b.set.names.add(key)
	b.forms[string(key)] = form
	return form, number
}

// Finish makes the Set. The Builder must not be used afterwards.
func (b *Builder) Finish() *Set {
	b.forms = nil
	b.set.md5.finish()
	b.set.sha1.finish()
	b.set.sha256.finish()
	b.set.names.blob = bytes.Clone(b.set.names.blob)
	b.set.names.ends = slices.Clone(b.set.names.ends)
	return &b.set
}

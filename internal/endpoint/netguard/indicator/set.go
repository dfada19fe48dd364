package indicator

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math/bits"
	"net/netip"
	"sort"
	"strings"
)

// record is one indicator. Its key (4 or 16 bytes of an address, or a name) and
// its text lie in the set's blob.
type record struct {
	key     uint32
	text    uint32
	line    uint32
	list    uint16
	textLen uint16
	ports   Ports
	keyLen  uint8
	bits    uint8 // of a network
	match   Match // of a name
	name    bool
}

// Set is the indicators of some lists. It does not change and may be used by
// many goroutines. Of what is listed twice the first is kept.
type Set struct {
	lists   []List
	records []record
	blob    []byte
	index   []uint32 // open addressing; record number + 1, 0 is free
	seed    maphash.Seed
	lengths [2][3]uint64 // which lengths of networks there are: IPv4, IPv6
	names   int
}

// Builder reads lists into a Set. It belongs to one goroutine.
type Builder struct {
	limits Limits
	set    *Set
}

// NewBuilder begins a set.
func NewBuilder(l Limits) *Builder {
	return &Builder{limits: l.orDefault(), set: &Set{seed: maphash.MakeSeed(), index: make([]uint32, 64)}}
}

// Build gives the set. The builder must not be used any more.
func (b *Builder) Build() *Set { return b.set }

// Read takes up a list. The name is what hits are told with: a path, a channel.
// The error is one of reading: what was read until then is kept in the set, and
// the list says what it is worth.
func (b *Builder) Read(name string, r io.Reader) (List, error) {
	if len(b.set.lists) >= 1<<16-1 {
		return List{Name: name}, errors.New("too many lists")
	}
	list := List{Name: name}
	sum := sha256.New()
	limited := &io.LimitedReader{R: r, N: b.limits.Bytes + 1}
	err := b.lines(&list, io.TeeReader(limited, sum))
	if limited.N <= 0 {
		list.Cut = true
	}
	list.SHA256 = hex.EncodeToString(sum.Sum(nil))
	b.set.lists = append(b.set.lists, list)
	if err != nil {
		err = fmt.Errorf("read the list %s: %w", name, err)
	}
	return list, err
}

func (b *Builder) lines(list *List, r io.Reader) error {
	in := bufio.NewReaderSize(r, maxLine)
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			b.problem(list, n, string(line[:80]), errors.New("a line of more than 4096 bytes"))
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = in.ReadSlice('\n')
			}
			line = nil
		}
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		parseLine(string(line), func(token string, e entry, err error) {
			if err == nil {
				err = b.add(list, n, token, e)
			}
			if err != nil && !errors.Is(err, errIgnored) {
				b.problem(list, n, token, err)
			}
		})
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (b *Builder) problem(list *List, line int, text string, err error) {
	list.Skipped++
	if len(list.Problems) < b.limits.Problems {
		list.Problems = append(list.Problems, Problem{Line: line, Text: strings.ToValidUTF8(text[:min(len(text), 80)], "\ufffd"), Reason: err.Error()})
	}
}

func (b *Builder) add(list *List, line int, token string, e entry) error {
	s := b.set
	if len(s.records) >= b.limits.Entries || len(s.blob) > 1<<31 {
		list.Cut = true
		return errors.New("more indicators than the limit")
	}
	key := []byte(e.name)
	rec := record{ports: e.ports, match: e.match, name: e.name != "", line: uint32(line), list: uint16(len(s.lists))}
	if !rec.name {
		key, rec.bits = e.prefix.Addr().AsSlice(), uint8(e.prefix.Bits())
		s.lengths[len(key)/16][rec.bits/64] |= 1 << (rec.bits % 64)
	}
	rec.keyLen = uint8(len(key))
	if s.same(rec, key) {
		list.Repeated++
		return nil
	}
	rec.key = uint32(len(s.blob))
	s.blob = append(s.blob, key...)
	rec.text, rec.textLen = rec.key, uint16(len(token))
	if token != e.name {
		rec.text = uint32(len(s.blob))
		s.blob = append(s.blob, token...)
	}
	s.insert(rec)
	if list.Entries++; rec.name {
		s.names++
	}
	return nil
}

func (s *Set) insert(rec record) {
	s.records = append(s.records, rec)
	if len(s.records)*2 > len(s.index) {
		s.index = make([]uint32, len(s.index)*2)
		for i := range s.records {
			s.place(uint32(i))
		}
		return
	}
	s.place(uint32(len(s.records) - 1))
}

func (s *Set) place(i uint32) {
	rec := &s.records[i]
	mask := uint64(len(s.index) - 1)
	for at := s.hash(s.keyOf(rec), rec.bits) & mask; ; at = (at + 1) & mask {
		if s.index[at] == 0 {
			s.index[at] = i + 1
			return
		}
	}
}

func (s *Set) hash(key []byte, length uint8) uint64 {
	return maphash.Bytes(s.seed, key) ^ uint64(length)*0x9e3779b97f4a7c15
}

func (s *Set) keyOf(r *record) []byte { return s.blob[r.key : r.key+uint32(r.keyLen)] }

// each gives the records of a key in the order they were listed, until use says
// stop.
func (s *Set) each(key []byte, length uint8, name bool, use func(*record) (stop bool)) {
	mask := uint64(len(s.index) - 1)
	for at := s.hash(key, length) & mask; s.index[at] != 0; at = (at + 1) & mask {
		r := &s.records[s.index[at]-1]
		if r.name == name && r.bits == length && bytes.Equal(s.keyOf(r), key) && use(r) {
			return
		}
	}
}

func (s *Set) same(rec record, key []byte) (found bool) {
	s.each(key, rec.bits, rec.name, func(r *record) bool {
		found = r.ports == rec.ports && r.match == rec.match
		return found
	})
	return found
}

// Address says whether an address is listed, for a port; port 0 asks whether it
// is listed for any port at all. The narrowest network is the one told.
func (s *Set) Address(addr netip.Addr, port uint16) (hit Hit, ok bool) {
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() {
		return hit, false
	}
	family := addr.BitLen() / 128
	for word := 2; word >= 0; word-- {
		for left := s.lengths[family][word]; left != 0; {
			n := 63 - bits.LeadingZeros64(left)
			left &^= 1 << n
			if hit, ok = s.network(addr, word*64+n, port); ok {
				return hit, true
			}
		}
	}
	return hit, false
}

func (s *Set) network(addr netip.Addr, length int, port uint16) (hit Hit, ok bool) {
	prefix, err := addr.Prefix(length)
	if err != nil {
		return hit, false
	}
	s.each(prefix.Addr().AsSlice(), uint8(length), false, func(r *record) bool {
		if ok = port == 0 || r.ports.Holds(port); ok {
			hit = s.hit(r)
		}
		return ok
	})
	return hit, ok
}

// Name says whether a name is listed, by itself or by a name above it. A name
// is compared without regard to case; a dot at its end means nothing.
func (s *Set) Name(name string) (hit Hit, ok bool) {
	if s.names == 0 {
		return hit, false
	}
	key := lower(strings.TrimSuffix(name, "."))
	for at := 0; ; {
		s.each(key[at:], 0, true, func(r *record) bool {
			if ok = at == 0 && r.match != Below || at > 0 && r.match != Exact; ok {
				hit = s.hit(r)
			}
			return ok
		})
		dot := bytes.IndexByte(key[at:], '.')
		if ok || dot < 0 {
			return hit, ok
		}
		at += dot + 1
	}
}

// lower is the name in lower case, of ASCII letters only, as DNS compares.
func lower(name string) []byte {
	key := []byte(name)
	for i, c := range key {
		if c >= 'A' && c <= 'Z' {
			key[i] = c + 'a' - 'A'
		}
	}
	return key
}

func (s *Set) hit(r *record) Hit {
	list := s.lists[r.list]
	return Hit{Indicator: s.textOf(r), List: list.Name, SHA256: list.SHA256, Line: int(r.line)}
}

func (s *Set) textOf(r *record) string { return string(s.blob[r.text : r.text+uint32(r.textLen)]) }

// Lists gives the lists in the order they were read.
func (s *Set) Lists() []List { return s.lists }

// Len counts the indicators: networks and names.
func (s *Set) Len() (networks, names int) { return len(s.records) - s.names, s.names }

// Identity is the SHA-256 of what the lists are: their digests, sorted. The same
// lists in another order, or under other names, are the same.
func (s *Set) Identity() string {
	var sums []string
	for _, l := range s.lists {
		sums = append(sums, l.SHA256)
	}
	sort.Strings(sums)
	sum := sha256.Sum256([]byte(strings.Join(sums, "\n")))
	return hex.EncodeToString(sum[:])
}

// WriteNames writes the names as a list that reads as the same names, for a
// process that answers for names alone.
func (s *Set) WriteNames(w io.Writer) error {
	out := bufio.NewWriter(w)
	form := [...]string{WithBelow: "%s\n", Below: "*.%s\n", Exact: "0.0.0.0 %s\n"}
	for i := range s.records {
		if r := &s.records[i]; r.name {
			fmt.Fprintf(out, form[r.match], s.keyOf(r))
		}
	}
	return out.Flush()
}

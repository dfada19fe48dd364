package prefilter

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestLoadRefuses(t *testing.T) {
	good := Build(number("abcdefghijklmnopqrstuvwxyz", "ABCDEFG", "xyz", "ab"), nil).WithFilters(1)
	put := func(b *[]byte, word int, v uint32) {
		*b = bytes.Clone(*b)
		binary.LittleEndian.PutUint32((*b)[4*word:], v)
	}
	for name, change := range map[string]func(*Image){
		"too few shapes":    func(x *Image) { x.Shelves = x.Shelves[ShelfLen:] },
		"half a table":      func(x *Image) { x.Tables = x.Tables[:TableLen/2] },
		"too many tables":   func(x *Image) { x.Tables = bytes.Repeat(x.Tables, MaxTables+1) },
		"entries outside":   func(x *Image) { put(&x.Shelves, 0, 1<<31) },
		"too many entries":  func(x *Image) { put(&x.Shelves, 1, 1<<31) },
		"starts outside":    func(x *Image) { put(&x.Shelves, 2, 1<<31) },
		"too many starts":   func(x *Image) { put(&x.Shelves, 3, 30) },
		"no such logarithm": func(x *Image) { put(&x.Shelves, 3, 99) },
		"filter outside":    func(x *Image) { put(&x.Tables, 0, 1<<31) },
		"filter too large":  func(x *Image) { put(&x.Tables, 1, 20) },
		"filter cut off":    func(x *Image) { x.Filters = x.Filters[:40] },
		"pairs outside":     func(x *Image) { put(&x.Tables, 6, 1<<31) },
		"pairs too large":   func(x *Image) { put(&x.Tables, 7, 5) },
	} {
		bad := *good
		change(&bad)
		if _, err := bad.Load(); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
}

// place is a Sink that holds candidates to be in the data.
type place struct {
	t    *testing.T
	data []byte
}

func (p place) Candidate(_ uint32, pos int) bool {
	if pos < 0 || pos > len(p.data) {
		p.t.Errorf("a candidate at %d of %d", pos, len(p.data))
	}
	return pos%3 == 0
}

// TestDamagedImagesAreHarmless: bytes that change, even after they were checked,
// lead no table out of anything.
func TestDamagedImagesAreHarmless(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	data := bytes.Repeat([]byte("abcdefghijklmnopqrstuvwxyz ABCDEFG xyz ab\x00"), 9)
	good := Build(number("abcdefghijklmnopqrstuvwxyz", "ABCDEFG", "xyz", "ab", "c"), nil).WithFilters(1)
	for range 3000 {
		x := Image{bytes.Clone(good.Records), bytes.Clone(good.Entries), bytes.Clone(good.Starts), good.Shelves, bytes.Clone(good.Filters), good.Tables}
		tables, err := x.Load()
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range [][]byte{x.Records, x.Entries, x.Starts, x.Filters} {
			for range rng.IntN(4) {
				part[rng.IntN(len(part))] = byte(rng.IntN(256))
			}
		}
		scanAll(tables[0], data, len(data), place{t, data})
	}
}

// TestTableOfSome: a table of some literals finds those and no others.
func TestTableOfSome(t *testing.T) {
	lits := number("hello", "world", "hell", "ello w", "o")
	data := []byte("say hello world, hell")
	for mask := range 1 << len(lits) {
		wanted := func(i uint32) bool { return mask>>i&1 != 0 }
		image := Build(lits, func(i uint32) uint8 {
			if wanted(i) {
				return 3
			}
			return 1
		})
		for _, table := range []*Table{image.Table(1), stored(t, image, 2)[1]} {
			var got collector
			scanAll(table, data, len(data), &got)
			want := slices.DeleteFunc(naive(lits, data), func(h hit) bool { return !wanted(h.id) })
			if have := got.sorted(lits, data); !slices.Equal(have, want) {
				t.Errorf("%b: got %v, want %v", mask, have, want)
			}
		}
	}
}

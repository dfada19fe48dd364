package prefilter

import (
	"encoding/binary"
	"math/bits"
)

// shelf holds the windows of one shape.
type shelf struct {
	filter *filter // nil where it is shared

	slots    []slot // open addressing on the hash
	slotMask uint32
	entries  []entry // grouped by hash
}

// entry is one window of one literal.
type entry struct {
	check  uint32 // four folded bytes more, near the window: most candidates fail here
	record uint32 // the literal
	back   uint8  // distance from the first byte of the part kept to the window
	beside int8   // distance from the window to the bytes of check
	last   bool   // of the entries with this window
}

// nothingBeside is the beside of an entry that has no four bytes to check.
const nothingBeside = -128

// window is a window on its way into a table.
type window struct {
	hash  uint32
	entry entry
}

type slot struct {
	hash  uint32
	start uint32 // into entries, from 1; 0: free
}

// newShelf makes the shelf of windows, which are in the order of their hashes.
func newShelf(windows []window) *shelf {
	if len(windows) == 0 {
		return nil
	}
	t := &shelf{entries: make([]entry, len(windows))}
	t.slots = make([]slot, 1<<bits.Len(uint(len(windows))*4/3))
	t.slotMask = uint32(len(t.slots) - 1)
	for i, w := range windows {
		t.entries[i] = w.entry
		t.entries[i].last = i+1 == len(windows) || windows[i+1].hash != w.hash
		if i == 0 || windows[i-1].hash != w.hash {
			t.insert(w.hash, uint32(i+1))
		}
	}
	return t
}

// insert gives the entries of a window a slot.
func (t *shelf) insert(hash, start uint32) {
	i := hash >> 7 & t.slotMask
	for t.slots[i].start != 0 {
		i = (i + 1) & t.slotMask
	}
	t.slots[i] = slot{hash, start}
}

// find gives the first entry of a window, -1 where there is none.
func (t *shelf) find(hash uint32) int {
	for i := hash >> 7 & t.slotMask; ; i = (i + 1) & t.slotMask {
		switch s := &t.slots[i]; {
		case s.start == 0:
			return -1
		case s.hash == hash:
			return int(s.start - 1)
		}
	}
}

// What the folded bytes of windows are multiplied with.
const (
	hashMul  = 0x9E3779B1
	hashMul2 = 0x85EBCA6B // the last four bytes of a window of more

	hashInverse = 0xE8B2F51 // hashMul times this is 1 in 32 bits
)

// hash is of the folded window at an offset, all of which must be there. For
// windows up to four bytes no two have the same.
func (s shape) hash(b []byte, i int) uint32 {
	switch {
	case s.length > windowLen:
		return (load(b, i)|fold)*hashMul + (load(b, i+s.length-windowLen)|fold)*hashMul2
	case s.length == windowLen:
		return (load(b, i) | fold) * hashMul
	}
	var w uint32
	for k := range s.length {
		w |= uint32(b[i+k]|0x20) << (8 * k)
	}
	return w * hashMul
}

func load(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }

package prefilter

import (
	"encoding/binary"
	"math/bits"
)

// shelf finds the windows of one shape.
type shelf struct {
	shape
	keep  uint32 // the bytes of a load that are the window
	bloom []uint32
	shift uint

	slots    []slot // open addressing on the folded window
	slotMask uint32
	entries  []entry // grouped by window
}

// window is a folded window on its way into a table.
type window struct {
	value uint32
	entry entry
}

type slot struct {
	window uint32
	start  uint32 // into entries
	count  uint32 // 0: free
}

// The size of a filter: sixteen bits and more for each window keep false
// positives near one in a hundred; 512 KiB at most leave room in the
// second-level cache.
const (
	minLogWords = 6
	maxLogWords = 17
)

// newShelf makes the shelf of windows, which are in the order of their values.
func newShelf(s shape, windows []window) *shelf {
	if len(windows) == 0 {
		return nil
	}
	t := &shelf{shape: s, keep: s.keep(), entries: make([]entry, len(windows))}
	for i, w := range windows {
		t.entries[i] = w.entry
	}
	t.slots = make([]slot, 1<<bits.Len(uint(len(windows))*2-1))
	t.slotMask = uint32(len(t.slots) - 1)
	logWords := min(max(bits.Len(uint(len(windows))), minLogWords), maxLogWords)
	t.bloom = make([]uint32, 1<<logWords)
	t.shift = uint(32 - logWords)
	for i := 0; i < len(windows); {
		j := i + 1
		for j < len(windows) && windows[j].value == windows[i].value {
			j++
		}
		t.insert(windows[i].value, uint32(i), uint32(j-i))
		i = j
	}
	return t
}

// insert sets the two bits of a window, counted from the top of the word, and
// gives its entries a slot.
func (t *shelf) insert(w, start, count uint32) {
	h := w * hashMul
	t.bloom[h>>t.shift] |= 1<<31>>(h&31) | 1<<31>>(h>>5&31)
	i := h >> 7 & t.slotMask
	for t.slots[i].count != 0 {
		i = (i + 1) & t.slotMask
	}
	t.slots[i] = slot{w, start, count}
}

// find gives the entries of a window.
func (t *shelf) find(w uint32) []entry {
	for i := w * hashMul >> 7 & t.slotMask; ; i = (i + 1) & t.slotMask {
		switch s := &t.slots[i]; {
		case s.count == 0:
			return nil
		case s.window == w:
			return t.entries[s.start : s.start+s.count]
		}
	}
}

// keep masks the bytes of a load of four that belong to a window.
func (s shape) keep() uint32 { return 1<<(8*s.length) - 1 }

// window gives the folded window at an offset. Where fewer than four bytes are
// left, those it needs must be there.
func (s shape) window(b []byte, i int) uint32 {
	if i+windowLen <= len(b) {
		return (load(b, i) | fold) & s.keep()
	}
	var w uint32
	for k := range s.length {
		w |= uint32(b[i+k]|0x20) << (8 * k)
	}
	return w
}

func load(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }

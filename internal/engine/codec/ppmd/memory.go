package ppmd

import "encoding/binary"

// The model lives in one piece of memory, as in the reference: what fits in it
// decides when the model starts over, and so what the stream means. Places are
// 32-bit offsets, 0 is none.
//
// From below grows the text, the last bytes decoded; units of 12 bytes are
// taken from the middle upwards and, for contexts, from the end downwards.
// Freed runs of units hang in lists by their length.
//
// A context is one unit: number of symbols (2 bytes), sum of frequencies (2),
// place of the symbols (4), place of the suffix (4). A symbol takes 6 bytes:
// itself, its frequency, and the place of its successor (2 and 2). A context
// of one symbol keeps it in place of the sum and the symbols.
const (
	unit      = 12
	stateSize = 6
	lists     = 38 // of free runs, by their length
	maxRun    = 128
)

type ref = uint32

// heap is the memory and its allocator.
type heap struct {
	mem  []byte
	size uint32
	base ref // where the memory begins; not 0

	text             ref
	loUnit, hiUnit   ref
	unitsStart       ref
	glueCount        uint32
	free             [lists]ref
	runOf            [lists]uint32 // units of the runs in a list
	listOf           [maxRun]uint8 // list that has runs of so many units, less one
	nodeOfTheListEnd ref
}

// allocate takes the memory, whose size never changes.
func (h *heap) allocate(size uint32) {
	h.size = size
	h.base = 4 - size&3 // units come to lie at multiples of four
	h.mem = make([]byte, int64(h.base)+int64(size)+unit)
	h.nodeOfTheListEnd = h.base + size
	k := uint32(0)
	for i := range h.runOf {
		step := i>>2 + 1
		if i >= 12 {
			step = 4
		}
		for range step {
			h.listOf[k] = uint8(i)
			k++
		}
		h.runOf[i] = k
	}
}

func (h *heap) clear() {
	h.free = [lists]ref{}
	h.text = h.base
	h.hiUnit = h.text + h.size
	h.unitsStart = h.hiUnit - h.size/8/unit*7*unit
	h.loUnit = h.unitsStart
	h.glueCount = 0
}

func (h *heap) u16(at ref) uint32      { return uint32(binary.LittleEndian.Uint16(h.mem[at:])) }
func (h *heap) u32(at ref) uint32      { return binary.LittleEndian.Uint32(h.mem[at:]) }
func (h *heap) put16(at ref, v uint32) { binary.LittleEndian.PutUint16(h.mem[at:], uint16(v)) }
func (h *heap) put32(at ref, v uint32) { binary.LittleEndian.PutUint32(h.mem[at:], v) }
func (h *heap) list(units uint32) int  { return int(h.listOf[units-1]) }
func (h *heap) copyUnits(to, from ref, units uint32) {
	copy(h.mem[to:to+units*unit], h.mem[from:from+units*unit])
}

func (h *heap) insert(node ref, list int) {
	h.put32(node, h.free[list])
	h.free[list] = node
}

func (h *heap) remove(list int) ref {
	node := h.free[list]
	h.free[list] = h.u32(node)
	return node
}

// split frees what a run of one list has over a run of another.
func (h *heap) split(at ref, from, to int) {
	units := h.runOf[from] - h.runOf[to]
	at += h.runOf[to] * unit
	h.insertRun(at, units)
}

// insertRun frees a run of at most maxRun units, as two when no list has its
// length.
func (h *heap) insertRun(at ref, units uint32) {
	i := h.list(units)
	if h.runOf[i] != units {
		i--
		k := h.runOf[i]
		h.insert(at+k*unit, h.list(units-k))
	}
	h.insert(at, i)
}

// allocRare takes a run when neither the middle nor its list has one. It
// returns 0 when there is none.
func (h *heap) allocRare(list int) ref {
	if h.glueCount == 0 {
		h.glue()
		if h.free[list] != 0 {
			return h.remove(list)
		}
	}
	for i := list + 1; i < lists; i++ {
		if h.free[i] != 0 {
			at := h.remove(i)
			h.split(at, i, list)
			return at
		}
	}
	h.glueCount--
	size := h.runOf[list] * unit
	if h.unitsStart-h.text <= size {
		return 0
	}
	h.unitsStart -= size
	return h.unitsStart
}

func (h *heap) allocUnits(list int) ref {
	if h.free[list] != 0 {
		return h.remove(list)
	}
	if size := h.runOf[list] * unit; size <= h.hiUnit-h.loUnit {
		at := h.loUnit
		h.loUnit += size
		return at
	}
	return h.allocRare(list)
}

func (h *heap) allocContext() ref {
	switch {
	case h.hiUnit != h.loUnit:
		h.hiUnit -= unit
		return h.hiUnit
	case h.free[0] != 0:
		return h.remove(0)
	}
	return h.allocRare(0)
}

// shrink moves a run into a shorter one, or cuts it.
func (h *heap) shrink(at ref, from, to uint32) ref {
	i, j := h.list(from), h.list(to)
	switch {
	case i == j:
		return at
	case h.free[j] != 0:
		shorter := h.remove(j)
		h.copyUnits(shorter, at, to)
		h.insert(at, i)
		return shorter
	}
	h.split(at, i, j)
	return at
}

// A free node, while runs are glued: stamp (2 bytes, 0), units (2), next (4),
// previous (4). Used units never begin with two zero bytes.
func (h *heap) setNext(n, next ref) { h.put32(n+4, next) }
func (h *heap) setPrev(n, prev ref) { h.put32(n+8, prev) }

// glue joins free runs that lie one behind the other.
func (h *heap) glue() {
	end := h.nodeOfTheListEnd
	h.glueCount = 255
	first := h.chain(end)
	h.put16(end, 1)
	h.setNext(end, first)
	h.setPrev(first, end)
	if h.loUnit != h.hiUnit {
		h.put16(h.loUnit, 1)
	}
	for n := first; n != end; n = h.u32(n + 4) {
		units := h.u16(n + 2)
		for {
			behind := n + units*unit
			units += h.u16(behind + 2)
			if h.u16(behind) != 0 || units >= 1<<16 {
				break
			}
			next, prev := h.u32(behind+4), h.u32(behind+8)
			h.setNext(prev, next)
			h.setPrev(next, prev)
			h.put16(n+2, units)
		}
	}
	h.refill(end)
}

// chain puts all free runs in one list with both directions, and empties the
// lists. It returns the first.
func (h *heap) chain(end ref) ref {
	n := end
	for i := range h.free {
		next := h.free[i]
		h.free[i] = 0
		for next != 0 {
			node := next
			h.setPrev(n, node)
			next = h.u32(node)
			h.setNext(node, n)
			h.put16(node, 0)
			h.put16(node+2, h.runOf[i])
			n = node
		}
	}
	return n
}

func (h *heap) refill(end ref) {
	for n := h.u32(end + 4); n != end; {
		next := h.u32(n + 4)
		units := h.u16(n + 2)
		at := n
		for ; units > maxRun; units -= maxRun {
			h.insert(at, lists-1)
			at += maxRun * unit
		}
		h.insertRun(at, units)
		n = next
	}
}

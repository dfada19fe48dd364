package upx

import (
	"bytes"
	"encoding/binary"
)

const (
	typeLoad    = 1
	typeDynamic = 2

	flagWrite = 2

	maxSegments = 1024
)

// segment is one entry of an ELF program's table of segments.
type segment struct {
	kind, flags           uint32
	offset, address, size uint64
}

// end is where the segment ends in the file.
func (s segment) end() uint64 { return s.offset + s.size }

// elfHead is the beginning of an ELF file.
type elfHead struct {
	order    binary.ByteOrder
	wide     bool // 64 bits
	size     int  // of the header and the table of segments behind it
	segments []segment
}

// parseELF reads the beginning of an ELF file as the packer wants it: the
// table of segments must follow the header and lie whole in b.
func parseELF(b []byte) (elfHead, bool) {
	if len(b) < 52 || string(b[:4]) != "\x7fELF" || b[4] < 1 || b[4] > 2 || b[5] < 1 || b[5] > 2 {
		return elfHead{}, false
	}
	h := elfHead{order: binary.LittleEndian, wide: b[4] == 2}
	if b[5] == 2 {
		h.order = binary.BigEndian
	}
	header, entry, counts := 52, 32, 42
	if h.wide {
		header, entry, counts = 64, 56, 54
	}
	if len(b) < header {
		return elfHead{}, false
	}
	count := int(h.order.Uint16(b[counts+2:]))
	h.size = header + count*entry
	if h.table(b) != uint64(header) || int(h.order.Uint16(b[counts:])) != entry || count == 0 || count > maxSegments || len(b) < h.size {
		return elfHead{}, false
	}
	for i := range count {
		h.segments = append(h.segments, h.segment(b[header+i*entry:]))
	}
	return h, true
}

// table is where the table of segments begins.
func (h *elfHead) table(b []byte) uint64 {
	if h.wide {
		return h.word(b[32:])
	}
	return h.word(b[28:])
}

// word reads an address or offset.
func (h *elfHead) word(b []byte) uint64 {
	if h.wide {
		return h.order.Uint64(b)
	}
	return uint64(h.order.Uint32(b))
}

func (h *elfHead) segment(b []byte) segment {
	if h.wide {
		return segment{kind: h.order.Uint32(b), flags: h.order.Uint32(b[4:]), offset: h.word(b[8:]), address: h.word(b[16:]), size: h.word(b[32:])}
	}
	return segment{kind: h.order.Uint32(b), offset: h.word(b[4:]), address: h.word(b[8:]), size: h.word(b[16:]), flags: h.order.Uint32(b[24:])}
}

// loads gives the segments that are loaded from the file.
func (h *elfHead) loads() []segment {
	var out []segment
	for _, s := range h.segments {
		if s.kind == typeLoad {
			out = append(out, s)
		}
	}
	return out
}

// dynamic gives the segment of that kind.
func (h *elfHead) dynamic() (segment, bool) {
	for _, s := range h.segments {
		if s.kind == typeDynamic {
			return s, true
		}
	}
	return segment{}, false
}

// offsetOf is where an address lies in the file.
func (h *elfHead) offsetOf(address uint64) (uint64, bool) {
	for _, s := range h.segments {
		if s.kind == typeLoad && address-s.address < s.size {
			return s.offset + address - s.address, true
		}
	}
	return 0, false
}

// blockHead goes before each packed block.
type blockHead struct {
	unpacked, packed     uint32
	method, filter, mark byte
	extra                byte
	size                 int // of itself: 12, or 8 in old versions
}

const (
	blockHeadSize = 12
	oldBlockHead  = 8
)

// block reads the head of a block; ok tells whether it and its data may be
// there.
func (h *elfHead) block(b []byte, size int) (k blockHead, ok bool) {
	if len(b) < size {
		return blockHead{}, false
	}
	k = blockHead{unpacked: h.order.Uint32(b), packed: h.order.Uint32(b[4:]), size: size}
	if size == blockHeadSize {
		k.method, k.filter, k.mark, k.extra = b[8], b[9], b[10], b[11]
	}
	return k, k.packed > 0 && k.packed <= k.unpacked && uint64(k.packed) <= uint64(len(b)-size)
}

// startSpan is how far behind the table of segments the first block of a
// program may begin.
const startSpan = 4 << 10

// start is where the first block lies.
type start struct {
	at     int
	head   int  // size of the heads of blocks
	method byte // of the file, where blocks do not say it
}

// findStart finds the first block of a packed program: the one that unpacks
// to a header of the same kind of ELF file. It proves itself, whatever the
// marks before it say.
func (h *elfHead) findStart(data []byte, from int, old byte) (start, bool) {
	end := min(len(data), from+startSpan)
	for at, tries := from, 0; at+oldBlockHead < end && tries < maxTries; at += 4 {
		for _, s := range []start{{at, blockHeadSize, 0}, {at, oldBlockHead, old}} {
			if s.head == oldBlockHead && old == 0 {
				continue
			}
			begins, tried := h.begins(data, s)
			if begins {
				return s, true
			}
			if tried {
				tries++
			}
		}
	}
	return start{}, false
}

// maxTries is how many places are unpacked to see whether they begin anything.
// Chance gives none.
const maxTries = 64

// begins tells whether the first block is at a place, and whether it was
// worth a try: only that takes time.
func (h *elfHead) begins(data []byte, s start) (yes, tried bool) {
	k, ok := h.block(data[s.at:], s.head)
	method := k.method
	if s.head == oldBlockHead {
		method = s.method
	}
	if !ok || k.unpacked < 52 || k.packed == k.unpacked || !knownMethod(method) {
		return false, false
	}
	// A packed header begins as that of the packed file: kind and order.
	return startsWith(data[s.at+s.head:][:k.packed], method, data[:7]), true
}

// identifyELF tells whether an ELF file is packed.
func identifyELF(data []byte) bool {
	h, ok := parseELF(data)
	if !ok {
		return false
	}
	if _, ok := h.findStart(data, h.size, 0); ok {
		return true
	}
	if _, at := tailHeader(data, isELF); at >= 0 {
		return true
	}
	_, ok = h.librarySpot(data)
	return ok
}

// librarySpot finds the first block of a packed library, which lies behind all
// that the linker of the system must read. It gives where.
func (h *elfHead) librarySpot(data []byte) (int, bool) {
	if _, dynamic := h.dynamic(); !dynamic {
		return 0, false
	}
	size := make([]byte, 4)
	h.order.PutUint32(size, uint32(h.size))
	for from, tries := h.size, 0; tries < maxTries; {
		i := bytes.Index(data[from:], size)
		if i < 0 {
			break
		}
		yes, tried := h.begins(data, start{at: from + i, head: blockHeadSize})
		if yes {
			return from + i, true
		}
		if tried {
			tries++
		}
		from += i + 1
	}
	return 0, false
}

package archive

import (
	"bytes"
	"encoding/binary"
	"slices"

	"vitrine/internal/engine/sevenzip"
)

// carried finds what a program or a script carries behind its end: the data
// of programs that unpack themselves.
func carried(data []byte) []Part {
	switch {
	case hasPrefix(data, "#!"):
		return behindScript(data)
	case isProgram(data):
		end := programEnd(data)
		if end <= 0 || end >= int64(len(data)) {
			return nil
		}
		for _, at := range []int{int(end), len(data) - len(trimZeros(data[end:]))} { // it may be padded
			if f := byMagic(data[at:]); f != None {
				return []Part{{f, at}}
			}
		}
	}
	return nil
}

// add appends what is not there yet. A zip archive that is found by its end
// need not be found by its beginning too.
func add(parts, more []Part, zipEnd bool) []Part {
	for _, m := range more {
		if !slices.Contains(parts, m) && !(m.Format == Zip && zipEnd) {
			parts = append(parts, m)
		}
	}
	return parts
}

// programEnd is where the last part ends that a program's header names; 0 when
// that cannot be told. Programs do not load what lies behind it.
func programEnd(data []byte) int64 {
	if hasPrefix(data, "MZ") {
		return peEnd(data)
	}
	return elfEnd(data)
}

// numberAt reads a number of n bytes; 0 behind the end.
func numberAt(order binary.ByteOrder, data []byte, at uint64, n int) uint64 {
	if at > uint64(len(data)) || uint64(len(data))-at < uint64(n) {
		return 0
	}
	switch b := data[at:]; n {
	case 2:
		return uint64(order.Uint16(b))
	case 4:
		return uint64(order.Uint32(b))
	default:
		return order.Uint64(b)
	}
}

// peEnd is where the last section of a Windows program ends.
func peEnd(data []byte) int64 {
	le := func(at uint64, n int) uint64 { return numberAt(binary.LittleEndian, data, at, n) }
	pe := le(0x3c, 4)
	if le(pe, 4) != 0x4550 {
		return 0
	}
	sections := pe + 24 + le(pe+20, 2)
	end := uint64(0)
	for i := range min(le(pe+6, 2), 96) {
		s := sections + 40*i
		if size := le(s+16, 4); size > 0 {
			end = max(end, le(s+20, 4)+size)
		}
	}
	return int64(end)
}

// elfEnd is where the last segment, the last section or the table of sections
// ends.
func elfEnd(data []byte) int64 {
	if len(data) < 52 || data[4] != 1 && data[4] != 2 {
		return 0
	}
	var order binary.ByteOrder = binary.LittleEndian
	if data[5] == 2 {
		order = binary.BigEndian
	}
	get := func(at uint64, n int) uint64 { return numberAt(order, data, at, n) }
	if data[4] == 1 {
		return elfTables(data, [2]uint64{get(28, 4), get(32, 4)}, get, [6]uint64{42, 4, 16, 16, 20, 4})
	}
	return elfTables(data, [2]uint64{get(32, 8), get(40, 8)}, get, [6]uint64{54, 8, 32, 24, 32, 8})
}

// elfTables goes through segments and sections, which begin at tables. In
// layout: where the sizes and numbers of their entries are, the width of an
// offset, where a segment has its size, and where a section has its place and
// its size.
func elfTables(data []byte, tables [2]uint64, get func(uint64, int) uint64, layout [6]uint64) int64 {
	segSize, segments := get(layout[0], 2), get(layout[0]+2, 2)
	secSize, sections := get(layout[0]+4, 2), get(layout[0]+6, 2)
	width := int(layout[5])
	end := uint64(0)
	// What claims to lie behind the file's end tells nothing.
	reach := func(at, size uint64) {
		if at <= uint64(len(data)) && size <= uint64(len(data))-at {
			end = max(end, at+size)
		}
	}
	for i := range segments {
		s := tables[0] + i*segSize
		reach(get(s+layout[1], width), get(s+layout[2], width))
	}
	const noBits = 8 // a section without data
	for i := range sections {
		s := tables[1] + i*secSize
		if get(s+4, 4) != noBits {
			reach(get(s+layout[3], width), get(s+layout[4], width))
		}
	}
	reach(tables[1], secSize*sections)
	return int64(end)
}

const (
	maxScript   = 1 << 20 // how far into a script its data is looked for
	maxPayloads = 4
)

// behindScript finds the data that a shell script unpacks: it begins a line.
// Scripts that do so end before it, so that the shell does not read on.
func behindScript(data []byte) []Part {
	var parts []Part
	for at := 0; len(parts) < maxPayloads; {
		i := bytes.IndexByte(data[at:min(len(data), maxScript)], '\n')
		if i < 0 {
			break
		}
		at += i + 1
		if f := payload(data[at:]); f != None {
			parts = append(parts, Part{f, at})
		}
	}
	return parts
}

// payload knows what is packed by what is no text. Formats that say little of
// themselves are looked at closer than where a file begins with them.
func payload(data []byte) Format {
	switch {
	case len(data) < 10:
		return None
	case data[0] == 0x1f:
		if f := byMagic(data); f == Gzip && data[8]&^6 == 0 && (data[9] <= 13 || data[9] == 255) {
			return f
		}
	case hasPrefix(data, "BZh"), hasPrefix(data, "\xfd7zXZ\x00"), hasPrefix(data, sevenzip.Magic), hasPrefix(data, "\x28\xb5\x2f\xfd"),
		hasPrefix(data, "\x04\x22\x4d\x18"), hasPrefix(data, rarMagic), hasPrefix(data, "!<arch>\n"), data[0] == 0x5d, hasPrefix(data, "hsqs"):
		return byMagic(data)
	case hasPrefix(data, "07070"), len(data) > tarBlock && hasPrefix(data[257:], "ustar"):
		return byMagic(data)
	}
	return None
}

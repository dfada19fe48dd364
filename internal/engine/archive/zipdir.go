package archive

import (
	"bytes"
	"encoding/binary"

	"vitrine/internal/engine/limit"
)

// Record signatures (APPNOTE.TXT 6.3.10, section 4.3).
const (
	zipLocalMagic   = "PK\x03\x04"
	zipCentralMagic = "PK\x01\x02"
	zipEndMagic     = "PK\x05\x06"
	zipEnd64Magic   = "PK\x06\x06"
	zipLocatorMagic = "PK\x06\x07"
	zipDataMagic    = "PK\x07\x08"

	zipLocalSize   = 30
	zipCentralSize = 46
	zipEndSize     = 22
	zipEnd64Size   = 56
	zipLocatorSize = 20
	zipMaxComment  = 1<<16 - 1
)

// zipEntry is one member as a header describes it.
type zipEntry struct {
	name    []byte
	flags   uint16
	method  uint16
	modTime uint16
	crc     uint32
	packed  int64
	size    int64
	local   int64 // place of the local header; in one, its own place
	aes     *zipAES
}

func (e *zipEntry) encrypted() bool  { return e.flags&1 != 0 }
func (e *zipEntry) descriptor() bool { return e.flags&8 != 0 }

// zipDirectory is where the central directory lies.
type zipDirectory struct {
	start int64
	count uint64
	shift int64 // to add to places in it: what stands before the archive
	end   int64 // behind the end record and its comment
	found bool
}

// hasZipEnd tells whether an archive ends data, whatever it begins with. What
// is another container already must end with it to the byte: one whose last
// member is a zip archive has bytes of its own behind it, mostly.
func hasZipEnd(data []byte, first Format) bool {
	d := findZipDirectory(data)
	return d.found && d.count > 0 && (first == None || d.end == int64(len(data)))
}

// findZipDirectory looks for the end record from the end on, as unzip does,
// and takes the last one that points to a directory.
func findZipDirectory(data []byte) zipDirectory {
	tail := max(0, len(data)-zipEndSize-zipMaxComment)
	var best zipDirectory
	for at := tail; ; at++ {
		i := bytes.Index(data[at:], []byte(zipEndMagic))
		if i < 0 {
			return best
		}
		at += i
		if len(data)-at < zipEndSize {
			return best
		}
		if d := zipEnd(data, int64(at)); d.found {
			best = d
		}
	}
}

// zipEnd reads the end record at a place, and the 64-bit one it may have.
func zipEnd(data []byte, at int64) zipDirectory {
	b := data[at:]
	d := zipDirectory{count: uint64(binary.LittleEndian.Uint16(b[10:]))}
	size := int64(binary.LittleEndian.Uint32(b[12:]))
	place := int64(binary.LittleEndian.Uint32(b[16:]))
	d.end = at + zipEndSize + int64(binary.LittleEndian.Uint16(b[20:]))
	end := at
	if at64, ok := zipEnd64(data, at); ok {
		b := data[at64:]
		d.count = binary.LittleEndian.Uint64(b[32:])
		size = clampPlace(binary.LittleEndian.Uint64(b[40:]))
		place = clampPlace(binary.LittleEndian.Uint64(b[48:]))
		end = at64
	}
	// The directory ends where the end record begins; its own place is wrong
	// when something was put before the archive.
	for _, start := range []int64{end - size, place} {
		if start >= 0 && start <= end && (d.count == 0 || hasPrefix(data[start:], zipCentralMagic)) {
			d.start, d.shift, d.found = start, start-place, true
			return d
		}
	}
	return d
}

// clampPlace keeps sums of places from overflowing.
func clampPlace(v uint64) int64 { return int64(min(v, 1<<61)) }

func zipEnd64(data []byte, at int64) (int64, bool) {
	loc := at - zipLocatorSize
	if loc < zipEnd64Size || !hasPrefix(data[loc:], zipLocatorMagic) {
		return 0, false
	}
	for _, p := range []int64{clampPlace(binary.LittleEndian.Uint64(data[loc+8:])), loc - zipEnd64Size} {
		if p <= loc-zipEnd64Size && hasPrefix(data[p:], zipEnd64Magic) {
			return p, true
		}
	}
	return 0, false
}

// zipCentral reads the directory entry at a place and gives the place behind
// it.
func zipCentral(data []byte, at int64) (zipEntry, int64, bool) {
	if int64(len(data))-at < zipCentralSize || !hasPrefix(data[at:], zipCentralMagic) {
		return zipEntry{}, at, false
	}
	b := data[at:]
	e := zipEntry{
		flags:   binary.LittleEndian.Uint16(b[8:]),
		method:  binary.LittleEndian.Uint16(b[10:]),
		modTime: binary.LittleEndian.Uint16(b[12:]),
		crc:     binary.LittleEndian.Uint32(b[16:]),
		packed:  int64(binary.LittleEndian.Uint32(b[20:])),
		size:    int64(binary.LittleEndian.Uint32(b[24:])),
		local:   int64(binary.LittleEndian.Uint32(b[42:])),
	}
	name := int64(binary.LittleEndian.Uint16(b[28:]))
	extra := int64(binary.LittleEndian.Uint16(b[30:]))
	comment := int64(binary.LittleEndian.Uint16(b[32:]))
	b = b[zipCentralSize:]
	e.name = b[:min(name, int64(len(b)))]
	b = b[len(e.name):]
	e.extras(b[:min(extra, int64(len(b)))])
	return e, at + zipCentralSize + name + extra + comment, true
}

// zipLocal reads the local header at a place and gives where its data begins.
func zipLocal(data []byte, at int64) (zipEntry, int64, bool) {
	if at < 0 || int64(len(data))-at < zipLocalSize || !hasPrefix(data[at:], zipLocalMagic) {
		return zipEntry{}, 0, false
	}
	b := data[at:]
	e := zipEntry{
		flags:   binary.LittleEndian.Uint16(b[6:]),
		method:  binary.LittleEndian.Uint16(b[8:]),
		modTime: binary.LittleEndian.Uint16(b[10:]),
		crc:     binary.LittleEndian.Uint32(b[14:]),
		packed:  int64(binary.LittleEndian.Uint32(b[18:])),
		size:    int64(binary.LittleEndian.Uint32(b[22:])),
		local:   at,
	}
	name := int64(binary.LittleEndian.Uint16(b[26:]))
	extra := int64(binary.LittleEndian.Uint16(b[28:]))
	b = b[zipLocalSize:]
	e.name = b[:min(name, int64(len(b)))]
	b = b[len(e.name):]
	e.extras(b[:min(extra, int64(len(b)))])
	begin := at + zipLocalSize + name + extra
	return e, begin, begin <= int64(len(data))
}

// extras reads the fields that replace 32-bit ones and describe encryption.
func (e *zipEntry) extras(b []byte) {
	for len(b) >= 4 {
		id := binary.LittleEndian.Uint16(b)
		n := min(int(binary.LittleEndian.Uint16(b[2:])), len(b)-4)
		body := b[4 : 4+n]
		b = b[4+n:]
		switch id {
		case 1:
			for _, v := range []*int64{&e.size, &e.packed, &e.local} {
				if *v == 1<<32-1 && len(body) >= 8 {
					*v = clampPlace(binary.LittleEndian.Uint64(body))
					body = body[8:]
				}
			}
		case 0x9901:
			e.aes = parseZipAES(body)
		}
	}
}

// ranges are parts of the file that members took, in order and apart.
type ranges []span

type span struct{ from, to int64 }

// add takes a part. It returns false, and takes nothing, when a part is shared
// with one taken before.
func (r *ranges) add(s span) bool {
	lo, hi := 0, len(*r)
	for lo < hi {
		if mid := (lo + hi) / 2; (*r)[mid].to <= s.from {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(*r) && (*r)[lo].from < s.to {
		return false
	}
	*r = append(*r, span{})
	copy((*r)[lo+1:], (*r)[lo:])
	(*r)[lo] = s
	return true
}

func zipDamaged(format string, args ...any) error {
	return limit.Errorf(limit.Damaged, "zip: "+format, args...)
}

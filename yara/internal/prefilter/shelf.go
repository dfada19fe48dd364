package prefilter

import "encoding/binary"

// shelf holds the windows of one shape. The zero value has none.
type shelf struct {
	entries []byte // by hash
	starts  []byte // for each bucket of hashes its first entry, and the one behind it
	shift   uint   // of a hash to its bucket
}

// The places in an entry, which is one window of one literal.
const (
	entryHash   = 0
	entryCheck  = 4  // four folded bytes more, near the window: most candidates fail here
	entryRecord = 8  // of the literal
	entryBack   = 12 // distance from the first byte of the part kept to the window
	entryBeside = 13 // distance from the window to the bytes of check
	entryTables = 14 // a bit for each table it is in
)

// nothingBeside is the beside of an entry that has no four bytes to check.
const nothingBeside = -128

// appendTo adds the entry of a window.
func (w *window) appendTo(out []byte, l *Literal, tables uint8) []byte {
	var check uint32
	if w.beside != nothingBeside {
		check = load(l.Bytes, int(w.skip)+int(w.back)+int(w.beside)) | fold
	}
	out = binary.LittleEndian.AppendUint32(out, w.hash)
	out = binary.LittleEndian.AppendUint32(out, check)
	out = binary.LittleEndian.AppendUint32(out, w.literal)
	return append(out, w.back, uint8(w.beside), tables, 0)
}

// find gives the entries of the bucket that a hash is in.
func (s *shelf) find(hash uint32) []byte {
	at := int(hash>>s.shift) * 4
	row := s.starts[at : at+8]
	from, to := int(load(row, 0))*EntryLen, int(load(row, 4))*EntryLen
	if from >= to || to > len(s.entries) {
		return nil
	}
	return s.entries[from:to]
}

// windows gives the hashes of the windows of one shape that are in the table.
func (t *Table) windows(k int) []uint32 {
	var out []uint32
	for e := t.shelves[k].entries; len(e) > 0; e = e[EntryLen:] {
		if e[entryTables]&t.bit != 0 {
			out = append(out, load(e, entryHash))
		}
	}
	return out
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

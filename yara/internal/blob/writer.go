package blob

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
)

// Writer gathers sections. The zero value is ready.
type Writer struct {
	sections [sectionCount][]byte
	texts    map[string]uint32 // where a text begins in its section
	bytes    map[string]uint32
}

// Row adds a record of as many words as its section has.
func (w *Writer) Row(s Section, words ...uint32) {
	if 4*len(words) != recordLen(s) {
		panic(fmt.Sprintf("a record of section %d has %d bytes", s, recordLen(s)))
	}
	for _, v := range words {
		w.sections[s] = binary.LittleEndian.AppendUint32(w.sections[s], v)
	}
}

// amend replaces the last words of the record written last.
func (w *Writer) amend(s Section, words ...uint32) {
	tail := w.sections[s][len(w.sections[s])-4*len(words):]
	for i, v := range words {
		binary.LittleEndian.PutUint32(tail[4*i:], v)
	}
}

// Len is the number of records of a section so far.
func (w *Writer) Len(s Section) int { return len(w.sections[s]) / recordLen(s) }

// Text keeps a text, each once, and gives its place.
func (w *Writer) Text(v string) (at, n uint32) {
	if w.texts == nil {
		w.texts = map[string]uint32{}
	}
	return w.put(Text, w.texts, v)
}

// Bytes keeps bytes, the same ones once, and gives their place.
func (w *Writer) Bytes(v []byte) (at, n uint32) {
	if w.bytes == nil {
		w.bytes = map[string]uint32{}
	}
	return w.put(Bytes, w.bytes, string(v))
}

func (w *Writer) put(s Section, known map[string]uint32, v string) (at, n uint32) {
	if v == "" {
		return 0, 0
	}
	at, ok := known[v]
	if !ok {
		at = uint32(len(w.sections[s]))
		w.sections[s] = append(w.sections[s], v...)
		known[v] = at
	}
	return at, uint32(len(v))
}

// Finish puts the blob together.
func (w *Writer) Finish(features uint32) ([]byte, error) {
	size := headerLen + sectionLen*int(sectionCount)
	for _, s := range w.sections {
		size = aligned(size) + len(s)
	}
	if size > math.MaxUint32 {
		return nil, fmt.Errorf("write compiled rules: %d bytes are more than a blob can hold", size)
	}
	out := make([]byte, headerLen, size)
	copy(out, Magic)
	binary.LittleEndian.PutUint32(out[8:], Version)
	binary.LittleEndian.PutUint32(out[12:], features)
	binary.LittleEndian.PutUint64(out[16:], uint64(size))
	binary.LittleEndian.PutUint32(out[24:], uint32(sectionCount))
	at := headerLen + sectionLen*int(sectionCount)
	for _, s := range w.sections {
		at = aligned(at)
		out = binary.LittleEndian.AppendUint64(out, uint64(at))
		out = binary.LittleEndian.AppendUint64(out, uint64(len(s)))
		at += len(s)
	}
	for _, s := range w.sections {
		out = append(out, make([]byte, aligned(len(out))-len(out))...)
		out = append(out, s...)
	}
	Seal(out)
	return out, nil
}

func aligned(n int) int { return (n + align - 1) &^ (align - 1) }

// Seal writes the checksum of a whole blob into it.
func Seal(data []byte) {
	sum := checksum(data)
	copy(data[sumStart:headerLen], sum[:])
}

// checksum is the SHA-256 of all bytes but those it is kept in.
func checksum(data []byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	h.Write(data[:sumStart])
	h.Write(data[headerLen:])
	h.Sum(sum[:0])
	return sum
}

// Bit is 1<<n where on.
func Bit(n int, on bool) uint32 {
	if on {
		return 1 << n
	}
	return 0
}

// Halves gives the low and the high word of a number.
func Halves(v uint64) (low, high uint32) { return uint32(v), uint32(v >> 32) }

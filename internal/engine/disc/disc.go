// Package disc is what the readers of disc images share: it hands out files by
// the places where their bytes lie in the image. The same bytes are handed out
// once, under whichever name came first, since one image often has two or three
// trees of names; and files and directories that overlap are counted, so that
// no more comes out of an image than was put into it. It knows no file system
// and writes nothing.
package disc

import (
	"crypto/sha256"
	"encoding/binary"
	"io"

	"vitrine/internal/engine/limit"
)

// Sink takes the files of an image. An error of it ends the walk.
type Sink interface {
	// Whole takes a file that lies as it is in the image.
	Whole(name string, data []byte) error
	// Decoded takes a file that r gives, from so many bytes of the image.
	Decoded(name string, r io.Reader, packed int) error
	// Problem takes what could not be looked at.
	Problem(err error)
}

// Extent is a run of bytes of a file.
type Extent struct {
	At   int64 // in the image
	Size int64
	Hole bool // zeros, which lie nowhere
}

// Image is a disc image being taken apart. It belongs to one goroutine.
type Image struct {
	Data   []byte
	Budget *limit.Budget
	Sink   Sink

	seen   map[[sha256.Size]byte]bool
	starts map[int64]int64 // where files begin, and how long the longest is
	whole  int64           // bytes handed out as they lie
	listed int64           // bytes of directories
	held   int64
}

// New makes an Image. Close gives its memory back.
func New(data []byte, b *limit.Budget, s Sink) *Image {
	return &Image{Data: data, Budget: b, Sink: s, seen: map[[sha256.Size]byte]bool{}, starts: map[int64]int64{}}
}

// Close gives back the memory that was held for the image.
func (m *Image) Close() {
	m.Budget.Release(m.held)
	m.held, m.seen, m.starts = 0, nil, nil
}

// Hold counts memory that is in use until Close.
func (m *Image) Hold(n int64) error {
	err := m.Budget.Hold(n)
	if err == nil {
		m.held += n
	}
	return err
}

// seenMemory is what it takes to remember one file.
const seenMemory = 100

// File hands out a file, unless one of the same bytes was handed out before.
func (m *Image) File(name string, extents []Extent) error {
	extents = joined(extents)
	if first, err := m.First(extents); !first {
		return err
	}
	var size, there int64
	for _, e := range extents {
		size += e.Size
		there += m.within(e)
	}
	if len(extents) == 1 && there == size && m.whole+size <= int64(len(m.Data)) {
		m.whole += size
		at := extents[0].At
		return m.Sink.Whole(name, m.Data[at:at+size:at+size])
	}
	return m.Sink.Decoded(name, m.Reader(extents), int(there))
}

// First tells whether a file of these extents is there for the first time. One
// of no bytes never is.
func (m *Image) First(extents []Extent) (bool, error) {
	if len(extents) == 0 {
		return false, nil
	}
	h := sha256.New()
	var word [17]byte
	for _, e := range extents {
		binary.LittleEndian.PutUint64(word[:], uint64(e.At))
		binary.LittleEndian.PutUint64(word[8:], uint64(e.Size))
		word[16] = 0
		if e.Hole {
			word[16] = 1
		}
		h.Write(word[:])
	}
	key := [sha256.Size]byte(h.Sum(nil))
	if m.seen[key] {
		return false, m.Budget.Check()
	}
	if err := m.Hold(seenMemory); err != nil {
		return false, err
	}
	m.seen[key] = true
	if e := extents[0]; !e.Hole {
		m.starts[e.At] = max(m.starts[e.At], e.Size)
	}
	return true, nil
}

// Covered tells whether a file that was handed out begins at a place and has
// at least so many bytes.
func (m *Image) Covered(at, size int64) bool {
	n, ok := m.starts[at]
	return ok && n >= size
}

// maxListed is how often the bytes of an image are read for what they say.
// Directories that share their bytes are read more often than once.
const maxListed = 8

// Directory gives the bytes of a directory, or of anything else that is read
// for what it says, as far as they lie in the image. All that is read may
// together be no longer than maxListed images.
func (m *Image) Directory(extents ...Extent) ([]byte, error) {
	if err := m.Budget.Check(); err != nil {
		return nil, err
	}
	extents = joined(extents)
	var n int64
	for _, e := range extents {
		n += m.within(e)
	}
	if m.listed += n; m.listed > maxListed*int64(len(m.Data)) {
		return nil, limit.Errorf(limit.Overlap, "directories share their bytes")
	}
	if n == 0 {
		return nil, nil
	}
	if len(extents) == 1 {
		return m.Data[extents[0].At:][:n], nil
	}
	if err := m.Hold(n); err != nil {
		return nil, err
	}
	out := make([]byte, 0, n)
	for _, e := range extents {
		if k := m.within(e); k > 0 {
			out = append(out, m.Data[e.At:e.At+k]...)
		}
	}
	return out, nil
}

// within is how many bytes of e the image has.
func (m *Image) within(e Extent) int64 {
	if e.Hole || e.At < 0 || e.At >= int64(len(m.Data)) {
		return 0
	}
	return min(e.Size, int64(len(m.Data))-e.At)
}

// Reader reads the bytes of extents, to the end of the image.
func (m *Image) Reader(extents []Extent) io.Reader { return &reader{m: m, rest: extents} }

type reader struct {
	m    *Image
	rest []Extent
	at   int64 // in the first of rest
}

// Read gives bytes of one extent at most.
func (r *reader) Read(p []byte) (int, error) {
	for len(r.rest) > 0 && r.at >= r.rest[0].Size {
		r.rest, r.at = r.rest[1:], 0
	}
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	e := r.rest[0]
	p = p[:min(int64(len(p)), e.Size-r.at)]
	if e.Hole {
		clear(p)
		r.at += int64(len(p))
		return len(p), nil
	}
	have := r.m.within(e)
	if r.at >= have {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, r.m.Data[e.At+r.at:e.At+have])
	r.at += int64(n)
	return n, nil
}

// joined leaves out empty extents and puts those together that follow each
// other.
func joined(extents []Extent) []Extent {
	out := extents[:0:0]
	for _, e := range extents {
		if e.Size <= 0 {
			continue
		}
		if n := len(out); n > 0 && out[n-1].Hole == e.Hole && (e.Hole || out[n-1].At+out[n-1].Size == e.At) {
			out[n-1].Size += e.Size
			continue
		}
		out = append(out, e)
	}
	return out
}

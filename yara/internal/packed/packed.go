// Package packed keeps many short pieces of bytes in little memory, to be read
// now and then: blocks of neighbouring pieces are squeezed together. It is where
// the texts of rules lie that a scan does not need.
//
// The same pieces give the same bytes on every machine. What comes from a file
// may be damaged: then a piece is missing, and nothing else happens. The package
// implements "Packed pieces" of docs/spec/compiled-rules.md; it knows nothing
// of rules.
package packed

import (
	"encoding/binary"
	"errors"
	"slices"
	"sort"
)

// blockLen is how many bytes of pieces a block has at least, the last excepted.
const blockLen = 64 << 10

// maxBlock bounds a block: a single piece may be longer than blockLen.
const maxBlock = 1 << 30

// Block says what a block holds. It lies behind the block before.
type Block struct {
	Pieces uint32
	Raw    uint32 // bytes of the pieces with their lengths
	Packed uint32 // bytes of the block
}

// Writer gathers pieces. The zero value is ready.
type Writer struct {
	store    Store
	raw      []byte // of the block at hand
	pieces   uint32
	squeezer *squeezer

	start   start
	flushed bool   // since Begin
	spare   []byte // what raw had then
}

// start is what a Writer had when Begin was called.
type start struct {
	blocks, data, raw int
	pieces            uint32
}

// Begin notes what Abort goes back to.
func (w *Writer) Begin() {
	w.start, w.flushed = start{len(w.store.blocks), len(w.store.data), len(w.raw), w.pieces}, false
}

// Abort takes back the pieces added since Begin.
func (w *Writer) Abort() {
	if w.flushed {
		w.raw = append(w.raw[:0], w.spare...)
	}
	w.raw, w.pieces, w.flushed = w.raw[:w.start.raw], w.start.pieces, false
	w.store.blocks, w.store.ends, w.store.data = w.store.blocks[:w.start.blocks], w.store.ends[:w.start.blocks], w.store.data[:w.start.data]
}

// Add adds a piece. Pieces are numbered from 0.
func (w *Writer) Add(piece []byte) {
	w.raw = binary.AppendUvarint(w.raw, uint64(len(piece)))
	w.raw = append(w.raw, piece...)
	w.pieces++
	if len(w.raw) >= blockLen {
		w.flush()
	}
}

func (w *Writer) flush() {
	if w.pieces == 0 {
		return
	}
	if w.squeezer == nil {
		w.squeezer = &squeezer{}
	}
	if !w.flushed {
		w.spare, w.flushed = append(w.spare[:0], w.raw[:min(w.start.raw, len(w.raw))]...), true
	}
	before := len(w.store.data)
	w.store.data = w.squeezer.squeeze(w.store.data, w.raw)
	w.store.add(Block{w.pieces, uint32(len(w.raw)), uint32(len(w.store.data) - before)})
	w.raw, w.pieces = w.raw[:0], 0
}

// Finish gives the pieces. The Writer must not be used afterwards.
func (w *Writer) Finish() *Store {
	w.flush()
	s := w.store // apart from the Writer, and what that is part of
	s.data = slices.Clone(s.data)
	return &s
}

// Store is immutable and safe for concurrent use.
type Store struct {
	data   []byte
	blocks []Block
	ends   []place // behind each block
}

// place is a number of pieces and of packed bytes.
type place struct{ pieces, data int }

func (s *Store) add(b Block) {
	end := s.end()
	s.blocks = append(s.blocks, b)
	s.ends = append(s.ends, place{end.pieces + int(b.Pieces), end.data + int(b.Packed)})
}

func (s *Store) end() place {
	if len(s.ends) == 0 {
		return place{}
	}
	return s.ends[len(s.ends)-1]
}

// Load gives the pieces of blocks that were written before, and keeps data. It
// fails where the blocks do not describe data.
func Load(blocks []Block, data []byte) (*Store, error) {
	s := &Store{data: data, blocks: make([]Block, 0, len(blocks)), ends: make([]place, 0, len(blocks))}
	for _, b := range blocks {
		if b.Pieces == 0 || b.Raw < b.Pieces || b.Raw > maxBlock || int(b.Packed) > len(data)-s.end().data {
			return nil, errors.New("a block of packed pieces is malformed")
		}
		s.add(b)
	}
	if s.end().data != len(data) {
		return nil, errors.New("packed bytes belong to no block")
	}
	return s, nil
}

// Len is the number of pieces.
func (s *Store) Len() int { return s.end().pieces }

// Blocks and Data give what Load takes.
func (s *Store) Blocks() []Block { return s.blocks }

// Data gives the packed bytes.
func (s *Store) Data() []byte { return s.data }

// Reader reads pieces; those behind each other cost least. It belongs to one
// goroutine.
type Reader struct {
	store *Store
	block int // that is at hand; -1: none
	next  int // the number of the piece that left begins with
	left  []byte
	raw   []byte
}

// Reader makes a Reader.
func (s *Store) Reader() *Reader { return &Reader{store: s, block: -1} }

// Piece gives piece i, or nil where there is none or its block is damaged. The
// bytes stay valid.
func (r *Reader) Piece(i int) []byte {
	if i < 0 || i >= r.store.Len() {
		return nil
	}
	b := sort.Search(len(r.store.ends), func(b int) bool { return r.store.ends[b].pieces > i })
	if b != r.block || i < r.next {
		r.open(b)
	}
	for {
		piece, ok := r.step()
		if !ok {
			return nil
		}
		if r.next > i {
			return piece
		}
	}
}

// open goes to the beginning of a block.
func (r *Reader) open(b int) {
	block, end := r.store.blocks[b], r.store.ends[b]
	if b != r.block {
		r.raw, _ = unsqueeze(r.store.data[end.data-int(block.Packed):end.data], int(block.Raw))
	}
	r.block, r.next, r.left = b, end.pieces-int(block.Pieces), r.raw
}

// step goes over one piece.
func (r *Reader) step() (piece []byte, ok bool) {
	n, size := binary.Uvarint(r.left)
	if size <= 0 || n > uint64(len(r.left)-size) {
		return nil, false
	}
	end := size + int(n)
	piece, r.left = r.left[size:end:end], r.left[end:]
	r.next++
	return piece, true
}

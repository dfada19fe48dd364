package dotnet

import (
	"encoding/binary"
	"math/bits"
)

const (
	tildeHeader = 24
	maxRows     = 15000 // of one table; libyara reads on only up to a table with more
	heapExtra   = 0x40
	maxColumns  = 9
)

// table is where a table is. One that is not there, or not reached, has no rows.
type table struct {
	known   bool
	at      int64
	count   uint32
	size    int64 // of a row
	columns [maxColumns]cell
}

// cell is a column's place in a row and its size, 2 or 4.
type cell struct{ at, size int64 }

// tables is the tables up to the first that cannot be read; whole says that
// this is all of them.
type tables struct {
	list  [tableCount]table
	whole bool
}

// tilde is the header of the stream of tables and what the sizes depend on.
type tilde struct {
	valid uint64
	heaps byte
	end   int64 // of the stream
	rows  int64 // where the numbers of rows begin
	count [64]uint32
}

func (f *file) tablePart() *tables {
	return f.tables.Get(func() (t tables) {
		s := f.streamPart()
		if s.tilde == nil || s.strings == nil || s.blob == nil || !f.fits(s.tilde.at, tildeHeader) {
			return t
		}
		at := s.tilde.at
		h := &tilde{valid: binary.LittleEndian.Uint64(f.data[at+8:]), heaps: f.data[at+6],
			end: at + int64(s.tilde.size), rows: at + tildeHeader}
		number := int64(bits.OnesCount64(h.valid))
		if !f.fits(h.rows, 4*number) {
			return t
		}
		f.countRows(h)
		at = h.rows + 4*number
		if h.heaps&heapExtra != 0 {
			at += 4
		}
		t.whole = f.layOut(h, &t, at)
		return t
	})
}

// countRows reads how many rows each table has, as far as the stream goes.
func (f *file) countRows(h *tilde) {
	at := h.rows
	for n := range h.count {
		if h.valid>>n&1 == 0 {
			continue
		}
		if at+4 <= h.end {
			h.count[n] = f.u32(at)
		}
		at += 4
	}
}

// layOut places the tables one after the other; false when one stops it.
func (f *file) layOut(h *tilde, t *tables, at int64) bool {
	columns, row := schema(), h.rows
	for n := range h.count {
		if h.valid>>n&1 == 0 {
			continue
		}
		if row += 4; row > h.end {
			return false
		}
		if h.count[n] > maxRows || n >= tableCount || columns[n] == nil {
			return false
		}
		e := h.measure(columns[n])
		if n == tableModule && !f.fits(at, 18) || n == tableAssembly && !f.fits(at, e.size) {
			continue // libyara then goes on at the same place
		}
		e.known, e.at, e.count = true, at, h.count[n]
		t.list[n] = e
		at += e.size * int64(e.count)
	}
	return true
}

// measure gives a table the sizes of its columns.
func (h *tilde) measure(columns []column) (t table) {
	for i, c := range columns {
		t.columns[i] = cell{t.size, h.width(c)}
		t.size += t.columns[i].size
	}
	return t
}

// width is the size of a column.
func (h *tilde) width(c column) int64 {
	large := false
	switch {
	case c == long:
		large = true
	case c == short:
	case c == inStrings:
		large = h.heaps&1 != 0
	case c == inGUIDs:
		large = h.heaps&2 != 0
	case c == inBlobs:
		large = h.heaps&4 != 0
	case c >= coded:
		tag, list := codedSet(c)
		for _, n := range list {
			large = large || h.count[n] > 0xffff>>tag
		}
	default:
		large = h.count[c-inTable] > 0xffff
	}
	if large {
		return 4
	}
	return 2
}

// row is a row of a table that is whole in the file.
type row struct {
	f  *file
	t  *table
	at int64
}

// row finds a row by its number from 1; false when it is not all there.
func (f *file) row(n int, number uint32) (row, bool) {
	t := &f.tablePart().list[n]
	if number < 1 || number > t.count {
		return row{}, false
	}
	at := t.at + t.size*int64(number-1)
	return row{f, t, at}, f.fits(at, t.size)
}

// column reads a number.
func (r row) column(i int) uint32 {
	c := r.t.columns[i]
	if c.size == 2 {
		return uint32(r.f.u16(r.at + c.at))
	}
	return r.f.u32(r.at + c.at)
}

// string reads an index into the heap of strings and follows it.
func (r row) string(i int) []byte { return r.f.string(r.column(i)) }

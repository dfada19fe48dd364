package prefilter

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// Image is what the tables of some literals are made of. It is plain bytes, the
// same on every machine, so that it can lie in a file and be used there by any
// number of processes. All its numbers are little-endian words.
//
// Of an Image from outside only the outline is checked, by Load. Whatever the
// rest holds, and even when it changes meanwhile, no table reads outside of it or
// of the data: it reports too little, or places where nothing stands.
type Image struct {
	Records []byte // of each literal the part that is compared
	Entries []byte // the windows, by shape, hash and literal
	Starts  []byte // of each shape: where the entries of a bucket begin, and behind the last
	Shelves []byte // of each shape: first entry, number of them, first of the starts, logarithm of the buckets
	Filters []byte // of all tables
	Tables  []byte // of each table, for each of its three filters: first word, and logarithm of their number or 0; for that of pairs: first word, and 1 or 0
}

// The bytes of what an Image has rows of.
const (
	RecordLen = 36
	EntryLen  = 16
	ShelfLen  = 16
	TableLen  = 32
)

// MaxTables is how many tables an Image can have.
const MaxTables = 8

// Build makes the Image of literals, which are named by their index. tables
// tells with a bit for each table in which a literal is found; nil puts all into the
// first. The Image has no filters yet: its tables make their own.
func Build(literals []Literal, tables func(literal uint32) uint8) *Image {
	windows := arrange(literals)
	x := &Image{Records: make([]byte, 0, len(literals)*RecordLen), Entries: make([]byte, 0, len(windows)*EntryLen)}
	at := 0
	parts := make([]part, len(literals))
	for k := range shapes {
		from := at
		for ; at < len(windows) && windows[at].shape == k; at++ {
			w := &windows[at]
			parts[w.literal] = w.part
			in := uint8(1)
			if tables != nil {
				in = tables(w.literal)
			}
			x.Entries = w.appendTo(x.Entries, &literals[w.literal], in)
		}
		x.shelve(from, windows[from:at])
	}
	for i := range literals {
		x.Records = appendRecord(x.Records, &literals[i], parts[i])
	}
	return x
}

// shelve adds what finds the windows of one shape, in the order of their hashes.
func (x *Image) shelve(from int, windows []window) {
	log := 0
	first := len(x.Starts) / 4
	if len(windows) > 0 {
		log = bits.Len(uint(len(windows)))
		i := 0
		for bucket := range uint64(1) << log {
			for i < len(windows) && uint64(windows[i].hash) < bucket<<(32-log) {
				i++
			}
			x.Starts = binary.LittleEndian.AppendUint32(x.Starts, uint32(i))
		}
		x.Starts = binary.LittleEndian.AppendUint32(x.Starts, uint32(len(windows)))
	}
	for _, v := range []int{from, len(windows), first, log} {
		x.Shelves = binary.LittleEndian.AppendUint32(x.Shelves, uint32(v))
	}
}

var errImage = errors.New("the tables of windows are malformed")

// Load checks the outline of an Image that comes from outside and gives its tables.
func (x *Image) Load() ([]*Table, error) {
	if len(x.Shelves) != len(shapes)*ShelfLen || len(x.Tables)%TableLen != 0 || len(x.Tables) > MaxTables*TableLen {
		return nil, errImage
	}
	var out []*Table
	for i := range len(x.Tables) / TableLen {
		t, err := x.table(i)
		if err != nil {
			return nil, err
		}
		if err := t.stored(x.Filters, x.Tables[i*TableLen:]); err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// Table makes a table of an Image that Build made.
func (x *Image) Table(i int) *Table {
	t, err := x.table(i)
	if err != nil {
		panic(err) // what was built is well formed
	}
	t.filters[long] = newFilter(t.windows(long), nil)
	t.filters[short] = newFilter(t.windows(short), t.windows(three))
	t.filters[three] = newFilter(t.windows(three), nil)
	t.pairs = newPairFilter(t.windows(pair), t.windows(single))
	return t
}

// WithFilters gives the same Image with the filters of its first n tables.
func (x *Image) WithFilters(n int) *Image {
	out := *x
	for i := range n {
		t := x.Table(i)
		for _, f := range t.filters {
			out.keep(f.words, max(0, bits.Len(uint(len(f.words)/4))-1))
		}
		if t.pairs != nil {
			out.keep(t.pairs[:], 1)
		} else {
			out.keep(nil, 0)
		}
	}
	return &out
}

// keep adds one filter.
func (x *Image) keep(words []byte, log int) {
	first := len(x.Filters) / 4
	if log == 0 {
		first = 0
	}
	x.Tables = binary.LittleEndian.AppendUint32(x.Tables, uint32(first))
	x.Tables = binary.LittleEndian.AppendUint32(x.Tables, uint32(log))
	x.Filters = append(x.Filters, words...)
}

// table gives a table that lacks its filters.
func (x *Image) table(i int) (*Table, error) {
	t := &Table{vector: hasVector(), records: x.Records, bit: 1 << i}
	for k := range shapes {
		row := x.Shelves[k*ShelfLen:]
		entries := rows(x.Entries, EntryLen, load(row, 0), uint64(load(row, 4)))
		log := load(row, 12)
		if log > 31 {
			return nil, errImage
		}
		if load(row, 4) == 0 {
			continue
		}
		s := shelf{entries: entries, starts: rows(x.Starts, 4, load(row, 8), 1<<log+1), shift: uint(32 - log)}
		if s.entries == nil || s.starts == nil {
			return nil, errImage
		}
		t.shelves[k] = s
	}
	return t, nil
}

// stored gives a table its filters.
func (t *Table) stored(filters, row []byte) error {
	for k := range t.filters {
		first, log := load(row, 8*k), load(row, 8*k+4)
		if log == 0 {
			continue
		}
		words := rows(filters, 4, first, 1<<(log&31))
		if log > maxLogWords || words == nil {
			return errImage
		}
		t.filters[k] = filter{words, uint(32 - log)}
	}
	first, log := load(row, 8*len(t.filters)), load(row, 8*len(t.filters)+4)
	if log == 0 {
		return nil
	}
	words := rows(filters, 4, first, uint64(pairWords))
	if log != 1 || words == nil {
		return errImage
	}
	t.pairs = (*pairFilter)(words)
	return nil
}

// rows gives n rows from one on; nil where they are not there.
func rows(b []byte, size int, first uint32, n uint64) []byte {
	from := uint64(first) * uint64(size)
	if n > uint64(len(b)) || from > uint64(len(b)) || n*uint64(size) > uint64(len(b))-from {
		return nil
	}
	return b[from : from+n*uint64(size)]
}

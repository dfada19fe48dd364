package inno

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"vitrine/internal/engine/limit"
)

// Flags of a location, and those of the versions since 6.5.
const (
	flagCalls     = 1 << 4
	flagEncrypted = 1 << 6
	flagPacked    = 1 << 7

	newCalls     = 1 << 2
	newEncrypted = 1 << 3
	newPacked    = 1 << 4
)

// file is where a file is: in which chunk, and where in what was packed there.
type file struct {
	slice  uint32
	chunk  int64 // where the sign of its chunk is, from the beginning of the data
	packed int64 // bytes of the chunk
	start  int64
	size   int64
	name   string

	calls, encrypted, compressed bool
}

// layout is how a location is stored.
type layout struct {
	place  int // bytes of the chunk's place
	digest int
	size   int
	flags  [3]byte // for calls, encrypted, compressed
}

// layoutOf gives the layout of a version from 4.2.5 on.
func layoutOf(v version) (layout, bool) {
	l := layout{place: 4, digest: 16, flags: [3]byte{flagCalls, flagEncrypted, flagPacked}}
	flags := 1
	switch {
	case v.number < at(4, 2, 5):
		return layout{}, false
	case v.number >= at(6, 4, 0):
		l.digest = 32
	case v.number >= at(5, 3, 9):
		l.digest = 20
	}
	if v.number >= at(5, 1, 13) {
		flags = 2
	}
	if v.number >= at(6, 3, 0) {
		flags = 3 // with what signs the file
	}
	if v.number >= at(6, 5, 0) {
		l.place, flags, l.flags = 8, 1, [3]byte{newCalls, newEncrypted, newPacked}
	}
	l.size = 8 + l.place + 24 + l.digest + 8 + 8 + flags
	return l, true
}

// readLocations reads the list of where files are. It is believed when there is
// a chunk where the first of this file is said to be.
func (w *walker) readLocations(b []byte) ([]file, bool) {
	l, ok := layoutOf(w.version)
	if !ok || len(b)%l.size != 0 {
		return nil, false
	}
	var files []file
	for ; len(b) >= l.size && len(files) < w.Budget.Limits().MaxFiles; b = b[l.size:] {
		f := file{slice: binary.LittleEndian.Uint32(b), chunk: int64(binary.LittleEndian.Uint32(b[8:]))}
		c := b[8+l.place:]
		f.start = int64(binary.LittleEndian.Uint64(c))
		f.size = int64(binary.LittleEndian.Uint64(c[8:]))
		f.packed = int64(binary.LittleEndian.Uint64(c[16:]))
		c = c[24+l.digest+16:]
		f.calls, f.encrypted, f.compressed = c[0]&l.flags[0] != 0, c[0]&l.flags[1] != 0, c[0]&l.flags[2] != 0
		if f.start < 0 || f.size < 0 || f.packed < 0 || f.start > 1<<50 || f.size > 1<<50 {
			return nil, false
		}
		files = append(files, f)
	}
	for _, f := range files {
		if f.slice == 0 && w.table.data > 0 {
			return files, w.chunkAt(f) != nil
		}
	}
	return files, true
}

// chunkAt gives the bytes of a chunk behind its sign, as far as they are there;
// nil when there is no chunk.
func (w *walker) chunkAt(f file) []byte {
	place := w.table.data + f.chunk
	if place < 0 || place > int64(len(w.data))-4 || string(w.data[place:place+4]) != chunkSign {
		return nil
	}
	data := w.data[place+4:]
	return data[:min(f.packed, int64(len(data)))]
}

// files hands out the files, as they lie in the chunks. What cannot be had is
// told with its reason, once each.
func (w *walker) files(files []file) error {
	slices.SortStableFunc(files, func(a, b file) int {
		return cmp.Or(cmp.Compare(a.slice, b.slice), cmp.Compare(a.chunk, b.chunk), cmp.Compare(a.start, b.start), cmp.Compare(a.size, b.size))
	})
	away, encrypted := 0, 0
	for i := 0; i < len(files); {
		n := 1
		for i+n < len(files) && files[i+n].slice == files[i].slice && files[i+n].chunk == files[i].chunk {
			n++
		}
		group := files[i : i+n]
		i += n
		switch f := group[0]; {
		case w.table.data == 0 || f.slice != 0:
			away += n
		case f.encrypted:
			encrypted += n
		default:
			if err := w.chunk(group); err != nil {
				return err
			}
		}
	}
	if away > 0 {
		w.Sink.Problem(limit.Errorf(limit.Damaged, "inno: %d files are in other parts of the installer, which are not here", away))
	}
	if encrypted > 0 {
		w.Sink.Problem(limit.Errorf(limit.Encrypted, "inno: %d files are encrypted; they were not unpacked", encrypted))
	}
	return nil
}

// chunk hands out the files of one chunk.
func (w *walker) chunk(group []file) error {
	w.taken++
	what := fmt.Sprintf("inno: chunk %d", w.taken)
	data := w.chunkAt(group[0])
	if data == nil {
		return w.Damaged(what, fmt.Errorf("it is not where it should be"))
	}
	if int64(len(data)) < group[0].packed {
		w.Sink.Problem(limit.Errorf(limit.Damaged, "%s of %d bytes is cut off, %d are there", what, group[0].packed, len(data)))
	}
	total := int64(0)
	for _, f := range group {
		total = max(total, f.start+f.size)
	}
	var r io.ReadCloser = io.NopCloser(w.Input(data))
	if group[0].compressed {
		var err error
		if r, err = w.openChunk(data, total); err != nil {
			return w.Damaged(what, err)
		}
	}
	defer r.Close()
	pos, shared := int64(0), 0
	for i, f := range group {
		if i > 0 && f.start == group[i-1].start && f.size == group[i-1].size {
			continue // the same in two places
		}
		if f.start < pos {
			shared++
			continue
		}
		if ok, err := w.Skip(r, f.start-pos); err != nil {
			return err
		} else if !ok {
			return w.Damaged(what, io.ErrUnexpectedEOF)
		}
		if ok, err := w.take(f, r, len(data)); !ok || err != nil {
			return err
		}
		pos = f.start + f.size
	}
	if shared > 0 {
		w.Sink.Problem(limit.Errorf(limit.Overlap, "%s: %d files share their bytes with others; they were left out", what, shared))
	}
	return nil
}

// take hands out the next file of a chunk.
func (w *walker) take(f file, r io.Reader, packed int) (bool, error) {
	name := f.name
	if name == "" {
		name = fmt.Sprintf("(file at %d of chunk %d)", f.start, w.taken)
	}
	var over func(io.Reader) io.Reader
	if f.calls {
		over = func(r io.Reader) io.Reader { return filterFor(w.version, r) }
	}
	return w.PieceThrough("inno/"+name, r, f.size, packed, over)
}

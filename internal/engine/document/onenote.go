package document

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"vitrine/internal/engine/limit"
)

const (
	// oneNoteStart begins a section file (MS-ONESTORE 2.3.1).
	oneNoteStart = "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"
	// oneNoteFile begins a file kept in it (MS-ONESTORE 2.6.13).
	oneNoteFile = "\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac"
	// oneNoteHead is what stands before the bytes of the file: the mark, a size
	// of 8 bytes, and 12 that mean nothing.
	oneNoteHead = 36
)

// oneNote hands out the files kept in a section, wherever they stand: the
// names that pages give them are elsewhere. Files do not lie in each other, so
// one ends where the next begins, whatever its size says.
func (w *Walker) oneNote(data []byte) error {
	mark := []byte(oneNoteFile)
	rest := data
	for n := 1; ; n++ {
		i := bytes.Index(rest, mark)
		if i < 0 || len(rest)-i <= oneNoteHead {
			return nil
		}
		size := binary.LittleEndian.Uint64(rest[i+len(mark):])
		rest = rest[i+oneNoteHead:]
		file := rest
		if next := bytes.Index(rest, mark); next >= 0 {
			file = rest[:next]
		}
		if size > uint64(len(file)) {
			w.Sink.Problem(limit.Errorf(limit.Damaged, "onenote: file %d is cut off: %d bytes of %d are there", n, len(file), size))
			size = uint64(len(file))
		}
		if size == 0 {
			continue
		}
		if err := w.Sink.Whole(fmt.Sprintf("file %d", n), file[:size]); err != nil {
			return err
		}
	}
}

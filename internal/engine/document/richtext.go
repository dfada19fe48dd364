package document

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"vitrine/internal/engine/document/rtf"
	"vitrine/internal/engine/limit"
)

// maxReadAgain is how often in all the text may be read for objects that lie
// in each other.
const maxReadAgain = 16

// rtf hands out the objects of RTF text: what a package holds under the name
// of the file, all others under the class that is to load them.
func (w *Walker) rtf(data []byte) error {
	count, left := 0, maxReadAgain*len(data)+1<<20
	spend := func(n int) error {
		if left -= n; left < 0 {
			return limit.Errorf(limit.Overlap, "rtf: objects lie in each other")
		}
		return w.Budget.Check()
	}
	err := rtf.Objects(data, spend, func(o rtf.Object) error {
		if left < 0 {
			return errReadAgain
		}
		count++
		r := bufio.NewReaderSize(o.Reader(), 4*maxText)
		name := fmt.Sprintf("object %d", count)
		class, size, ok := embedded(r)
		if !ok {
			return w.Sink.Decoded(name, r, o.Packed())
		}
		if file, n, ok := packaged(r); ok {
			return w.Sink.Decoded(name+"/"+file, io.LimitReader(r, n), o.Packed())
		}
		return w.Sink.Decoded(name+" "+class, io.LimitReader(r, size), o.Packed())
	})
	if errors.Is(err, errReadAgain) {
		w.Sink.Problem(limit.Errorf(limit.Overlap, "rtf: objects lie in each other; those behind object %d were not looked at", count))
		return nil
	}
	return err
}

// errReadAgain ends the walk of a text that was read too often.
var errReadAgain = errors.New("rtf: read too often")

// embedded reads the header of an embedded object (MS-OLEDS 2.2.5): a version,
// a kind, the names of its class and of two more things, and its size. It
// consumes the header only when it is one.
func embedded(r *bufio.Reader) (class string, size int64, ok bool) {
	const (
		kindEmbedded = 2
		kindAt       = 4
		namesAt      = 8
	)
	head, _ := r.Peek(4 * maxText)
	if len(head) < namesAt || binary.LittleEndian.Uint32(head[kindAt:]) != kindEmbedded {
		return "", 0, false
	}
	rest := head[namesAt:]
	for i := range 3 {
		if len(rest) < 4 {
			return "", 0, false
		}
		n := int64(binary.LittleEndian.Uint32(rest))
		if n > maxText || n > int64(len(rest)-4) {
			return "", 0, false
		}
		if i == 0 {
			class, _, _ = cString(append(rest[4:4+n:4+n], 0))
		}
		rest = rest[4+n:]
	}
	if len(rest) < 4 {
		return "", 0, false
	}
	size = int64(binary.LittleEndian.Uint32(rest))
	_, err := r.Discard(len(head) - len(rest) + 4)
	return class, size, err == nil
}

package archive

import (
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"io"

	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/codec/lz4"
	"vitrine/internal/engine/codec/xz"
	"vitrine/internal/engine/limit"
)

// stream walks a compressed stream: one member, called by the name stored in
// it, or by the format in parentheses. Streams joined one behind the other are
// one member, as their own tools have it.
func (w *walk) stream() error {
	in := w.input(w.c.Data)
	name := "(" + w.c.Format.String() + ")"
	var r io.ReadCloser
	var err error
	switch w.c.Format {
	case Gzip:
		g := &gzipReader{in: in, open: &w.u.open}
		if err = g.header(); err == nil && g.name != "" {
			name = g.name
		}
		r = g
	case BZip2:
		r, err = w.u.open.BZip2(in)
	case XZ:
		r, err = w.u.open.XZ(in)
	case LZMA:
		r, err = w.openLZMA(in)
	case Zstd:
		r, err = w.u.open.Zstd(in)
	case LZ4:
		r, err = w.u.open.LZ4(in)
	}
	if err != nil {
		return damaged(err, 0)
	}
	defer r.Close()
	return w.streamMember(name, r, in)
}

func (w *walk) openLZMA(in *codec.Input) (io.ReadCloser, error) {
	var h [13]byte
	if _, err := io.ReadFull(in, h[:]); err != nil {
		return nil, err
	}
	dict := int64(binary.LittleEndian.Uint32(h[1:]))
	size := int64(binary.LittleEndian.Uint64(h[5:])) // all ones: not said
	return w.u.open.LZMA(in, h[0], dict, size)
}

func (w *walk) streamMember(name string, r io.Reader, in *codec.Input) error {
	if err := w.b.AddFile(); err != nil {
		return err
	}
	data, err := w.extract(r, claim{packed: int64(len(w.c.Data)), size: -1})
	m := Member{Name: name, Data: data}
	more := isTrailing(err)
	if !more {
		m.Err = damaged(err, len(data))
	}
	if cut := limit.Of(m.Err); cut != nil && cut.Reason == limit.Size && !cut.Final {
		m.Rest = w.following(r)
	}
	if err := w.emit(m); err != nil {
		return err
	}
	if more {
		return w.trailing(w.c.Data[w.endOf(r, in):])
	}
	return nil
}

// isTrailing tells whether a stream was read whole and something follows.
func isTrailing(err error) bool {
	var b bzip2.StructuralError
	if errors.As(err, &b) {
		return b == "bad magic value in continuation file"
	}
	return errors.Is(err, xz.ErrTrailing) || errors.Is(err, lz4.ErrTrailing) ||
		errors.Is(err, codec.ErrTrailing) || errors.Is(err, errGzipTrailing)
}

// endOf is where the last whole stream ended. The bzip2 decoder does not tell,
// but has taken just the two bytes that were not its magic.
func (w *walk) endOf(r io.Reader, in *codec.Input) int {
	at := len(w.c.Data) - in.Unread() - 2
	if e, ok := r.(interface{ End() int64 }); ok {
		at = int(e.End())
	}
	return min(max(at, 0), len(w.c.Data))
}

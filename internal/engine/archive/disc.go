package archive

import (
	"vitrine/internal/engine/disc"
	"vitrine/internal/engine/iso"
	"vitrine/internal/engine/udf"
)

// discFormat knows disc images: their first 32 KiB can be anything.
func discFormat(data []byte) Format {
	switch {
	case iso.Identify(data), disc.Raw(data) != nil:
		return ISO
	case udf.Identify(data):
		return UDF
	}
	return None
}

// disc takes a disc image apart. Many have both trees of names, over the same
// files: each is handed out once.
func (w *walk) disc() error {
	sink := &parts{w}
	if r := disc.Raw(w.c.Data); r != nil {
		return sink.Decoded("(data track)", r, len(w.c.Data))
	}
	m := disc.New(w.c.Data, w.b, sink)
	defer m.Close()
	if w.c.Format == ISO {
		if err := iso.Walk(m); err != nil {
			return err
		}
	}
	if !udf.Identify(w.c.Data) {
		return nil
	}
	return udf.Walk(m)
}

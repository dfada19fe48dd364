package archive

import (
	"encoding/binary"

	"vitrine/internal/engine/limit"
)

const (
	rpmLead      = 96
	rpmIndexSize = 16
	rpmMagic     = 0x8eade801
)

// rpm walks a package: behind the lead, the signature and the header, of which
// only the extent matters, comes one compressed cpio archive (the RPM package
// manual, "Package format").
func (w *walk) rpm() error {
	data := w.c.Data
	at := int64(rpmLead)
	for _, part := range []string{"signature", "header"} {
		size, ok := rpmHeaderSize(data, at)
		if !ok {
			return limit.Errorf(limit.Damaged, "rpm: the %s is malformed or cut off", part)
		}
		at += size
		if part == "signature" {
			at += -at & 7
		}
	}
	if at >= int64(len(data)) {
		return limit.Errorf(limit.Damaged, "rpm: the payload is missing")
	}
	return w.inPlace("(payload)", data[at:], nil)
}

func rpmHeaderSize(data []byte, at int64) (int64, bool) {
	if int64(len(data))-at < rpmIndexSize {
		return 0, false
	}
	h := data[at:]
	if binary.BigEndian.Uint32(h) != rpmMagic {
		return 0, false
	}
	size := rpmIndexSize * (1 + int64(binary.BigEndian.Uint32(h[8:])))
	size += int64(binary.BigEndian.Uint32(h[12:]))
	return size, size <= int64(len(h))
}

package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strconv"

	"vitrine/internal/engine/limit"
)

const (
	cpioTrailer = "TRAILER!!!"
	modeType    = 0o170000
	modeRegular = 0o100000
	maxCpioName = 64 << 10
)

// cpioHeader is what matters of a header, and the sizes of its layout.
type cpioHeader struct {
	mode, size int64
	nameSize   int
	headSize   int
	align      int64
}

// isCpio knows the ASCII formats by their magic. The old binary format has
// two bytes only, so its header must make sense too.
func isCpio(data []byte) bool {
	if len(data) < 26 {
		return false
	}
	h, ok := parseCpio(data)
	if !ok {
		return false
	}
	if h.headSize != 26 {
		return true
	}
	end := h.headSize + h.nameSize
	return h.nameSize > 1 && h.nameSize < 1024 && end <= len(data) && data[end-1] == 0 &&
		bytes.IndexByte(data[26:end-1], 0) < 0 && cpioMode(h.mode)
}

func cpioMode(mode int64) bool {
	switch mode & modeType {
	case 0o040000, 0o100000, 0o120000, 0o060000, 0o020000, 0o010000, 0o140000, 0:
		return true
	}
	return false
}

// parseCpio reads the header at the beginning of b: newc and crc (110 bytes of
// hexadecimal), odc (76 of octal), and the old binary one in both byte orders.
func parseCpio(b []byte) (cpioHeader, bool) {
	switch {
	case hasPrefix(b, "070701"), hasPrefix(b, "070702"):
		return asciiCpio(b, 110, 16, 4, [3][2]int{{14, 8}, {54, 8}, {94, 8}})
	case hasPrefix(b, "070707"):
		return asciiCpio(b, 76, 8, 1, [3][2]int{{18, 6}, {65, 11}, {59, 6}})
	case len(b) >= 26 && binary.LittleEndian.Uint16(b) == 0o70707:
		return oldCpio(b, binary.LittleEndian), true
	case len(b) >= 26 && binary.BigEndian.Uint16(b) == 0o70707:
		return oldCpio(b, binary.BigEndian), true
	}
	return cpioHeader{}, false
}

// asciiCpio reads mode, size and name size at the places given.
func asciiCpio(b []byte, head, base int, align int64, at [3][2]int) (cpioHeader, bool) {
	if len(b) < head {
		return cpioHeader{}, false
	}
	var v [3]int64
	for i, p := range at {
		n, err := strconv.ParseInt(string(b[p[0]:p[0]+p[1]]), base, 63)
		if err != nil || n < 0 {
			return cpioHeader{}, false
		}
		v[i] = n
	}
	if v[2] < 1 || v[2] > maxCpioName {
		return cpioHeader{}, false
	}
	return cpioHeader{v[0], v[1], int(v[2]), head, align}, true
}

func oldCpio(b []byte, order binary.ByteOrder) cpioHeader {
	size := int64(order.Uint16(b[22:]))<<16 | int64(order.Uint16(b[24:]))
	return cpioHeader{int64(order.Uint16(b[6:])), size, int(order.Uint16(b[20:])), 26, 2}
}

// cpio walks an archive, and the ones joined to it: an initial ramdisk is
// several, the last of them compressed.
func (w *walk) cpio() error {
	f := w.feed()
	for {
		if err := w.b.Check(); err != nil {
			return err
		}
		h, name, err := f.cpioHeader()
		if err != nil {
			return err
		}
		if name == cpioTrailer {
			more, err := f.afterTrailer()
			if err != nil || !more {
				return err
			}
			continue
		}
		if err := f.cpioBody(h, name); err != nil {
			return err
		}
	}
}

func (f *feed) cpioHeader() (cpioHeader, string, error) {
	cut := func(err error) (cpioHeader, string, error) { return cpioHeader{}, "", damaged(err, f.pos) }
	b, err := f.next(26)
	if errors.Is(err, io.EOF) || err != nil {
		return cut(err)
	}
	b = bytes.Clone(b)
	if hasPrefix(b, "0707") {
		size := 110
		if b[5] == '7' {
			size = 76
		}
		more, err := f.next(size - 26)
		if err != nil {
			return cut(err)
		}
		b = append(b, more...)
	}
	h, ok := parseCpio(b)
	if !ok {
		return cut(limit.Errorf(limit.Damaged, "cpio: a header is malformed at byte %d", f.pos-len(b)))
	}
	name, err := f.next(h.nameSize)
	if err != nil {
		return cut(err)
	}
	text := tarText(name)
	pad := -int64(h.headSize+h.nameSize) & (h.align - 1)
	return h, text, damaged(f.skip(pad), f.pos)
}

func (f *feed) cpioBody(h cpioHeader, name string) error {
	pad := -h.size & (h.align - 1)
	regular := h.mode&modeType == modeRegular || h.mode&modeType == 0
	var err error
	if regular && h.size > 0 {
		err = f.member(name, h.size)
	} else {
		err = damaged(f.skip(h.size), f.pos)
	}
	if err != nil {
		return err
	}
	if err := f.skip(pad); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return damaged(err, f.pos)
	}
	return nil
}

// afterTrailer looks behind an archive's end. It returns true when another
// cpio archive begins there.
func (f *feed) afterTrailer() (bool, error) {
	if f.rest != nil {
		return false, nil // what follows the last archive is not looked for
	}
	rest := trimZeros(f.memory())
	if isCpio(rest) {
		f.pos = len(f.mem) - len(rest)
		return true, nil
	}
	return false, f.w.trailing(rest)
}

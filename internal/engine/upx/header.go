package upx

import (
	"bytes"
	"encoding/binary"
)

const magic = "UPX!"

// headerSize is that of the header of versions 10 and later, which is from the
// year 1999 on.
const headerSize = 32

// Formats that are unpacked here.
const (
	formatLinuxExec = 10 // i386: the file is packed whole, and run from a temporary one
	formatLinuxELF  = 12
	formatLinuxSh   = 14
	formatBSDExec   = 24
	formatBSDELF    = 25
	formatBSDSh     = 26
)

// header is the packer's own: what was packed, how, and what it was.
type header struct {
	version, format, method, level byte

	unpackedSum, packedSum uint32 // Adler-32
	unpacked, packed       uint32 // bytes
	file                   uint32 // bytes of the whole file before

	filter, mark byte
	named        bool // the magic stands before it
}

// parseHeader reads a header at the beginning of b. The magic may have been
// overwritten, the rest must hold together: its check byte covers it.
func parseHeader(b []byte) (header, bool) {
	if len(b) < headerSize {
		return header{}, false
	}
	h := header{version: b[4], format: b[5], method: b[6], level: b[7] & 15, filter: b[28], mark: b[29], named: string(b[:4]) == magic}
	if h.format < 128 {
		h.unpackedSum, h.packedSum = le32(b[8:]), le32(b[12:])
		h.unpacked, h.packed, h.file = le32(b[16:]), le32(b[20:]), le32(b[24:])
	} else {
		be := binary.BigEndian
		h.unpacked, h.packed = be.Uint32(b[8:]), be.Uint32(b[12:])
		h.unpackedSum, h.packedSum, h.file = be.Uint32(b[16:]), be.Uint32(b[20:]), be.Uint32(b[24:])
	}
	sane := h.version >= 10 && h.version < 32 && h.format > 0 && (h.format < 64 || h.format > 128 && h.format < 160) &&
		knownMethod(h.method) && h.packed >= 2 && h.packed <= h.unpacked
	return h, sane && checkByte(b) == b[headerSize-1]
}

// checkByte is the sum of the header behind its magic, modulo 251.
func checkByte(b []byte) byte {
	sum := 0
	for _, c := range b[4 : headerSize-1] {
		sum += int(c)
	}
	return byte(sum % 251)
}

// tail is how far from its end a packed ELF or Mach-O program has the header.
const tail = 16 << 10

// tailHeader finds the last header near the end of data that has its magic, and
// whose format is asked for. The place is negative for none.
func tailHeader(data []byte, format func(byte) bool) (h header, at int) {
	low := max(0, len(data)-tail)
	for end := len(data); ; {
		i := bytes.LastIndex(data[low:end], []byte(magic))
		if i < 0 {
			return header{}, -1
		}
		if h, ok := parseHeader(data[low+i:]); ok && format(h.format) {
			return h, low + i
		}
		end = low + i + len(magic) - 1
	}
}

// bareHeader finds the header near the end of data whose magic is gone. The
// word behind it, which names the place of the packed data, must say what is
// known of that place.
func bareHeader(data []byte, format func(byte) bool, order binary.ByteOrder, place uint32) (h header, at int) {
	for at := len(data) - headerSize - 4; at >= max(0, len(data)-tail); at-- {
		if order.Uint32(data[at+headerSize:]) != place {
			continue
		}
		if h, ok := parseHeader(data[at:]); ok && format(h.format) {
			return h, at
		}
	}
	return header{}, -1
}

func isMachO(format byte) bool {
	switch format {
	case 29, 32, 33, 34, 35, 37, 131, 134, 138, 139, 142:
		return true
	}
	return false
}

func isELF(format byte) bool {
	switch format {
	case formatLinuxExec, formatLinuxELF, formatLinuxSh, 20, 22, 23, formatBSDExec, formatBSDELF, formatBSDSh,
		30, 39, 42, 132, 133, 137, 140:
		return true
	}
	return false
}

// wholeFile tells whether the blocks of a format are the file from its first
// byte to its last, and not the parts of an ELF program.
func wholeFile(format byte) bool {
	switch format {
	case formatLinuxExec, formatLinuxSh, formatBSDExec, formatBSDSh:
		return true
	}
	return false
}

package object

import (
	"bytes"
	"encoding/binary"
)

const (
	segment32  = 0x1
	segment64  = 0x19
	unixThread = 0x5
	mainEntry  = 0x80000028

	maxCommands = 1024
)

// readMachO reads the headers of a Mach-O file of one architecture.
func readMachO(l *Layout, data []byte) {
	b := bits{data: data, order: binary.LittleEndian}
	if bytes.HasPrefix(data, []byte("\xfe\xed\xfa")) {
		b.order = binary.BigEndian
	}
	wide := len(data) > 4 && (data[0] == 0xcf || data[3] == 0xcf)
	at := int64(28)
	if wide {
		at = 32
	}
	var segments []peSection
	entry, entryAddr := None, None
	for range min(b.u32(16), maxCommands) {
		kind, size := b.u32(at), b.u32(at+4)
		if b.short || size < 8 {
			break
		}
		switch kind {
		case segment32:
			segments = append(segments, peSection{b.u32(at + 24), b.u32(at + 32), b.u32(at + 36)})
			machSections(l, &b, at+56, b.u32(at+48), false)
		case segment64:
			segments = append(segments, peSection{b.u64(at + 24), b.u64(at + 40), b.u64(at + 48)})
			machSections(l, &b, at+72, b.u32(at+64), true)
		case mainEntry:
			entry = b.u64(at + 8)
		case unixThread:
			entryAddr = threadEntry(&b, at)
		}
		at += size
	}
	l.Known = len(segments) > 0
	l.Entry = entry
	for _, s := range segments {
		if entry == None && s.rva <= entryAddr && entryAddr < s.rva+s.size {
			l.Entry = entryAddr - s.rva + s.raw
		}
	}
}

// threadEntry reads the program counter of the thread states that ClamAV
// knows: i386 and x86-64.
func threadEntry(b *bits, at int64) int64 {
	switch b.u32(at + 8) {
	case 1:
		return b.u32(at + 16 + 40)
	case 4:
		return b.u64(at + 16 + 128)
	}
	return None
}

func machSections(l *Layout, b *bits, at, count int64, wide bool) {
	step := int64(68)
	if wide {
		step = 80
	}
	for range min(count, 256) {
		s := Section{b.u32(at + 40), b.u32(at + 36)}
		if wide {
			s = Section{b.u32(at + 48), b.u64(at + 40)}
		}
		if b.short || len(l.Sections) >= 256 {
			return
		}
		l.Sections = append(l.Sections, s)
		at += step
	}
}

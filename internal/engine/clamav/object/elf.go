package object

import "encoding/binary"

// elfShape has the places of the fields that differ between 32 and 64 bits.
type elfShape struct {
	wide                                         bool
	entry, ph, sh, phSize, phNum, shSize, shNum  int64
	pOffset, pAddr, pMem, sOffset, sSize, smallP int64
}

func elfShapeOf(wide bool) elfShape {
	if wide {
		return elfShape{true, 24, 32, 40, 54, 56, 58, 60, 8, 16, 40, 24, 32, 56}
	}
	return elfShape{false, 24, 28, 32, 42, 44, 46, 48, 4, 8, 20, 16, 20, 32}
}

// readELF reads the headers of an ELF file.
func readELF(l *Layout, data []byte) {
	if len(data) < 52 {
		return
	}
	b := bits{data: data, order: binary.LittleEndian}
	if data[5] == 2 {
		b.order = binary.BigEndian
	}
	s := elfShapeOf(data[4] == 2)
	entry := b.word(s.entry, s.wide)
	ph, phSize, phNum := b.word(s.ph, s.wide), b.u16(s.phSize), b.u16(s.phNum)
	sh, shSize, shNum := b.word(s.sh, s.wide), b.u16(s.shSize), b.u16(s.shNum)
	if b.short {
		return
	}
	l.Known = true
	for i := range min(phNum, 128) {
		at := ph + i*phSize
		addr, size := b.word(at+s.pAddr, s.wide), b.word(at+s.pMem, s.wide)
		if phSize >= s.smallP && b.u32(at) == 1 && addr <= entry && entry < addr+size {
			l.Entry = entry - addr + b.word(at+s.pOffset, s.wide)
			break
		}
	}
	for i := range min(shNum, 256) {
		at := sh + i*shSize
		section := Section{b.word(at+s.sOffset, s.wide), b.word(at+s.sSize, s.wide)}
		if b.short {
			return
		}
		l.Sections = append(l.Sections, section)
	}
}

package macho

import (
	bin "encoding/binary"

	"vitrine/yara/internal/module"
)

const (
	commandThread = 0x5
	commandMain   = 0x80000028
	threadHeader  = 16 // kind, size, flavor, count
	mainSize      = 16 // without kind and size
)

// start is where the program begins and how big its stack is.
type start struct{ entry, stack module.Value }

// state is where the program counter lies among a processor's registers.
type state struct {
	counter, size int64
	wide          bool
}

// stateOf gives the saved registers of a processor, by the cputype of the header.
func stateOf(cpu uint32) (s state, ok bool) {
	switch cpu {
	case 6: // 68000
		s = state{68, 72, false}
	case 13: // 88000
		s = state{124, 136, false}
	case 14: // SPARC
		s = state{4, 76, false}
	case 18: // PowerPC
		s = state{0, 160, false}
	case 7: // x86
		s = state{40, 64, false}
	case 12: // ARM
		s = state{60, 68, false}
	case 0x01000007: // x86-64
		s = state{128, 168, true}
	case 0x0100000c: // ARM64
		s = state{256, 268, true}
	case 0x01000012: // PowerPC64
		s = state{0, 304, true}
	}
	return s, s.size > 0
}

// start reads the two commands that say where to begin; the last one counts in
// YARA, a thread command in YARA-X.
func (m *image) start() start {
	return *m.starts.Get(func() (s start) {
		threaded := false
		for _, c := range m.list() {
			switch c.kind {
			case commandMain:
				if entry, stack, ok := m.mainCommand(c); ok {
					s.stack = module.Int(int64(stack))
					if !threaded || !m.ctx.YARAX {
						s.entry = module.Int(int64(entry))
					}
				}
			case commandThread:
				address, ok := m.threadCommand(c)
				if !ok {
					continue
				}
				off, mapped := m.offset(address)
				if mapped {
					s.entry = module.Int(off)
				} else if m.ctx.YARAX {
					s.entry = module.Undefined()
				}
				threaded = true
			}
		}
		return s
	})
}

func (m *image) mainCommand(c command) (entry, stack uint64, ok bool) {
	if !m.fits(c.at, commandStart+mainSize) || m.ctx.YARAX && c.size < commandStart+mainSize {
		return 0, 0, false
	}
	return m.u64(c.at + 8), m.u64(c.at + 16), true
}

// threadCommand finds the program counter. libyara reads the command's size
// here without regard to the byte order, so that in a big-endian file the end
// of the file is all that bounds it.
func (m *image) threadCommand(c command) (address uint64, ok bool) {
	size := c.size
	if !m.ctx.YARAX {
		if !m.fits(c.at, threadHeader) {
			return 0, false
		}
		size = min(int64(len(m.data))-c.at, int64(bin.LittleEndian.Uint32(m.data[c.at+4:])))
	}
	if size < threadHeader {
		return 0, false
	}
	s, known := stateOf(m.u32(4))
	switch {
	case !known:
		return 0, m.ctx.YARAX
	case size-threadHeader < s.size:
		return 0, false
	}
	return m.uint(c.at+threadHeader+s.counter, s.wide), true
}

package macho

import (
	"bytes"
	bin "encoding/binary"

	"vitrine/yara/internal/module"
)

// Magic numbers as they stand in the file, first byte highest.
const (
	magic32      = 0xfeedface
	cigam32      = 0xcefaedfe
	magic64      = 0xfeedfacf
	cigam64      = 0xcffaedfe
	fat32        = 0xcafebabe
	fatCigam32   = 0xbebafeca
	fat64        = 0xcafebabf
	fatCigam64   = 0xbfbafeca
	header32     = 28
	header64     = 32
	maxCommands  = 1 << 16
	commandStart = 8
)

// binary is the receiver of the module's root: a file for one architecture
// (main) or a universal one (fat).
type binary struct {
	fat  *fat
	main *image
}

// image is the program for one architecture.
type image struct {
	ctx   *module.Context
	data  []byte
	order bin.ByteOrder
	magic uint32
	wide  bool // 64 bits

	commands  module.Once[[]command]
	segments  module.Once[[]segment]
	starts    module.Once[start]
	symbols   module.Once[[]symbol]
	libraries module.Once[[]dylib]
	runPaths  module.Once[[][]byte]
	exported  module.Once[[][]byte]
	imported  module.Once[[][]byte]
	granted   module.Once[[][]byte]
	signers   module.Once[[]certificate]
}

// open looks at the magic number.
func open(c *module.Context) *binary {
	d := c.Data
	if len(d) < 4 {
		return nil
	}
	switch bin.BigEndian.Uint32(d) {
	case magic32, cigam32, magic64, cigam64:
		if m := newImage(c, d); m != nil {
			return &binary{main: m}
		}
	case fat32, fatCigam32, fat64, fatCigam64:
		return openFat(c)
	}
	return nil
}

// newImage looks at the header. libyara wants the size of the longer header
// always, and inside of a universal file it does not look at the magic number.
func newImage(c *module.Context, data []byte) *image {
	if len(data) < header32 {
		return nil
	}
	m := &image{ctx: c, data: data, order: bin.LittleEndian, magic: bin.BigEndian.Uint32(data)}
	m.wide = m.magic != magic32 && m.magic != cigam32
	known := true
	switch m.magic {
	case magic32, magic64:
		m.order = bin.BigEndian
	case fat32, fat64:
		m.order, known = bin.BigEndian, false
	case cigam32, cigam64:
	default:
		known = false
	}
	if c.YARAX && !known || len(data) < header64 && (m.wide || !c.YARAX) {
		return nil
	}
	return m
}

// fits reports whether n bytes at off are inside the image.
func (m *image) fits(off, n int64) bool {
	size := int64(len(m.data))
	return off >= 0 && n >= 0 && n <= size && off <= size-n
}

// The readers want fits to have been asked.
func (m *image) u32(off int64) uint32 { return m.order.Uint32(m.data[off:]) }
func (m *image) u64(off int64) uint64 { return m.order.Uint64(m.data[off:]) }

// uint reads a number of 4 or 8 bytes.
func (m *image) uint(off int64, wide bool) uint64 {
	if wide {
		return m.u64(off)
	}
	return uint64(m.u32(off))
}

// part cuts size bytes at off; false when they are not all there.
func (m *image) part(off, size uint32) ([]byte, bool) {
	if !m.fits(int64(off), int64(size)) {
		return nil, false
	}
	return m.data[off : int64(off)+int64(size)], true
}

// command is a load command: its kind and its place with its header.
type command struct {
	kind     uint32
	at, size int64
}

// body is what follows kind and size.
func (m *image) body(c command) []byte { return m.data[c.at+commandStart : c.at+c.size] }

// list walks the load commands up to the first that is cut off or has an
// impossible size.
func (m *image) list() []command {
	return *m.commands.Get(func() (list []command) {
		at := int64(header64)
		if !m.wide {
			at = header32
		}
		for n := m.u32(16); n > 0 && len(list) < maxCommands && m.fits(at, commandStart); n-- {
			c := command{kind: m.u32(at), at: at, size: int64(m.u32(at + 4))}
			if m.ctx.YARAX {
				c.size = max(c.size, commandStart)
			}
			if c.size < commandStart || !m.fits(at, c.size) {
				break
			}
			list = append(list, c)
			at += c.size
		}
		return list
	})
}

// last is the contents of the last command of these kinds with at least size
// bytes of contents.
func (m *image) last(size int, kinds ...uint32) (body []byte, kind uint32) {
	for _, c := range m.list() {
		for _, k := range kinds {
			if c.kind == k && c.size-commandStart >= int64(size) {
				body, kind = m.body(c), k
			}
		}
	}
	return body, kind
}

// untilNUL cuts a string where C would end it.
func untilNUL(s []byte) []byte {
	if i := bytes.IndexByte(s, 0); i >= 0 {
		return s[:i]
	}
	return s
}

// name reads a name in 16 bytes. YARA ends it at the first NUL, YARA-X takes
// off those at the end.
func (m *image) name(off int64) module.Value {
	s := m.data[off : off+16]
	if m.ctx.YARAX {
		return module.Bytes(bytes.TrimRight(s, "\x00"))
	}
	return module.Bytes(untilNUL(s))
}

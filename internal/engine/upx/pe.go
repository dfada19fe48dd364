package upx

import (
	"bytes"
	"encoding/binary"

	"vitrine/internal/engine/limit"
)

// The tables a PE header points to, by number.
const (
	tableExports   = 0
	tableImports   = 1
	tableResources = 2
	tableRelocs    = 5
	tableDebug     = 6
	tableBound     = 11
	tableAddresses = 12
)

const (
	sectionSize = 40
	maxSections = 96
	dosHeader   = 64

	relocsStripped = 1 // in the header's flags
)

// section is a part of a PE file: bytes in the file, and where they go.
type section struct {
	address, memory uint32
	size, offset    uint32
	flags           uint32
}

// peHead is the header of a PE file, from its signature on, with all of the
// sixteen tables, as the packer writes and wants it.
type peHead struct {
	b        []byte // the bytes of it
	wide     bool   // 64 bits
	sections []section
}

// headSize is that of the header without the sections.
func headSize(wide bool) int {
	if wide {
		return 264
	}
	return 248
}

// parsePE reads a header at the beginning of b, and the sections behind it.
// Those that do not fit are not there.
func parsePE(b []byte) (peHead, bool) {
	if len(b) < 26 || string(b[:4]) != "PE\x00\x00" {
		return peHead{}, false
	}
	kind := le16(b[24:])
	h := peHead{wide: kind == 0x20b}
	size := headSize(h.wide)
	if kind != 0x20b && kind != 0x10b || len(b) < size {
		return h, false
	}
	h.b = b[:size]
	count := int(le16(b[6:]))
	if count > maxSections {
		return h, false
	}
	for b = b[size:]; len(h.sections) < count && len(b) >= sectionSize; b = b[sectionSize:] {
		h.sections = append(h.sections, section{memory: le32(b[8:]), address: le32(b[12:]),
			size: le32(b[16:]), offset: le32(b[20:]), flags: le32(b[36:])})
	}
	return h, len(h.sections) == count
}

func (h *peHead) flags() uint16      { return le16(h.b[22:]) }
func (h *peHead) entry() uint32      { return le32(h.b[40:]) }
func (h *peHead) codeSize() uint32   { return le32(h.b[28:]) }
func (h *peHead) code() uint32       { return le32(h.b[44:]) }
func (h *peHead) fileAlign() uint32  { return le32(h.b[60:]) }
func (h *peHead) table(n int) []byte { return h.b[len(h.b)-128+8*n:][:8] }

func (h *peHead) base() uint64 {
	if h.wide {
		return le64(h.b[48:])
	}
	return uint64(le32(h.b[52:]))
}

// at is the address of a table, and its size.
func (h *peHead) at(n int) (address, size uint32) {
	t := h.table(n)
	return le32(t), le32(t[4:])
}

// alignUp rounds up to a multiple, and stays at the most that fits.
func alignUp(n, to uint32) uint32 {
	if to == 0 {
		return n
	}
	up := (uint64(n) + uint64(to) - 1) / uint64(to) * uint64(to)
	return uint32(min(up, 1<<32-1))
}

// peFile is a PE file as it is packed.
type peFile struct {
	peHead
	data []byte
	pe   int // where the header is
}

func openPE(data []byte) (*peFile, bool) {
	if len(data) < dosHeader {
		return nil, false
	}
	at := le32(data[60:])
	if at > uint32(min(len(data), 1<<24)) {
		return nil, false
	}
	h, ok := parsePE(data[at:])
	// The packed file has two to four sections; whoever adds one by hand
	// still leaves the first of them empty.
	if !ok || len(h.sections) < 2 || len(h.sections) > 8 {
		return nil, false
	}
	return &peFile{h, data, int(at)}, true
}

// body is what a section has in the file.
func (f *peFile) body(n int) []byte {
	if n >= len(f.sections) {
		return nil
	}
	s := f.sections[n]
	if uint64(s.offset) > uint64(len(f.data)) {
		return nil
	}
	rest := f.data[s.offset:]
	return rest[:min(uint64(s.size), uint64(len(rest)))]
}

// found is where the packed data of a PE file is.
type found struct {
	header
	at    int  // of the packed data
	known bool // there is a header
}

// headerSpan is how many bytes the packer itself looks for its header in,
// and how many of them lie before the section.
const (
	headerSpan   = 1024
	headerBefore = 64
)

// find looks for the packer's header where it belongs, and without the magic
// before the data that the loader is seen to read.
func (f *peFile) find() (found, bool) {
	for _, n := range []int{1, 2} {
		if n >= len(f.sections) {
			break
		}
		low := max(0, int(f.sections[n].offset)-headerBefore)
		if low > len(f.data) {
			continue
		}
		span := f.data[low:min(len(f.data), low+headerSpan)]
		for from := 0; ; {
			i := bytes.Index(span[from:], []byte(magic))
			if i < 0 {
				break
			}
			from += i
			if h, ok := parseHeader(span[from:]); ok {
				return found{h, low + from + headerSize, true}, true
			}
			from++
		}
	}
	at, ok := f.loaderSource()
	if !ok {
		return found{}, false
	}
	if at >= headerSize {
		if h, ok := parseHeader(f.data[at-headerSize:]); ok {
			return found{h, at, true}, true
		}
	}
	return found{at: at}, true
}

// loaderSource reads from the first instructions of the loader where the
// packed data begins. They are looked for where the program starts, and in the
// packed section for when something else goes before them.
func (f *peFile) loaderSource() (int, bool) {
	code := f.atAddress(f.entry())
	if at, ok := f.sourceIn(code[:min(len(code), 64)], f.entry()); ok {
		return at, true
	}
	if f.sections[0].size != 0 { // of a packed program it is room in memory only
		return 0, false
	}
	return f.sourceIn(f.body(1), f.sections[1].address)
}

// sourceIn looks for the instructions in code that goes to an address. They
// are, on i386, pusha, mov esi and lea edi; on amd64, four pushes, lea rsi and
// lea rdi.
func (f *peFile) sourceIn(code []byte, address uint32) (int, bool) {
	first, then := []byte{0x60, 0xbe}, []byte{0x8d, 0xbe}
	if f.wide {
		first, then = []byte{0x53, 0x56, 0x57, 0x55, 0x48, 0x8d, 0x35}, []byte{0x48, 0x8d, 0xbe}
	}
	for from := 0; ; from++ {
		i := bytes.Index(code[from:], first)
		end := from + i + len(first) + 4
		if i < 0 || end > len(code) {
			return 0, false
		}
		from += i
		if !bytes.HasPrefix(code[end:], then) {
			continue
		}
		source := le32(code[end-4:])
		if f.wide {
			source += address + uint32(end)
		} else {
			source -= uint32(f.base())
		}
		if rest := f.atAddress(source); len(rest) > 0 {
			return len(f.data) - cap(rest), true
		}
	}
}

// atAddress is what the file has for an address, to the end of its section.
// Its capacity goes to the end of the file.
func (f *peFile) atAddress(address uint32) []byte {
	for n, s := range f.sections {
		if b := f.body(n); address-s.address < uint32(len(b)) {
			return b[address-s.address : len(b) : len(f.data)-int(s.offset)]
		}
	}
	return nil
}

// identifyPE tells whether a PE file is packed. The first section of a packed
// one is room for what is unpacked, so it has no bytes in the file.
func identifyPE(data []byte) bool {
	f, ok := openPE(data)
	if !ok {
		return false
	}
	where, ok := f.find()
	return ok && (where.known || f.looksPacked(where.at))
}

// looksPacked tells whether data without a header of the packer can be its:
// the first section is empty in the file, and one of the methods goes on.
// Other packers' loaders begin alike.
func (f *peFile) looksPacked(at int) bool {
	const far = 8 << 10
	first := f.sections[0]
	if first.size != 0 || first.memory < far {
		return false
	}
	p := make([]byte, far)
	for _, m := range []byte{methodLZMA, methodNRV2E, methodNRV2D, methodNRV2B} {
		if peek(p, f.data[at:], m) == far {
			return true
		}
	}
	return false
}

// pe unpacks a PE file.
func (u *unpacker) pe() (*buffer, error) {
	f, ok := openPE(u.data)
	if !ok {
		return nil, damaged("the PE header is damaged")
	}
	where, ok := f.find()
	if !ok {
		return nil, damaged("the packed data was not found")
	}
	image, err := u.image(f, where)
	if limit.Final(err) {
		return image, err
	}
	r, rerr := newRebuild(f, image)
	if rerr != nil {
		return image, worse(err, rerr) // what there is of the memory image
	}
	err = worse(err, r.undo(where))
	out := u.newBuffer()
	out.moved = true
	err = worse(err, r.write(out))
	image.free()
	return out, err
}

func le16(b []byte) uint16     { return binary.LittleEndian.Uint16(b) }
func le32(b []byte) uint32     { return binary.LittleEndian.Uint32(b) }
func le64(b []byte) uint64     { return binary.LittleEndian.Uint64(b) }
func put16(b []byte, v uint16) { binary.LittleEndian.PutUint16(b, v) }
func put32(b []byte, v uint32) { binary.LittleEndian.PutUint32(b, v) }
func put64(b []byte, v uint64) { binary.LittleEndian.PutUint64(b, v) }

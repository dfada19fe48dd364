package rar

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"unicode/utf16"
)

// Blocks and flags of the formats before RAR 5.
const (
	block4Main = 0x73
	block4File = 0x74
	block4End  = 0x7b

	flag4Data = 0x8000 // a size of data follows

	main4Encrypted = 0x0080

	file4Before   = 0x0001
	file4After    = 0x0002
	file4Password = 0x0004
	file4Comment  = 0x0008
	file4Solid    = 0x0010
	file4Dir      = 0x00e0 // all bits; else the size of the dictionary
	file4Large    = 0x0100
	file4Unicode  = 0x0200
	file4Salt     = 0x0400

	end4More = 0x0001

	head4Size = 7
	file4Size = 25 // of a member's header behind the first seven bytes
	unixHost  = 3
)

// block4 is one block's header.
type block4 struct {
	kind  byte
	flags uint16
	body  []byte // behind the first seven bytes
	size  int64  // of the data behind it
}

// block4 reads the block at a.at, and goes behind its header. It returns
// io.EOF when nothing is there.
func (a *Archive) block4() (*block4, error) {
	if a.at >= len(a.data) {
		return nil, io.EOF
	}
	r := io.Reader(a.rest())
	used := int64(0)
	if a.list != nil {
		d, err := a.decrypting4(r)
		if err != nil {
			return nil, err
		}
		r, used = d, 8
	}
	var head [head4Size]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	size := int64(binary.LittleEndian.Uint16(head[5:]))
	if size < head4Size {
		return nil, header("its size is %d", size)
	}
	b := &block4{kind: head[2], flags: binary.LittleEndian.Uint16(head[3:]), body: make([]byte, size-head4Size)}
	if _, err := io.ReadFull(r, b.body); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	if !b.sumFits(head) {
		return nil, header("its checksum is wrong")
	}
	if b.flags&flag4Data != 0 && len(b.body) >= 4 {
		b.size = int64(binary.LittleEndian.Uint32(b.body))
	}
	if a.list != nil {
		size += -size & 15
	}
	a.skip(used + size)
	return b, nil
}

// sumFits compares the checksum of the blocks that have one over the whole
// header; of those with a comment inside, it covers the part before it.
func (b *block4) sumFits(head [head4Size]byte) bool {
	want := binary.LittleEndian.Uint16(head[:])
	sum := crc32.ChecksumIEEE(head[2:])
	switch {
	case b.kind != block4Main && b.kind != block4File && b.kind != block4End:
		return true
	case b.kind == block4Main && len(b.body) > 6:
		return uint16(crc32.Update(sum, crc32.IEEETable, b.body[:6])) == want ||
			uint16(crc32.Update(sum, crc32.IEEETable, b.body)) == want
	case b.kind == block4File && b.flags&file4Comment != 0:
		return true
	}
	return uint16(crc32.Update(sum, crc32.IEEETable, b.body)) == want
}

func (a *Archive) open4() error {
	b, err := a.block4()
	if err == nil && b.kind != block4Main {
		err = header("the first block is of type %#x", b.kind)
	}
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if b.flags&main4Encrypted != 0 {
		return a.unlock4()
	}
	return nil
}

// unlock4 finds the password of an encrypted list of members: the one with
// which the next header is right.
func (a *Archive) unlock4() error {
	at := a.at
	for _, p := range a.c.Passwords {
		a.list, a.locked = &keys{}, p
		_, err := a.block4()
		a.at = at
		if err == nil {
			return nil
		}
		if stop := a.c.Budget.Check(); stop != nil {
			return stop
		}
	}
	a.list = nil
	return ErrPassword
}

func (a *Archive) next4() (*File, error) {
	for {
		b, err := a.block4()
		if err != nil {
			return nil, err
		}
		switch b.kind {
		case block4File:
			return a.file4(b)
		case block4End:
			if b.flags&end4More != 0 {
				return nil, ErrVolume
			}
			return nil, io.EOF
		}
		a.skip(b.size)
	}
}

func (a *Archive) file4(b *block4) (*File, error) {
	h := b.body
	if len(h) < file4Size {
		return nil, header("a member's is cut off")
	}
	f := &File{
		Size:      int64(binary.LittleEndian.Uint32(h[4:])),
		Encrypted: b.flags&file4Password != 0,
		Dir:       b.flags&file4Dir == file4Dir,
		Solid:     b.flags&file4Solid != 0,
		before:    b.flags&file4Before != 0,
		stored:    h[18] == 0x30,
		version:   int(h[17]),
		crc:       binary.LittleEndian.Uint32(h[9:]),
		hasCRC:    true,
		dict:      64 << 10 << (b.flags & file4Dir >> 5),
	}
	f.Part = f.before || b.flags&file4After != 0
	packed := int64(binary.LittleEndian.Uint32(h))
	attributes := binary.LittleEndian.Uint32(h[21:])
	f.Link = h[8] == unixHost && attributes&modeType == modeLink
	size := int(binary.LittleEndian.Uint16(h[19:]))
	host := h[file4Size:]
	unknown := f.Size == 1<<32-1
	if b.flags&file4Large != 0 {
		if len(host) < 8 {
			return nil, header("a member's is cut off")
		}
		packed |= int64(binary.LittleEndian.Uint32(host)&0x3fffffff) << 32
		high := binary.LittleEndian.Uint32(host[4:])
		unknown = unknown && high == 1<<32-1
		f.Size |= int64(high&0x3fffffff) << 32
		host = host[8:]
	}
	if unknown {
		f.Size = -1
	}
	if size > len(host) {
		return nil, header("a member's name is cut off")
	}
	f.Name = name4(host[:min(size, 2*maxName)], b.flags&file4Unicode != 0)
	f.crypt.tooOld = f.version < version29
	if host = host[size:]; b.flags&file4Salt != 0 && len(host) >= 8 {
		f.crypt.salt = bytes.Clone(host[:8])
	}
	a.body(f, packed)
	return f, nil
}

const (
	modeType = 0o170000
	modeLink = 0o120000
)

// name4 gives a name in UTF-8: behind the name in the system's code, and a
// zero, there can be one in UTF-16, coded by what differs.
func name4(b []byte, unicode bool) string {
	plain, coded, ok := bytes.Cut(b, []byte{0})
	if !unicode || !ok || len(coded) < 2 {
		return string(plain)
	}
	high := uint16(coded[0]) << 8
	r := sliceReader{coded[1:]}
	var out []uint16
	var flags byte
	for left := 0; len(r.b) > 0 && len(out) < maxName; left-- {
		if left == 0 {
			flags, left = r.byte(), 4
		}
		switch flags >> 6 {
		case 0:
			out = append(out, uint16(r.byte()))
		case 1:
			out = append(out, uint16(r.byte())|high)
		case 2:
			low := uint16(r.byte())
			out = append(out, low|uint16(r.byte())<<8)
		default:
			out = r.repeat(out, plain, high)
		}
		flags <<= 2
	}
	return string(utf16.Decode(out))
}

// repeat takes bytes of the plain name, as they are or moved.
func (s *sliceReader) repeat(out []uint16, plain []byte, high uint16) []uint16 {
	n := s.byte()
	move := byte(0)
	moved := n&0x80 != 0
	if moved {
		move = s.byte()
	}
	for range int(n&0x7f) + 2 {
		if len(out) >= len(plain) {
			break
		}
		c := uint16(plain[len(out)])
		if moved {
			c = uint16(byte(c)+move) | high
		}
		out = append(out, c)
	}
	return out
}

// byte gives the next byte, or 0 behind the end.
func (s *sliceReader) byte() byte {
	if len(s.b) == 0 {
		return 0
	}
	c := s.b[0]
	s.b = s.b[1:]
	return c
}

package rar

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Blocks and flags of the RAR 5 format.
const (
	block5Main    = 1
	block5File    = 2
	block5Service = 3
	block5Crypt   = 4
	block5End     = 5

	flag5Extra  = 1
	flag5Data   = 2
	flag5Before = 8
	flag5After  = 16

	file5Dir     = 1
	file5Time    = 2
	file5CRC     = 4
	file5Unknown = 8 // size

	extra5Crypt = 1
	extra5Link  = 5

	maxHeader5 = 2 << 20 // as in the program itself
	maxName    = 4096
)

// fields reads the numbers of a header; past its end all are zero.
type fields struct {
	b   []byte
	bad bool
}

func (f *fields) number() uint64 {
	v, n := binary.Uvarint(f.b)
	if n <= 0 {
		f.bad, f.b = true, nil
		return 0
	}
	f.b = f.b[n:]
	return v
}

func (f *fields) bytes(n uint64) []byte {
	if n > uint64(len(f.b)) {
		f.bad, f.b = true, nil
		return nil
	}
	out := f.b[:n]
	f.b = f.b[n:]
	return out
}

func (f *fields) uint32() uint32 {
	if b := f.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// block5 is one block's header.
type block5 struct {
	kind, flags uint64
	body, extra fields
	size        int64 // of the data behind it
}

func header(format string, args ...any) error {
	return fmt.Errorf("rar: a header is malformed: "+format, args...)
}

// block5 reads the block at a.at, and goes behind its header.
func (a *Archive) block5() (*block5, error) {
	if a.at >= len(a.data) {
		return nil, io.ErrUnexpectedEOF
	}
	raw, err := a.raw5()
	if err != nil {
		return nil, err
	}
	f := fields{b: raw}
	b := &block5{kind: f.number(), flags: f.number()}
	var extra uint64
	if b.flags&flag5Extra != 0 {
		extra = f.number()
	}
	if b.flags&flag5Data != 0 {
		b.size = int64(min(f.number(), 1<<62))
	}
	if f.bad || extra > uint64(len(f.b)) {
		return nil, header("its fields go past its end")
	}
	at := uint64(len(f.b)) - extra
	b.body, b.extra = fields{b: f.b[:at]}, fields{b: f.b[at:]}
	return b, nil
}

// raw5 reads a header's bytes behind its size, decrypted and checked.
func (a *Archive) raw5() ([]byte, error) {
	r := io.Reader(a.rest())
	used := 0
	if a.list != nil {
		iv := make([]byte, 16)
		if _, err := io.ReadFull(r, iv); err != nil {
			return nil, io.ErrUnexpectedEOF
		}
		d, err := newDecrypting(r, a.list.key, iv)
		if err != nil {
			return nil, err
		}
		r, used = d, 16
	}
	head := make([]byte, 4, 16)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	want := binary.LittleEndian.Uint32(head)
	size, sizeBytes, err := readNumber(r)
	if err != nil {
		return nil, err
	}
	if size == 0 || size > maxHeader5 || size > uint64(len(a.data)) {
		return nil, header("its size is %d", size)
	}
	raw := make([]byte, size)
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	sum := crc32.Update(crc32.ChecksumIEEE(sizeBytes), crc32.IEEETable, raw)
	if sum != want {
		return nil, header("its checksum is wrong")
	}
	n := 4 + len(sizeBytes) + len(raw)
	if a.list != nil {
		n += -n & 15
	}
	a.skip(int64(used + n))
	return raw, nil
}

// readNumber reads a header's size, of at most three bytes.
func readNumber(r io.Reader) (uint64, []byte, error) {
	var raw []byte
	var b [1]byte
	for len(raw) < 3 {
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return 0, nil, io.ErrUnexpectedEOF
		}
		raw = append(raw, b[0])
		if b[0] < 0x80 {
			v, _ := binary.Uvarint(raw)
			return v, raw, nil
		}
	}
	return 0, nil, header("its size has more than three bytes")
}

func (a *Archive) open5() error {
	b, err := a.block5()
	if err == nil && b.kind == block5Crypt {
		if err = a.unlock5(b); err == nil {
			b, err = a.block5()
		}
	}
	if err != nil {
		return err
	}
	if b.kind != block5Main {
		return header("the first block is of type %d", b.kind)
	}
	a.skip(b.size)
	return nil
}

// unlock5 finds the password of an encrypted list of members.
func (a *Archive) unlock5(b *block5) error {
	version, flags := b.body.number(), b.body.number()
	log := b.body.bytes(1)
	salt := b.body.bytes(16)
	if b.body.bad {
		return header("the encryption block is cut off")
	}
	c := crypt{salt: salt, log: log[0], unknown: version != 0}
	if flags&1 != 0 {
		c.check = b.body.bytes(12)
	}
	a.skip(b.size)
	at := a.at
	for _, p := range a.c.Passwords {
		k, err := a.keys5(c, p)
		if errors.Is(err, errWrongPassword) {
			continue
		}
		if err != nil {
			return err
		}
		// Without a check value the first header's checksum tells.
		a.list = &k
		if _, err := a.block5(); err == nil {
			a.at, a.locked = at, p
			return nil
		}
		a.at, a.list = at, nil
	}
	return ErrPassword
}

func (a *Archive) next5() (*File, error) {
	for {
		b, err := a.block5()
		if err != nil {
			return nil, err
		}
		switch b.kind {
		case block5File:
			return a.file5(b)
		case block5End:
			if b.body.number()&1 != 0 {
				return nil, ErrVolume
			}
			return nil, io.EOF
		}
		a.skip(b.size)
	}
}

func (a *Archive) file5(b *block5) (*File, error) {
	h := &b.body
	flags := h.number()
	f := &File{Size: int64(min(h.number(), 1<<62)), Dir: flags&file5Dir != 0}
	if flags&file5Unknown != 0 {
		f.Size = -1
	}
	h.number() // attributes
	if flags&file5Time != 0 {
		h.bytes(4)
	}
	if flags&file5CRC != 0 {
		f.crc, f.hasCRC = h.uint32(), true
	}
	f.method5(h.number())
	h.number() // system
	name := h.bytes(h.number())
	if h.bad {
		return nil, header("a member's is cut off")
	}
	f.Name = string(name[:min(len(name), maxName)])
	f.before = b.flags&flag5Before != 0
	f.Part = f.before || b.flags&flag5After != 0
	f.extra5(&b.extra)
	a.body(f, b.size)
	return f, nil
}

// method5 reads how a member is packed: version (6 bits), solid, method (3),
// dictionary (5, and 5 more in RAR 7), and whether RAR 7 packed as RAR 5.
func (f *File) method5(v uint64) {
	f.Solid = v&0x40 != 0
	f.stored = v>>7&7 == 0
	f.dict = 128 << 10 << (v >> 10 & 31)
	switch v & 0x3f {
	case 0:
		f.version = version50
		f.dict = 128 << 10 << (v >> 10 & 15)
	case 1:
		f.dict += f.dict / 32 * int64(v>>15&31)
		if f.version = version70; v>>20&1 == 1 {
			f.version = version50
		}
	default:
		f.version = 1000 + int(v&0x3f)
	}
}

// extra5 reads the records behind a member's header.
func (f *File) extra5(x *fields) {
	for len(x.b) > 0 && !x.bad {
		r := fields{b: x.bytes(x.number())}
		switch r.number() {
		case extra5Crypt:
			f.Encrypted = true
			version, flags := r.number(), r.number()
			log, salt, iv := r.bytes(1), r.bytes(16), r.bytes(16)
			f.crypt = crypt{unknown: version != 0 || r.bad}
			if r.bad {
				return
			}
			f.crypt.log, f.crypt.salt, f.crypt.iv = log[0], salt, iv
			f.crypt.useMAC = flags&2 != 0
			if flags&1 != 0 {
				f.crypt.check = r.bytes(12)
			}
		case extra5Link:
			f.Link = true
		}
	}
}

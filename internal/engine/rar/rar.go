// Package rar reads RAR archives of the formats 1.5 to 4 and 5 (the technotes of
// WinRAR), packed by RAR 2, 3, 5 or 7 or stored, from memory. Dictionaries grow
// with what comes out, programs that RAR 3 archives carry are never run, and
// names are never used as paths. It writes no archives and opens no files.
package rar

import (
	"bytes"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"vitrine/internal/engine/limit"
)

// Magic is what an archive begins with; the byte behind it is 0 in the older
// formats and 1 in that of RAR 5.
const Magic = "Rar!\x1a\x07"

var (
	// ErrPassword is returned where no password fits: by Open for the list of
	// members, by Unpack for a member.
	ErrPassword = errors.New("rar: no password fits")
	// ErrVolume is returned behind the last member when more are in another
	// file.
	ErrVolume = errors.New("rar: a part of the archive is in other volumes")

	errChecksum = errors.New("rar: the checksum is wrong")
)

// Config is what Open needs besides the bytes.
type Config struct {
	Budget    *limit.Budget
	Passwords []string // tried on an encrypted list of members
	// Input makes a reader of packed bytes; it is where a deadline can end the
	// work.
	Input func([]byte) io.Reader
}

// File is one member.
type File struct {
	Name      string
	Size      int64 // unpacked; negative: not known
	Packed    int64 // bytes that are there
	Encrypted bool
	Dir       bool
	Link      bool // a link of some kind: it has no data of its own
	Solid     bool // goes on from the member before
	Part      bool // begins or ends in another volume

	data    []byte
	stored  bool
	before  bool // begins in another volume
	cut     bool // fewer packed bytes are there than the header says
	version int
	dict    int64
	crc     uint32
	hasCRC  bool
	crypt   crypt
}

// crypt describes how a member is encrypted.
type crypt struct {
	salt    []byte
	iv      []byte
	log     byte // RAR 5: rounds of the derivation, as a power of two
	check   []byte
	useMAC  bool // RAR 5: the checksum is keyed
	tooOld  bool // encryption of RAR 1 and 2
	unknown bool
}

// Archive is an opened archive.
type Archive struct {
	c      Config
	data   []byte
	at     int
	new    bool // the format of RAR 5
	keys   map[string]keys
	list   *keys // of the encrypted list of members
	locked string
	u      *unpacker
}

// Open reads the beginning of an archive, at data[0].
func Open(data []byte, c Config) (*Archive, error) {
	if len(data) < 8 || string(data[:6]) != Magic {
		return nil, fmt.Errorf("rar: %w", io.ErrUnexpectedEOF)
	}
	a := &Archive{c: c, data: data, at: 7, keys: map[string]keys{}}
	var err error
	switch {
	case data[6] == 0:
		err = a.open4()
	case data[6] == 1 && data[7] == 0:
		a.new, a.at = true, 8
		err = a.open5()
	default:
		err = limit.Errorf(limit.Method, "rar: format %d", data[6])
	}
	if err != nil {
		return nil, err
	}
	return a, nil
}

// Begins tells whether an archive begins at b[0]: the first header is right
// too, not the magic only.
func Begins(b []byte) bool {
	a := &Archive{data: b, at: 7}
	if len(b) < 8 || string(b[:6]) != Magic {
		return false
	}
	if b[6] == 0 {
		h, err := a.block4()
		return err == nil && h.kind == block4Main
	}
	a.at = 8
	h, err := a.block5()
	return b[6] == 1 && err == nil && (h.kind == block5Main || h.kind == block5Crypt)
}

// Next goes to the next member. The error is io.EOF at the end of the archive,
// and ErrVolume there when it goes on in another file.
func (a *Archive) Next() (*File, error) {
	if a.new {
		return a.next5()
	}
	return a.next4()
}

// Close gives the memory back.
func (a *Archive) Close() {
	if a.u != nil {
		a.u.close()
		a.u = nil
	}
}

// Unpack opens a member with a password, which is not used when it is not
// encrypted. Members of a solid archive must be unpacked in their order and to
// their ends. The checksum is compared at the end.
func (a *Archive) Unpack(f *File, password string) (io.Reader, error) {
	if f.before {
		return nil, ErrVolume
	}
	src := a.c.Input(f.data)
	var k keys
	if f.Encrypted {
		var err error
		if k, err = a.fileKeys(f, password); err != nil {
			return nil, err
		}
		if src, err = newDecrypting(src, k.key, f.iv(k)); err != nil {
			return nil, err
		}
	}
	if !f.stored {
		if a.u == nil {
			a.u = newUnpacker(a.c.Budget)
		} else if f.Solid {
			a.u.finish()
		}
		if err := a.u.start(src, method{f.version, f.dict, f.Solid, f.Size}); err != nil {
			return nil, err
		}
		src = a.u
	}
	r := &checked{src: src, f: f, left: f.Size, sum: crc32.NewIEEE()}
	if f.crypt.useMAC {
		r.key = k.mac
	}
	return r, nil
}

// checked ends a member at its size and compares its checksum.
type checked struct {
	src  io.Reader
	f    *File
	left int64 // negative: not known
	sum  hash.Hash32
	key  []byte // of a keyed checksum
}

func (c *checked) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, c.end()
	}
	if c.left > 0 {
		p = p[:min(int64(len(p)), c.left)]
	}
	n, err := c.src.Read(p)
	c.sum.Write(p[:n])
	if c.left > 0 {
		c.left -= int64(n)
	}
	if errors.Is(err, io.EOF) {
		switch {
		case n > 0:
			err = nil
		case c.left > 0 && c.f.Part:
			err = ErrVolume
		case c.left > 0:
			err = io.ErrUnexpectedEOF
		default:
			err = c.end()
		}
	}
	return n, err
}

func (c *checked) end() error {
	switch {
	case c.f.Part:
		return ErrVolume
	case c.f.cut:
		return io.ErrUnexpectedEOF
	case !c.f.hasCRC:
		return io.EOF
	}
	sum := c.sum.Sum32()
	if c.key != nil {
		sum = keyedSum(c.key, sum)
	}
	if sum != c.f.crc {
		return errChecksum
	}
	return io.EOF
}

// IsChecksum tells whether err means that a member's checksum is wrong: all of
// it came out, but may be other bytes, or the password was wrong.
func IsChecksum(err error) bool { return errors.Is(err, errChecksum) }

// Sure tells whether a password with which Unpack succeeds is the right one:
// RAR 5 stores a value to compare, most of the time.
func Sure(f *File) bool { return !f.Encrypted || len(f.crypt.check) == 12 }

// body takes the packed bytes of a block, as far as they are there.
func (a *Archive) body(f *File, size int64) {
	have := a.data[min(a.at, len(a.data)):]
	n := min(size, int64(len(have)))
	f.data, f.Packed, f.cut = have[:n], n, n < size
	a.skip(size)
}

func (a *Archive) skip(n int64) {
	a.at = int(min(int64(a.at)+n, int64(len(a.data))))
}

// input reads the bytes from a.at on, for encrypted headers.
func (a *Archive) rest() *bytes.Reader { return bytes.NewReader(a.data[min(a.at, len(a.data)):]) }

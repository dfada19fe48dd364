// Package sevenzip reads 7z archives (7zFormat.txt and Methods.txt of 7-Zip's
// sources) from memory. Every count of the header is bounded before anything
// is made of it, decompressors take memory only as data comes out, and names
// are never used as paths. It writes no archives and opens no files.
package sevenzip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/limit"
)

// Magic is what an archive begins with.
const Magic = "7z\xbc\xaf\x27\x1c"

const (
	startSize   = 32       // of the first header
	maxHeader   = 16 << 20 // bytes of an unpacked header
	maxEntries  = 1 << 20  // names, directories among them
	maxEncoding = 4        // headers packed in headers
	entryMemory = 128      // what one name takes besides its bytes
)

// Archive is an opened archive.
type Archive struct {
	data    []byte // from the magic on
	open    *codec.Opener
	keys    map[string][32]byte
	streams *streams
	entries []entry
	input   func([]byte) io.Reader
	held    int64
	header  string // the password that opened the header, when it was encrypted
}

// Config is what Open needs besides the bytes.
type Config struct {
	Opener    *codec.Opener
	Passwords []string // tried on an encrypted header
	// Input makes a reader of packed bytes; it is where a deadline can end
	// the work. Nil means a plain reader.
	Input func([]byte) io.Reader
}

// File is one file with data.
type File struct {
	Name   string
	Size   int64
	CRC    uint32
	HasCRC bool
}

// ErrPassword is wrapped when no password opens the header.
var ErrPassword = errors.New("7z: no password fits")

// Open reads the headers of an archive that begins at data[0].
func Open(data []byte, c Config) (*Archive, error) {
	if len(data) < startSize || string(data[:len(Magic)]) != Magic {
		return nil, fmt.Errorf("7z: %w", io.ErrUnexpectedEOF)
	}
	if crc32.ChecksumIEEE(data[12:startSize]) != binary.LittleEndian.Uint32(data[8:]) {
		return nil, errors.New("7z: the start header's checksum is wrong")
	}
	a := &Archive{data: data, open: c.Opener, keys: map[string][32]byte{}, input: c.Input}
	if a.input == nil {
		a.input = func(b []byte) io.Reader { return bytes.NewReader(b) }
	}
	header, err := a.nextHeader()
	if err == nil && len(header) > 0 {
		err = a.parse(header, c.Passwords)
	}
	if err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// Close gives back the memory of the headers.
func (a *Archive) Close() {
	a.open.Budget.Release(a.held)
	a.held, a.streams, a.entries = 0, nil, nil
}

func (a *Archive) nextHeader() ([]byte, error) {
	offset := binary.LittleEndian.Uint64(a.data[12:])
	size := binary.LittleEndian.Uint64(a.data[20:])
	body := uint64(len(a.data) - startSize)
	if offset > body || size > body-offset {
		return nil, errors.New("7z: the header lies outside the file: it is cut off")
	}
	h := a.data[startSize+offset:][:size]
	if crc32.ChecksumIEEE(h) != binary.LittleEndian.Uint32(a.data[28:]) {
		return nil, errors.New("7z: the header's checksum is wrong")
	}
	return h, nil
}

// parse reads a header, which may be packed in another one.
func (a *Archive) parse(header []byte, passwords []string) error {
	for range maxEncoding {
		c := &cursor{b: header}
		switch id := c.byte(); id {
		case idHeader:
			return a.parseHeader(c)
		case idEncoded:
			s, err := parseStreams(c, 1)
			if err != nil {
				return fmt.Errorf("7z: packed header: %w", err)
			}
			if header, err = a.unpackHeader(s, passwords); err != nil {
				return err
			}
		default:
			return fmt.Errorf("7z: header type %#x: %w", id, errHeader)
		}
	}
	return fmt.Errorf("7z: headers packed more than %d times: %w", maxEncoding, errHeader)
}

// unpackHeader unpacks the one folder of a packed header.
func (a *Archive) unpackHeader(s *streams, passwords []string) ([]byte, error) {
	if len(s.folders) != 1 {
		return nil, fmt.Errorf("7z: packed header of %d folders: %w", len(s.folders), errHeader)
	}
	f := &s.folders[0]
	size := f.size()
	if size > maxHeader {
		return nil, limit.Errorf(limit.Size, "7z: the header has %d bytes, at most %d are read", size, maxHeader)
	}
	if err := a.hold(2 * size); err != nil { // it grows by doubling
		return nil, err
	}
	if !f.encrypted() {
		return a.readHeader(s, f, "")
	}
	for _, p := range passwords {
		h, err := a.readHeader(s, f, p)
		if err == nil && f.crc.defined {
			a.header = p
			return h, nil
		}
		if limit.Final(err) {
			return nil, err
		}
	}
	return nil, ErrPassword
}

func (a *Archive) hold(n int64) error {
	if err := a.open.Budget.Hold(n); err != nil {
		return err
	}
	a.held += n
	return nil
}

func (a *Archive) readHeader(s *streams, f *folder, password string) ([]byte, error) {
	r, err := a.chain(s, f, password)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var out bytes.Buffer // grows with what comes, not with what was said
	if _, err := io.CopyN(&out, r, f.size()); err != nil {
		return nil, fmt.Errorf("7z: unpack header: %w", err)
	}
	if f.crc.defined && crc32.ChecksumIEEE(out.Bytes()) != f.crc.sum {
		return nil, errors.New("7z: the unpacked header's checksum is wrong")
	}
	return out.Bytes(), nil
}

func (a *Archive) parseHeader(c *cursor) error {
	most := min(4*a.open.Budget.Limits().MaxFiles+1<<16, maxEntries)
	for {
		var err error
		switch id := c.byte(); id {
		case idEnd:
			return a.finish(c.err)
		case idArchiveProps:
			skipProperties(c)
		case idAdditional:
			_, err = parseStreams(c, most)
		case idMainStreams:
			a.streams, err = parseStreams(c, most)
		case idFiles:
			if err = a.hold(int64(min(len(c.b), most)) * entryMemory); err == nil {
				a.entries, err = parseFiles(c, most)
			}
		default:
			err = fmt.Errorf("property %#x: %w", id, errHeader)
		}
		if err == nil {
			err = c.err
		}
		if err != nil {
			return fmt.Errorf("7z: %w", err)
		}
	}
}

func skipProperties(c *cursor) {
	for c.err == nil && c.byte() != idEnd {
		c.bytes(c.number())
	}
}

// finish fills in what the header left out.
func (a *Archive) finish(err error) error {
	if err != nil {
		return fmt.Errorf("7z: %w", err)
	}
	if a.streams == nil {
		a.streams = &streams{}
	}
	divided := false
	for i := range a.streams.folders {
		divided = divided || a.streams.folders[i].subs != nil
	}
	if !divided {
		for i := range a.streams.folders {
			a.streams.folders[i].whole()
		}
	}
	return nil
}

// packed is packed stream i.
func (a *Archive) packed(s *streams, i int) (io.Reader, error) {
	if i >= len(s.packSizes) {
		return nil, errPacked
	}
	body := a.data[startSize:]
	if s.packAt[i] > int64(len(body)) {
		return nil, errPacked
	}
	body = body[s.packAt[i]:]
	// A cut stream is read as far as it goes.
	return a.input(body[:min(s.packSizes[i], int64(len(body)))]), nil
}

// Folders is the number of folders.
func (a *Archive) Folders() int {
	if a.streams == nil {
		return 0
	}
	return len(a.streams.folders)
}

// Encrypted tells whether folder i needs a password.
func (a *Archive) Encrypted(i int) bool { return a.streams.folders[i].encrypted() }

// PackedSize is what the packed streams of folder i take.
func (a *Archive) PackedSize(i int) int64 {
	f := &a.streams.folders[i]
	var sum int64
	for j := range f.packed {
		if k := f.firstPack + j; k < len(a.streams.packSizes) {
			sum += min(a.streams.packSizes[k], int64(len(a.data)))
		}
	}
	return sum
}

// Reader unpacks folder i: the data of its files, one after the other.
func (a *Archive) Reader(i int, password string) (io.ReadCloser, error) {
	return a.chain(a.streams, &a.streams.folders[i], password)
}

// Files calls yield for the files of all folders, in their order. Names that
// have no data are left out; a file that has data and no name is called "".
func (a *Archive) Files(yield func(folder int, f File) bool) {
	next := 0
	for i := range a.Folders() {
		for _, s := range a.streams.folders[i].subs {
			for next < len(a.entries) && a.entries[next].empty {
				next++
			}
			f := File{Size: s.size, CRC: s.crc.sum, HasCRC: s.crc.defined}
			if next < len(a.entries) {
				f.Name = decodeName(a.entries[next].name)
				next++
			}
			if !yield(i, f) {
				return
			}
		}
	}
}

// Package cab reads Microsoft cabinets ([MS-CAB]; also .msu and .wsp) from
// memory: stored, MSZIP, Quantum and LZX folders, reserved areas, and what
// lies here of a cabinet that is one of a set. A folder is unpacked once, from
// front to back, and its members are handed out as they come by. Counts and
// offsets are held against the bytes that are there before anything is made of
// them. It writes no cabinets, joins no sets, opens no files, and checks no
// signatures.
package cab

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
	"slices"

	"vitrine/internal/engine/limit"
)

// Magic is what a cabinet begins with.
const Magic = "MSCF\x00\x00\x00\x00"

const (
	headerSize = 36
	folderSize = 8
	fileSize   = 16 // and the name
	maxName    = 256
	fileMemory = 80 // bytes that one file takes in the list
)

// Sink takes the members of a cabinet. An error of it ends the walk.
type Sink interface {
	// Decoded takes a member that r gives, from so many packed bytes. What r
	// ends with says whether that was all.
	Decoded(name string, r io.Reader, packed int) error
	// Problem takes what could not be looked at.
	Problem(err error)
}

// Begins tells whether data begins with the header of a cabinet that can be
// one: what is looked for inside of programs needs more than a magic.
func Begins(data []byte) bool {
	if len(data) < headerSize || string(data[:len(Magic)]) != Magic {
		return false
	}
	files := le32(data[16:])
	return data[25] == 1 && le16(data[26:]) > 0 && files >= headerSize && files < le32(data[8:])
}

// Size is how many bytes the cabinet at the beginning of data claims to have:
// all of data when it claims more, or what cannot be.
func Size(data []byte) int {
	if len(data) < headerSize {
		return len(data)
	}
	if n := le32(data[8:]); n >= headerSize && uint64(n) < uint64(len(data)) {
		return int(n)
	}
	return len(data)
}

func le16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

// cabinet is one being walked.
type cabinet struct {
	data    []byte
	budget  *limit.Budget
	sink    Sink
	reserve int // bytes after the header of each data block
	folders []folder
	files   []file
	works   works
}

// folder is a run of data blocks, unpacked as one stream.
type folder struct {
	at     uint32 // of the first block
	blocks int
	method uint16
}

// file is one file of a folder.
type file struct {
	name     []byte
	folder   int
	at, size int64 // in the folder, as unpacked
	before   bool  // begins in an earlier cabinet of the set
	after    bool  // ends in a later one
}

// Walk hands out the members of the cabinet at the beginning of data. The
// error is the Sink's, or one that ends the scan; all others are told to it.
func Walk(data []byte, b *limit.Budget, sink Sink) error {
	c := &cabinet{data: data, budget: b, sink: sink}
	if err := c.list(); err != nil {
		sink.Problem(err)
	}
	held := int64(len(c.files)) * fileMemory
	if err := b.Hold(held); err != nil {
		sink.Problem(err)
		return nil
	}
	defer b.Release(held)
	defer c.works.close(b)
	// The members of a folder in the order in which they come by.
	slices.SortStableFunc(c.files, func(x, y file) int {
		return cmp.Or(cmp.Compare(x.folder, y.folder), cmp.Compare(x.at, y.at))
	})
	for from := 0; from < len(c.files); {
		to := from
		for to < len(c.files) && c.files[to].folder == c.files[from].folder {
			to++
		}
		if err := c.folder(c.files[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// list reads the header and the lists of folders and files. What was read
// before an error is kept.
func (c *cabinet) list() error {
	h := c.data
	if len(h) < headerSize || string(h[:4]) != Magic[:4] {
		return limit.Errorf(limit.Damaged, "cab: the header is cut off or is none")
	}
	at, perFolder, err := c.optional()
	if err != nil {
		return err
	}
	for range le16(h[26:]) {
		if at+folderSize+perFolder > len(h) {
			return limit.Errorf(limit.Damaged, "cab: the list of folders is cut off")
		}
		c.folders = append(c.folders, folder{le32(h[at:]), int(le16(h[at+4:])), le16(h[at+6:])})
		at += folderSize + perFolder
	}
	return c.listFiles(int64(le32(h[16:])), int(le16(h[28:])))
}

// The flags of the header.
const (
	hasPrevious = 1
	hasNext     = 2
	hasReserve  = 4
)

// optional goes over the parts of the header that need not be there: reserved
// areas and the names of the cabinets before and after.
func (c *cabinet) optional() (at, perFolder int, err error) {
	flags := le16(c.data[30:])
	at = headerSize
	if flags&hasReserve != 0 {
		if at+4 > len(c.data) {
			return 0, 0, limit.Errorf(limit.Damaged, "cab: the header is cut off")
		}
		r := c.data[at:]
		perFolder, c.reserve = int(r[2]), int(r[3])
		at += 4 + int(le16(r))
	}
	names := 0
	if flags&hasPrevious != 0 {
		names += 2
	}
	if flags&hasNext != 0 {
		names += 2
	}
	for range names {
		n := bytes.IndexByte(c.data[min(at, len(c.data)):], 0)
		if n < 0 {
			return 0, 0, limit.Errorf(limit.Damaged, "cab: the header is cut off")
		}
		at += n + 1
	}
	return at, perFolder, nil
}

// listFiles reads the list of files.
func (c *cabinet) listFiles(at int64, count int) error {
	lost := 0
	for range count {
		if at+fileSize > int64(len(c.data)) {
			return limit.Errorf(limit.Damaged, "cab: the list of files is cut off")
		}
		b := c.data[at:]
		name := b[fileSize:min(len(b), fileSize+maxName)]
		end := bytes.IndexByte(name, 0)
		if end < 0 {
			return limit.Errorf(limit.Damaged, "cab: the name of a file has no end")
		}
		f := file{name: name[:end], at: int64(le32(b[4:])), size: int64(le32(b))}
		c.place(&f, le16(b[8:]))
		switch {
		case f.folder >= len(c.folders):
			lost++
		case f.size > 0:
			c.files = append(c.files, f)
		}
		at += int64(fileSize + end + 1)
	}
	if lost > 0 {
		return limit.Errorf(limit.Damaged, "cab: %d files are in folders that are not there", lost)
	}
	return nil
}

// The numbers of folders that mean a file is not here as a whole.
const (
	fromPrevious = 0xfffd
	toNext       = 0xfffe
	throughout   = 0xffff
)

func (c *cabinet) place(f *file, n uint16) {
	f.folder = int(n)
	switch n {
	case fromPrevious:
		f.folder, f.before = 0, true
	case toNext:
		f.folder, f.after = max(len(c.folders)-1, 0), true
	case throughout:
		f.folder, f.before, f.after = 0, true, true
	}
}

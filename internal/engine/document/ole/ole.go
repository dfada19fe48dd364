// Package ole reads compound files: the container of Word, Excel, PowerPoint
// and Outlook files before 2007, of VBA projects and of Windows installers
// (MS-CFB). It gives the streams and their places in the tree of storages. It
// trusts no number in the file: chains are followed no further than the file
// has sectors, and no memory is taken by what a header claims. It never writes
// and knows nothing of what the streams hold.
package ole

import (
	"encoding/binary"
	"unicode/utf16"

	"vitrine/internal/engine/limit"
)

// Magic is what every compound file begins with.
const Magic = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

const (
	headerSize = 512
	entrySize  = 128
	noSector   = 0xfffffffa // this and above are marks, no sectors
	maxEntries = 1 << 16    // of the directory; more are not looked at
	inHeader   = 109        // FAT sectors that the header itself names
)

// File is an open compound file. It keeps the data and belongs to one
// goroutine.
type File struct {
	data    []byte
	shift   uint     // of a sector
	small   uint     // of a sector of the mini stream
	cutoff  int64    // streams below lie in the mini stream
	version uint16   // 3 or 4
	fat     []uint32 // the sectors of the FAT
	miniFAT []uint32 // those of the mini FAT
	mini    []uint32 // those of the mini stream
	used    []uint64 // a bit for each sector that Whole gave out
	entries []Entry
}

// Entry is one stream or storage of the directory.
type Entry struct {
	Name    string // decoded from UTF-16, with control characters as stored
	Size    int64  // as claimed; of a stream
	Storage bool
	CLSID   [16]byte // of a storage, as stored
	Parent  int      // index of the storage it is in; 0: the root; -1: none

	start uint32
	kind  byte
}

// Open reads the header, the FAT and the directory. What of them is damaged is
// told in the error; the File is nil only when nothing can be read.
func Open(data []byte) (*File, error) {
	if len(data) < headerSize || string(data[:8]) != Magic {
		return nil, limit.Errorf(limit.Damaged, "ole: the header is cut off or is none")
	}
	f := &File{data: data, version: le16(data[26:]), cutoff: int64(le32(data[56:]))}
	f.shift, f.small = uint(le16(data[30:])), uint(le16(data[32:]))
	if f.shift < 7 || f.shift > 16 || f.small < 4 || f.small >= f.shift {
		return nil, limit.Errorf(limit.Damaged, "ole: sectors of 2^%d and 2^%d bytes", f.shift, f.small)
	}
	if f.cutoff == 0 || f.cutoff > 1<<16 {
		f.cutoff = 4096
	}
	f.used = make([]uint64, f.sectors()/64+1)
	problem := f.readFAT()
	if err := f.readDirectory(); err != nil {
		problem = err
	}
	if len(f.entries) == 0 {
		return nil, limit.Errorf(limit.Damaged, "ole: no directory")
	}
	f.mini = f.chain(f.entries[0].start)
	f.miniFAT = f.chain(le32(data[60:]))
	return f, problem
}

// Entries gives the directory; the first is the root. The caller must not
// change it.
func (f *File) Entries() []Entry { return f.entries }

func le16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

// sectors is how many the file has, a cut one at its end included.
func (f *File) sectors() int {
	size := 1 << f.shift
	return max((len(f.data)-1)/size, 0)
}

// sector gives the bytes of sector n; nil when it is outside the file, fewer
// when the file ends in it.
func (f *File) sector(n uint32) []byte {
	at := (int64(n) + 1) << f.shift
	if n >= noSector || at >= int64(len(f.data)) {
		return nil
	}
	return f.data[at:min(at+1<<f.shift, int64(len(f.data)))]
}

// lookup gives entry n of a table that lies in sectors.
func (f *File) lookup(table []uint32, n uint32) uint32 {
	per := uint32(1) << (f.shift - 2)
	if int64(n/per) >= int64(len(table)) {
		return noSector
	}
	s, at := f.sector(table[n/per]), n%per*4
	if int(at)+4 > len(s) {
		return noSector
	}
	return le32(s[at:])
}

// chain gives the sectors from start on. One that runs in a circle ends once
// it is as long as the file.
func (f *File) chain(start uint32) []uint32 {
	var list []uint32
	for n := start; n < noSector && len(list) < f.sectors() && f.sector(n) != nil; n = f.lookup(f.fat, n) {
		list = append(list, n)
	}
	return list
}

// readFAT lists the sectors of the FAT: those in the header, then those in
// the chain of lists that follows. More than the file's sectors need are left
// out.
func (f *File) readFAT() error {
	most := f.sectors()>>(f.shift-2) + 1
	for i := 0; i < inHeader && len(f.fat) < most; i++ {
		if n := le32(f.data[76+4*i:]); n < noSector {
			f.fat = append(f.fat, n)
		}
	}
	next := le32(f.data[68:])
	for step := 0; next < noSector && len(f.fat) < most; step++ {
		s := f.sector(next)
		if len(s) < 1<<f.shift || step > f.sectors() {
			return limit.Errorf(limit.Damaged, "ole: the list of FAT sectors is cut off or runs in a circle")
		}
		last := len(s) - 4
		for at := 0; at < last && len(f.fat) < most; at += 4 {
			if n := le32(s[at:]); n < noSector {
				f.fat = append(f.fat, n)
			}
		}
		next = le32(s[last:])
	}
	return nil
}

// readDirectory reads the entries and then the tree they make.
func (f *File) readDirectory() error {
	var links [][3]uint32 // left, right, child
	for _, n := range f.chain(le32(f.data[48:])) {
		s := f.sector(n)
		for at := 0; at+entrySize <= len(s); at += entrySize {
			if len(f.entries) == maxEntries {
				f.tree(links)
				return limit.Errorf(limit.Files, "ole: more than %d entries in the directory", maxEntries)
			}
			f.entries = append(f.entries, f.entry(s[at:]))
			links = append(links, [3]uint32{le32(s[at+68:]), le32(s[at+72:]), le32(s[at+76:])})
		}
	}
	f.tree(links)
	return nil
}

const (
	kindStorage = 1
	kindStream  = 2
	kindRoot    = 5
)

func (f *File) entry(b []byte) Entry {
	e := Entry{Name: entryName(b), kind: b[66], start: le32(b[116:]), Parent: -1}
	e.Storage = e.kind == kindStorage || e.kind == kindRoot
	copy(e.CLSID[:], b[80:])
	size := binary.LittleEndian.Uint64(b[120:])
	if f.version < 4 {
		size &= 1<<32 - 1 // the upper half is not always cleared
	}
	e.Size = int64(min(size, 1<<62))
	return e
}

func entryName(b []byte) string {
	n := min(int(le16(b[64:]))/2, 32)
	units := make([]uint16, 0, 32)
	for i := range n {
		u := le16(b[2*i:])
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}

// tree gives each entry the storage it is in. An entry that is reached twice
// keeps its first place, so that a tree with circles ends.
func (f *File) tree(links [][3]uint32) {
	type place struct {
		entry  uint32
		parent int
	}
	if len(links) == 0 {
		return
	}
	seen := make([]bool, len(links))
	seen[0] = true
	todo := []place{{links[0][2], 0}}
	for len(todo) > 0 {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if int64(p.entry) >= int64(len(links)) || seen[p.entry] {
			continue
		}
		seen[p.entry] = true
		f.entries[p.entry].Parent = p.parent
		l := links[p.entry]
		todo = append(todo, place{l[1], p.parent}, place{l[0], p.parent})
		if f.entries[p.entry].Storage {
			todo = append(todo, place{l[2], int(p.entry)})
		}
	}
}

// Stream tells whether e is a stream with something in it.
func (e *Entry) Stream() bool { return e.kind == kindStream && e.Size > 0 }

package upx

import (
	"vitrine/internal/engine/limit"
)

// library unpacks a library. What the system's linker must read (all before
// the packed data, and what is written to) lies unpacked in the file; the
// packer changed the header, the table of segments and one entry point.
func (c *chain) library(i info) error {
	own, err := c.original()
	if err != nil {
		return err
	}
	plain := uint64(c.at - 2*infoSize)
	head, err := c.next()
	if err != nil {
		return err
	}
	pieces := []piece{{0, 0, int(head)}}
	if uint64(head) < plain {
		if err := c.out.write(c.data[head:plain]); err != nil {
			return err
		}
		pieces = append(pieces, piece{uint64(head), int(head), int(plain) - int(head)})
	}
	pieces, err = c.libraryParts(own, plain, pieces)
	if err == nil {
		entry := c.formerEntry()
		pieces, err = c.between(own, i, pieces)
		err = worse(err, c.arrange(pieces, nil))
		if err == nil {
			err = c.restoreEntry(own, entry)
		}
		return err
	}
	return c.arrange(pieces, err)
}

// libraryParts adds the segments: packed ones, and written ones as they are.
func (c *chain) libraryParts(own elfHead, plain uint64, pieces []piece) ([]piece, error) {
	for _, s := range own.loads() {
		if s.flags&flagWrite != 0 || s.end() <= plain {
			continue
		}
		from, at := len(c.out.b), max(s.offset, plain)
		err := c.extent(s.end() - at)
		pieces = append(pieces, piece{at, from, len(c.out.b) - from})
		if err != nil {
			return pieces, err
		}
	}
	for _, s := range own.loads() {
		if s.flags&flagWrite == 0 {
			continue
		}
		// In the packed file it stands elsewhere, but for the same address.
		at, ok := c.offsetOf(s.address)
		if !ok || at > uint64(len(c.data)) || s.size > uint64(len(c.data))-at {
			return pieces, damaged("a writable segment was not found")
		}
		pieces = append(pieces, piece{s.offset, len(c.out.b), int(s.size)})
		if err := c.out.write(c.data[at : at+s.size]); err != nil {
			return pieces, err
		}
	}
	return pieces, nil
}

// formerEntry is the address of the function that was called first when the
// library was loaded. The loader, behind the packed segments, keeps it.
func (c *chain) formerEntry() uint64 {
	at := (c.at + 3) &^ 3
	if at+16 > len(c.data) {
		return 0
	}
	words := c.data[at:]
	if c.order.Uint32(words) == 0 {
		words = words[4:]
	}
	return uint64(c.order.Uint32(words[8:]))
}

const (
	tagNull = 0
	tagInit = 12
)

// restoreEntry puts the former entry back in the place of the loader's.
func (c *chain) restoreEntry(own elfHead, entry uint64) error {
	s, ok := own.dynamic()
	width := 4
	if c.wide {
		width = 8
	}
	file := c.out.b
	if !ok || s.offset > uint64(len(file)) {
		return damaged("the dynamic segment was not found")
	}
	table := file[s.offset:]
	for size := min(s.size, uint64(len(table))); size >= uint64(2*width); size -= uint64(2 * width) {
		if tag := c.word(table); tag == tagInit {
			c.setWord(table[width:], entry)
			if entry == 0 { // there was none
				c.setWord(table, tagNull)
			}
			return nil
		}
		table = table[2*width:]
	}
	return limit.Errorf(limit.Method, "upx: the library's first function stays the loader")
}

func (c *chain) setWord(b []byte, v uint64) {
	if c.wide {
		c.order.PutUint64(b, v)
	} else {
		c.order.PutUint32(b, uint32(v))
	}
}

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

// The entries of the dynamic segment that matter here.
const (
	tagNull     = 0
	tagSymbols  = 6
	tagInit     = 12
	tagArray    = 25
	tagPreArray = 32
)

// width is the size of an address.
func (c *chain) width() int {
	if c.wide {
		return 8
	}
	return 4
}

// dynamicEntry finds the first entry of a kind in the dynamic segment of what
// came out.
func (c *chain) dynamicEntry(own elfHead, tag uint64) []byte {
	s, ok := own.dynamic()
	if !ok || s.offset > uint64(len(c.out.b)) {
		return nil
	}
	table, size := c.out.b[s.offset:], 2*c.width()
	table = table[:min(s.size, uint64(len(table)))]
	for ; len(table) >= size; table = table[size:] {
		if found := c.word(table); found == tag {
			return table[:size]
		} else if found == tagNull {
			break
		}
	}
	return nil
}

// restoreEntry puts the former entry back in the place of the loader's: the
// function to call first, or else the first of a list of them.
func (c *chain) restoreEntry(own elfHead, entry uint64) error {
	if e := c.dynamicEntry(own, tagInit); e != nil {
		c.setWord(e[c.width():], entry)
		if entry == 0 { // there was none
			c.setWord(e, tagNull)
		}
		return nil
	}
	if c.dynamicEntry(own, tagArray) == nil && c.dynamicEntry(own, tagPreArray) == nil || !c.restoreArray(own, entry) {
		return limit.Errorf(limit.Method, "upx: the library's first function stays the loader")
	}
	return nil
}

// restoreArray undoes what was done to the relocation that fills the first
// place of the list: it stands in the place of the first symbol, which is
// empty in every file, and the entry that ends the dynamic segment says where
// it was.
func (c *chain) restoreArray(own elfHead, entry uint64) bool {
	null, symbols := c.dynamicEntry(own, tagNull), c.dynamicEntry(own, tagSymbols)
	if null == nil || symbols == nil {
		return false
	}
	size := 2 * c.width()
	if c.wide {
		size += c.width() // with an addend
	}
	file := c.out.b
	to, from := c.word(null[c.width():]), c.word(symbols[c.width():])
	end := uint64(len(file)) - uint64(size)
	if len(file) < size || to == 0 || to > end || from > end {
		return false
	}
	kept := file[from:][:size]
	place, ok := own.offsetOf(c.word(kept))
	if !ok || place > uint64(len(file)-c.width()) {
		return false
	}
	copy(file[to+uint64(c.width()):], kept[c.width():])
	kind := c.word(kept[c.width():])
	clear(kept)
	c.setWord(null[c.width():], 0)
	if !c.relative(kind) { // the linker finds the function by its name
		entry = 0
	}
	c.setWord(file[place:], entry)
	return true
}

// relative tells whether a relocation adds the address of the library to what
// is there.
func (c *chain) relative(kind uint64) bool {
	const amd64, i386, arm64, arm = 8, 8, 1027, 23
	if c.wide {
		kind &= 1<<32 - 1
		return kind == amd64 || kind == arm64
	}
	return kind&0xff == i386 || kind&0xff == arm
}

func (c *chain) setWord(b []byte, v uint64) {
	if c.wide {
		c.order.PutUint64(b, v)
	} else {
		c.order.PutUint32(b, uint32(v))
	}
}

package upx

import (
	"hash/adler32"

	"vitrine/internal/engine/limit"
)

// chain reads the blocks of a packed ELF file, one behind the other.
type chain struct {
	*unpacker
	start
	elfHead // of the packed file: the order of bytes
	out     *buffer

	packedSum, unpackedSum uint32 // Adler-32 so far
	err                    error  // the first that is wrong and does not stop it
}

// elf unpacks an ELF file.
func (u *unpacker) elf() (*buffer, error) {
	h, ok := parseELF(u.data)
	if !ok {
		return nil, damaged("the ELF header is damaged")
	}
	mark, at := tailHeader(u.data, isELF)
	c := &chain{unpacker: u, elfHead: h, out: u.newBuffer(), packedSum: 1, unpackedSum: 1}
	if ok := c.begin(mark, at); !ok {
		return c.out, damaged("the packed data was not found")
	}
	if at < 0 {
		mark, at = bareHeader(u.data, isELF, h.order, uint32(c.at-infoSize))
	}
	i := c.info(mark, at >= 0)
	var err error
	// A packed program needs no linking, a packed library is linked as ever.
	if _, library := h.dynamic(); library {
		err = c.library(i)
	} else if c.packedWhole(mark) {
		err = c.rest()
	} else {
		err = c.program(i)
	}
	if limit.Final(err) {
		return c.out, err
	}
	return c.out, worse(err, c.verify(mark, at >= 0))
}

// begin goes to the first block. A header, if at is not negative, helps with
// old files and those that hold anything.
func (c *chain) begin(mark header, at int) bool {
	c.head, c.method = blockHeadSize, mark.method
	if at >= 0 && wholeFile(mark.format) && at+headerSize+4 <= len(c.data) {
		// The place behind the header names the record before the blocks.
		first := c.order.Uint32(c.data[at+headerSize:])
		c.at = int(first) + infoSize
		return first <= uint32(at) && c.at <= at
	}
	old := byte(0)
	if at >= 0 && mark.version <= 11 {
		old = mark.method
	}
	if s, ok := c.findStart(c.data, c.size, old); ok {
		c.start = s
		return true
	}
	spot, ok := c.librarySpot(c.data)
	c.at = spot
	return ok
}

// packedWhole tells whether the blocks are the file from its first byte to its
// last. Else the first block is the header of the file and no more.
func (c *chain) packedWhole(mark header) bool {
	k, _ := c.block(c.data[c.at:], c.head)
	return wholeFile(mark.format) || k.unpacked > maxELFHead
}

// infoSize is that of the second of two small records before the first block;
// the other has as much.
const infoSize = 12

// info is what two small records before the first block say, and the header.
type info struct {
	file   uint64 // bytes of the unpacked file; 0: not known
	block  uint64 // bytes of a block at most; 0: not known
	loader uint64 // bytes of the loader; 0: not known
}

// info reads the records before the first block. Zeros there are a common way
// to keep the packer from unpacking the file.
func (c *chain) info(mark header, marked bool) info {
	var i info
	if b := c.data[:c.at]; len(b) >= 2*infoSize {
		b = b[len(b)-2*infoSize:]
		i.loader = uint64(c.order.Uint16(b[8:]))
		i.file = uint64(c.order.Uint32(b[16:]))
		i.block = uint64(c.order.Uint32(b[20:]))
	}
	if marked && mark.file > 0 {
		i.file = uint64(mark.file)
	}
	return i
}

// note keeps the first thing that is wrong.
func (c *chain) note(err error) {
	if c.err == nil {
		c.err = err
	}
}

// next unpacks one block to the end of out. It gives the number of bytes.
func (c *chain) next() (int64, error) {
	k, ok := c.block(c.data[min(c.at, len(c.data)):], c.head)
	if !ok {
		return 0, damaged("a block at %#x has impossible sizes", c.at)
	}
	src := c.data[c.at+k.size:][:k.packed]
	before := len(c.out.b)
	if k.packed == k.unpacked {
		if err := c.out.write(src); err != nil {
			return 0, err
		}
	} else {
		method := k.method
		if k.size == oldBlockHead {
			method = c.method
		}
		if err := c.inflate(c.out, src, method, int64(k.unpacked)); err != nil {
			return 0, err
		}
		if f := (filter{id: k.filter, mark: k.mark}); !f.undo(c.out.b[before:]) {
			c.note(limit.Errorf(limit.Method, "upx: filter %#02x; the code stays filtered", k.filter))
		}
	}
	c.at += k.size + int(k.packed)
	c.packedSum = adler(c.packedSum, src)
	c.unpackedSum = adler(c.unpackedSum, c.out.b[before:])
	return int64(k.unpacked), nil
}

// extent unpacks blocks until size bytes came out.
func (c *chain) extent(size uint64) error {
	for size > 0 {
		if err := c.Budget.Check(); err != nil {
			return err
		}
		n, err := c.next()
		if err != nil {
			return err
		}
		if uint64(n) > size {
			return damaged("a block at %#x goes beyond its segment", c.at)
		}
		size -= uint64(n)
	}
	return nil
}

// verify compares what came out with the sums in the header.
func (c *chain) verify(mark header, marked bool) error {
	switch {
	case c.err != nil:
		return c.err
	case !marked:
		return damaged("the packer's header was removed: the content cannot be verified")
	case c.packedSum != mark.packedSum || c.unpackedSum != mark.unpackedSum:
		return damaged("a checksum is wrong")
	}
	return nil
}

// adler goes on with a checksum over more bytes.
func adler(sum uint32, p []byte) uint32 {
	if len(p) == 0 {
		return sum
	}
	return joinAdler(sum, adler32.Checksum(p), len(p))
}

// joinAdler gives the Adler-32 of two pieces from those of each.
func joinAdler(first, second uint32, size int) uint32 {
	const mod = 65521
	n := uint64(size % mod)
	a1, b1 := uint64(first&0xffff), uint64(first>>16)
	a2, b2 := uint64(second&0xffff), uint64(second>>16)
	a := (a1 + a2 + mod - 1) % mod
	b := (b1 + b2 + n*(a1+mod-1)) % mod
	return uint32(b<<16 | a)
}

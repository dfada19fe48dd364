package lzma

import (
	"errors"
	"io"
)

const (
	// maxSymbol is more than one symbol can take from the input: a match with
	// the longest length and distance is 48 coded bits, each at most a byte.
	maxSymbol = 64
	inputSize = 32 << 10

	topValue  = 1 << 24
	modelBits = 11
	moveBits  = 5
	probInit  = 1 << (modelBits - 1)
)

// prob is the probability that a bit is 0, in 1/2048.
type prob = uint16

func resetProbs(p []prob) {
	for i := range p {
		p[i] = probInit
	}
}

// rangeCoder decodes bits. Its input is followed by maxSymbol zero bytes, so
// that a symbol may be decoded without asking for the end at each bit; ensure
// says after each symbol whether the end was passed.
type rangeCoder struct {
	rng, code uint32
	in        []byte
	pos       int // next byte of in
	end       int // of the real bytes in in
	src       io.Reader
	last      bool // src has no more
}

// ensure makes a whole symbol's input available. It fails when the last
// symbol went past the end.
func (c *rangeCoder) ensure() error {
	if c.end-c.pos >= maxSymbol {
		return nil
	}
	if c.pos > c.end {
		return io.ErrUnexpectedEOF
	}
	if c.last {
		return nil
	}
	return c.refill()
}

func (c *rangeCoder) refill() error {
	if c.in == nil {
		c.in = make([]byte, inputSize+maxSymbol)
	}
	n := copy(c.in, c.in[c.pos:c.end])
	c.pos, c.end = 0, n
	for c.end < maxSymbol && !c.last {
		n, err := c.src.Read(c.in[c.end:inputSize])
		c.end += n
		if errors.Is(err, io.EOF) {
			c.last = true
		} else if err != nil {
			return err
		}
	}
	clear(c.in[c.end : c.end+maxSymbol])
	return nil
}

// start reads the five bytes a coded stream begins with.
func (c *rangeCoder) start() error {
	if err := c.ensure(); err != nil {
		return err
	}
	if c.end-c.pos < 5 {
		return io.ErrUnexpectedEOF
	}
	b := c.in[c.pos : c.pos+5]
	if b[0] != 0 {
		return errors.New("lzma: the first byte is not 0")
	}
	c.pos += 5
	c.rng = 0xffffffff
	c.code = uint32(b[1])<<24 | uint32(b[2])<<16 | uint32(b[3])<<8 | uint32(b[4])
	return nil
}

// finish takes the byte that the encoder wrote for a next bit.
func (c *rangeCoder) finish() {
	if c.rng < topValue {
		c.pos++
	}
}

func (c *rangeCoder) bit(p *prob) uint32 {
	if c.rng < topValue {
		c.rng <<= 8
		c.code = c.code<<8 | uint32(c.in[c.pos])
		c.pos++
	}
	v := uint32(*p)
	bound := (c.rng >> modelBits) * v
	if c.code < bound {
		c.rng = bound
		*p = prob(v + ((1<<modelBits)-v)>>moveBits)
		return 0
	}
	c.rng -= bound
	c.code -= bound
	*p = prob(v - v>>moveBits)
	return 1
}

// tree decodes an n-bit number, highest bit first; probs has 1<<n places.
func (c *rangeCoder) tree(probs []prob, n uint) uint32 {
	rng, code, pos, in := c.rng, c.code, c.pos, c.in
	m := uint32(1)
	for range n {
		if rng < topValue {
			rng <<= 8
			code = code<<8 | uint32(in[pos])
			pos++
		}
		p := &probs[m]
		v := uint32(*p)
		bound := (rng >> modelBits) * v
		if code < bound {
			rng = bound
			*p = prob(v + ((1<<modelBits)-v)>>moveBits)
			m <<= 1
		} else {
			rng -= bound
			code -= bound
			*p = prob(v - v>>moveBits)
			m = m<<1 | 1
		}
	}
	c.rng, c.code, c.pos = rng, code, pos
	return m - 1<<n
}

// reverse decodes an n-bit number, lowest bit first.
func (c *rangeCoder) reverse(probs []prob, n uint) uint32 {
	m, v := uint32(1), uint32(0)
	for i := range n {
		b := c.bit(&probs[m])
		m = m<<1 | b
		v |= b << i
	}
	return v
}

// direct decodes n bits that have no model.
func (c *rangeCoder) direct(n uint) uint32 {
	var v uint32
	for range n {
		if c.rng < topValue {
			c.rng <<= 8
			c.code = c.code<<8 | uint32(c.in[c.pos])
			c.pos++
		}
		c.rng >>= 1
		t := (c.code - c.rng) >> 31 // 1 when the bit is 0
		c.code -= c.rng & (t - 1)
		v = v<<1 | (1 - t)
	}
	return v
}

// matched decodes a literal that follows a match: the byte at the last
// distance chooses the probabilities until the two differ.
func (c *rangeCoder) matched(probs []prob, match uint32) byte {
	m, offset := uint32(1), uint32(0x100)
	for m < 0x100 {
		match <<= 1
		b := match & offset
		if c.bit(&probs[offset+b+m]) == 0 {
			m <<= 1
			offset &^= b
		} else {
			m = m<<1 | 1
			offset &= b
		}
	}
	return byte(m)
}

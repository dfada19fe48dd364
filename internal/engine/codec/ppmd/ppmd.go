// Package ppmd decodes PPMd of variant H (Shkarin's PPMII, as 7-Zip's Ppmd7 and
// RAR 3 have it). It is the model and the two range coders these formats use;
// it knows neither of them. The memory a stream asks for is asked of Memory
// before it is taken: how much there is decides what is decoded, so it cannot
// grow as it is used.
package ppmd

import (
	"errors"
	"fmt"
	"io"
)

// Limits of the format.
const (
	MinOrder  = 2
	MaxOrder  = 64
	MinMemory = 1 << 11
	MaxMemory = 1<<32 - 1 - 12*3
)

var (
	// ErrEnd is returned where the stream codes its end. RAR uses it for that;
	// in 7z it is a damage.
	ErrEnd = errors.New("ppmd: end mark")

	errMalformed = errors.New("ppmd: malformed")
)

// Memory is asked before memory is taken; *limit.Budget is one.
type Memory interface {
	Dictionary(n int64) error
	Release(n int64)
}

// Decoder is a model and a range coder. The zero value has neither: Start and
// one of the Init methods make it ready.
type Decoder struct {
	model
	coder
	memory Memory
	held   int64
}

// New makes a Decoder that takes its memory from m.
func New(m Memory) *Decoder { return &Decoder{memory: m} }

// Start begins a new model of an order, in memory bytes.
func (d *Decoder) Start(order int, memory int64) error {
	if order < MinOrder || order > MaxOrder || memory < MinMemory || memory > MaxMemory {
		return fmt.Errorf("%w: order %d, %d bytes of memory", errMalformed, order, memory)
	}
	if memory != int64(d.size) {
		d.Close()
		if err := d.memory.Dictionary(memory); err != nil {
			return err
		}
		d.held = memory
		d.allocate(uint32(memory))
	}
	d.begin(order)
	return nil
}

// Started tells whether there is a model.
func (d *Decoder) Started() bool { return d.mem != nil }

// Close gives the memory back. Start may follow.
func (d *Decoder) Close() {
	d.memory.Release(d.held)
	d.held, d.mem, d.size = 0, nil, 0
}

// Byte decodes one byte. After an error the Decoder must be started anew.
func (d *Decoder) Byte() (byte, error) {
	s := d.symbol()
	if d.coder.err != nil {
		return 0, d.coder.err
	}
	switch s {
	case endSymbol:
		return 0, ErrEnd
	case badSymbol:
		return 0, errMalformed
	}
	return byte(s), nil
}

// Results of symbol besides bytes.
const (
	endSymbol = -1
	badSymbol = -2
)

// coder is a range decoder. 7z's has no low end, RAR's is the carryless one.
type coder struct {
	src            io.ByteReader
	rar            bool
	low, code, rng uint32
	err            error
}

// Init7z begins to read a stream of 7z.
func (c *coder) Init7z(src io.ByteReader) error {
	*c = coder{src: src, rng: 0xffffffff}
	if first := c.next(); first != 0 {
		return errMalformed
	}
	return c.fill()
}

// InitRAR begins to read a stream of RAR.
func (c *coder) InitRAR(src io.ByteReader) error {
	*c = coder{src: src, rng: 0xffffffff, rar: true}
	return c.fill()
}

func (c *coder) fill() error {
	for range 4 {
		c.code = c.code<<8 | c.next()
	}
	return c.err
}

func (c *coder) next() uint32 {
	b, err := c.src.ReadByte()
	if err != nil && c.err == nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		c.err = err
	}
	return uint32(b)
}

// threshold scales the code to total; what is out of range shows that the
// stream is malformed.
func (c *coder) threshold(total uint32) uint32 {
	c.rng /= total
	if c.rng == 0 { // only past the end of the input
		return total
	}
	return c.code / c.rng
}

func (c *coder) decode(start, size uint32) {
	start *= c.rng
	c.low += start
	c.code -= start
	c.rng *= size
	c.normalize()
}

const (
	topValue = 1 << 24
	bottom   = 1 << 15
)

func (c *coder) normalize() {
	if !c.rar {
		for c.rng < topValue && c.err == nil {
			c.code = c.code<<8 | c.next()
			c.rng <<= 8
		}
		return
	}
	for c.err == nil {
		if c.low^(c.low+c.rng) >= topValue {
			if c.rng >= bottom {
				return
			}
			c.rng = -c.low & (bottom - 1)
		}
		c.code = c.code<<8 | c.next()
		c.rng <<= 8
		c.low <<= 8
	}
}

// bit decodes a bit that is 0 with probability p of 1<<binBits.
func (c *coder) bit(p uint32) bool {
	unit := c.rng >> binBits
	bound := unit * p
	one := c.code >= bound
	switch {
	case !one:
		c.rng = bound
	case c.rar:
		c.low += bound
		c.code -= bound
		c.rng = unit * (1<<binBits - p)
	default:
		c.code -= bound
		c.rng -= bound
	}
	c.normalize()
	return one
}

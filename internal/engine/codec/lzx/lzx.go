// Package lzx decompresses LZX as cabinets hold it (MS-PATCH, "LZX
// Compression", and the notes on [MS-CAB]): frames of 32 KiB, each coded in
// whole 16-bit words, with a window of 2^15 to 2^21 bytes, verbatim, aligned
// and uncompressed blocks, and the translation of x86 calls. It works from
// memory to memory, one frame at a time, so that whoever drives it can stop
// between two of them. It does not compress, and knows no file format.
package lzx

import (
	"errors"
	"fmt"
)

// FrameSize is the most that one frame unpacks to.
const FrameSize = 32 << 10

// The sizes of windows, as powers of two.
const (
	MinBits = 15
	MaxBits = 21
)

// Errors of bad data.
var (
	errInput  = errors.New("lzx: the packed bytes end too early")
	errCode   = errors.New("lzx: a code that no tree has")
	errMatch  = errors.New("lzx: a match reaches before the beginning")
	errBlock  = errors.New("lzx: a block of an unknown type or of no bytes")
	errBroken = errors.New("lzx: an earlier frame was damaged")
)

const (
	minMatch     = 2
	lengthHeader = 7 // lengths below lie in the main symbol
	lengthCodes  = 249
	literals     = 256
	maxSlots     = 50
	alignedCodes = 8
	verbatim     = 1
	aligned      = 2
	uncompressed = 3
)

// Decoder unpacks one stream of frames. It belongs to one goroutine and may be
// used again after Reset.
type Decoder struct {
	window  []byte // its length is a power of two
	written int64  // bytes since Reset
	slots   int    // of match offsets
	recent  [3]uint32

	kind    byte
	left    int  // bytes the current block still has
	padding bool // a byte follows the uncompressed block
	started bool // the header of the stream was read
	broken  bool

	main, length, align tree
	mainLen             [literals + 8*maxSlots]byte
	lengthLen           [lengthCodes]byte
	callSize            int32 // of the x86 translation; 0: none
	frame               int
	in                  bits
}

// Memory is how many bytes a Decoder takes for a stream with a window of
// 2^size bytes of which no more than total come out.
func Memory(size uint, total int64) int64 { return int64(ring(size, total)) }

func ring(size uint, total int64) int {
	n := FrameSize
	for n < 1<<size && int64(n) < total {
		n *= 2
	}
	return n
}

// Reset makes the decoder ready for a stream with a window of 2^size bytes,
// MinBits to MaxBits, of which at most total bytes will be asked for. The
// window of the last stream is used again when it is large enough.
func (d *Decoder) Reset(size uint, total int64) error {
	if size < MinBits || size > MaxBits {
		return fmt.Errorf("lzx: a window of 2^%d bytes", size)
	}
	window := d.window
	if n := ring(size, total); cap(window) < n {
		window = make([]byte, n)
	} else {
		window = window[:n]
	}
	*d = Decoder{window: window, slots: slotsOf(size), recent: [3]uint32{1, 1, 1}}
	return nil
}

func slotsOf(size uint) int {
	switch size {
	case 20:
		return 42
	case 21:
		return 50
	}
	return 2 * int(size)
}

// Frame unpacks the next frame into out, which it fills: FrameSize bytes, but
// for the last of a stream. When the packed bytes do not suffice, n bytes of
// out are right and err is not nil; no frame can follow then.
func (d *Decoder) Frame(in, out []byte) (n int, err error) {
	if d.broken || len(out) > FrameSize {
		return 0, errBroken
	}
	d.in = bits{data: in}
	start := d.written
	err = d.fill(start + int64(len(out)))
	n = int(min(d.written-start, int64(len(out))))
	d.copyOut(out[:n], start)
	if err == nil {
		err = d.in.err()
	}
	d.broken = err != nil
	d.endFrame()
	d.translate(out[:n], int32(start))
	return n, err
}

// endFrame takes the byte that fills up an uncompressed block when it lies at
// the end of this frame; else it begins the next one.
func (d *Decoder) endFrame() {
	if d.padding && d.left == 0 && d.in.unread() == 1 {
		d.padding = false
	}
	d.frame++
}

func (d *Decoder) copyOut(out []byte, from int64) {
	at := int(from) & (len(d.window) - 1)
	n := copy(out, d.window[at:])
	copy(out[n:], d.window)
}

// fill decodes until end bytes were written.
func (d *Decoder) fill(end int64) error {
	if !d.started {
		d.started = true
		if d.in.take(1) == 1 {
			high := d.in.take(16)
			d.callSize = int32(high<<16 | d.in.take(16))
		}
	}
	for d.written < end {
		if d.left == 0 {
			if err := d.header(); err != nil {
				return err
			}
		}
		before, run := d.written, int(min(int64(d.left), end-d.written))
		err := d.block(run)
		d.left -= int(d.written - before)
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *Decoder) block(run int) error {
	switch d.kind {
	case uncompressed:
		return d.stored(run)
	case aligned:
		return d.packed(run, &d.align)
	}
	return d.packed(run, nil)
}

// stored copies bytes that were not compressed.
func (d *Decoder) stored(run int) error {
	raw := d.in.bytes(run)
	d.put(raw)
	if len(raw) < run {
		return errInput
	}
	return nil
}

func (d *Decoder) put(b []byte) {
	for len(b) > 0 {
		n := copy(d.window[int(d.written)&(len(d.window)-1):], b)
		d.written += int64(n)
		b = b[n:]
	}
}

// maxCallFrames is how many frames have their calls translated.
const maxCallFrames = 32768

// translate turns the absolute targets of x86 calls back into relative ones.
// The last 10 bytes of a frame are left as they are.
func (d *Decoder) translate(out []byte, at int32) {
	if d.callSize == 0 || d.frame > maxCallFrames || len(out) <= 10 {
		return
	}
	for i := 0; i < len(out)-10; i++ {
		if out[i] != 0xe8 {
			continue
		}
		b := out[i+1 : i+5]
		here := at + int32(i)
		if target := int32(le32(b)); target >= -here && target < d.callSize {
			if target >= 0 {
				target -= here
			} else {
				target += d.callSize
			}
			b[0], b[1], b[2], b[3] = byte(target), byte(target>>8), byte(target>>16), byte(target>>24)
		}
		i += 4
	}
}

func le32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

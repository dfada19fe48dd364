// Package quantum decompresses Quantum as cabinets hold it: frames of 32 KiB,
// coded by an arithmetic coder whose models learn from what went before, and a
// window of 2^10 to 2^21 bytes. There is no specification; what is known of it
// was found by others. It works from memory to memory, one frame at a time. It
// does not compress, and knows no file format.
package quantum

import (
	"errors"
	"fmt"
)

// FrameSize is the most that one frame unpacks to.
const FrameSize = 32 << 10

// The sizes of windows, as powers of two.
const (
	MinBits = 10
	MaxBits = 21
)

// Errors of bad data.
var (
	errInput  = errors.New("quantum: the packed bytes end too early")
	errMatch  = errors.New("quantum: a match reaches before the beginning")
	errBroken = errors.New("quantum: an earlier frame was damaged")
)

// The symbols of the selector: literals by their two highest bits, then
// matches of 3, of 4, and of more bytes.
const (
	literals    = 4
	matchThree  = 4
	matchFour   = 5
	selectors   = 7
	lengths     = 27
	longMinimum = 5
)

// Decoder unpacks one stream of frames. It belongs to one goroutine and may be
// used again after Reset.
type Decoder struct {
	window  []byte // its length is a power of two
	size    int    // of the window that the stream asks for
	written int64
	broken  bool

	selector model
	literal  [literals]model
	three    model // where matches of 3 bytes lie
	four     model
	long     model
	length   model
	in       coder
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
		return fmt.Errorf("quantum: a window of 2^%d bytes", size)
	}
	if n := ring(size, total); cap(d.window) < n {
		d.window = make([]byte, n)
	} else {
		d.window = d.window[:n]
	}
	d.size, d.written, d.broken = 1<<size, 0, false
	d.selector.reset(0, selectors)
	for i := range d.literal {
		d.literal[i].reset(64*i, 64)
	}
	slots := 2 * int(size)
	d.three.reset(0, min(slots, 24))
	d.four.reset(0, min(slots, 36))
	d.long.reset(0, slots)
	d.length.reset(0, lengths)
	return nil
}

// Frame unpacks the next frame into out, which it fills: FrameSize bytes, but
// for the last of a stream. When the packed bytes do not suffice, n bytes came
// out and err is not nil; no frame can follow then.
func (d *Decoder) Frame(in, out []byte) (n int, err error) {
	if d.broken || len(out) > FrameSize {
		return 0, errBroken
	}
	d.in.begin(in)
	start := d.written
	for end := start + int64(len(out)); d.written < end && err == nil; {
		err = d.symbol(end)
	}
	n = int(d.written - start)
	at := int(start) & (len(d.window) - 1)
	k := copy(out[:n], d.window[at:])
	copy(out[k:n], d.window)
	d.broken = err != nil
	return n, err
}

// symbol decodes a literal or a match.
func (d *Decoder) symbol(end int64) error {
	s := d.in.decode(&d.selector)
	n, where := 3, &d.three
	switch s {
	default:
		c := d.in.decode(&d.literal[s&3])
		if d.in.ended() {
			return errInput
		}
		d.window[int(d.written)&(len(d.window)-1)] = byte(c)
		d.written++
		return nil
	case matchThree:
	case matchFour:
		n, where = 4, &d.four
	case selectors - 1:
		base, extra := lengthOf(d.in.decode(&d.length))
		n, where = base+int(d.in.bits(extra))+longMinimum, &d.long
	}
	base, extra := offsetOf(d.in.decode(where))
	offset := base + int(d.in.bits(extra)) + 1
	if d.in.ended() {
		return errInput
	}
	n = int(min(int64(n), end-d.written)) // the last of a stream may say more
	if int64(offset) > d.written || offset > d.size || offset > len(d.window) {
		return errMatch
	}
	mask := len(d.window) - 1
	for range n {
		d.window[int(d.written)&mask] = d.window[int(d.written-int64(offset))&mask]
		d.written++
	}
	return nil
}

// offsetOf gives the lowest offset of a symbol and how many bits follow it.
func offsetOf(s int) (base int, extra uint) {
	if s < 4 {
		return s, 0
	}
	extra = uint(s/2 - 1)
	return (2 + s&1) << extra, extra
}

// lengthOf gives the lowest length of a symbol, over longMinimum, and how many
// bits follow it.
func lengthOf(s int) (base int, extra uint) {
	switch {
	case s < 6:
		return s, 0
	case s == lengths-1:
		return 254, 0
	}
	extra = uint(s-2) / 4
	return (4+(s-2)&3)<<extra - 2, extra
}

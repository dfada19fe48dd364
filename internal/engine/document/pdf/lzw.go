package pdf

import (
	"bufio"
	"errors"
	"io"

	"vitrine/internal/engine/limit"
)

const (
	lzwClear = 256
	lzwEnd   = 257
	lzwFirst = 258
	lzwCodes = 4096
)

// lzw undoes LZWDecode (ISO 32000-1, 7.4.4): codes of 9 to 12 bits, the
// highest bit first, that grow one code early unless told otherwise.
type lzw struct {
	src    *bufio.Reader
	early  int
	bits   uint
	held   uint32
	width  uint
	next   int // the code to be given
	last   int // the code before; negative: none
	prefix [lzwCodes]uint16
	suffix [lzwCodes]byte
	stack  [lzwCodes]byte // of one code, from its end
	out    []byte
	done   bool
}

func newLZW(r io.Reader, early bool) *lzw {
	l := &lzw{src: bufio.NewReader(r)}
	if early {
		l.early = 1
	}
	for i := range 256 {
		l.suffix[i] = byte(i)
	}
	l.clear()
	return l
}

func (l *lzw) clear() { l.width, l.next, l.last = 9, lzwFirst, -1 }

// Read gives bytes. A stream without an end mark just ends.
func (l *lzw) Read(p []byte) (int, error) {
	for len(l.out) == 0 {
		if l.done {
			return 0, io.EOF
		}
		if err := l.step(); err != nil {
			return 0, err
		}
	}
	n := copy(p, l.out)
	l.out = l.out[n:]
	return n, nil
}

func (l *lzw) code() (int, error) {
	for l.bits < l.width {
		c, err := l.src.ReadByte()
		if err != nil {
			return 0, err
		}
		l.held = l.held<<8 | uint32(c)
		l.bits += 8
	}
	l.bits -= l.width
	return int(l.held >> l.bits & (1<<l.width - 1)), nil
}

// step takes one code.
func (l *lzw) step() error {
	code, err := l.code()
	switch {
	case errors.Is(err, io.EOF) || err == nil && code == lzwEnd:
		l.done = true
		return nil
	case err != nil:
		return err
	case code == lzwClear:
		l.clear()
		return nil
	case code > l.next || code == l.next && l.last < 0:
		return limit.Errorf(limit.Damaged, "pdf: lzw code %d where %d is the next", code, l.next)
	}
	l.expand(code)
	if l.last >= 0 && l.next < lzwCodes {
		l.prefix[l.next], l.suffix[l.next] = uint16(l.last), l.out[0]
		l.next++
		if l.next+l.early >= 1<<l.width && l.width < 12 {
			l.width++
		}
	}
	l.last = code
	return nil
}

// expand writes what a code stands for. A code not yet given is the last one
// and its own first byte.
func (l *lzw) expand(code int) {
	at, own := lzwCodes, code == l.next
	if own {
		at--
		code = l.last
	}
	for code >= lzwFirst && at > 1 {
		at--
		l.stack[at] = l.suffix[code]
		code = int(l.prefix[code])
	}
	at--
	l.stack[at] = l.suffix[code&0xff]
	if own {
		l.stack[lzwCodes-1] = l.stack[at]
	}
	l.out = l.stack[at:]
}

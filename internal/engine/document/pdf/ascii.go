package pdf

import (
	"bufio"
	"errors"
	"io"
)

// asciiHex undoes ASCIIHexDecode. What is no digit is left out.
type asciiHex struct {
	src  *bufio.Reader
	done bool
}

// Read gives bytes.
func (a *asciiHex) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && !a.done {
		high, err := a.digit()
		if err != nil {
			return n, err
		}
		if high < 0 {
			break
		}
		low, err := a.digit()
		if err != nil {
			return n, err
		}
		p[n] = byte(high<<4 | max(low, 0))
		n++
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// digit gives the next one; negative at the end.
func (a *asciiHex) digit() (int, error) {
	for !a.done {
		c, err := a.src.ReadByte()
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if err != nil || c == '>' {
			a.done = true
			break
		}
		if d := hexDigit(c); d >= 0 {
			return d, nil
		}
	}
	return -1, nil
}

// ascii85 undoes ASCII85Decode. What is no digit is left out.
type ascii85 struct {
	src  *bufio.Reader
	out  []byte
	buf  [4]byte
	done bool
}

// Read gives bytes.
func (a *ascii85) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(a.out) == 0 {
			if a.done {
				break
			}
			if err := a.group(); err != nil {
				return n, err
			}
			continue
		}
		k := copy(p[n:], a.out)
		a.out = a.out[k:]
		n += k
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// group decodes five digits to four bytes, or fewer at the end.
func (a *ascii85) group() error {
	var word uint32
	digits := 0
	for digits < 5 {
		c, err := a.src.ReadByte()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err != nil || c == '~' {
			a.done = true
			break
		}
		switch {
		case c == 'z' && digits == 0:
			digits = 5
		case c >= '!' && c <= 'u':
			word = word*85 + uint32(c-'!')
			digits++
		}
	}
	for i := digits; i < 5; i++ {
		word = word*85 + 84
	}
	a.buf = [4]byte{byte(word >> 24), byte(word >> 16), byte(word >> 8), byte(word)}
	a.out = a.buf[:max(digits-1, 0)]
	return nil
}

// runLength undoes RunLengthDecode.
type runLength struct {
	src  *bufio.Reader
	left int
	same bool
	c    byte
	done bool
}

// Read gives bytes. A stream without an end mark just ends.
func (r *runLength) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if r.left == 0 {
			if err := r.run(); err != nil {
				if errors.Is(err, io.EOF) && n > 0 {
					return n, nil
				}
				return n, err
			}
		}
		if !r.same {
			c, err := r.src.ReadByte()
			if err != nil {
				return n, err
			}
			r.c = c
		}
		p[n] = r.c
		n++
		r.left--
	}
	return n, nil
}

func (r *runLength) run() error {
	if r.done {
		return io.EOF
	}
	c, err := r.src.ReadByte()
	if err != nil {
		return err
	}
	switch {
	case c == 128:
		r.done = true
		return io.EOF
	case c < 128:
		r.left, r.same = int(c)+1, false
		return nil
	}
	r.left, r.same = 257-int(c), true
	r.c, err = r.src.ReadByte()
	return err
}

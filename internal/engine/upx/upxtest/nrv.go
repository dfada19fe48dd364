// Package upxtest writes what package upx reads: packed streams of every
// method, filtered code, and packed programs, whole or spoilt in the ways that
// occur. Its programs are a few hundred bytes and do nothing but end. The
// loader that a packed program would start with is left out: nothing here can
// run. It is used by tests only.
package upxtest

import (
	"bytes"
	"compress/flate"

	"vitrine/internal/engine/codec/lzma/lzmatest"
)

// The numbers of the methods, with bits in units of 32.
const (
	NRV2B = 2
	NRV2D = 5
	NRV2E = 8
	LZMA  = 14
	Flate = 15
)

// token is a literal, or a match if size is not 0.
type token struct {
	literal      byte
	offset, size int
}

// tokens cuts data into literals and matches of at least three bytes.
func tokens(data []byte) []token {
	var out []token
	last := map[[3]byte]int{}
	for i := 0; i < len(data); {
		t := token{literal: data[i]}
		if i+3 <= len(data) {
			if at, ok := last[[3]byte(data[i:])]; ok {
				n := 3
				for i+n < len(data) && data[at+n] == data[i+n] && n < 273 {
					n++
				}
				if i-at <= 0x500 || n > 4 {
					t = token{offset: i - at, size: n}
				}
			}
		}
		for end := i + max(t.size, 1); i < end; i++ {
			if i+3 <= len(data) {
				last[[3]byte(data[i:])] = i
			}
		}
		out = append(out, t)
	}
	return out
}

// bitWriter puts bits into units of 1, 2 or 4 bytes that stand where the first
// of their bits is asked for.
type bitWriter struct {
	out  []byte
	at   int // of the unit
	unit int
	left int
}

func (w *bitWriter) bit(b int) {
	if w.left == 0 {
		w.at, w.left = len(w.out), 8*w.unit
		w.out = append(w.out, make([]byte, w.unit)...)
	}
	w.left--
	w.out[w.at+w.left/8] |= byte(b&1) << (w.left % 8)
}

// nrvWriter writes one of the three codes: 'b', 'd' or 'e'.
type nrvWriter struct {
	bitWriter
	code byte
	last int
}

// number writes an offset's number, which is at least 2, and after its last
// bit whether it ends there.
func (w *nrvWriter) number(v, end int) {
	if w.code == 'b' {
		w.chain(v, end)
		return
	}
	if before := v >> 1; before != 1 {
		w.number(before>>1+1, 0)
		w.bit(before)
	}
	w.bit(v)
	w.bit(end)
}

// match writes a match of an offset and a size of at least two.
func (w *nrvWriter) match(offset, size int) {
	w.bit(0)
	far := 0x500
	if w.code == 'b' {
		far = 0xd00
	}
	if size--; offset > far {
		size--
	}
	low := 0 // whether the length is a short one: its first bit
	if w.code == 'e' && size <= 2 {
		low = 1
	}
	if w.code == 'd' && size <= 3 {
		low = size >> 1
	}
	if offset == w.last {
		w.number(2, 1)
		if w.code != 'b' {
			w.bit(low)
		}
	} else {
		v := offset - 1
		if w.code != 'b' {
			v = v<<1 | low ^ 1
		}
		w.number(v>>8+3, 1)
		w.out = append(w.out, byte(v))
		w.last = offset
	}
	w.length(size)
}

// length writes what is left of a length after its first bit.
func (w *nrvWriter) length(n int) {
	switch {
	case w.code == 'e' && n <= 2:
		w.bit(n - 1)
		return
	case w.code == 'e' && n <= 4:
		w.bit(1)
		w.bit(n - 3)
		return
	case w.code == 'e':
		w.bit(0)
		n -= 3
	case w.code == 'd' && n <= 3:
		w.bit(n)
		return
	case w.code == 'd':
		w.bit(0)
		n -= 2
	case n <= 3:
		w.bit(n >> 1)
		w.bit(n)
		return
	default:
		w.bit(0)
		w.bit(0)
		n -= 2
	}
	w.chain(n, 1)
}

// chain writes the bits of v below its first, and after each whether it is the
// last.
func (w *nrvWriter) chain(v, end int) {
	if v>>1 != 1 {
		w.chain(v>>1, 0)
	}
	w.bit(v)
	w.bit(end)
}

// end writes the end mark: the offset whose number less one is all ones.
func (w *nrvWriter) end() {
	w.bit(0)
	w.number(0xffffff+3, 1)
	w.out = append(w.out, 0xff)
}

// NRV packs data with one of the three codes, in units of 1, 2 or 4 bytes.
func NRV(code byte, unit int, data []byte) []byte {
	w := &nrvWriter{bitWriter: bitWriter{unit: unit}, code: code, last: 1}
	for _, t := range tokens(data) {
		if t.size > 0 {
			w.match(t.offset, t.size)
			continue
		}
		w.bit(1)
		w.out = append(w.out, t.literal)
	}
	w.end()
	return w.out
}

// NRVMatch is a stream of one literal and one match with it, of any size.
func NRVMatch(code byte, unit int, literal byte, offset, size int) []byte {
	w := &nrvWriter{bitWriter: bitWriter{unit: unit}, code: code}
	w.bit(1)
	w.out = append(w.out, literal)
	w.match(offset, size)
	w.end()
	return w.out
}

// Stream packs data with a method by its number.
func Stream(method int, data []byte) []byte {
	switch {
	case method == Flate:
		var b bytes.Buffer
		w, _ := flate.NewWriter(&b, 9)
		_, _ = w.Write(data)
		_ = w.Close()
		return b.Bytes()
	case method == LZMA:
		const lc, lp, pb = 3, 0, 2
		e := lzmatest.New(lc, lp, pb, 1<<20)
		for _, t := range tokens(data) {
			if t.size > 0 {
				e.Match(t.offset, t.size)
			} else {
				e.Literal(t.literal)
			}
		}
		return append([]byte{(lc+lp)<<3 | pb, lp<<4 | lc}, e.Close()...)
	case method >= NRV2B && method <= NRV2E+2:
		return NRV("bde"[(method-NRV2B)/3], [3]int{4, 1, 2}[(method-NRV2B)%3], data)
	}
	panic("no such method")
}

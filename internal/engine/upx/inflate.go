package upx

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/limit"
)

// The numbers of the methods.
const (
	methodNRV2B = 2 // each of the three in bits of 32, 8 and 16
	methodNRV2D = 5
	methodNRV2E = 8
	methodLZMA  = 14
	methodFlate = 15
)

func knownMethod(m byte) bool {
	return m >= methodNRV2B && m <= methodNRV2E+2 || m == methodLZMA || m == methodFlate
}

var errLong = errors.New("more comes out than was said")

// inflate appends what src unpacks to, at most size bytes, which is what a
// header says it should be. With a negative size it goes on to the end of the
// stream. Unless the error is nil, out has what came before it.
func (u *unpacker) inflate(out *buffer, src []byte, method byte, size int64) error {
	var err error
	switch {
	case !knownMethod(method):
		return limit.Errorf(limit.Method, "upx: compression method %d", method)
	case method < methodLZMA:
		err = inflateNRV(out, src, method, size)
	default:
		err = u.inflateStream(out, src, method, size)
	}
	var l *limit.Error
	if err == nil || errors.As(err, &l) {
		return err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return damaged("the packed data ends too early")
	}
	return damaged("%s", err)
}

func openNRV(src []byte, method byte) *nrv {
	unit := [3]int{4, 1, 2}[(method-methodNRV2B)%3]
	return newNRV(family((method-methodNRV2B)/3), unit, src)
}

func inflateNRV(out *buffer, src []byte, method byte, size int64) error {
	z := openNRV(src, method)
	start := len(out.b)
	for !z.ended {
		have := int64(len(out.b) - start)
		want := int64(step)
		if size >= 0 {
			want = min(want, size-have)
		}
		if want == 0 {
			break
		}
		room, err := out.room(want)
		if err != nil {
			return err
		}
		n := int(have)
		all := out.b[start : len(out.b)+len(room)]
		end, err := z.run(all, n)
		if err := worse(err, out.took(end-n)); err != nil {
			return err
		}
	}
	switch {
	case size >= 0 && int64(len(out.b)-start) < size:
		return io.ErrUnexpectedEOF
	case !z.atEnd():
		return errLong
	}
	return nil
}

// inflateStream is for the methods that are read as streams.
func (u *unpacker) inflateStream(out *buffer, src []byte, method byte, size int64) error {
	r, err := u.openStream(src, method, size)
	if err != nil {
		return err
	}
	defer r.Close()
	for got := int64(0); size < 0 || got < size; {
		want := int64(step)
		if size >= 0 {
			want = min(want, size-got)
		}
		room, err := out.room(want)
		if err != nil {
			return err
		}
		n, err := r.Read(room)
		got += int64(n)
		if spent := out.took(n); spent != nil {
			return spent
		}
		if errors.Is(err, io.EOF) && (size < 0 || got == size) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) openStream(src []byte, method byte, size int64) (io.ReadCloser, error) {
	if method == methodFlate {
		return u.Open.Deflate(codec.NewInput(u.Budget, src))
	}
	props, err := lzmaProperties(src)
	if err != nil {
		return nil, err
	}
	// The size of the dictionary is not stored: no match reaches further than
	// the beginning.
	dict := u.Budget.Limits().MaxDict
	if size >= 0 {
		dict = min(dict, size)
	}
	return u.Open.LZMA(codec.NewInput(u.Budget, src[2:]), props, dict, size)
}

// lzmaProperties reads the two bytes before an LZMA stream: pb and, to check
// them, lc+lp; then lp and lc. It gives them in the usual one byte.
func lzmaProperties(src []byte) (byte, error) {
	if len(src) < 2 {
		return 0, io.ErrUnexpectedEOF
	}
	pb, lp, lc := src[0]&7, src[1]>>4, src[1]&15
	if pb > 4 || lp > 4 || lc > 8 || src[0]>>3 != lc+lp {
		return 0, fmt.Errorf("lzma properties %#02x %#02x", src[0], src[1])
	}
	return lc + 9*(lp+5*pb), nil
}

// peek unpacks the first bytes of a stream, at most as many as p has, without
// a budget. It is for a few hundred bytes; it takes little memory.
func peek(p, src []byte, method byte) int {
	if method < methodNRV2B || method > methodNRV2E+2 {
		return peekStream(p, src, method)
	}
	n, _ := openNRV(src, method).run(p, 0)
	return n
}

func peekStream(p, src []byte, method byte) int {
	const enough = 4 << 20 // the budget of this look alone
	b := limit.NewBudget(limit.Config{Limits: limit.Limits{MaxMemory: enough, MaxDict: enough}})
	u := &unpacker{Config: Config{Budget: b, Open: &codec.Opener{Budget: b}}}
	if method == methodLZMA && (len(src) < 3 || src[2] != 0) || !knownMethod(method) {
		return 0
	}
	r, err := u.openStream(src, method, int64(len(p)))
	if err != nil {
		return 0
	}
	defer r.Close()
	n, _ := io.ReadFull(r, p)
	return n
}

// startsWith tells whether a packed stream begins with want.
func startsWith(src []byte, method byte, want []byte) bool {
	p := make([]byte, len(want))
	return peek(p, src, method) == len(p) && bytes.Equal(p, want)
}

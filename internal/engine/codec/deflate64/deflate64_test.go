package deflate64

import (
	"bytes"
	"compress/flate"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// bitWriter writes deflate's bits, lowest first.
type bitWriter struct {
	out  []byte
	hold uint64
	n    uint
}

func (w *bitWriter) bits(v uint64, n uint) {
	w.hold |= v << w.n
	for w.n += n; w.n >= 8; w.n -= 8 {
		w.out = append(w.out, byte(w.hold))
		w.hold >>= 8
	}
}

// code writes a Huffman code, highest bit first.
func (w *bitWriter) code(v uint64, n uint) {
	for i := n; i > 0; i-- {
		w.bits(v>>(i-1)&1, 1)
	}
}

// literal and match use the fixed code.
func (w *bitWriter) literal(c byte) {
	if c < 144 {
		w.code(0x30+uint64(c), 8)
	} else {
		w.code(0x190+uint64(c-144), 9)
	}
}

// long writes a match of length symbol 285, which has 16 bits here.
func (w *bitWriter) long(length int, distCode, extra uint64, extraBits uint) {
	w.code(0xc0+285-280, 8)
	w.bits(uint64(length-3), 16)
	w.code(distCode, 5)
	w.bits(extra, extraBits)
}

func (w *bitWriter) end() []byte {
	w.code(0, 7)
	w.bits(0, 7)
	return w.out
}

func TestLongMatches(t *testing.T) {
	var w bitWriter
	w.bits(3, 3) // last block, fixed code
	plain := []byte("abcdefgh")
	for _, c := range plain {
		w.literal(c)
	}
	add := func(n, dist int) {
		for range n {
			plain = append(plain, plain[len(plain)-dist])
		}
	}
	w.long(65538, 2, 0, 0) // distance 3
	add(65538, 3)
	w.literal(0xff)
	plain = append(plain, 0xff)
	w.long(1000, 30, 1234, 14)
	add(1000, 32769+1234)
	w.long(40000, 31, 16383, 14)
	add(40000, 65536)
	for _, in := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.DataErrReader} {
		got, err := io.ReadAll(NewReader(in(bytes.NewReader(w.end()))))
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%d bytes of %d, %v", len(got), len(plain), err)
		}
	}
}

// TestAgainstDeflate: what has no matches longer than 257 is the same in both.
func TestAgainstDeflate(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	var plain []byte
	for len(plain) < 200_000 {
		if len(plain) > 100 && rnd.IntN(3) > 0 {
			from := rnd.IntN(len(plain) - 60)
			plain = append(plain, plain[max(from, len(plain)-30_000):][:min(3+rnd.IntN(50), 60)]...)
		}
		plain = append(plain, byte(rnd.IntN(1<<(1+rnd.IntN(8)))))
	}
	for _, level := range []int{flate.NoCompression, flate.HuffmanOnly, flate.BestSpeed, flate.BestCompression} {
		var packed bytes.Buffer
		f, err := flate.NewWriter(&packed, level)
		if err != nil {
			t.Fatal(err)
		}
		f.Write(plain[:50_000])
		f.Flush()
		f.Write(plain[50_000:])
		f.Close()
		in := bytes.NewReader(append(packed.Bytes(), "after"...))
		z := NewReader(in)
		got, err := io.ReadAll(z)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("level %d: %d bytes of %d, %v", level, len(got), len(plain), err)
		}
		if rest := in.Len() + z.Unread(); rest != len("after") {
			t.Errorf("level %d: %d bytes unread", level, rest)
		}
	}
}

func TestTruncatedAndRefused(t *testing.T) {
	var packed bytes.Buffer
	f, _ := flate.NewWriter(&packed, 6)
	f.Write([]byte(strings.Repeat("some text that repeats, and more text; ", 20)))
	f.Close()
	for n := range packed.Len() - 1 {
		if _, err := io.ReadAll(NewReader(bytes.NewReader(packed.Bytes()[:n]))); err == nil {
			t.Errorf("%d bytes of %d: no error", n, packed.Len())
		}
	}
	tests := map[string][]byte{
		"block type":       {7},
		"stored length":    {1, 1, 0, 0, 0},
		"distance":         func() []byte { var w bitWriter; w.bits(3, 3); w.literal('a'); w.long(9, 1, 0, 0); return w.end() }(),
		"length symbol":    func() []byte { var w bitWriter; w.bits(3, 3); w.code(0xc6, 8); return w.end() }(),
		"too many symbols": {5 | 0x1f<<3, 0xff, 0xff, 0xff, 0xff},
		"code lengths":     {5, 0xe0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	}
	for name, data := range tests {
		if _, err := io.ReadAll(NewReader(bytes.NewReader(data))); err == nil || err == io.ErrUnexpectedEOF {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestReaderErrorIsKept(t *testing.T) {
	_, err := io.ReadAll(NewReader(iotest.ErrReader(io.ErrClosedPipe)))
	if err != io.ErrClosedPipe {
		t.Errorf("got %v", err)
	}
}

func FuzzDeflate64(f *testing.F) {
	var w bitWriter
	w.bits(3, 3)
	w.literal('a')
	w.long(500, 0, 0, 0)
	f.Add(w.end())
	var packed bytes.Buffer
	d, _ := flate.NewWriter(&packed, 9)
	d.Write([]byte("hello hello hello"))
	d.Close()
	f.Add(packed.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		io.Copy(io.Discard, io.LimitReader(NewReader(bytes.NewReader(data)), 4<<20))
	})
}

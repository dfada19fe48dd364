package lzx

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"vitrine/internal/engine/codec/lzx/lzxtest"
)

// sample is n bytes that compress: words that come again from near and far,
// x86 calls, and noise.
func sample(n int) []byte {
	out := make([]byte, 0, n+64)
	x := uint32(1)
	next := func() uint32 {
		x = x*1664525 + 1013904223
		return x >> 8
	}
	for len(out) < n {
		switch r := next(); r % 8 {
		case 0:
			out = append(out, 0xe8, byte(r>>8), byte(r>>9), byte(r>>23), 0)
		case 1:
			out = append(out, 0xe8, byte(r>>8), byte(r>>9), 0xff, 0xff)
		case 2:
			out = append(out, byte(r>>8))
		case 3:
			out = append(out, bytes.Repeat([]byte{byte(r >> 8)}, int(r>>16)%300)...)
		default:
			if len(out) > 0 {
				from := int(next()) * 37 % len(out)
				out = append(out, out[from:min(from+int(r>>10)%80, len(out))]...)
			}
		}
	}
	return out[:n]
}

// unpack decodes frames of a stream of size bytes.
func unpack(d *Decoder, bits uint, frames [][]byte, size int) ([]byte, error) {
	if err := d.Reset(bits, int64(size)); err != nil {
		return nil, err
	}
	var out []byte
	for _, f := range frames {
		part := make([]byte, min(FrameSize, size-len(out)))
		n, err := d.Frame(f, part)
		out = append(out, part[:n]...)
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

func TestRoundTrip(t *testing.T) {
	v, a, u := lzxtest.Verbatim, lzxtest.Aligned, lzxtest.Uncompressed
	large := sample(2_300_000)
	tests := []struct {
		size int
		o    lzxtest.Options
	}{
		{1, lzxtest.Options{Bits: 15}},
		{3, lzxtest.Options{Bits: 15, Kinds: []lzxtest.Kind{u}}},
		{32768, lzxtest.Options{Bits: 15, Kinds: []lzxtest.Kind{a}}},
		{32769, lzxtest.Options{Bits: 16, Kinds: []lzxtest.Kind{u, v}, Block: 32767}},
		{200_000, lzxtest.Options{Bits: 17, Kinds: []lzxtest.Kind{v, a, u}, Block: 9999}},
		{200_000, lzxtest.Options{Bits: 18, Kinds: []lzxtest.Kind{u, v}, Block: 16384}},
		{98_304, lzxtest.Options{Bits: 18, Kinds: []lzxtest.Kind{u, u, v}, Block: 10923}},
		{300_000, lzxtest.Options{Bits: 19, CallSize: 300_000}},
		{300_000, lzxtest.Options{Bits: 20, Kinds: []lzxtest.Kind{a, u}, CallSize: 12_000_000}},
		{300_000, lzxtest.Options{Bits: 15, Kinds: []lzxtest.Kind{a}, Block: 32768}},
		{2_300_000, lzxtest.Options{Bits: 21, Kinds: []lzxtest.Kind{v, a}, Block: 400_000}},
		{600_000, lzxtest.Options{Bits: 16, Kinds: []lzxtest.Kind{a, v, u}, Block: 70_001, CallSize: 1 << 20}},
	}
	var d Decoder // one for all: what an earlier stream left must not matter
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d in 2^%d", tt.size, tt.o.Bits), func(t *testing.T) {
			want := large[:tt.size]
			got, err := unpack(&d, tt.o.Bits, lzxtest.Frames(want, tt.o), len(want))
			if err != nil || !bytes.Equal(got, want) {
				at := 0
				for at < min(len(got), len(want)) && got[at] == want[at] {
					at++
				}
				t.Errorf("%+v: %d bytes, the first wrong at %d, %v", tt.o, len(got), at, err)
			}
		})
	}
}

func TestMemory(t *testing.T) {
	for _, tt := range []struct {
		bits  uint
		total int64
		want  int64
	}{{15, 0, 32 << 10}, {21, 1, 32 << 10}, {21, 33 << 10, 64 << 10}, {21, 1 << 40, 2 << 20}, {16, 1 << 40, 64 << 10}} {
		if got := Memory(tt.bits, tt.total); got != tt.want {
			t.Errorf("%+v: got %d", tt, got)
		}
	}
}

func TestBadData(t *testing.T) {
	var d Decoder
	for _, bits := range []uint{0, 14, 22} {
		if d.Reset(bits, 100) == nil {
			t.Errorf("a window of 2^%d was taken", bits)
		}
	}
	data := sample(100_000)
	frames := lzxtest.Frames(data, lzxtest.Options{Bits: 16, Kinds: []lzxtest.Kind{lzxtest.Aligned}})
	tests := []struct {
		name   string
		frames [][]byte
		want   error
	}{
		{"nothing", [][]byte{nil}, errInput},
		{"zeros", [][]byte{make([]byte, 100)}, errBlock},
		{"unknown kind", [][]byte{{0x00, 0x70, 0, 1, 0, 1}}, errBlock},
		{"no bytes", [][]byte{{0x00, 0x10, 0, 0, 0, 0}}, errBlock},
		{"stored, cut in its offsets", [][]byte{{0x00, 0x30, 0x80, 0, 0, 0, 1, 0, 0, 0}}, errInput},
		{"cut", [][]byte{frames[0][:len(frames[0])/2]}, errInput},
	}
	for _, tt := range tests {
		got, err := unpack(&d, 16, tt.frames, len(data))
		if !errors.Is(err, tt.want) || !bytes.HasPrefix(data, got) {
			t.Errorf("%s: %d bytes, %v, want %v", tt.name, len(got), err, tt.want)
		}
	}
	// What was right before the cut is given, and no frame follows.
	got, err := unpack(&d, 16, [][]byte{frames[0], frames[1][:len(frames[1])-100]}, len(data))
	if err == nil || len(got) < FrameSize+1000 || !bytes.HasPrefix(data, got) {
		t.Errorf("cut in the second frame: %d bytes, %v", len(got), err)
	}
	if n, err := d.Frame(frames[2], make([]byte, 10)); n != 0 || !errors.Is(err, errBroken) {
		t.Errorf("a frame behind a damaged one: %d, %v", n, err)
	}
}

func TestTree(t *testing.T) {
	var tr tree
	if err := tr.build([]byte{1, 1, 1}); err == nil {
		t.Error("a code with three symbols of one bit was taken")
	}
	long := make([]byte, 17)
	for i := range long {
		long[i] = byte(min(i+1, 16))
	}
	if err := tr.build(long); err != nil {
		t.Fatal(err)
	}
	// 0, 10, 110 … in words: the longest are behind the table.
	b := bits{data: []byte{0xff, 0xff, 0xfe, 0xff, 0xff, 0x7f}}
	for i, want := range []int{16, 15, 0} {
		if got, err := tr.decode(&b); got != want || err != nil {
			t.Errorf("symbol %d: got %d, %v, want %d", i, got, err, want)
		}
	}
	if err := tr.build([]byte{2, 0, 2}); err != nil {
		t.Fatal(err)
	}
	b = bits{data: []byte{0, 0x80}}
	if _, err := tr.decode(&b); !errors.Is(err, errCode) {
		t.Errorf("a code that is not used: %v", err)
	}
}

func FuzzFrames(f *testing.F) {
	data := sample(3000)
	for _, k := range []lzxtest.Kind{lzxtest.Verbatim, lzxtest.Aligned, lzxtest.Uncompressed} {
		f.Add(uint8(15), lzxtest.Frames(data, lzxtest.Options{Bits: 15, Kinds: []lzxtest.Kind{k}, CallSize: 1000, Block: 1501})[0])
	}
	f.Fuzz(func(t *testing.T, window uint8, in []byte) {
		var d Decoder
		if d.Reset(MinBits+uint(window)%7, 4*FrameSize) != nil {
			t.Fatal("a window was refused")
		}
		for range 4 {
			out := make([]byte, FrameSize)
			n, err := d.Frame(in, out)
			if n < 0 || n > len(out) || err == nil && n < len(out) {
				t.Fatalf("%d bytes, %v", n, err)
			}
			if err != nil {
				return
			}
		}
	})
}

func BenchmarkFrames(b *testing.B) {
	data := sample(1 << 20)
	frames := lzxtest.Frames(data, lzxtest.Options{Bits: 19, Kinds: []lzxtest.Kind{lzxtest.Verbatim, lzxtest.Aligned}})
	var d Decoder
	out := make([]byte, FrameSize)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Reset(19, int64(len(data))); err != nil {
			b.Fatal(err)
		}
		for _, f := range frames {
			if _, err := d.Frame(f, out); err != nil {
				b.Fatal(err)
			}
		}
	}
}

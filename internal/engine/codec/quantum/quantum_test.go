package quantum

import (
	"bytes"
	"errors"
	"testing"

	"vitrine/internal/engine/codec/quantum/quantumtest"
)

// sample is n bytes that compress: what comes again from near and far, and
// noise of bytes that are not equally likely.
func sample(n int) []byte {
	out := make([]byte, 0, n+400)
	x := uint32(1)
	next := func() uint32 {
		x = x*1664525 + 1013904223
		return x >> 8
	}
	for len(out) < n {
		switch r := next(); r % 4 {
		case 0:
			out = append(out, bytes.Repeat([]byte{byte(r >> 8)}, int(r>>16)%300)...)
		case 1:
			out = append(out, byte(r>>8), byte(r>>12)&7, byte(r>>16)&63)
		default:
			if len(out) > 0 {
				from := int(next()) * 37 % len(out)
				out = append(out, out[from:min(from+int(r>>10)%80, len(out))]...)
			}
		}
	}
	return out[:n]
}

func unpack(d *Decoder, size uint, frames [][]byte, n int) ([]byte, error) {
	if err := d.Reset(size, int64(n)); err != nil {
		return nil, err
	}
	var out []byte
	for _, f := range frames {
		part := make([]byte, min(FrameSize, n-len(out)))
		k, err := d.Frame(f, part)
		out = append(out, part[:k]...)
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

func TestRoundTrip(t *testing.T) {
	var d Decoder
	for _, tt := range []struct {
		n    int
		size uint
	}{{1, 10}, {100, 10}, {32768, 15}, {32769, 16}, {150_000, 10}, {150_000, 14}, {300_000, 18}, {150_000, 21}} {
		want := sample(tt.n)
		got, err := unpack(&d, tt.size, quantumtest.Frames(want, tt.size), len(want))
		if err != nil || !bytes.Equal(got, want) {
			at := 0
			for at < min(len(got), len(want)) && got[at] == want[at] {
				at++
			}
			t.Errorf("%d in 2^%d: %d bytes, the first wrong at %d, %v", tt.n, tt.size, len(got), at, err)
		}
	}
}

func TestBadData(t *testing.T) {
	var d Decoder
	for _, size := range []uint{0, 9, 22} {
		if d.Reset(size, 100) == nil {
			t.Errorf("a window of 2^%d was taken", size)
		}
	}
	data := sample(100_000)
	frames := quantumtest.Frames(data, 16)
	got, err := unpack(&d, 16, [][]byte{frames[0], frames[1][:len(frames[1])/2]}, len(data))
	if err == nil || len(got) < FrameSize+1000 || !bytes.HasPrefix(data, got[:FrameSize+1000]) {
		t.Errorf("cut: %d bytes, %v", len(got), err)
	}
	if n, err := d.Frame(frames[2], make([]byte, 10)); n != 0 || !errors.Is(err, errBroken) {
		t.Errorf("a frame behind a damaged one: %d, %v", n, err)
	}
	if _, err := unpack(&d, 16, [][]byte{make([]byte, 100)}, 1000); err == nil {
		// Zeros are the last symbol of the selector: a match, and nothing is there yet.
		t.Error("a match before the beginning was taken")
	}
	if _, err := unpack(&d, 16, [][]byte{nil}, 1000); err == nil {
		t.Error("nothing was unpacked to something")
	}
}

func TestMemory(t *testing.T) {
	if a, b := Memory(21, 1<<40), Memory(10, 1<<40); a != 2<<20 || b != FrameSize {
		t.Errorf("got %d, %d", a, b)
	}
}

func FuzzFrames(f *testing.F) {
	f.Add(uint8(0), quantumtest.Frames(sample(2000), 10)[0])
	f.Add(uint8(11), quantumtest.Frames(sample(2000), 21)[0])
	f.Fuzz(func(t *testing.T, window uint8, in []byte) {
		var d Decoder
		if d.Reset(MinBits+uint(window)%12, 3*FrameSize) != nil {
			t.Fatal("a window was refused")
		}
		for range 3 {
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
	data := sample(1 << 19)
	frames := quantumtest.Frames(data, 18)
	var d Decoder
	out := make([]byte, FrameSize)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Reset(18, int64(len(data))); err != nil {
			b.Fatal(err)
		}
		for _, f := range frames {
			if _, err := d.Frame(f, out); err != nil {
				b.Fatal(err)
			}
		}
	}
}

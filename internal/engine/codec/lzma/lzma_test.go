package lzma

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"vitrine/internal/engine/codec/lzma/lzmatest"
	"vitrine/internal/engine/limit"
)

// free is memory without a limit that knows how much was held at most.
type free struct{ held, most int64 }

func (f *free) Hold(n int64) error       { f.held += n; f.most = max(f.most, f.held); return nil }
func (f *free) Release(n int64)          { f.held -= n }
func (f *free) Dictionary(n int64) error { return f.Hold(n) }

// randomStream codes ops random symbols and returns the coded bytes and what
// they mean; matches reach at most dict back.
func randomStream(e *lzmatest.Encoder, rnd *rand.Rand, dict, ops int, marker bool) ([]byte, []byte) {
	var plain []byte
	last := [4]int{1, 1, 1, 1}
	add := func(dist, n int) {
		for range n {
			plain = append(plain, plain[len(plain)-dist])
		}
	}
	e.Literal('V')
	plain = append(plain, 'V')
	for range ops {
		n := 2 + rnd.IntN(1<<rnd.IntN(8))
		switch k := rnd.IntN(10); {
		case k < 4:
			c := byte(rnd.IntN(256))
			e.Literal(c)
			plain = append(plain, c)
		case k < 5:
			e.ShortRep()
			add(last[0], 1)
		case k < 7:
			w := rnd.IntN(4)
			e.Rep(w, n)
			d := last[w]
			copy(last[1:w+1], last[:w])
			last[0] = d
			add(d, n)
		default:
			d := 1 + rnd.IntN(min(len(plain), dict))
			e.Match(d, n)
			last = [4]int{d, last[0], last[1], last[2]}
			add(d, n)
		}
	}
	if marker {
		e.End()
	}
	return e.Close(), plain
}

func TestReaderRandomSymbols(t *testing.T) {
	props := [][3]uint{{3, 0, 2}, {0, 0, 0}, {8, 4, 4}, {4, 0, 0}, {0, 4, 2}, {1, 2, 3}}
	for i, p := range props {
		for _, dict := range []int{4096, 70_000, 1 << 20} {
			for _, marker := range []bool{false, true} {
				rnd := rand.New(rand.NewPCG(uint64(i), uint64(dict)))
				e := lzmatest.New(p[0], p[1], p[2], dict)
				packed, plain := randomStream(e, rnd, dict, 10_000, marker)
				size := int64(len(plain))
				if marker {
					size = -1
				}
				mem := &free{}
				z, err := NewReader(iotest.HalfReader(bytes.NewReader(packed)),
					Config{Properties: e.Properties(), Dict: int64(dict), Size: size, Memory: mem})
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(z)
				if err != nil || !bytes.Equal(got, plain) {
					t.Errorf("props %v, dict %d, marker %v: %d bytes of %d, %v", p, dict, marker, len(got), len(plain), err)
				}
				if marker && z.Unread() != 0 {
					t.Errorf("%d bytes unread after the end marker", z.Unread())
				}
				z.Close()
				if mem.held != 0 {
					t.Errorf("%d bytes still held", mem.held)
				}
			}
		}
	}
}

func TestDictionaryClaimCostsNothing(t *testing.T) {
	e := lzmatest.New(3, 0, 2, 4096)
	e.Bytes([]byte("small"))
	e.End()
	mem := &free{}
	z, err := NewReader(bytes.NewReader(e.Close()), Config{Properties: e.Properties(), Dict: 1<<32 - 1, Size: -1, Memory: mem})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); string(got) != "small" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if mem.most > 1<<20 {
		t.Errorf("held %d bytes for a stream of 5", mem.most)
	}
}

func TestMemoryRefused(t *testing.T) {
	t.Run("memory", func(t *testing.T) { memoryRefused(t, limit.Limits{MaxMemory: 1 << 20}, limit.Size) })
	t.Run("dictionary", func(t *testing.T) { memoryRefused(t, limit.Limits{MaxDict: 512 << 10}, limit.Dict) })
}

func memoryRefused(t *testing.T, l limit.Limits, want limit.Reason) {
	e := lzmatest.New(3, 0, 2, 4096)
	e.Zeros(4 << 20)
	b := limit.NewBudget(limit.Config{Limits: l})
	z, err := NewReader(bytes.NewReader(e.Close()), Config{Properties: e.Properties(), Dict: 64 << 20, Size: 4 << 20, Memory: b})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if e := limit.Of(err); e == nil || e.Reason != want {
		t.Errorf("got %v", err)
	}
	if len(got) < 256<<10 || len(got) > 1<<20 {
		t.Errorf("%d bytes came out before the refusal", len(got))
	}
	z.Close()
	if b.Held() != 0 {
		t.Errorf("%d bytes still held", b.Held())
	}
}

func TestReaderTruncated(t *testing.T) {
	e := lzmatest.New(3, 0, 2, 4096)
	packed, plain := randomStream(e, rand.New(rand.NewPCG(1, 1)), 4096, 300, true)
	for n := range len(packed) - 1 {
		z, err := NewReader(bytes.NewReader(packed[:n]), Config{Properties: e.Properties(), Dict: 4096, Size: -1, Memory: &free{}})
		if err != nil {
			continue
		}
		got, err := io.ReadAll(z)
		if err == nil {
			t.Fatalf("%d bytes of %d: no error", n, len(packed))
		}
		// Past the end zeros are decoded, at most one symbol of them.
		if common := min(len(got), len(plain)); common > 300 && !bytes.Equal(got[:common-300], plain[:common-300]) {
			t.Fatalf("%d bytes of %d: other bytes came out", n, len(packed))
		}
	}
}

func TestReaderRefuses(t *testing.T) {
	tests := []struct {
		name   string
		packed []byte
		config Config
	}{
		{"properties", make([]byte, 10), Config{Properties: 225}},
		{"first byte", []byte{1, 0, 0, 0, 0}, Config{}},
		{"empty", nil, Config{}},
		{"dictionary", make([]byte, 10), Config{Dict: 1<<32 + 1}},
	}
	for _, tt := range tests {
		tt.config.Memory = &free{}
		if _, err := NewReader(bytes.NewReader(tt.packed), tt.config); err == nil {
			t.Errorf("%s: no error", tt.name)
		}
	}
}

func TestMatchBeforeTheBeginning(t *testing.T) {
	e := lzmatest.New(3, 0, 2, 1<<20)
	e.Literal('a')
	e.Match(2, 10)
	z, err := NewReader(bytes.NewReader(e.Close()), Config{Properties: e.Properties(), Dict: 1 << 20, Size: 11, Memory: &free{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(z); !errors.Is(err, errDistance) {
		t.Errorf("got %v", err)
	}
}

// chunk2 frames one LZMA2 chunk; stored when e is nil.
func chunk2(control byte, plain int, packed []byte, props byte) []byte {
	n := plain - 1
	if control < 0x80 {
		return append([]byte{control, byte(n >> 8), byte(n)}, packed...)
	}
	h := []byte{control | byte(n>>16), byte(n >> 8), byte(n)}
	h = binary.BigEndian.AppendUint16(h, uint16(len(packed)-1))
	if control >= 0xc0 {
		h = append(h, props)
	}
	return append(h, packed...)
}

func TestReader2Chunks(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 2))
	e1 := lzmatest.New(3, 0, 2, 4096)
	p1, plain1 := randomStream(e1, rnd, 4096, 3000, false)
	e2 := lzmatest.New(0, 4, 0, 4096)
	p2, plain2 := randomStream(e2, rnd, 4096, 3000, false)
	stored := bytes.Repeat([]byte("stored "), 900)

	stream := chunk2(0xe0, len(plain1), p1, e1.Properties())
	stream = append(stream, chunk2(2, len(stored), stored, 0)...)
	stream = append(stream, chunk2(0xe0, len(plain2), p2, e2.Properties())...)
	stream = append(stream, chunk2(1, len(stored), stored, 0)...)
	stream = append(stream, 0)
	want := bytes.Join([][]byte{plain1, stored, plain2, stored}, nil)

	in := bytes.NewReader(append(stream, "after"...))
	mem := &free{}
	z, err := NewReader2(in, 4096, mem)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
	}
	if rest, _ := io.ReadAll(in); string(rest) != "after" {
		t.Errorf("read %q too far", rest)
	}
	z.Close()
	if mem.held != 0 {
		t.Errorf("%d bytes still held", mem.held)
	}
	for n := 0; n < len(stream); n += 1 + n/50 {
		z, _ := NewReader2(bytes.NewReader(stream[:n]), 4096, &free{})
		if got, err := io.ReadAll(z); err == nil {
			t.Fatalf("%d bytes of %d: %d out and no error", n, len(stream), len(got))
		}
	}
}

func TestReader2Refuses(t *testing.T) {
	tests := map[string][]byte{
		"no dictionary reset": chunk2(2, 3, []byte("abc"), 0),
		"no state reset":      chunk2(0x80, 3, make([]byte, 20), 0),
		"unknown type":        {3, 0, 0, 0},
		"lc and lp":           chunk2(0xe0, 3, make([]byte, 20), 8),
		"properties":          chunk2(0xe0, 3, make([]byte, 20), 250),
		"empty":               {},
	}
	for name, stream := range tests {
		z, err := NewReader2(bytes.NewReader(stream), 4096, &free{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(z); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestDictSize2(t *testing.T) {
	for b, want := range map[byte]int64{0: 4096, 1: 6144, 18: 2 << 20, 40: 1<<32 - 1, 39: 3 << 30} {
		if got, err := DictSize2(b); got != want || err != nil {
			t.Errorf("%d: got %d, want %d, %v", b, got, want, err)
		}
	}
	if _, err := DictSize2(41); err == nil {
		t.Error("41: no error")
	}
}

func FuzzReader(f *testing.F) {
	e := lzmatest.New(3, 0, 2, 4096)
	packed, plain := randomStream(e, rand.New(rand.NewPCG(3, 3)), 4096, 100, true)
	f.Add(e.Properties(), packed)
	e1 := lzmatest.New(3, 0, 2, 4096)
	p1, plain1 := randomStream(e1, rand.New(rand.NewPCG(4, 4)), 4096, 100, false)
	f.Add(byte(255), append(chunk2(0xe0, len(plain1), p1, e1.Properties()), 0))
	_ = plain
	f.Fuzz(func(t *testing.T, props byte, packed []byte) {
		mem := &free{}
		if z, err := NewReader(bytes.NewReader(packed), Config{Properties: props, Dict: 8192, Size: -1, Memory: mem}); err == nil {
			io.Copy(io.Discard, io.LimitReader(z, 1<<20))
			z.Close()
		}
		z, err := NewReader2(bytes.NewReader(packed), 8192, mem)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, io.LimitReader(z, 1<<20))
		z.Close()
		if mem.held != 0 {
			t.Fatalf("%d bytes still held", mem.held)
		}
	})
}

func BenchmarkReader(b *testing.B) {
	e := lzmatest.New(3, 0, 2, 1<<20)
	packed, plain := randomStream(e, rand.New(rand.NewPCG(5, 5)), 1<<20, 300_000, true)
	b.SetBytes(int64(len(plain)))
	for b.Loop() {
		z, err := NewReader(bytes.NewReader(packed), Config{Properties: e.Properties(), Dict: 1 << 20, Size: -1, Memory: &free{}})
		if err != nil {
			b.Fatal(err)
		}
		io.Copy(io.Discard, z)
	}
}

package filter

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/iotest"

	"vitrine/internal/engine/archive/archivetest"
)

func convertAll(t *testing.T, kind Kind, start uint32, data []byte) []byte {
	t.Helper()
	r, err := NewBranch(bytes.NewReader(data), kind, start)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestOneInstruction has for each processor one branch with an absolute
// target, and the relative one it stands for.
func TestOneInstruction(t *testing.T) {
	tests := []struct {
		name     string
		kind     Kind
		start    uint32
		abs, rel string
	}{
		{"x86 call", X86, 0x1000, "\xe8\x05\x20\x00\x00", "\xe8\x00\x10\x00\x00"},
		{"x86 jump back", X86, 0x1000, "\xe9\x05\x00\x00\x00", "\xe9\x00\xf0\xff\xff"},
		{"x86, far", X86, 0x1000, "\xe8\x05\x20\x00\x12", "\xe8\x05\x20\x00\x12"},
		{"arm", ARM, 0x100, "\x52\x00\x00\xeb", "\x10\x00\x00\xeb"},
		{"arm, other", ARM, 0x100, "\x52\x00\x00\xea", "\x52\x00\x00\xea"},
		{"thumb", ARMT, 0x100, "\x00\xf0\x92\xf8", "\x00\xf0\x10\xf8"},
		{"arm64 bl", ARM64, 0x100, "\x50\x00\x00\x94", "\x10\x00\x00\x94"},
		{"arm64 adrp", ARM64, 0x3000, "\x00\x00\x00\xb0", adrp(1 - 3)},
		{"ppc", PPC, 0x100, "\x48\x00\x01\x41", "\x48\x00\x00\x41"},
		{"sparc", SPARC, 0x100, "\x40\x00\x00\x50", "\x40\x00\x00\x10"},
	}
	for _, tt := range tests {
		if got := convertAll(t, tt.kind, tt.start, []byte(tt.abs)); string(got) != tt.rel {
			t.Errorf("%s: got % x, want % x", tt.name, got, tt.rel)
		}
	}
}

// adrp is ADRP of register 0 for a distance in pages.
func adrp(pages int32) string {
	v := uint32(pages)
	w := 0x90000000 | v&3<<29 | v>>2&0x7ffff<<5
	return string([]byte{byte(w), byte(w >> 8), byte(w >> 16), byte(w >> 24)})
}

func TestUnknownKind(t *testing.T) {
	for _, k := range []Kind{0, RISCV, 99} {
		if _, err := NewBranch(nil, k, 0); !errors.Is(err, ErrKind) {
			t.Errorf("%d: got %v", k, err)
		}
	}
}

// TestPiecesAreTheWhole: where a buffer or a read ends must not matter.
func TestPiecesAreTheWhole(t *testing.T) {
	data := slices.Repeat(archivetest.Branches(), 13)
	data = append(data, 0xe8, 0, 0)
	for kind := X86; kind <= ARM64; kind++ {
		want := convertAll(t, kind, 0, data)
		if bytes.Equal(want, data) || len(want) != len(data) {
			t.Errorf("kind %d: nothing was converted, or %d bytes of %d", kind, len(want), len(data))
		}
		r, _ := NewBranch(iotest.OneByteReader(bytes.NewReader(data)), kind, 0)
		got, err := io.ReadAll(iotest.OneByteReader(r))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("kind %d: other bytes when read in pieces, %v", kind, err)
		}
	}
}

func TestErrorsComeBehindTheData(t *testing.T) {
	broken := errors.New("broken")
	r, _ := NewBranch(io.MultiReader(bytes.NewReader([]byte("abc")), iotest.ErrReader(broken)), X86, 0)
	if got, err := io.ReadAll(r); string(got) != "abc" || !errors.Is(err, broken) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestDelta(t *testing.T) {
	for _, distance := range []int{1, 2, 7, 255, 256} {
		rnd := rand.New(rand.NewPCG(1, uint64(distance)))
		plain := make([]byte, 2000)
		for i := range plain {
			plain[i] = byte(rnd.Uint32())
		}
		stored := bytes.Clone(plain)
		for i := len(stored) - 1; i >= distance; i-- {
			stored[i] -= stored[i-distance]
		}
		r, err := NewDelta(iotest.HalfReader(bytes.NewReader(stored)), distance)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("distance %d: other bytes, %v", distance, err)
		}
	}
	for _, distance := range []int{0, 257, -1} {
		if _, err := NewDelta(nil, distance); err == nil {
			t.Errorf("distance %d is taken", distance)
		}
	}
}

func bcj2Of(parts ...string) io.Reader {
	var r [4]io.Reader
	for i := range r {
		r[i] = bytes.NewReader([]byte(parts[i]))
	}
	return NewBCJ2(r[0], r[1], r[2], r[3])
}

func TestBCJ2(t *testing.T) {
	// The range coder's first bits of 0xff… are ones: every operand was taken.
	taken, none := "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\x00\x00\x00\x00\x00\x00\x00"
	code := "ab\xe8cd\xe9\x0f\x85z"
	got, err := io.ReadAll(iotest.OneByteReader(bcj2Of(code, "\x00\x00\x10\x07", "\x00\x00\x20\x0d\x00\x00\x30\x13", taken)))
	want := "ab\xe8\x00\x10\x00\x00cd\xe9\xff\x1f\x00\x00\x0f\x85\xff\x2f\x00\x00z"
	if string(got) != want || err != nil {
		t.Errorf("got % x, %v\nwant % x", got, err, want)
	}
	if got, err := io.ReadAll(bcj2Of(code, "", "", none)); string(got) != code || err != nil {
		t.Errorf("nothing taken: got % x, %v", got, err)
	}
	for name, r := range map[string]io.Reader{
		"no choices":       bcj2Of(code, "", "", ""),
		"choices":          bcj2Of(code, "", "", "\x01\x00\x00\x00\x00"),
		"operands missing": bcj2Of(code, "\x00", "", taken),
	} {
		if _, err := io.ReadAll(r); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzFilters(f *testing.F) {
	f.Add(archivetest.Branches()[:256], byte(1), uint32(0))
	f.Add([]byte("\xe8\xe8\x00\x00\x00\xe9\xff"), byte(200), uint32(1<<31))
	f.Fuzz(func(t *testing.T, data []byte, n byte, start uint32) {
		for kind := X86; kind <= ARM64; kind++ {
			if got := convertAll(t, kind, start, data); len(got) != len(data) {
				t.Fatalf("kind %d: %d bytes of %d", kind, len(got), len(data))
			}
		}
		part := string(data[:len(data)*int(n)/256])
		io.Copy(io.Discard, bcj2Of(string(data), part, part, "\x00"+part))
	})
}

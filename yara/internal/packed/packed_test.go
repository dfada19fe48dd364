package packed

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// pieces are texts of every kind: empty, long, alike, and without order.
func pieces() [][]byte {
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(rng.IntN(256))
	}
	out := [][]byte{{}, []byte("a"), noise, {}, bytes.Repeat([]byte("ab"), 200_000), make([]byte, 300)}
	for i := range 3000 {
		out = append(out, fmt.Appendf(nil, "rule number_%d { strings: $a = \"text %d\" condition: $a } %s", i, rng.IntN(50), strings.Repeat("x", rng.IntN(300))))
	}
	return out
}

func write(pieces [][]byte) *Store {
	w := &Writer{}
	for _, p := range pieces {
		w.Add(p)
	}
	return w.Finish()
}

// TestAbort: what is taken back leaves no trace, whether blocks were filled meanwhile or not.
func TestAbort(t *testing.T) {
	all := pieces()
	want := write(all[6:])
	for _, back := range [][][]byte{nil, {[]byte("short")}, all[:5], all[:900]} {
		w := &Writer{}
		for i, p := range all[6:] {
			if i%700 == 3 {
				w.Begin()
				for _, b := range back {
					w.Add(b)
				}
				w.Abort()
			}
			w.Begin()
			w.Add(p)
		}
		if got := w.Finish(); !bytes.Equal(got.Data(), want.Data()) || got.Len() != want.Len() {
			t.Errorf("%d pieces taken back leave %d bytes and %d pieces, not %d and %d", len(back), len(got.Data()), got.Len(), len(want.Data()), want.Len())
		}
	}
}

func TestPieces(t *testing.T) {
	want := pieces()
	written := write(want)
	loaded, err := Load(written.Blocks(), written.Data())
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Len() != len(want) || len(loaded.Blocks()) < 5 || len(loaded.Data()) > 250_000 {
		t.Errorf("%d pieces, %d blocks, %d bytes", loaded.Len(), len(loaded.Blocks()), len(loaded.Data()))
	}
	forwards, anywhere := loaded.Reader(), loaded.Reader()
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range want {
		if got := forwards.Piece(i); !bytes.Equal(got, want[i]) || got == nil {
			t.Fatalf("piece %d: %.40q", i, got)
		}
		k := rng.IntN(len(want))
		if got := anywhere.Piece(k); !bytes.Equal(got, want[k]) {
			t.Fatalf("piece %d: %.40q", k, got)
		}
	}
	for _, i := range []int{-1, len(want), 1 << 40} {
		if forwards.Piece(i) != nil {
			t.Errorf("there is a piece %d", i)
		}
	}
	if again := write(want); !bytes.Equal(again.Data(), written.Data()) {
		t.Error("the same pieces give other bytes")
	}
}

func TestNoPieces(t *testing.T) {
	s := write(nil)
	if s.Len() != 0 || len(s.Data()) != 0 || s.Reader().Piece(0) != nil {
		t.Error("something in nothing")
	}
}

func TestLoadRefuses(t *testing.T) {
	data := write([][]byte{[]byte("one"), []byte("two")}).Data()
	n := uint32(len(data))
	for name, blocks := range map[string][]Block{
		"none":        nil,
		"no pieces":   {{0, 8, n}},
		"too short":   {{2, 8, n - 1}},
		"too long":    {{2, 8, n + 1}},
		"more pieces": {{9, 8, n}},
		"too large":   {{2, 1 << 31, n}},
	} {
		if _, err := Load(blocks, data); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// FuzzDamaged reads damaged blocks: what comes out is of the size that was
// said, or nothing.
func FuzzDamaged(f *testing.F) {
	f.Add([]byte{0x52, 'h', 'e', 'l', 'l', 'o', 5, 0, 0x10, '!'}, 20)
	f.Add([]byte{0xF0, 255, 3, 1, 2}, 300)
	f.Add([]byte{0x1F, 'a', 1, 0, 255, 255, 40, 0}, 571)
	f.Fuzz(func(t *testing.T, src []byte, size int) {
		out, ok := unsqueeze(src, size)
		if ok && len(out) != size || len(out) > maxGain*len(src) {
			t.Fatalf("%d bytes of %d", len(out), size)
		}
		s, err := Load([]Block{{3, uint32(min(max(size, 3), 1<<20)), uint32(len(src))}}, src)
		if err != nil {
			t.Fatal(err)
		}
		for r := s.Reader(); len(src) > 0; src = src[1:] {
			r.Piece(int(src[0] % 4))
		}
		var sq squeezer
		if back, ok := unsqueeze(sq.squeeze(nil, out), len(out)); !ok || !bytes.Equal(back, out) {
			t.Fatal("what was squeezed comes out otherwise")
		}
	})
}

package upx

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/limit"
	"vitrine/internal/engine/upx/upxtest"
)

// config is a budget of its own, with limits where they are given.
func config(packed int, l limit.Limits) Config {
	b := limit.NewBudget(limit.Config{Limits: l})
	b.Begin(context.Background(), int64(packed))
	return Config{Budget: b, Open: &codec.Opener{Budget: b}}
}

// plain is data with repeats near and far, of all lengths.
func plain(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b []byte
	for len(b) < n {
		switch r.IntN(4) {
		case 0:
			b = append(b, byte(r.Uint32()), byte(r.Uint32()))
		case 1:
			b = append(b, bytes.Repeat([]byte{byte(r.Uint32())}, 1+r.IntN(300))...)
		default:
			if len(b) > 0 {
				at := r.IntN(len(b))
				b = append(b, b[at:min(len(b), at+1+r.IntN(40))]...)
			}
		}
	}
	return b[:n]
}

var methods = []int{2, 3, 4, 5, 6, 7, 8, 9, 10, upxtest.LZMA, upxtest.Flate}

func TestEveryMethod(t *testing.T) {
	for _, m := range methods {
		for _, n := range []int{1, 2, 60, 5_000, 300_000} {
			t.Run(fmt.Sprintf("%d/%d", m, n), func(t *testing.T) {
				want := plain(n)
				packed := upxtest.Stream(m, want)
				u := &unpacker{Config: config(len(packed), limit.Limits{}), data: packed}
				out := u.newBuffer()
				if err := u.inflate(out, packed, byte(m), int64(n)); err != nil || !bytes.Equal(out.b, want) {
					t.Errorf("%v, %d bytes", err, len(out.b))
				}
				head := make([]byte, min(n, 50))
				if got := peek(head, packed, byte(m)); got != len(head) || !bytes.Equal(head, want[:got]) {
					t.Errorf("a look gave %d bytes", got)
				}
				out.free()
				if u.Budget.Held() != 0 {
					t.Errorf("%d bytes still held", u.Budget.Held())
				}
			})
		}
	}
}

// A header may say less or more than comes out.
func TestWrongSizes(t *testing.T) {
	want := plain(3000)
	for _, m := range methods {
		packed := upxtest.Stream(m, want)
		for _, size := range []int64{2999, 3001, 1 << 32} {
			u := &unpacker{Config: config(len(packed), limit.Limits{}), data: packed}
			out := u.newBuffer()
			err := u.inflate(out, packed, byte(m), size)
			// These may end anywhere, and the end of LZMA's holds one symbol more.
			streamed := m >= upxtest.LZMA && size < 3000 || m == upxtest.LZMA && size == 3001
			if l := limit.Of(err); !streamed && (l == nil || l.Reason != limit.Damaged) {
				t.Errorf("method %d, size %d: %v", m, size, err)
			}
			if len(out.b) < 2999 || !bytes.Equal(out.b[:2999], want[:2999]) {
				t.Errorf("method %d, size %d: %d bytes came out", m, size, len(out.b))
			}
			out.free()
		}
	}
}

// A stream cut off anywhere gives what came before, and never more.
func TestCutStreams(t *testing.T) {
	want := plain(400)
	for _, m := range methods {
		packed := upxtest.Stream(m, want)
		for n := range packed {
			u := &unpacker{Config: config(n, limit.Limits{}), data: packed}
			out := u.newBuffer()
			err := u.inflate(out, packed[:n], byte(m), 400)
			if err == nil && !bytes.Equal(out.b, want) || !bytes.HasPrefix(want, out.b) {
				t.Errorf("method %d cut at %d: %v, %d bytes", m, n, err, len(out.b))
			}
			out.free()
		}
	}
}

func TestHostileStreams(t *testing.T) {
	for _, code := range []byte("bde") {
		for name, c := range map[string]struct {
			offset, size int
			err          error
		}{
			"a match into itself":    {1, 1000, nil},
			"before the beginning":   {2, 10, errReach},
			"far before":             {1 << 20, 10, errReach},
			"a length of a gigabyte": {1, 1 << 30, nil},
			"a length beyond":        {1, 1 << 32, errCode},
		} {
			t.Run(fmt.Sprintf("%c %s", code, name), func(t *testing.T) {
				z := newNRV(map[byte]family{'b': nrv2b, 'd': nrv2d, 'e': nrv2e}[code], 4, upxtest.NRVMatch(code, 4, 'x', c.offset, c.size))
				p := make([]byte, 5000)
				n, err := z.run(p, 0)
				if err != c.err {
					t.Errorf("%v, not %v", err, c.err)
				}
				if err == nil && n != min(c.size+1, len(p)) || err != nil && n != 1 {
					t.Errorf("%d bytes", n)
				}
			})
		}
	}
}

// A claim of 4 GiB, and a stream that really has them, cost what is allowed.
func TestLargeClaims(t *testing.T) {
	u := &unpacker{Config: config(1000, limit.Limits{MaxMemory: 1 << 20}), data: make([]byte, 1000)}
	out := u.newBuffer()
	err := u.inflate(out, upxtest.NRVMatch('e', 4, 'x', 1, 1<<30), 8, 1<<32-1)
	if l := limit.Of(err); l == nil || l.Reason != limit.Size {
		t.Errorf("%v", err)
	}
	if u.Budget.Held() > 1<<20 {
		t.Errorf("%d bytes held", u.Budget.Held())
	}
	out.free()

	u = &unpacker{Config: config(1000, limit.Limits{}), data: make([]byte, 1000)}
	out = u.newBuffer()
	if err := u.inflate(out, upxtest.Stream(8, []byte("hello")), 8, 1<<32-1); limit.Of(err).Reason != limit.Damaged {
		t.Errorf("%v", err)
	}
	if u.Budget.Held() > 256<<10 {
		t.Errorf("%d bytes held for five", u.Budget.Held())
	}
	out.free()

	u = &unpacker{Config: config(1000, limit.Limits{}), data: make([]byte, 1000)}
	out = u.newBuffer()
	if err := u.inflate(out, upxtest.NRVMatch('e', 4, 'x', 1, 1<<30), 8, -1); limit.Of(err).Reason != limit.Ratio {
		t.Errorf("%v", err)
	}
	out.free()
}

func TestUnknownMethod(t *testing.T) {
	for _, m := range []byte{0, 1, 11, 13, 16, 17, 255} {
		u := &unpacker{Config: config(3, limit.Limits{})}
		if err := u.inflate(u.newBuffer(), []byte("abc"), m, 10); limit.Of(err).Reason != limit.Method {
			t.Errorf("method %d: %v", m, err)
		}
	}
	for _, p := range [][]byte{nil, {0}, {0x1a}, {0x1a, 0x04}, {0x1d, 3}, {0x1a, 0x53}} {
		if _, err := lzmaProperties(p); err == nil {
			t.Errorf("%x are properties", p)
		}
	}
}

func BenchmarkMethods(b *testing.B) {
	want := plain(1 << 20)
	for _, m := range methods {
		b.Run(fmt.Sprint(m), func(b *testing.B) {
			packed := upxtest.Stream(m, want)
			b.SetBytes(int64(len(want)))
			for b.Loop() {
				u := &unpacker{Config: config(len(packed), limit.Limits{}), data: packed}
				out := u.newBuffer()
				if err := u.inflate(out, packed, byte(m), int64(len(want))); err != nil {
					b.Fatal(err)
				}
				out.free()
			}
		})
	}
}

package upx

import (
	"bytes"
	"testing"

	"vitrine/internal/engine/limit"
)

// A library whose list of functions, relocation or first symbol is said to lie
// anywhere is unpacked all the same, and one cut off is not called whole.
func TestSpoiltLibraries(t *testing.T) {
	for _, name := range []string{"amd64.so.upx", "array.so.upx"} {
		data := kept(t, name)
		h, _ := parseELF(data)
		dynamic, ok := h.dynamic()
		if !ok {
			t.Fatal("no dynamic segment")
		}
		for at := dynamic.offset; at < dynamic.end(); at += 8 {
			for _, v := range []uint64{0, 1, 1 << 62, 1<<64 - 1, uint64(len(data)) - 4} {
				changed := bytes.Clone(data)
				put64(changed[at:], v)
				got, err := unpack(t, changed, limit.Limits{})
				if len(got) == 0 {
					t.Errorf("%s, %#x at %#x: %v", name, v, at, err)
				}
			}
		}
		for n := range 40 { // where the segments lie
			changed := bytes.Clone(data)
			put64(changed[64+8*n:], 1<<63+uint64(n))
			if got, _ := unpack(t, changed, limit.Limits{}); len(got) > 1<<20 {
				t.Errorf("%s: %d bytes", name, len(got))
			}
		}
		for n := 0; n < len(data); n += 101 {
			if got, err := unpack(t, data[:n], limit.Limits{}); err == nil && !bytes.Contains(got, []byte(marker)) {
				t.Errorf("%s cut at %d: no error", name, n)
			}
		}
	}
}

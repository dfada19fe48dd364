package archive

import (
	"bytes"
	"testing"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/limit"
	"vitrine/internal/engine/upx/upxtest"
)

func TestUPX(t *testing.T) {
	m := upxtest.Machines()[0]
	program := m.Program("a text, and a text, and one more text")
	packed := m.Packed(program, upxtest.Pack{Method: upxtest.NRV2E, Filter: m.Filter})
	g, b, err := walkWith(t, packed, limit.Limits{})
	if err != nil || g.names() != "(upx)" || g.reasons() != "" || !bytes.Equal(g.members[0].Data, program) {
		t.Errorf("%v: %q, %q", err, g.names(), g.reasons())
	}
	if b.Held() != 0 {
		t.Errorf("%d bytes still held", b.Held())
	}

	spoilt := m.Packed(program, upxtest.Pack{Method: upxtest.NRV2E, Spoil: upxtest.NoHeader})
	if g, _, _ := walkWith(t, spoilt, limit.Limits{}); g.reasons() != "damaged" || !bytes.Equal(g.members[0].Data, program) {
		t.Errorf("without its header: %q", g.reasons())
	}
	if g, _, _ := walkWith(t, packed, limit.Limits{MaxFiles: 0, MaxTotal: 100}); g.reasons() != "size" {
		t.Errorf("in 100 bytes: %q", g.reasons())
	}
}

// A packed program in a zip in a packed program's overlay: each is found.
func TestUPXCarriesMore(t *testing.T) {
	m := upxtest.Machines()[0]
	program := append(m.Program("outer outer outer"), archivetest.Zip(small)...)
	packed := m.Packed(program, upxtest.Pack{Method: upxtest.LZMA})
	g, _, _ := walkWith(t, packed, limit.Limits{})
	if len(g.members) != 1 || Find(g.members[0].Data) == nil {
		t.Fatalf("%q", g.names())
	}
	if p := Find(g.members[0].Data)[0]; p.Format != Zip {
		t.Errorf("%s inside", p.Format)
	}
}

func FuzzUPX(f *testing.F) {
	for _, m := range upxtest.Machines()[:2] {
		f.Add(m.Packed(m.Program("text text text"), upxtest.Pack{Method: upxtest.NRV2E, Filter: m.Filter}))
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzzWalk(t, UPX, data) })
}

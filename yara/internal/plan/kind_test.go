package plan

import (
	"encoding/binary"
	"testing"

	"vitrine/yara/internal/facts"
)

// TestKindsAgreeWithGates: whatever a file begins with, a gate that is open
// for it must be one that may be open in files of its kind.
func TestKindsAgreeWithGates(t *testing.T) {
	heads := [][]byte{{}, {'M'}, []byte("MZ"), []byte("MZ\x90\x00"), []byte("\x7fELF"), []byte("\x7fEL"), []byte("PK\x03\x04"), {0, 0, 0, 0}, []byte("ZM\x00\x00")}
	masks := []uint32{0, 0xFF, 0xFFFF, 0xFF00, 0xFFFFFF, 0xFFFFFFFF, 0x00FF0000, 0xFFFF0000}
	var gates []facts.Gate
	for _, h := range heads {
		var word [4]byte
		copy(word[:], h)
		for _, m := range masks {
			gates = append(gates, facts.Gate{Mask: m, Value: binary.LittleEndian.Uint32(word[:]) & m})
		}
	}
	for _, h := range heads {
		for _, g := range gates {
			if g.Open(h) && !mayOpen(g, Kind(h)) {
				t.Errorf("gate %x is open for %q but not expected in kind %d", g, h, Kind(h))
			}
		}
	}
	if mayOpen(facts.Gate{Mask: 0xFFFF, Value: magicMZ}, kindOther) || mayOpen(facts.Gate{Mask: 0xFFFFFFFF, Value: magicELF}, kindMZ) {
		t.Error("a gate for one magic is expected in files of another")
	}
}

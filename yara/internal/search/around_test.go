package search

import (
	"testing"

	"vitrine/yara/syntax"
)

// TestAround: what is searched for an atom holds what the pattern says of the
// bytes beside it.
func TestAround(t *testing.T) {
	tests := []struct{ hex, bytes, mask string }{
		{"41 42 43 44 45 46 47 48 ?? ?? 49 4A", "ABCDEFGH\x00\x00IJ", "\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\xff\xff"},
		{"?? 5? 41 42 43 44 [2] 45 ??", "\x50ABCD\x00\x00E", "\xf0\xff\xff\xff\xff\x00\x00\xff"},
		{"51 [1-4] 52 ?? 41 42 43 44 [2] 45 [1-2] 53", "R\x00ABCD\x00\x00E", "\xff\x00\xff\xff\xff\xff\x00\x00\xff"},
	}
	for _, tt := range tests {
		p, err := Compile(&syntax.String{Kind: syntax.Hex, Value: []byte(tt.hex)}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		form := &p.Links[0].Forms[0]
		l, lead := form.around(&form.Atoms[0])
		if string(l.Bytes) != tt.bytes || string(l.Mask) != tt.mask {
			t.Errorf("%s: %q masked %x, want %q masked %x", tt.hex, l.Bytes, l.Mask, tt.bytes, tt.mask)
		}
		if atom := form.Atoms[0].Bytes; string(l.Bytes[lead:lead+len(atom)]) != string(atom) {
			t.Errorf("%s: the atom %x is not at %d of %x", tt.hex, atom, lead, l.Bytes)
		}
	}
}

package pattern

import (
	"encoding/hex"
	"testing"
)

func TestLead(t *testing.T) {
	tests := []struct {
		hex, value, known    string // of the program
		backValue, backKnown string // of the reverse one
		limit                int
	}{
		{"41 42 43", "414243", "ffffff", "414243", "ffffff", 8},
		{"41 42 43", "4142", "ffff", "4243", "ffff", 2},
		{"41 ?? 4? ?3 44", "4100400344", "ff00f00fff", "4100400344", "ff00f00fff", 8},
		{"41 [3] 42 43", "410000004243", "ff000000ffff", "410000004243", "ff000000ffff", 8},
		{"41 [3] 42 43", "410000", "ff0000", "004243", "00ffff", 3},
		{"41 42 [1-3] 43 44", "4142", "ffff", "4344", "ffff", 8},
		{"41 ( 42 | 43 45 ) 44", "41", "ff", "44", "ff", 8},
		{"( 41 | 42 43 ) 44", "", "", "44", "ff", 8},
		{"41 ~42 43", "410043", "ff00ff", "410043", "ff00ff", 8},
	}
	for _, tt := range tests {
		n, err := ParseHex([]byte(tt.hex))
		if err != nil {
			t.Fatal(err)
		}
		for _, reverse := range []bool{false, true} {
			p, err := Compile(n, Options{Reverse: reverse})
			if err != nil {
				t.Fatal(err)
			}
			want, mask := tt.value, tt.known
			if reverse {
				want, mask = tt.backValue, tt.backKnown
			}
			for range 2 {
				value, known := p.Lead(tt.limit)
				if hex.EncodeToString(value) != want || hex.EncodeToString(known) != mask {
					t.Errorf("%s, reverse %t: %x known %x, want %s known %s", tt.hex, reverse, value, known, want, mask)
				}
				p.Pack()
			}
		}
	}
}

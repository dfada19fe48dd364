package prefilter

import (
	_ "embed"
	"math"
)

// raritySize is the number of buckets of the table of window frequencies.
const raritySize = 1 << 16

// rarityTable has a byte for each bucket of folded windows: 255 and eight times
// the binary logarithm of how often one of them occurs in a mixed sample of
// Linux and Windows executables and text. The flag -train of the tests makes it.
//
//go:embed rarity.bin
var rarityTable string

// rarityIndex gives the bucket of the window at the beginning of b.
func rarityIndex(b []byte) int { return int((load(b, 0) | fold) * hashMul >> 16) }

// frequencyUnit is the inverse of what frequencies are multiples of.
const frequencyUnit = 1 << 40

// frequencies has, for each byte of the table, the frequency it stands for
// raised to 0, a quarter, a half, three quarters and 1. They are rounded so that
// sums of them are exact: processors differ in the last bit of a power, and what is
// compiled must not.
var frequencies = func() (f [windowLen + 1][256]float64) {
	for quarters := range f {
		for v := range f[quarters] {
			f[quarters][v] = math.Round(math.Exp2(float64((v-255)*quarters)/(8*windowLen))*frequencyUnit) / frequencyUnit
		}
	}
	return f
}()

// frequency estimates the share of positions in files at which the window at
// the beginning of b stands, without regard to case.
func frequency(b []byte) float64 { return partFrequency(b, windowLen) }

// partFrequency is frequency for a number of bytes of the window, as if each
// of them counted alike.
func partFrequency(b []byte, bytes int) float64 {
	return frequencies[bytes][rarityTable[rarityIndex(b)]]
}

// tinyFrequency is a guess of how often less than four bytes stand somewhere:
// what fills gaps in files comes in runs.
func tinyFrequency(b []byte) float64 {
	rate := 1.0
	for i, c := range b {
		switch {
		case i > 0 && c == b[i-1]:
			rate /= 2
		case c == 0:
			rate /= 4
		case c == 0xFF || c == ' ':
			rate /= 16
		default:
			rate /= 64
		}
	}
	return rate
}

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

// frequencies has, for each byte of the table, the frequency it stands for
// raised to 0, a quarter, a half, three quarters and 1.
var frequencies = func() (f [windowLen + 1][256]float64) {
	for quarters := range f {
		for v := range f[quarters] {
			f[quarters][v] = math.Exp2(float64((v-255)*quarters) / (8 * windowLen))
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

// rarestPart cuts a long literal to the MaxLiteral bytes around its rarest
// slice and says how many bytes were cut off in front.
func rarestPart(b []byte) (part []byte, skip int) {
	const maxSkip = 1 << 15
	if len(b) > maxSkip {
		b = b[:maxSkip]
	}
	if len(b) <= MaxLiteral {
		return b, 0
	}
	at, _ := rarestSlice(b, shapes[0].stride)
	skip = min(max(at-(MaxLiteral-windowLen-shapes[0].stride+1)/2, 0), len(b)-MaxLiteral)
	return b[skip : skip+MaxLiteral], skip
}

// rarestSlice gives the offset of the slice of b, long enough for a stride,
// that is likely to pass a filter of that stride least often, and how often
// that is, per position of the data.
func rarestSlice(b []byte, stride int) (at int, rate float64) {
	rate = math.Inf(1)
	for i := 0; i+windowLen+stride-1 <= len(b); i++ {
		sum := 0.0
		for o := range stride {
			sum += frequency(b[i+o:])
		}
		if sum /= float64(stride); sum < rate {
			at, rate = i, sum
		}
	}
	return at, rate
}

package pattern

import (
	_ "embed"
	"math"
)

// doublings is the binary logarithm to a thousandth. Processors differ in the
// last bit of a logarithm, and in whether they round a product before it is added
// (a conversion makes them); what is compiled must not.
func doublings(x float64) float64 { return math.Round(math.Log2(x)*1024) / 1024 }

// pairTable has a byte for each byte value, and one for each two that follow one
// another: eight times the bits of how seldom it stands at a given offset, in a mixed
// sample of Linux and Windows executables and text. The flag -train of the tests makes it.
//
//go:embed pairs.bin
var pairTable string

// shortPenalty is in bits, by length: where short texts are looked for more places
// pass that hold none.
func shortPenalty(length int) float64 {
	return [...]float64{12, 10, 2, 1, 0}[min(length, 4)]
}

// rarity estimates how seldom a text occurs in the files that are scanned, in
// bits: about -log2 of the chance to find it at a given offset, as if each byte
// depended on the one before alone.
func rarity[T string | []byte](s T, fold bool) float64 {
	sum := 0
	for i := range len(s) {
		own := byteBits(s[i])
		if i > 0 {
			own = max(pairBits(s[i-1], s[i])-byteBits(s[i-1]), leastBits)
		}
		if fold && isLetter(s[i]) {
			own -= foldedLess
		}
		sum += own
	}
	return float64(sum)/unitsPerBit - shortPenalty(len(s))
}

// What is computed with is eighths of a bit.
const (
	unitsPerBit = 8
	leastBits   = 2 // that a byte adds to those before
	foldedLess  = 2 // that a letter in either case is less rare
)

func byteBits(c byte) int { return int(pairTable[c]) }

func pairBits(a, b byte) int { return int(pairTable[256+int(a)<<8+int(b)]) }

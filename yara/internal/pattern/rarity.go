package pattern

import "math"

// doublings is the binary logarithm to a thousandth. Processors differ in the
// last bit of a logarithm, and in whether they round a product before it is added
// (a conversion makes them); what is compiled must not.
func doublings(x float64) float64 { return math.Round(math.Log2(x)*1024) / 1024 }

// shortAtomPenalty is in bits per byte below four: short texts come up
// everywhere.
const shortAtomPenalty = 4

// rarity estimates how seldom a text occurs in the files that are scanned, in
// bits: about -log2 of the chance to find it at a given offset. It knows that
// zeroes and other padding run, that letters follow letters and that some pairs
// are common; the figures are rough averages over programs and texts.
func rarity[T string | []byte](s T, fold bool) float64 {
	bits := 0.0
	for i := range len(s) {
		b := byteBits(s[i])
		if i > 0 {
			b = followBits(s[i-1], s[i], b)
		}
		if fold && isLetter(s[i]) {
			b -= 0.3
		}
		bits += b
	}
	if len(s) < 4 {
		bits -= shortAtomPenalty * float64(4-len(s))
	}
	return bits
}

// byteBits is for a byte whose neighbour is not known.
func byteBits(c byte) float64 {
	switch {
	case c == 0:
		return 2
	case c == 0xFF || c == ' ':
		return 4
	case 'a' <= c && c <= 'z':
		return 5
	case c == 0x48 || c == 0x8B || c == 0x89 || c == 0xE8 || c == 0x0F || c == 0xCC || c == 0x90 || c == '\n':
		return 5.5
	case 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c < 0x10 || c == '_':
		return 6.5
	case c < 0x80:
		return 7
	}
	return 7.5
}

// followBits is for c behind prev, own being the bits of c by itself.
func followBits(prev, c byte, own float64) float64 {
	switch {
	case c == prev && padding(c):
		return 0.5
	case c == prev:
		return 3
	case c == 0 && isWord(prev): // wide text
		return 1.5
	case prev == 0 && isWord(c):
		return own - 0.5
	case commonPair(prev, c):
		return 3
	case isLetter(prev) && isLetter(c):
		return own - 0.5
	}
	return own
}

// padding tells which bytes fill gaps in files.
func padding(c byte) bool {
	switch c {
	case 0, 0xFF, 0x90, 0xCC, ' ', '-', '=', '*', '\t', '#', '0':
		return true
	}
	return false
}

// commonPairs has, for each letter, the letters that often follow it in
// English text and in names: bit 0 is a.
var commonPairs = pairTable("th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se " +
	"ha as ou io le ve co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur ")

func pairTable(pairs string) (table [26]uint32) {
	for i := 0; i+2 < len(pairs); i += 3 {
		table[pairs[i]-'a'] |= 1 << (pairs[i+1] - 'a')
	}
	return table
}

func commonPair(a, b byte) bool {
	return isLetter(a) && isLetter(b) && commonPairs[a|0x20-'a']&(1<<(b|0x20-'a')) != 0
}

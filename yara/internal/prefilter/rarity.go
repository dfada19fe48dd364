package prefilter

// rarestPart cuts a long literal to the MaxLiteral bytes around its rarest
// window and says how many bytes were cut off in front.
func rarestPart(b []byte) (part []byte, skip int) {
	const maxSkip = 1 << 15
	if len(b) > maxSkip {
		b = b[:maxSkip]
	}
	if len(b) <= MaxLiteral {
		return b, 0
	}
	at := rarestSlice(b, windowLen+strideOf[0]-1)
	skip = min(max(at-(MaxLiteral-windowLen-strideOf[0]+1)/2, 0), len(b)-MaxLiteral)
	return b[skip : skip+MaxLiteral], skip
}

// rarestSlice gives the offset of the slice of n bytes whose windows together
// are likely to be seen least often in files. len(b) is at least n.
func rarestSlice(b []byte, n int) int {
	best, bestScore := 0, -1
	for i := 0; i+n <= len(b); i++ {
		score := 0
		for j := i; j+windowLen <= i+n; j++ {
			score += Rarity(b[j : j+windowLen])
		}
		if score > bestScore {
			best, bestScore = i, score
		}
	}
	return best
}

// Rarity estimates how rare a short sequence of bytes is: the higher, the
// rarer. It adds up what is known of single bytes in executables and text,
// and counts a byte that repeats its neighbour, or the one before that, for little.
func Rarity(b []byte) int {
	score := 0
	for i, c := range b {
		s := byteRarity(c)
		if i > 0 && c == b[i-1] || i > 1 && c == b[i-2] {
			s /= 4
		}
		score += s
	}
	return score
}

// byteRarity is a rough scale from 0 (in nearly every window of some kind of
// file) to 20.
func byteRarity(c byte) int {
	switch {
	case c == 0:
		return 1
	case c == 0xFF, c == ' ', c == 0x90, c == 0xCC:
		return 4
	case c == 'e', c == 't', c == 'a', c == 'o', c == 'n', c == 'i', c == 'r', c == 's':
		return 8
	case c == 0x48, c == 0x89, c == 0x8B, c == 0xE8, c == 0x0F, c == 0x24, c == 0x01, c == '\n', c == '_', c == '.':
		return 9
	case 'a' <= c && c <= 'z', c == '0', c == '-', c == '/', c == '=', c == '"':
		return 11
	case 'A' <= c && c <= 'Z', '1' <= c && c <= '9', c < 0x10:
		return 14
	case ' ' < c && c < 0x7F:
		return 15
	}
	return 18
}

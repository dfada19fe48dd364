package search

import (
	"bytes"

	"vitrine/yara/internal/prefilter"
)

// matchLiteral compares a literal form at start.
func matchLiteral(f *Form, data []byte, start int) (key byte, ok bool) {
	if len(data)-start < len(f.Literal) {
		return 0, false
	}
	have := data[start : start+len(f.Literal)]
	switch {
	case f.Xor:
		return matchXor(f, have)
	case f.NoCase:
		return 0, prefilter.EqualFold(f.Literal, have)
	case f.Base64 != nil:
		return 0, bytes.Equal(f.Literal, have) && f.Base64.holds(data, start, start+len(have), f.step())
	}
	return 0, bytes.Equal(f.Literal, have)
}

func (f *Form) step() int {
	if f.Wide {
		return 2
	}
	return 1
}

func matchXor(f *Form, have []byte) (key byte, ok bool) {
	key = have[0] ^ f.Literal[0]
	if key < f.XorMin || key > f.XorMax {
		return 0, false
	}
	for i, c := range f.Literal {
		if have[i]^c != key {
			return 0, false
		}
	}
	return key, true
}

// isWord reports whether data[start:end] has no letter or digit beside it.
// The bytes beside it are taken xor mask.
func isWord(data []byte, start, end int, wide bool, mask byte) bool {
	alnum := func(i int) bool { return i >= 0 && i < len(data) && isAlnum(data[i]^mask) }
	if !wide {
		return !alnum(start-1) && !alnum(end)
	}
	zero := func(i int) bool { return i >= 0 && i < len(data) && data[i]^mask == 0 }
	return !(zero(start-1) && alnum(start-2)) && !(zero(end+1) && alnum(end))
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

package positive

import (
	"bytes"
	"strconv"
	"strings"
)

// hex fills in a hex string: wildcards and the widths of jumps by chance, one of
// the alternatives.
func (m *maker) hex(source []byte) []byte {
	var out []byte
	tokens := hexTokens(source)
	m.hexSequence(&tokens, &out)
	return out
}

// hexTokens gives ( ) | [..] and bytes of two nibbles, perhaps with a ~ ahead.
func hexTokens(source []byte) []string {
	var tokens []string
	for source = uncommented(source); len(source) > 0; {
		n := 1
		switch source[0] {
		case '[':
			n = max(1, bytes.IndexByte(source, ']')+1)
		case '(', ')', '|':
		case '~':
			n = min(3, len(source))
		default:
			n = min(2, len(source))
		}
		tokens = append(tokens, string(source[:n]))
		source = source[n:]
	}
	return tokens
}

// uncommented drops comments and blanks.
func uncommented(source []byte) []byte {
	var out []byte
	for len(source) > 0 {
		switch {
		case bytes.HasPrefix(source, []byte("//")):
			source = source[end(source, "\n"):]
		case bytes.HasPrefix(source, []byte("/*")):
			source = source[end(source, "*/"):]
		case strings.IndexByte(" \t\r\n", source[0]) >= 0:
			source = source[1:]
		default:
			out = append(out, source[0])
			source = source[1:]
		}
	}
	return out
}

// end is the index behind the mark, or the length of the source.
func end(source []byte, mark string) int {
	if at := bytes.Index(source, []byte(mark)); at >= 0 {
		return at + len(mark)
	}
	return len(source)
}

// hexSequence reads tokens up to a closing parenthesis or the end. Of the
// alternatives one is kept.
func (m *maker) hexSequence(tokens *[]string, out *[]byte) {
	alternatives := [][]byte{nil}
	for len(*tokens) > 0 {
		token := (*tokens)[0]
		*tokens = (*tokens)[1:]
		last := &alternatives[len(alternatives)-1]
		switch token[0] {
		case ')':
			*out = append(*out, alternatives[m.rand.IntN(len(alternatives))]...)
			return
		case '(':
			m.hexSequence(tokens, last)
		case '|':
			alternatives = append(alternatives, nil)
		case '[':
			*last = append(*last, m.noise(m.jump(token))...)
		default:
			*last = append(*last, m.hexByte(token))
		}
	}
	*out = append(*out, alternatives[m.rand.IntN(len(alternatives))]...)
}

// jump is a width that [4], [2-6], [2-] or [-] allows, no large one.
func (m *maker) jump(token string) int {
	low, high, isRange := strings.Cut(strings.Trim(token, "[]"), "-")
	from, _ := strconv.Atoi(low)
	if !isRange {
		return min(from, most)
	}
	to, err := strconv.Atoi(high)
	if err != nil {
		to = from + 40
	}
	return min(from+m.rand.IntN(max(1, min(to-from+1, 40))), most)
}

// hexByte fills the nibbles left open; ~ takes any byte but the one named.
func (m *maker) hexByte(token string) byte {
	nibbles, not := strings.CutPrefix(token, "~")
	value, mask := byte(0), byte(0)
	for i := range len(nibbles) {
		value, mask = value<<4, mask<<4
		if v, err := strconv.ParseUint(nibbles[i:i+1], 16, 8); err == nil {
			value |= byte(v)
			mask |= 0x0F
		}
	}
	b := value&mask | byte(m.rand.IntN(256))&^mask
	if not {
		b ^= mask & 0x11
	}
	return b
}

// noise is n bytes by chance.
func (m *maker) noise(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(m.rand.IntN(256))
	}
	return out
}

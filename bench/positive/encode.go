package positive

import (
	"encoding/base64"

	"vitrine/yara/syntax"
)

// widths gives the text as it stands, as UTF-16, or both, as the modifiers say.
func (m *maker) widths(text []byte, mods syntax.Modifiers) [][]byte {
	var forms [][]byte
	if mods.ASCII || !mods.Wide {
		forms = append(forms, text)
	}
	if mods.Wide {
		forms = append(forms, wide(text))
	}
	return forms
}

func wide(text []byte) []byte {
	out := make([]byte, 0, 2*len(text))
	for _, c := range text {
		out = append(out, c, 0)
	}
	return out
}

func (m *maker) anyCase(text []byte) []byte {
	out := make([]byte, len(text))
	for i, c := range text {
		if isLetter(c) && m.rand.IntN(2) == 0 {
			c ^= 0x20
		}
		out[i] = c
	}
	return out
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func (m *maker) xored(text []byte, mods syntax.Modifiers) []byte {
	key := mods.XorMin + byte(m.rand.IntN(int(mods.XorMax)-int(mods.XorMin)+1))
	out := make([]byte, len(text))
	for i, c := range text {
		out[i] = c ^ key
	}
	return out
}

// base64 encodes the text behind zero, one or two other bytes: the alignment
// decides what the text looks like.
func (m *maker) base64(text []byte, mods syntax.Modifiers) [][]byte {
	plain := append([]byte("ab")[:m.rand.IntN(3)], text...)
	plain = append(plain, "tail"...)
	var forms [][]byte
	if mods.Base64 {
		forms = append(forms, encode(plain, mods.Base64Alphabet))
	}
	if mods.Base64Wide {
		forms = append(forms, wide(encode(plain, mods.Base64WideAlphabet)))
	}
	return forms
}

func encode(plain []byte, alphabet string) []byte {
	encoding := base64.StdEncoding
	if valid(alphabet) {
		encoding = base64.NewEncoding(alphabet)
	}
	return []byte(encoding.EncodeToString(plain))
}

// valid says whether an alphabet is one: the package base64 panics otherwise.
func valid(alphabet string) bool {
	var seen [256]bool
	for _, c := range []byte(alphabet) {
		if seen[c] || c == '\n' || c == '\r' || c == '=' {
			return false
		}
		seen[c] = true
	}
	return len(alphabet) == 64
}

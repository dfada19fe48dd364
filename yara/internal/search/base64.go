package search

import (
	"bytes"
	"encoding/base64"
)

const stdAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func alphabetOr(first, second string) string {
	switch {
	case first != "":
		return first
	case second != "":
		return second
	}
	return stdAlphabet
}

// base64Check lets a form be confirmed by decoding around it: the text begins
// lead bytes into the first group of three.
type base64Check struct {
	text     []byte
	lead     int
	encoding *base64.Encoding
}

// base64Forms gives the three spellings a text has inside base64, one for each
// place of its first byte in a group of three. Characters that depend on
// neighbouring bytes are cut off.
func base64Forms(text []byte, alphabet string, wide, strict bool) []Form {
	enc := base64.NewEncoding(alphabet)
	var forms []Form
	for lead := range 3 {
		if lead == 1 && len(text) == 1 {
			continue
		}
		lit := base64Piece(text, lead, enc)
		if len(lit) == 0 {
			continue
		}
		if wide {
			lit = widen(lit)
		}
		f := Form{Literal: lit, Wide: wide}
		if strict {
			f.Base64 = &base64Check{text, lead, enc}
		}
		f.Atoms = literalAtoms(&f)
		forms = append(forms, f)
	}
	return forms
}

func base64Piece(text []byte, lead int, enc *base64.Encoding) []byte {
	padded := append(make([]byte, lead, lead+len(text)), text...)
	out := make([]byte, enc.EncodedLen(len(padded)))
	enc.Encode(out, padded)
	if lead > 0 {
		out = out[lead+1:]
	}
	if over := len(padded) % 3; over != 0 {
		out = out[:max(len(out)-(3-over)-1, 0)]
	}
	return out
}

// holds reports whether the characters around data[start:end] decode to the
// text. Only the bits that the neighbours of the piece contribute are new.
func (c *base64Check) holds(data []byte, start, end, step int) bool {
	chars := c.around(data, start, end, step)
	if chars == nil {
		return false
	}
	for len(chars)%4 != 0 {
		chars = append(chars, '=')
	}
	out := make([]byte, c.encoding.DecodedLen(len(chars)))
	n, _ := c.encoding.Decode(out, chars)
	return n >= c.lead+len(c.text) && bytes.Equal(out[c.lead:c.lead+len(c.text)], c.text)
}

// around gives the whole groups of four that the piece lies in, as far as the
// data has them, or nil when the data begins too late.
func (c *base64Check) around(data []byte, start, end, step int) []byte {
	before := 0
	if c.lead > 0 {
		before = c.lead + 1
	}
	first := start - before*step
	if first < 0 {
		return nil
	}
	total := (c.lead + len(c.text) + 2) / 3 * 4
	chars := make([]byte, 0, total)
	for i := first; len(chars) < total && i < len(data); i += step {
		if data[i] == '=' {
			break
		}
		chars = append(chars, data[i])
	}
	return chars
}

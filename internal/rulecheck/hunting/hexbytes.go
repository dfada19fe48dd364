package hunting

import (
	"encoding/hex"
	"regexp"
	"strings"
)

var hexComment = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`)

// hexReader turns a hex string into bytes, with gaps where bytes are open.
type hexReader struct {
	out  []byte
	gaps int
}

// hexBytes gives the bytes of a hex string; of alternatives the first counts.
// gaps is the number of places that are open.
func hexBytes(source []byte) (b []byte, gaps int) {
	var r hexReader
	text := strings.Join(strings.Fields(hexComment.ReplaceAllString(string(source), " ")), "")
	skipping := 0 // depth of alternatives that are not the first
	var open []bool
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '(':
			open = append(open, skipping > 0)
			if skipping > 0 {
				skipping++
			}
		case c == '|' && len(open) > 0:
			if skipping == 0 {
				skipping = 1
			}
		case c == ')' && len(open) > 0:
			outer := open[len(open)-1]
			open = open[:len(open)-1]
			if !outer {
				skipping = 0
			} else {
				skipping--
			}
		case c == '[':
			i = max(i, i+strings.IndexByte(text[i:], ']'))
			r.gap(skipping)
		case c == '~':
			r.gap(skipping)
			i += 2
		case i+1 < len(text):
			r.pair(text[i:i+2], skipping)
			i++
		}
	}
	return r.out, r.gaps
}

func (r *hexReader) gap(skipping int) {
	if skipping == 0 {
		r.gaps++
		r.out = append(r.out, gap)
	}
}

func (r *hexReader) pair(digits string, skipping int) {
	c, err := hex.DecodeString(digits)
	if err != nil {
		r.gap(skipping)
		return
	}
	if skipping == 0 {
		r.out = append(r.out, c[0])
	}
}

package positive

import (
	"regexp"
	"regexp/syntax"

	yara "vitrine/yara/syntax"
)

// openRepeat is {,n}, which YARA knows and Go does not.
var openRepeat = regexp.MustCompile(`\{,(\d+)\}`)

// regexp gives a text that the expression matches, or nil where Go's reader
// does not know its syntax.
func (m *maker) regexp(s *yara.String) []byte {
	flags := syntax.Perl
	if s.CaseInsensitive || s.Mods.NoCase {
		flags |= syntax.FoldCase
	}
	if s.DotAll {
		flags |= syntax.DotNL
	}
	tree, err := syntax.Parse(openRepeat.ReplaceAllString(string(s.Value), "{0,$1}"), flags)
	if err != nil {
		return nil
	}
	out := []byte{}
	m.sample(tree, &out)
	return out
}

// sample writes one text of the expression. Assertions are left to chance.
func (m *maker) sample(re *syntax.Regexp, out *[]byte) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			c := []byte{byte(r)}
			if re.Flags&syntax.FoldCase != 0 {
				c = m.anyCase(c)
			}
			*out = append(*out, c...)
		}
	case syntax.OpCharClass:
		*out = append(*out, m.oneOf(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		*out = append(*out, byte(' '+m.rand.IntN(95)))
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		m.repeat(re, out)
	case syntax.OpAlternate:
		m.sample(re.Sub[m.rand.IntN(len(re.Sub))], out)
	case syntax.OpConcat, syntax.OpCapture:
		for _, sub := range re.Sub {
			m.sample(sub, out)
		}
	}
}

func (m *maker) repeat(re *syntax.Regexp, out *[]byte) {
	low, high := re.Min, re.Max
	switch re.Op {
	case syntax.OpStar:
		low, high = 0, 6
	case syntax.OpPlus:
		low, high = 1, 6
	case syntax.OpQuest:
		low, high = 0, 1
	}
	if high < 0 || high > low+12 {
		high = low + 12
	}
	for range low + m.rand.IntN(high-low+1) {
		if len(*out) > most {
			return
		}
		m.sample(re.Sub[0], out)
	}
}

// oneOf picks from the ranges of a class, from bytes rather than other runes.
func (m *maker) oneOf(ranges []rune) byte {
	if len(ranges) == 0 {
		return 0
	}
	at := m.rand.IntN(len(ranges)/2) * 2
	low, high := ranges[at], min(ranges[at+1], 0xFF)
	if low > high {
		return byte(ranges[0])
	}
	return byte(low + rune(m.rand.IntN(int(high-low)+1)))
}

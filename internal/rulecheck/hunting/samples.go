package hunting

import (
	"bytes"
	"regexp/syntax"
	"strings"
)

// What a sample holds for bytes that may be many things.
const (
	gap        = '\x01' // anything
	maxSamples = 64
	maxChoices = 4  // of a class
	maxCopies  = 32 // of a repetition
	maxSample  = 512
)

// samples gives texts that a regular expression matches, gap bytes standing for
// what is open. shape is one of them in which letters and digits that are
// open are written A, a and 0: what passport numbers look like, say.
func samples(source []byte) (texts [][]byte, shape string) {
	re, err := syntax.Parse(latinRunes(source), syntax.Perl|syntax.DotNL)
	if err != nil {
		return [][]byte{withoutMeta(source)}, ""
	}
	texts = expand(re)
	for _, t := range texts {
		if bytes.IndexByte(t, gap) >= 0 {
			texts = append(texts, bytes.ReplaceAll(t, []byte{gap}, nil))
		}
		if len(texts) >= 2*maxSamples {
			break
		}
	}
	return texts, shapeOf(re)
}

// latinRunes makes a rune of each byte, as YARA takes them.
func latinRunes(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

// withoutMeta is for what the parser does not take.
func withoutMeta(source []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if strings.ContainsRune(`\^$.|?*+()[]{}`, r) {
			return gap
		}
		return r
	}, source)
}

// expand enumerates what an expression matches, up to maxSamples texts.
func expand(re *syntax.Regexp) [][]byte {
	switch re.Op {
	case syntax.OpLiteral:
		return [][]byte{runeBytes(re.Rune)}
	case syntax.OpCharClass:
		return choices(re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return [][]byte{{gap}}
	case syntax.OpCapture:
		return expand(re.Sub[0])
	case syntax.OpConcat:
		out := [][]byte{nil}
		for _, sub := range re.Sub {
			out = product(out, expand(sub))
		}
		return out
	case syntax.OpAlternate:
		var out [][]byte
		for _, sub := range re.Sub {
			out = append(out, expand(sub)...)
		}
		return out[:min(len(out), maxSamples)]
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		return repeated(re)
	}
	return [][]byte{nil}
}

func repeated(re *syntax.Regexp) [][]byte {
	once := expand(re.Sub[0])
	if len(once) == 1 && len(once[0]) == 1 && once[0][0] == gap {
		return once
	}
	switch re.Op {
	case syntax.OpPlus:
		return once
	case syntax.OpStar, syntax.OpQuest:
		return append(once, nil)
	}
	if re.Min == 0 {
		return append(once, nil)
	}
	out := once
	for range min(re.Min, maxCopies) - 1 {
		out = product(out, once)
	}
	return out
}

// product joins every text of a with every one of b, as far as there is room.
func product(a, b [][]byte) (out [][]byte) {
	for _, x := range a {
		for _, y := range b {
			if len(out) == maxSamples || len(x)+len(y) > maxSample {
				return out
			}
			out = append(out, append(append([]byte{}, x...), y...))
		}
	}
	return out
}

func runeBytes(runes []rune) []byte {
	out := make([]byte, len(runes))
	for i, r := range runes {
		out[i] = byte(r)
	}
	return out
}

// choices gives the members of a small class, letters first and in one case
// only; a large class is a gap.
func choices(class []rune) (out [][]byte) {
	var others [][]byte
	seen := map[rune]bool{}
	for i := 0; i+1 < len(class); i += 2 {
		if class[i+1]-class[i] > 12 {
			return [][]byte{{gap}}
		}
		for r := class[i]; r <= class[i+1]; r++ {
			c := r
			if 'A' <= r && r <= 'Z' {
				c |= 0x20
			}
			switch {
			case seen[c]:
			case 'a' <= c && c <= 'z' || c == ' ' || c >= 0x80:
				out = append(out, []byte{byte(c)})
			default:
				others = append(others, []byte{byte(c)})
			}
			seen[c] = true
		}
	}
	if len(seen) > 8 {
		return [][]byte{{gap}}
	}
	out = append(out, others...)
	return out[:min(len(out), maxChoices)]
}

// shapeOf writes one text of the expression with A, a and 0 for open letters
// and digits.
func shapeOf(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		return classShape(re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return string(gap)
	case syntax.OpAlternate, syntax.OpCapture, syntax.OpPlus, syntax.OpStar, syntax.OpQuest:
		return shapeOf(re.Sub[0])
	case syntax.OpRepeat:
		copies := max(re.Min, 1)
		return strings.Repeat(shapeOf(re.Sub[0]), min(copies, maxCopies))
	case syntax.OpConcat:
		var s strings.Builder
		for _, sub := range re.Sub {
			s.WriteString(shapeOf(sub))
		}
		return s.String()[:min(s.Len(), maxSample)]
	}
	return ""
}

func classShape(class []rune) string {
	var digit, small, capital, other bool
	for i := 0; i+1 < len(class); i += 2 {
		low, high := class[i], class[i+1]
		digit = digit || low <= '9' && high >= '0'
		small = small || low <= 'z' && high >= 'a'
		capital = capital || low <= 'Z' && high >= 'A'
		other = other || low > 'z' || high < '0'
	}
	switch {
	case digit && !small && !capital:
		return "0"
	case capital && !small && !digit:
		return "A"
	case small || capital:
		return "a"
	case len(class) > 0 && class[0] < 0x80:
		return string(class[0])
	}
	return string(gap)
}

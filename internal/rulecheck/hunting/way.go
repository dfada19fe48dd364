package hunting

import (
	"cmp"
	"slices"
	"strings"
)

// way is one way to satisfy a condition: what has to be in the file, as far as
// it says anything. The zero way asks for nothing.
type way struct {
	never bool // it cannot be satisfied
	signs []*sign
}

// score says how much a file that satisfies the way is a document that was
// hunted for, rather than code: below 1 not at all, from 3 on clearly.
func (w way) score() float64 {
	if w.never {
		return -100
	}
	most, hunts, code, proses := 0.0, 0, 0.0, false
	format, exec := false, false
	for _, s := range w.signs {
		if s.hunt > 0 {
			most, hunts = max(most, s.hunt), hunts+1
		}
		code += s.code
		format, exec, proses = format || s.format != "", exec || s.exec, proses || s.prose
	}
	score := most + min(1, 0.25*float64(max(hunts-1, 0))) - code
	switch {
	case format && (proses || hunts == 0):
		score += 3
	case format:
		score += 2
	}
	if exec {
		score -= 10
	}
	return score
}

// and: both must be.
func (w way) and(o way) way {
	return way{w.never || o.never, both(w.signs, o.signs)}
}

// or: the one counts that hunts more.
func (w way) or(o way) way {
	if o.score() > w.score() {
		return o
	}
	return w
}

// some takes the k worst of ways; all that are needed must be there.
func some(ways []way, k int) way {
	if k > len(ways) {
		return way{never: true}
	}
	sorted := ways
	if k < len(ways) {
		sorted = slices.SortedStableFunc(slices.Values(ways), func(a, b way) int { return cmp.Compare(b.score(), a.score()) })
	}
	var signs []*sign
	seen := map[*sign]bool{}
	for _, w := range sorted[:k] {
		if w.never {
			return way{never: true}
		}
		for _, s := range w.signs {
			if !seen[s] {
				seen[s] = true
				signs = append(signs, s)
			}
		}
	}
	return way{signs: signs}
}

// maxPiece is how long the pieces of a text that is cut up are.
const maxPiece = 14

// joined looks at the short pieces of a way together: a marking may be cut into
// several strings or numbers. What they spell takes the place of the pieces.
func (v *vocabulary) joined(w way) way {
	byPlace := slices.SortedStableFunc(slices.Values(w.signs), func(a, b *sign) int {
		return cmp.Or(cmp.Compare(a.pos.Line, b.pos.Line), cmp.Compare(a.pos.Col, b.pos.Col))
	})
	for _, order := range [][]*sign{w.signs, byPlace} {
		var all []byte
		var pieces, rest []*sign
		for _, s := range order {
			if len(s.raw) > 0 && len(s.raw) <= maxPiece && s.hunt < 3 && s.format == "" && !s.exec {
				all, pieces = append(all, s.raw...), append(pieces, s)
				continue
			}
			rest = append(rest, s)
		}
		if len(pieces) < 2 || len(all) > maxSpelled {
			continue
		}
		if what := v.spelled(all); what != "" {
			whole := sign{name: pieces[0].name, pos: pieces[0].pos, hunt: 3, what: what + ", cut into pieces"}
			return way{signs: append(rest, &whole)}
		}
	}
	return w
}

// spelled gives the marking that bytes hold, spaces or none between its words.
func (v *vocabulary) spelled(b []byte) string {
	for _, s := range spellings(b) {
		f := v.meaningOf(s.text)
		if f.means == strong && certain(f) || f.means == weak && f.whole && certain(f) {
			return marking(f.word, s.how)
		}
		if !s.sure {
			continue
		}
		if word, ok := v.spells(squeezed(v.fold(s.text))); ok && len(word) >= 8 {
			return marking(word, s.how)
		}
	}
	return ""
}

// chief is the sign that a finding points at.
func (w way) chief() *sign {
	return slices.MaxFunc(w.signs, func(a, b *sign) int {
		return cmp.Compare(a.hunt*2+a.gain(), b.hunt*2+b.gain())
	})
}

// reason says in one sentence what is wrong.
func (w way) reason() string {
	var hunts []string
	var format, text string
	code := 0.0
	for _, s := range w.signs {
		if s.hunt > 0 && len(hunts) < 3 && !slices.Contains(hunts, s.what) {
			hunts = append(hunts, s.what)
		}
		if format == "" {
			format = s.format
		}
		if s.prose && text == "" {
			text = s.name
		}
		code += s.code
	}
	var b strings.Builder
	switch {
	case len(hunts) > 0:
		b.WriteString("looks for " + strings.Join(hunts, ", "))
		if format != "" {
			b.WriteString(" in " + format)
		}
	case text != "":
		b.WriteString("takes " + format + " that holds the text " + text)
	default:
		b.WriteString("takes any file that is " + format)
	}
	if code == 0 {
		return b.String() + ", and needs nothing that is code"
	}
	return b.String() + ", and needs little that is code"
}

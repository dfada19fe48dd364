package hunting

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"vitrine/yara/syntax"
)

// sign is what one demand of a condition is a sign of. Weights go from 0 to 3.
type sign struct {
	name   string // of the string, with the $; empty: the condition itself
	pos    syntax.Pos
	hunt   float64 // secrets, persons, names
	what   string  // what hunt is for: a phrase
	code   float64
	format string // of documents: a phrase
	exec   bool   // the file is a program
	prose  bool   // a text that any document may hold
	raw    []byte // as in the data; nil where gaps are
}

// gain is how much a sign by itself makes a rule one that hunts documents.
func (s *sign) gain() float64 {
	g := s.hunt - s.code
	if s.format != "" {
		g += 2
	}
	if s.exec {
		g -= 10
	}
	if s.prose {
		g += 0.1
	}
	return g
}

// worse gives the sign of the two that hunts more.
func worse(a, b sign) sign {
	if b.gain() > a.gain() {
		return b
	}
	return a
}

// ofString judges a string of a rule.
func (v *vocabulary) ofString(s *syntax.String) *sign {
	var out sign
	switch s.Kind {
	case syntax.Text:
		out = v.ofBytes(s.Value)
		out.raw = s.Value
	case syntax.Hex:
		b, gaps := hexBytes(s.Value)
		out = v.ofHex(b, gaps)
	case syntax.Regexp:
		out = v.ofRegexp(s.Value)
	}
	out.name, out.pos = "$"+s.Name, s.Pos
	return &out
}

// maxRead is how many samples of an expression are read in every spelling.
const maxRead = 6

func (v *vocabulary) ofRegexp(source []byte) sign {
	texts, shape := samples(source)
	best := sign{code: 99}
	for i, t := range texts {
		if i >= maxRead && v.meaningOf(string(t)).means <= topic {
			continue
		}
		s := v.ofBytes(t)
		if bytes.IndexByte(t, gap) >= 0 {
			s.format = ""
		}
		best = worse(best, s)
	}
	if s, ok := selectedShape(shape); ok && s.weight > best.hunt {
		best = sign{hunt: s.weight, what: "numbers or addresses of people (" + s.what + ")"}
	}
	return best
}

// ofHex judges the bytes of a hex string.
func (v *vocabulary) ofHex(b []byte, gaps int) sign {
	out := v.ofBytes(b)
	if gaps == 0 {
		out.raw = b
	}
	if out.hunt >= 2 || out.format != "" {
		out.code = 0
		return out
	}
	if real, n := opcodes(b); n >= 3 {
		out.code, out.prose = max(out.code, min(3, 1+float64(real)/4+float64(gaps)/4)), false
	}
	return out
}

// opcodes counts the bytes that are in no text, and all that are not gaps.
func opcodes(b []byte) (strange, all int) {
	if text, ok := utf16Text(b, binary.LittleEndian); ok && prose(text) {
		return 0, 0
	}
	for _, c := range b {
		if c == gap {
			continue
		}
		all++
		if c != 0 && c < 0x20 && c != '\n' && c != '\r' && c != '\t' || c >= 0x7F {
			strange++
		}
	}
	if strange == 0 || utf8.Valid(b) && prose(string(b)) {
		return 0, 0
	}
	return strange, all
}

// ofBytes judges bytes that a rule asks for.
func (v *vocabulary) ofBytes(b []byte) sign {
	out := sign{format: documentStart(b)}
	for _, s := range spellings(b) {
		if s.sure {
			v.ofText(&out, s)
			continue
		}
		if f := v.meaningOf(s.text); certain(f) {
			out.take(3, marking(f.word, s.how))
		}
	}
	if bare := bytes.Trim(b, "\x01"); len(bare) > 0 && utf8.Valid(b) {
		text := strings.TrimSpace(strings.ReplaceAll(string(b), string(gap), " "))
		out.code = v.codeWeight(text)
		out.prose = out.code == 0 && prose(text)
	} else if !out.prose && controls(strings.ToValidUTF8(string(b), "\uFFFD")) > len(b)/2 {
		out.code = 0.5
	}
	if out.hunt >= 2 || out.format != "" {
		out.code = 0
	}
	return out
}

// certain tells whether a word says enough in a text that is guessed.
func certain(f found) bool {
	letters := utf8.RuneCountInString(f.word)
	if unspacedScript(f.word) {
		return f.means == strong && letters >= 2
	}
	return letters >= 6 && (f.means == strong || f.means == weak && f.whole)
}

// ofText judges a text that is surely meant.
func (v *vocabulary) ofText(out *sign, s spelling) {
	f := v.meaningOf(s.text)
	switch words := float64(max(f.words, 1)); {
	case f.means == strong, f.means == weak && f.whole:
		out.take(3, marking(f.word, s.how))
	case f.means == weak:
		out.take(max(0.5, 2-words/4), marking(f.word, s.how))
	case f.means == topic:
		out.take(max(0.5, 1.75-words/4), fmt.Sprintf("what documents speak of (%q)", f.word))
	}
	if t, ok := treasured(s.text); ok {
		out.take(t.weight, t.what)
	}
	if s, ok := selected(s.text); ok {
		out.take(s.weight, s.what)
	}
	if out.format == "" && !strings.ContainsRune(s.text, gap) {
		out.format = documentPart(s.text)
	}
	out.prose = out.prose || s.how != "" && prose(s.text)
}

// take keeps the worst.
func (s *sign) take(weight float64, what string) {
	if weight > s.hunt {
		s.hunt, s.what = weight, what
	}
}

func marking(word, how string) string {
	if how != "" {
		how = ", written as " + how
		how = strings.Replace(how, "written as read", "read", 1)
	}
	return "the marking " + strconv.Quote(word) + how
}

// meaningOf looks a text up as it is and, if it is dressed up, undressed.
func (v *vocabulary) meaningOf(text string) found {
	folded := v.fold(text)
	best := v.look(folded)
	try := func(s string, least meaning) {
		if f := v.look(s); f.means > best.means && f.means >= least && (f.means == strong || f.whole) {
			best = f
		}
	}
	if spaced(folded) {
		try(squeezed(folded), weak)
		if w, ok := v.spells(squeezed(folded)); ok {
			try(w, strong)
		}
	}
	if mixed(folded) {
		try(translated(folded, v.latin), weak)
		try(translated(folded, v.slavic), weak)
	}
	if strings.ContainsAny(text, "013457$@!") && strings.ContainsFunc(text, unicode.IsLetter) {
		try(v.fold(leet(strings.ToLower(text))), weak)
	}
	return best
}

// ofName judges a text that the name of a file, or another fact about where it
// lies, is compared with.
func (v *vocabulary) ofName(variable string, b []byte) sign {
	text := strings.TrimSpace(strings.ReplaceAll(string(b), string(gap), " "))
	base := v.ofBytes(b)
	out := sign{what: fmt.Sprintf("files by their %s (%q)", variable, text)}
	bare := strings.Trim(text, `.*$^\/ `)
	switch stem, known := documentStem(bare); {
	case programName.MatchString(text) || v.codeWeight(text) >= 1.5 && base.hunt < 2:
		out.code = 1.5
	case base.hunt > 0, known && len(stem) > 1:
		out.hunt = 3
	case known:
		out.format = "a file called *." + strings.ToLower(bare)
	case prose(text):
		out.hunt = 2
	}
	return out
}

// documentStem gives what stands before the extension of a document.
func documentStem(name string) (stem string, known bool) {
	if !documentExtension(name) {
		return name, false
	}
	at := max(strings.LastIndexByte(name, '.'), 0)
	return strings.Trim(name[:at], `.*\/ `), true
}

// both gives every sign of two lists once.
func both(a, b []*sign) []*sign {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

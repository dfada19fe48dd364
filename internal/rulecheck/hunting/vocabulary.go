package hunting

import (
	_ "embed"
	"strconv"
	"strings"
)

//go:embed words/markings.txt
var markingsText string

//go:embed words/topics.txt
var topicsText string

//go:embed words/code.txt
var codeText string

// maxWords is how many words the longest entry has.
const maxWords = 6

// meaning is what a word is a sign of.
type meaning uint8

const (
	nothing meaning = iota
	topic           // what documents are about
	weak            // a marking that is also a word of daily use
	strong          // a marking
)

// vocabulary is what words mean.
type vocabulary struct {
	folder
	words    map[string]meaning // folded; markings of several words without spaces, too
	markings []string           // strong markings without spaces, of six letters or more
	unspaced []entry            // scripts that put no spaces between words
	code     []weighted
}

type entry struct {
	text  string
	means meaning
}

type weighted struct {
	text   string
	weight float64
}

func newVocabulary() *vocabulary {
	v := &vocabulary{folder: newFolder(), words: map[string]meaning{}}
	for line := range lines(markingsText) {
		kind, text, _ := strings.Cut(line, "\t")
		means := weak
		if kind == "strong" {
			means = strong
		}
		v.add(text, means)
	}
	for line := range lines(topicsText) {
		v.add(line, topic)
	}
	for line := range lines(codeText) {
		weight, text, _ := strings.Cut(line, "\t")
		w, err := strconv.ParseFloat(weight, 64)
		if err == nil {
			v.code = append(v.code, weighted{text, w})
		}
	}
	return v
}

func lines(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for line := range strings.SplitSeq(text, "\n") {
			if line != "" && line[0] != '#' && !yield(line) {
				return
			}
		}
	}
}

func (v *vocabulary) add(text string, means meaning) {
	folded := v.fold(text)
	if unspacedScript(folded) {
		v.unspaced = append(v.unspaced, entry{squeezed(folded), means})
		return
	}
	v.words[folded] = max(v.words[folded], means)
	joined := squeezed(folded)
	if means == strong && len(joined) >= 8 {
		v.words[joined] = max(v.words[joined], means)
	}
	if means == strong && len(joined) >= 6 {
		v.markings = append(v.markings, joined)
	}
}

// unspacedScript reports whether a text has letters of a script without spaces
// between words.
func unspacedScript(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r >= 0x0E00 && r < 0x0E80 || r >= 0x3040 && r < 0xD7A4 })
}

// found is a word in a text.
type found struct {
	word  string
	means meaning
	whole bool // the text is nothing else
	words int  // in the text
}

// look gives the entry of the worst meaning in a folded text.
func (v *vocabulary) look(folded string) (best found) {
	if unspacedScript(folded) {
		text := squeezed(folded)
		for _, e := range v.unspaced {
			if e.means >= best.means && strings.Contains(text, e.text) {
				best = found{e.text, e.means, e.text == text, 1}
			}
		}
	}
	words := strings.Fields(folded)
	for i := range words {
		for n := 1; n <= maxWords && i+n <= len(words); n++ {
			text := strings.Join(words[i:i+n], " ")
			means := v.words[text]
			if means > best.means || means > nothing && means == best.means && len(text) > len(best.word) {
				best = found{text, means, n == len(words), len(words)}
			}
		}
	}
	return best
}

// spells reports which marking stands in letters without spaces.
func (v *vocabulary) spells(letters string) (string, bool) {
	for _, w := range v.markings {
		if strings.Contains(letters, w) {
			return w, true
		}
	}
	if unspacedScript(letters) {
		for _, e := range v.unspaced {
			if e.means == strong && strings.Contains(letters, e.text) {
				return e.text, true
			}
		}
	}
	return "", false
}

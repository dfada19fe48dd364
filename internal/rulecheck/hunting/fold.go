package hunting

import (
	"strings"
	"unicode"
)

// accents pairs letters with what is left of them without accents.
const accents = "àaáaâaãaäaåaāaăaąaæaçcćcčcďdđdðdèeéeêeëeēeėeęeěeğgģgìiíiîiïiīiįiıiķkĺlļlľlłlñnńnņnňnòoóoôoõoöoøoőoŕrřrśsşsšsșsťtţtțtùuúuûuüuūuůuűuųuýyÿyźzżzžz" +
	"ёеάαέεήηίιόούυώωϊιϋυςσ"

// alike pairs Cyrillic letters with Latin ones that look the same.
const alike = "аaеeоoрpсcхxуyіiјjѕsԁdһhкkмmтtвbнh"

func pairs(s string) map[rune]rune {
	out := map[rune]rune{}
	runes := []rune(s)
	for i := 0; i+1 < len(runes); i += 2 {
		out[runes[i]] = runes[i+1]
	}
	return out
}

// folder brings texts to one form, so that words can be looked up.
type folder struct {
	plain  map[rune]rune // letters with accents
	latin  map[rune]rune // Cyrillic lookalikes
	slavic map[rune]rune // the same the other way
}

func newFolder() folder {
	f := folder{plain: pairs(accents), latin: pairs(alike), slavic: map[rune]rune{}}
	for cyrillic, latin := range f.latin {
		f.slavic[latin] = cyrillic
	}
	return f
}

// fold gives words in lower case with one space between them: letters and
// digits only, no accents.
func (f *folder) fold(s string) string {
	var b strings.Builder
	space := false
	for _, r := range strings.ToLower(s) {
		if invisible(r) || unicode.Is(unicode.Mn, r) && !indic(r) {
			continue
		}
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.M, r) {
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		f.letter(&b, r)
	}
	return b.String()
}

func (f *folder) letter(b *strings.Builder, r rune) {
	switch to, accented := f.plain[r]; {
	case r == 'ß':
		b.WriteString("ss")
	case r == 'œ':
		b.WriteString("oe")
	case accented:
		b.WriteRune(to)
	case r >= 0xFF01 && r <= 0xFF5E: // full width
		b.WriteRune(unicode.ToLower(r - 0xFEE0))
	default:
		b.WriteRune(r)
	}
}

// invisible letters join or steer the ones beside them.
func invisible(r rune) bool {
	return r == 0xAD || r >= 0x200B && r <= 0x200F || r >= 0x202A && r <= 0x202E || r == 0x2060 || r == 0xFEFF
}

// indic marks belong to the letter in scripts of South and South-East Asia.
func indic(r rune) bool { return r >= 0x900 && r <= 0xEFF }

// translated replaces runes that are in the table.
func translated(s string, table map[rune]rune) string {
	return strings.Map(func(r rune) rune {
		if to, ok := table[r]; ok {
			return to
		}
		return r
	}, s)
}

// mixed reports whether letters of Latin and Cyrillic stand in one text.
func mixed(s string) bool {
	var latin, cyrillic bool
	for _, r := range s {
		latin = latin || 'a' <= r && r <= 'z'
		cyrillic = cyrillic || unicode.Is(unicode.Cyrillic, r)
	}
	return latin && cyrillic
}

// leet gives the letters that digits and signs stand for.
func leet(s string) string {
	return strings.NewReplacer("0", "o", "3", "e", "1", "i", "4", "a", "5", "s", "$", "s", "@", "a", "7", "t", "!", "i").Replace(s)
}

// spaced reports whether a folded text is letters with spaces between them.
func spaced(folded string) bool {
	words := strings.Split(folded, " ")
	if len(words) < 5 {
		return false
	}
	single := 0
	for _, w := range words {
		if len([]rune(w)) == 1 {
			single++
		}
	}
	return single*10 >= len(words)*8
}

func squeezed(s string) string { return strings.ReplaceAll(s, " ", "") }

package hunting

import (
	"regexp"
	"strings"
	"unicode"
)

var (
	programName = regexp.MustCompile(`(?i)\.(exe|dll|sys|pdb|bat|cmd|ps1|psm1|vbs|vbe|jse?|jsp|aspx?|php\d?|phtml|sh|scr|hta|wsf|lnk|so|jar|class|cpp|c|h|cs|py|pyc|pl|rb|cgi|cfm|dylib|ko|elf|apk|swf|ocx|cpl|msi|tmp|bin|dat)\b`)
	nativeName  = regexp.MustCompile(`\b(Nt|Zw|Rtl|Ldr|Wsa|WSA|Crypt|BCrypt|Reg|Http|Internet|Get|Set|Open|Create|Virtual|Find|Write|Read)[A-Z][A-Za-z]{3,}\b`)
	camelName   = regexp.MustCompile(`^[A-Za-z]?[a-z]+([A-Z][a-z0-9]+)+[AW]?$`)
	lineFormat  = regexp.MustCompile(`%[-0-9.l*]*[sdxucpX]\b|%[sd]|\{[0-9]\}|\\n|\\r|\r\n|%%`)
	identifier  = regexp.MustCompile(`^[A-Za-z0-9]*_[A-Za-z0-9_]+$|^__?[a-z]`)
	script      = regexp.MustCompile(`[A-Za-z_]\(|\);|\$[A-Za-z_]|->|::|&&|\|\||==|!=|<\?|\?>|[{};]|[A-Za-z]\[|0x[0-9A-Fa-f]+|=\s*["'$0-9]|#include|^import |^function |^Sub |^Dim `)
	token       = regexp.MustCompile(`^[A-Za-z0-9+/=_!@#$%^&*.-]{10,}$`)
)

// codeWeight says how much a text speaks of code: 0 not at all, 2 clearly.
func (v *vocabulary) codeWeight(text string) float64 {
	weight := 0.0
	small := strings.ToLower(text)
	for _, w := range v.code {
		if w.weight > weight && containsWord(small, w.text) {
			weight = w.weight
		}
	}
	if weight >= 2 {
		return weight
	}
	switch {
	case controls(text) >= 2, nativeName.MatchString(text):
		return max(weight, 1.5)
	case programName.MatchString(text), script.MatchString(text), lineFormat.MatchString(text):
		return max(weight, 1)
	case camelName.MatchString(text), identifier.MatchString(text), token.MatchString(text) && strings.ContainsAny(text, "0123456789+/=_!#"):
		return max(weight, 0.5)
	}
	return weight
}

// containsWord finds a text where no letter stands in front of it, if it
// begins with a letter.
func containsWord(text, word string) bool {
	for from := 0; ; {
		at := strings.Index(text[from:], word)
		if at < 0 {
			return false
		}
		at += from
		if at == 0 || len(word) > 4 || !letter(word[0]) || !letter(text[at-1]) {
			end := at + len(word)
			if len(word) > 4 || end == len(text) || !letter(word[len(word)-1]) || !letter(text[end]) {
				return true
			}
		}
		from = at + 1
	}
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// controls counts characters that are in no text.
func controls(s string) int {
	n := 0
	for _, r := range s {
		if r != gap && unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' || r == unicode.ReplacementChar {
			n++
		}
	}
	return n
}

// prose reports whether a text could stand in a document: letters of any
// script, with nothing about it that speaks of code.
func prose(s string) bool {
	letters, others := 0, 0
	for _, r := range s {
		switch {
		case unicode.IsLetter(r) || unicode.Is(unicode.M, r):
			letters++
		case r != ' ' && r != gap:
			others++
		}
	}
	return letters >= 2 && letters >= 2*others
}

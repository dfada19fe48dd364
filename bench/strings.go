package bench

import (
	"fmt"
	"strings"
)

// windowsText is a text with the modifiers Windows rules have.
func (w *writer) windowsText() string {
	modifiers := [...]struct {
		share int
		text  string
	}{
		{330, " fullword ascii"}, {235, ""}, {110, " ascii"}, {100, " ascii wide"}, {95, " fullword wide"}, {45, " fullword"},
		{40, " wide"}, {22, " fullword ascii wide"}, {20, " nocase ascii wide"}, {2, " xor"}, {1, " base64"},
	}
	text := w.text()
	for roll, i := w.rand.IntN(1000), 0; ; i++ {
		if roll < modifiers[i].share {
			return quote(text) + modifiers[i].text
		}
		roll -= modifiers[i].share
	}
}

// plainText is a text without modifiers, or a whole word.
func (w *writer) plainText() string {
	if w.chance(40) {
		return quote(w.text()) + " fullword"
	}
	return quote(w.text())
}

// scriptText is a call as scripts write it, or a word, mostly in any case.
func (w *writer) scriptText() string {
	text := w.phrase(w.quantile(5, 6, 8, 10, 16, 28, 40, 55, 80))
	if w.chance(50) {
		text = fmt.Sprintf(w.pick(calls), w.pick(words)) + text
	}
	if w.chance(60) {
		return quote(text) + " nocase"
	}
	return quote(text)
}

// text has a length drawn from the public sets. Now and then it is something
// that clean files hold too.
func (w *writer) text() string {
	if !w.rare && w.chance(6) {
		return w.pick(common)
	}
	n := w.quantile(5, 6, 8, 12, 20, 36, 60, 75, 102)
	if w.chance(12) {
		return w.noise(n)
	}
	return w.phrase(n)
}

// noise is a key, a mutex name or a piece of base64.
func (w *writer) noise(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[w.rand.IntN(len(letters))]
	}
	return string(b)
}

// phrase is n bytes of what programs say, not ending in a space.
func (w *writer) phrase(n int) string {
	if w.rare && n < 10 {
		return w.noise(n)
	}
	var b strings.Builder
	for b.Len() < n {
		w.piece(&b)
	}
	text := []byte(b.String()[:n])
	if text[n-1] == ' ' {
		text[n-1] = 'x'
	}
	return string(text)
}

func (w *writer) piece(b *strings.Builder) {
	one, two := w.pick(words), w.pick(words)
	switch w.rand.IntN(8) {
	case 0:
		b.WriteString(capital(one) + capital(two) + w.pick(suffixes))
	case 1:
		b.WriteString(w.pick(folders) + one + two + w.pick(endings))
	case 2:
		b.WriteString(w.pick(leads) + one + " " + two + " " + w.pick(verbs))
	case 3:
		b.WriteString(one + "_" + two + "=" + w.pick(verbs) + "&")
	case 4:
		b.WriteString(fmt.Sprintf("%s%d.%s.com/", one, w.rand.IntN(100), two))
	case 5:
		b.WriteString(capital(one) + " " + two + " " + w.pick(words) + ", ")
	case 6:
		b.WriteString(two + "-" + one + " /" + w.pick(words)[:1] + " ")
	case 7:
		b.WriteString(strings.ToUpper(one) + "_" + strings.ToUpper(two) + " ")
	}
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// code is a run of instructions, with the operands left open in some, and with
// jumps in others.
func (w *writer) code() string {
	n := w.quantile(8, 13, 18, 26, 44, 66, 96, 118, 160)
	open, jumps := w.chance(25), w.chance(20)
	var b strings.Builder
	for size := 0; size < n; {
		for _, token := range strings.Fields(w.pick(opcodes)) {
			w.codeByte(&b, token, open && size > 4 && size < n-1)
			size++
		}
		if jumps && size > 6 && size < n-4 && w.chance(15) {
			fmt.Fprintf(&b, "[%d-%d] ", w.between(0, 4), w.between(5, 32))
		}
	}
	return "{ " + b.String() + "}"
}

func (w *writer) codeByte(b *strings.Builder, token string, open bool) {
	switch {
	case token == "vv" && open:
		b.WriteString("?? ")
	case token == "vv" || token == "rr":
		fmt.Fprintf(b, "%02X ", w.rand.IntN(256))
	default:
		b.WriteString(token + " ")
	}
}

// regex is a literal with something variable behind it, as most are.
func (w *writer) regex() string {
	one, two := w.pick(words), w.pick(words)
	forms := []string{
		`/https?:\/\/%s[a-z0-9.\-]{2,40}\/%s\.(php|asp|jsp)/`,
		`/%s_[0-9a-f]{8,32}_%s/`,
		`/\b%s\s{0,8}\(\s{0,8}["']%s/ nocase`,
		`/[A-Z]:\\[^\\\n]{1,40}\\%s\\%s\.pdb/`,
		`/%s=[A-Za-z0-9+\/]{16,64}={0,2}&%s/`,
		`/%s\.%s\[\d{1,3}\]/`,
		`/<%s[^>]{0,80}%s=["']/ nocase`,
	}
	return fmt.Sprintf(w.pick(forms), one, two)
}

// wideHex is a text as UTF-16 (high byte first), in hex.
func wideHex(text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, "00%02x", text[i])
	}
	return b.String()
}

// quote writes a text as YARA does.
func quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

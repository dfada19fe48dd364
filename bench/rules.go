package bench

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Rules writes n rules from a seed. The same arguments give the same text for
// ever. What a rule looks like, how many strings it has, of which kind, length
// and modifiers, and what its condition asks, is drawn with the frequencies
// counted over some 10,000 public rules (docs/benchmarks.md has the table).
func Rules(n int, seed uint64) string {
	w := &writer{rand: newRand(seed, n)}
	w.b.WriteString("import \"pe\"\n\n")
	for i := range n {
		w.rule(fmt.Sprintf("made_up_%05d", i))
	}
	return w.b.String()
}

func newRand(seed uint64, n int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(n))) }

// writer holds the text so far and where the chance comes from.
type writer struct {
	b    strings.Builder
	rand *rand.Rand
	rare bool // write no strings that clean files hold: one or two would be enough to match
}

// shape is one way public rules are written; share says how often, of 1,000.
type shape struct {
	share int
	write func(*writer) (strings []string, condition string)
}

// shapes sums to 1,000.
var shapes = [...]shape{
	{400, (*writer).windowsTexts},
	{170, (*writer).windowsCode},
	{80, (*writer).versionInfo},
	{60, (*writer).packed},
	{90, (*writer).script},
	{60, (*writer).linux},
	{60, (*writer).texts},
	{50, (*writer).regexes},
	{28, (*writer).counted},
	{2, (*writer).commonplace},
}

func (w *writer) rule(name string) {
	var lines []string
	var condition string
	for at, roll := 0, w.rand.IntN(1000); ; at++ {
		if roll < shapes[at].share {
			lines, condition = shapes[at].write(w)
			break
		}
		roll -= shapes[at].share
	}
	fmt.Fprintf(&w.b, "rule %s {\n  meta:\n    description = \"made up\"\n    score = %d\n", name, w.between(40, 90))
	if len(lines) > 0 {
		w.b.WriteString("  strings:\n")
		for _, l := range lines {
			w.b.WriteString("    " + l + "\n")
		}
	}
	fmt.Fprintf(&w.b, "  condition:\n    %s\n}\n\n", condition)
}

// windowsTexts: some strings of a Windows program, gated by MZ and a size.
func (w *writer) windowsTexts() ([]string, string) {
	strings, quantity := w.some("s", w.stringsPerRule(), (*writer).windowsText)
	gate := "uint16(0) == 0x5a4d and "
	if w.chance(85) {
		gate += fmt.Sprintf("filesize < %dKB and ", w.between(1, 60)*50)
	}
	return strings, gate + quantity
}

// windowsCode: pieces of machine code, gated likewise.
func (w *writer) windowsCode() ([]string, string) {
	strings, quantity := w.some("op", w.between(1, 4), (*writer).code)
	if w.chance(40) {
		return strings, quantity
	}
	return strings, "uint16(0) == 0x5a4d and " + quantity
}

// versionInfo: fields of a driver's version resource, as wide text in hex with
// a short jump between name and value, all of which begin alike.
func (w *writer) versionInfo() ([]string, string) {
	fields := []string{"FileVersion", "CompanyName", "ProductName", "OriginalFilename"}
	strings := make([]string, 0, len(fields))
	for i, f := range fields {
		strings = append(strings, fmt.Sprintf("$v%d = { %s[1-8]%s }", i, wideHex(f), wideHex(w.phrase(w.between(8, 24)))))
	}
	return strings, fmt.Sprintf("uint16(0) == 0x5a4d and filesize < %dKB and all of them", w.between(1, 40)*25)
}

// packed: facts of the headers, then a few strings.
func (w *writer) packed() ([]string, string) {
	if w.chance(50) {
		return nil, fmt.Sprintf("uint16(0) == 0x5a4d and pe.number_of_sections == %d and pe.timestamp == %d", w.between(3, 9), 1_300_000_000+w.rand.IntN(400_000_000))
	}
	strings := w.many("op", 1, (*writer).code)
	return strings, fmt.Sprintf("uint16(0) == 0x5a4d and pe.number_of_sections > %d and $op0 at pe.entry_point", w.between(2, 6))
}

// script: texts of a script, any case, small files.
func (w *writer) script() ([]string, string) {
	strings, quantity := w.some("s", w.stringsPerRule(), (*writer).scriptText)
	if w.chance(60) {
		return strings, fmt.Sprintf("filesize < %dKB and %s", w.between(1, 20)*10, quantity)
	}
	return strings, quantity
}

// linux: texts or code, gated by the ELF magic.
func (w *writer) linux() ([]string, string) {
	kind := (*writer).plainText
	if w.chance(40) {
		kind = (*writer).code
	}
	strings, quantity := w.some("a", w.stringsPerRule(), kind)
	return strings, fmt.Sprintf("uint32(0) == 0x464c457f and filesize < %dKB and %s", w.between(1, 40)*100, quantity)
}

// texts: no gate at all.
func (w *writer) texts() ([]string, string) {
	return w.some("s", w.stringsPerRule(), (*writer).windowsText)
}

// regexes: one or two regular expressions among texts.
func (w *writer) regexes() ([]string, string) {
	strings := append(w.many("re", w.between(1, 2), (*writer).regex), w.many("s", w.between(1, 3), (*writer).plainText)...)
	return strings, "any of ($re*) and any of ($s*)"
}

// counted: counts, offsets, ranges, loops and exceptions.
func (w *writer) counted() ([]string, string) {
	strings := w.many("s", 3, (*writer).plainText)
	forms := []string{
		fmt.Sprintf("#s0 > %d and $s1 and not $s2", w.between(2, 20)),
		fmt.Sprintf("$s0 at 0 or ($s1 in (0..%d) and $s2)", w.between(1, 9)*1024),
		"for any i in (1..#s0) : (@s0[i] < 4096 and uint8(@s0[i]) == 0x7f) and any of ($s1, $s2)",
		"all of ($s1, $s2) and not $s0",
		"2 of them and @s0 < @s1",
	}
	return strings, forms[w.rand.IntN(len(forms))]
}

// commonplace: what clean files hold too; such rules match now and then.
func (w *writer) commonplace() ([]string, string) {
	strings := w.many("c", 4, func(w *writer) string { return quote(w.pick(common)) })
	return strings, "2 of them"
}

// some writes n strings of one kind and how many of them a match takes.
func (w *writer) some(prefix string, n int, kind func(*writer) string) (strings []string, quantity string) {
	quantity = w.quantity(n)
	w.rare = n < 3 || quantity == "any of them" || quantity == "2 of them"
	defer func() { w.rare = false }()
	return w.many(prefix, n, kind), quantity
}

// many writes n strings of one kind, named prefix0, prefix1, ...
func (w *writer) many(prefix string, n int, kind func(*writer) string) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = fmt.Sprintf("$%s%d = %s", prefix, i, kind(w))
	}
	return lines
}

// quantity is how many of n strings a condition asks for.
func (w *writer) quantity(n int) string {
	switch roll := w.rand.IntN(100); {
	case roll < 42 || n < 3 && roll < 75:
		return "all of them"
	case roll < 62 || n < 3:
		return "any of them"
	default:
		return fmt.Sprintf("%d of them", w.between(2, n-1))
	}
}

func (w *writer) stringsPerRule() int {
	return w.quantile(1, 1, 1, 2, 4, 8, 9, 11, 23)
}

// quantile draws a number from its 1st, 5th, 10th, 25th, 50th, 75th, 90th,
// 95th and 99th percentile, evenly in between.
func (w *writer) quantile(at ...int) int {
	edges := [...]int{1, 5, 10, 25, 50, 75, 90, 95, 99}
	roll := w.between(1, 98)
	for i := 1; ; i++ {
		if roll < edges[i] {
			low, high := at[i-1], at[i]
			return low + (high-low)*(roll-edges[i-1])/(edges[i]-edges[i-1])
		}
	}
}

// between draws from low to high, both included.
func (w *writer) between(low, high int) int { return low + w.rand.IntN(high-low+1) }

// chance is true in percent of the cases.
func (w *writer) chance(percent int) bool { return w.rand.IntN(100) < percent }

func (w *writer) pick(from []string) string { return from[w.rand.IntN(len(from))] }

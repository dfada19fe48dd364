package sigtext

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// referred gives the subsignature to which another one refers: one pattern, anywhere.
func (w *writer) referred(text string) (*subsig, error) {
	id, err := strconv.ParseUint(text, 10, 8)
	if err != nil || int(id) >= len(w.subs) {
		return nil, malformed("reference to subsignature %q, which is not before this one", text)
	}
	s := &w.subs[id]
	if !s.plain() || len(s.patterns) != 1 || !s.at.anywhere() {
		return nil, Unsupported("a reference to a subsignature that is more than bytes anywhere")
	}
	return s, nil
}

// macro translates ${min-max}group$: a member of the group lies so many bytes
// behind the subsignature before.
func (w *writer) macro(text string, index int, macros Macros) error {
	distance, group, ok := strings.Cut(strings.TrimPrefix(text, "${"), "}")
	low, high, rangeErr := levels(distance)
	n, groupOK := macroGroup("$" + group)
	if !ok || rangeErr != nil || !groupOK || index == 0 {
		return malformed("macro %q: expected ${min-max}group$", text)
	}
	before, err := w.referred(strconv.Itoa(index - 1))
	if err != nil {
		return err
	}
	members := macros[[2]int{w.target, n}]
	if len(members) == 0 {
		return Unsupported(fmt.Sprintf("macro group %d, which has no members", n))
	}
	var places []string
	first := before.patterns[0].id
	for i, text := range members {
		b, err := parseBody(text)
		if err != nil {
			return err
		}
		id := fmt.Sprintf("x%dm%d", index, i)
		w.strings.WriteString(b.definition(id, false))
		places = append(places, fmt.Sprintf("$%s in (@%s[i] + %d..@%s[i] + %d)", id, first, low, first, high))
	}
	truth := fmt.Sprintf("(for any i in (1..#%s) : (%s))", first, strings.Join(places, " or "))
	w.subs[index-1].truth = truth
	w.subs = append(w.subs, subsig{at: &offset{macro: -1}, truth: truth})
	return nil
}

// compareShape is id(offset#options and length#comparisons).
var compareShape = regexp.MustCompile(`^(\d+)\(((?:>>|<<)\w+|0?)#([a-z]*)(\w+)#([^)]*)\)$`)

// compare translates a comparison of the number that lies so many bytes from
// where a subsignature was found last.
func (w *writer) compare(text string) error {
	m := compareShape.FindStringSubmatch(text)
	if m == nil {
		return malformed("byte comparison %q: expected id(offset#format#comparison)", text)
	}
	s, err := w.referred(m[1])
	if err != nil {
		return err
	}
	number, err := readNumber(m[3], m[4])
	if err != nil {
		return err
	}
	shift := int64(0)
	if len(m[2]) > 2 {
		if shift, err = strconv.ParseInt(m[2][2:], 0, 32); err != nil {
			return malformed("byte comparison: offset %q", m[2])
		}
		if m[2][0] == '<' {
			shift = -shift
		}
	}
	id := s.patterns[0].id
	place := fmt.Sprintf("@%s[#%s] + %d", id, id, shift)
	parts := []string{fmt.Sprintf("#%s > 0 and %s > 0", id, place)}
	for c := range strings.SplitSeq(m[5], ",") {
		value, err := strconv.ParseInt(strings.TrimLeft(c, "<>="), 0, 64)
		if err != nil || len(parts) > 2 || len(c) == 0 || strings.IndexByte("<>=", c[0]) < 0 {
			return malformed("byte comparison: %q is no comparison", c)
		}
		op := map[byte]string{'<': "<", '>': ">", '=': "=="}[c[0]]
		parts = append(parts, fmt.Sprintf(number, place)+fmt.Sprintf(" %s %d", op, value))
	}
	w.subs = append(w.subs, subsig{at: &offset{macro: -1}, truth: "(" + strings.Join(parts, " and ") + ")"})
	return nil
}

// readNumber gives the expression that reads a number, with %s for its place.
func readNumber(options, length string) (string, error) {
	if strings.Trim(options, "hdailbe") != "" {
		return "", malformed("byte comparison: options %q", options)
	}
	if !strings.Contains(options, "i") {
		return "", Unsupported("byte comparison of numbers written as text")
	}
	n, err := strconv.ParseUint(length, 0, 8)
	if err != nil || n != 1 && n != 2 && n != 4 && n != 8 {
		return "", malformed("byte comparison: length %q, expected 1, 2, 4 or 8", length)
	}
	big := "be"
	if strings.Contains(options, "l") {
		big = ""
	}
	switch {
	case n == 8:
		return "", Unsupported("byte comparison of numbers of 8 bytes")
	case n == 1:
		return "uint8(%s)", nil
	}
	return fmt.Sprintf("uint%d%s(%%s)", n*8, big), nil
}

// noRegexp names what a regular expression of PCRE may hold that no expression
// without backtracking has, or that means something else there.
var noRegexp = regexp.MustCompile(`\(\?[^:i]|\(\*|\\[1-9gkKGRXhHNVQEpPcoXCzZ]|[*+?}]\+|\[\[`)

// regexp translates offset:trigger/expression/flags.
func (w *writer) regexp(text string) error {
	first, last := strings.IndexByte(text, '/'), strings.LastIndexByte(text, '/')
	if first == last {
		return malformed("regular expression: a slash is missing")
	}
	trigger, expression, flags := text[:first], text[first+1:last], text[last+1:]
	place := "*"
	if a, b, ok := strings.Cut(trigger, ":"); ok {
		place, trigger = a, b
	}
	at, err := parseOffset(place, w.target)
	if err != nil {
		return err
	}
	if at.macro >= 0 || !at.anywhere() {
		return Unsupported("a regular expression at an offset")
	}
	x, err := parseLogic(trigger)
	if err != nil {
		return err
	}
	if x.highest() >= len(w.subs) {
		return malformed("regular expression: the trigger is not before it")
	}
	truth, err := x.truth(w.subs)
	if err != nil {
		return err
	}
	id := fmt.Sprintf("x%d", len(w.subs))
	s := subsig{at: at}
	condition, err := w.expression(id, expression, flags)
	if err != nil {
		return err
	}
	s.truth = "(" + truth + " and " + condition + ")"
	w.subs = append(w.subs, s)
	return nil
}

// expression adds the string and gives the condition that it is found.
func (w *writer) expression(id, expression, flags string) (string, error) {
	condition, letters := "$"+id, ""
	for _, f := range []byte(flags) {
		switch f {
		case 'i', 's':
			letters += string(f)
		case 'A':
			condition = "($" + id + " at 0)"
		case 'g', 'r', 'E', 'U':
		case 'm', 'x', 'e':
			return "", Unsupported("regular expressions with the flag " + string(f))
		default:
			return "", malformed("regular expression: the flag %q", f)
		}
	}
	if expression == "" {
		return "", malformed("regular expression: it is empty")
	}
	if noRegexp.MatchString(expression) {
		return "", Unsupported("regular expressions that backtrack or use classes by name")
	}
	fmt.Fprintf(&w.strings, "$%s = /%s/%s\n", id, escapeSlashes(expression), letters)
	return condition, nil
}

// escapeSlashes puts a backslash before every slash that has none.
func escapeSlashes(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			out.WriteByte('\\')
			i++
		case text[i] == '/':
			out.WriteByte('\\')
		}
		out.WriteByte(text[i])
	}
	return out.String()
}

package sigtext

import (
	"slices"
	"strconv"
	"strings"
)

// The limits of one line.
const (
	MaxLine = 1 << 20 // bytes
	maxName = 1024
)

// Macros gives the bodies of a macro group for a target: those of the .ndb
// signatures with the offset $group$.
type Macros map[[2]int][]string

// Extended translates a line of an .ndb file: name, target, offset, body, and
// perhaps the lowest and highest level. A member of a macro group goes into
// macros, and the Signature is nil.
func Extended(line string, macros Macros) (*Signature, error) {
	f := strings.Split(line, ":")
	if len(f) < 4 || len(f) > 6 {
		return nil, malformed("%d fields, expected 4 to 6", len(f))
	}
	if _, err := Levels(f[4:]); err != nil {
		return nil, err
	}
	target, err := parseTarget(f[1])
	if err != nil {
		return nil, err
	}
	if group, ok := macroGroup(f[2]); ok {
		_, err := parseBody(f[3])
		if err == nil {
			key := [2]int{target, group}
			macros[key] = append(macros[key], f[3])
		}
		return nil, err
	}
	return single(f[0], target, f[2], f[3])
}

// Plain translates a line of a .db file: name=body.
func Plain(line string) (*Signature, error) {
	name, text, ok := strings.Cut(line, "=")
	if !ok {
		return nil, malformed("no equals sign, expected name=body")
	}
	name, _, _ = strings.Cut(name, " (Clam)")
	return single(name, 0, "*", text)
}

func single(name string, target int, place, text string) (*Signature, error) {
	if name == "" || len(name) > maxName {
		return nil, malformed("the name is empty or longer than %d bytes", maxName)
	}
	w := &writer{target: target}
	if err := w.content(text, "", place); err != nil {
		return nil, err
	}
	condition, err := w.subs[0].atLeast(1)
	if err != nil {
		return nil, err
	}
	return &Signature{Name: name, Target: target, Strings: w.strings.String(), Condition: condition, Variables: w.variables}, nil
}

func parseTarget(text string) (int, error) {
	if text == "*" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, malformed("target %q is no number", text)
	}
	if n >= maxTargets {
		return 0, Unsupported("target type " + text)
	}
	return int(n), nil
}

// Levels takes the fields behind a signature, the lowest and the highest level
// it is for, and gives the lowest: 0 when there is none. The error is ErrLevel
// when Level is not among them.
func Levels(f []string) (lowest int, err error) {
	for i, text := range f {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return 0, malformed("level %q is no number", text)
		}
		if i == 0 {
			lowest = int(n)
		}
		if i == 0 && n > Level || i == 1 && n < Level {
			return 0, ErrLevel
		}
	}
	return lowest, nil
}

// Logical translates a line of an .ldb file: name, attributes, logic and
// subsignatures, with semicolons between.
func Logical(line string, macros Macros) (*Signature, error) {
	f := splitLogical(line)
	if len(f) < 4 || f[0] == "" || len(f[0]) > maxName {
		return nil, malformed("%d fields, expected a name, attributes, logic and subsignatures", len(f))
	}
	a, err := parseAttributes(f[1])
	if err != nil {
		return nil, err
	}
	x, err := parseLogic(f[2])
	if err != nil {
		return nil, err
	}
	if n := len(f) - 3; x.highest()+1 != n {
		return nil, malformed("%d subsignatures, and logic up to number %d", n, x.highest())
	}
	w := &writer{target: a.target}
	for i, text := range f[3:] {
		if err := w.subsignature(text, i, macros); err != nil {
			return nil, err
		}
	}
	truth, err := x.truth(w.subs)
	if err != nil {
		return nil, err
	}
	w.uses(a.variables...)
	conditions := append(slices.Clip(a.conditions), truth)
	return &Signature{Name: f[0], Target: a.target, Container: a.container, Strings: w.strings.String(),
		Condition: strings.Join(conditions, " and "), Variables: w.variables}, nil
}

// splitLogical splits at semicolons. Within the slashes of a regular
// expression they do not count.
func splitLogical(line string) []string {
	var out []string
	begin, slash := 0, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && slash:
			i++
		case c == '/' && len(out) >= 3:
			slash = !slash
		case c == ';' && !slash:
			out = append(out, line[begin:i])
			begin = i + 1
		}
	}
	return append(out, line[begin:])
}

func (w *writer) subsignature(text string, index int, macros Macros) error {
	switch {
	case strings.HasPrefix(text, "$"):
		return w.macro(text, index, macros)
	case strings.Contains(text, "/"):
		return w.regexp(text)
	case strings.HasPrefix(text, "fuzzy_img#"):
		return Unsupported("image hashes")
	case strings.Contains(text, "#"):
		return w.compare(text)
	}
	f := strings.Split(text, ":")
	if len(f) > 4 {
		return malformed("subsignature %d: %d fields, expected up to 4", index, len(f))
	}
	place, content, modifiers := "*", f[0], ""
	if len(f)%2 == 0 {
		place, content = f[0], f[1]
	}
	if len(f) > 2 {
		modifiers = f[len(f)-1]
	}
	return w.content(content, modifiers, place)
}

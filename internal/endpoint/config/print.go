package config

import (
	"strconv"
	"strings"
	"time"

	"vitrine/internal/quantity"
)

// Value is one key as it is printed.
type Value struct {
	Key     string `json:"key"`
	Value   any    `json:"value"`   // a text, a truth value, a number or a list of texts, as in the file
	Default any    `json:"default"` // likewise
	Source  string `json:"source"`  // default, FILE:LINE, or what set it
	Help    string `json:"help"`
}

// Listing is a configuration as `vitrine config --json` prints it, and as the
// guard's socket answers the verb config.
type Listing struct {
	Schema string  `json:"schema"`
	File   string  `json:"file"` // that was read; empty: none
	Values []Value `json:"values"`
}

// Listing gives it.
func (l *Loaded) Listing() Listing {
	return Listing{Schema: "vitrine.config/v1", File: l.File, Values: l.Values()}
}

// Values is every key, in the order of the file.
func (l *Loaded) Values() []Value {
	byDefault := Default()
	defaults := byDefault.keys()
	var out []Value
	for i, k := range l.Config.keys() {
		out = append(out, Value{k.name, k.plain(), defaults[i].plain(), l.source(k.name), strings.ReplaceAll(k.help, "\n", " ")})
	}
	return out
}

func (l *Loaded) source(name string) string {
	if s := l.sources[name]; s != "" {
		return s
	}
	return "default"
}

// plain is the value as it stands in the file.
func (k key) plain() any {
	switch at := k.at.(type) {
	case *string:
		return *at
	case *bool:
		return *at
	case *int:
		return *at
	case *time.Duration:
		return quantity.FormatDuration(*at)
	case *size:
		return quantity.FormatBytes(int64(*at))
	case *[]string:
		if *at == nil {
			return []string{}
		}
		return *at
	}
	return nil
}

// Text writes a value as the file has it.
func (v Value) Text() string { return literal(v.Value) }

func literal(v any) string {
	switch v := v.(type) {
	case string:
		return quote(v)
	case []string:
		quoted := make([]string, len(v))
		for i, s := range v {
			quoted[i] = quote(s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case float64: // a number that came as JSON
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any: // a list that did
		texts := make([]string, len(v))
		for i, item := range v {
			texts[i], _ = item.(string)
		}
		return literal(texts)
	}
	return ""
}

// quote writes a TOML basic string.
func quote(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			b.WriteString(`\u00`)
			b.WriteByte(hex[r>>4])
			b.WriteByte(hex[r&15])
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// DefaultFile is the file that the package installs: every key with its help
// and its default, behind a #.
func DefaultFile() string {
	var b strings.Builder
	b.WriteString(`# The configuration of vitrine guard. Every key is here with its default behind a #.
# vitrine config shows what is in force and where it comes from. systemctl restart
# vitrine-guard takes changes over; for rules, lists and exclusions reload is enough.
# The file must belong to root, and nobody else may be able to write it.
`)
	c := Default()
	keys := c.keys()
	for _, t := range tables() {
		b.WriteString("\n# " + t[1] + "\n[" + t[0] + "]\n")
		for _, k := range keys {
			if k.table() != t[0] {
				continue
			}
			_, name, _ := strings.Cut(k.name, ".")
			b.WriteString("\n# " + strings.ReplaceAll(k.help, "\n", "\n# ") + "\n#" + name + " = " + literal(k.plain()) + "\n")
		}
	}
	return b.String()
}

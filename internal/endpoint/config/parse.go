package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vitrine/internal/quantity"
	"vitrine/internal/spelling"

	"github.com/BurntSushi/toml"
)

// Parse reads the text of a file and checks it; the path is for messages and
// sources.
func Parse(path string, text []byte) (*Loaded, error) {
	l := &Loaded{Config: Default(), File: path, sources: map[string]string{}}
	found, err := values(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	var problems []error
	for _, v := range found {
		source := fmt.Sprintf("%s:%d", path, v.line)
		if err := l.set(v.name, v.data, source); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", source, err))
		}
	}
	problems = append(problems, l.Validate())
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return l, nil
}

// Set gives a key the value that text holds, as it would stand in the file; a
// single word or path may go without its quotes. The source is what Values say
// of it, such as the name of a flag.
func (l *Loaded) Set(name, text, source string) error {
	if l.sources == nil {
		l.sources = map[string]string{}
	}
	found, err := values("value = " + text)
	var data any = text
	if err == nil && len(found) == 1 {
		data = found[0].data
	}
	if err := l.set(name, data, source); err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	return l.Validate()
}

// value is one value of a file.
type value struct {
	name string
	data any // as the TOML package decodes it
	line int
}

// values gives every value of a file, in the order of their lines. Of a table
// that is not in the table of keys it gives the table itself.
func values(text string) ([]value, error) {
	var top map[string]toml.Primitive
	meta, err := toml.Decode(text, &top)
	if err != nil {
		return nil, syntax(err)
	}
	var found []value
	for name, primitive := range top {
		data, line := look(meta, primitive)
		if _, isTable := data.(map[string]any); !isTable {
			found = append(found, value{name, data, line})
			continue
		}
		var table map[string]toml.Primitive
		if err := meta.PrimitiveDecode(primitive, &table); err != nil {
			return nil, syntax(err)
		}
		for key, primitive := range table {
			data, line := look(meta, primitive)
			found = append(found, value{name + "." + key, data, line})
		}
	}
	slices.SortFunc(found, func(a, b value) int {
		if a.line != b.line {
			return a.line - b.line
		}
		return strings.Compare(a.name, b.name)
	})
	return found, nil
}

// look gives a value and its line. The TOML package tells lines in errors alone,
// so it is made to tell one.
func look(meta toml.MetaData, primitive toml.Primitive) (any, int) {
	var p probe
	var told toml.ParseError
	if errors.As(meta.PrimitiveDecode(primitive, &p), &told) && told.Position.Line > 0 {
		return p.data, told.Position.Line
	}
	// A table that only dotted keys make has no line of its own: the first of theirs.
	first := 0
	var table map[string]toml.Primitive
	if meta.PrimitiveDecode(primitive, &table) == nil {
		for _, inner := range table {
			if _, line := look(meta, inner); first == 0 || line < first {
				first = line
			}
		}
	}
	return p.data, first
}

type probe struct{ data any }

var errProbe = errors.New("which line?")

// UnmarshalTOML keeps the value and fails.
func (p *probe) UnmarshalTOML(data any) error {
	p.data = data
	return errProbe
}

// syntax puts an error of the TOML package into the shape line: what.
func syntax(err error) error {
	var e toml.ParseError
	if errors.As(err, &e) {
		return fmt.Errorf("%d: %s", e.Position.Line, e.Message)
	}
	return fmt.Errorf(" %w", err)
}

// set puts a value at its place.
func (l *Loaded) set(name string, data any, source string) error {
	for _, k := range l.Config.keys() {
		if k.name != name {
			continue
		}
		if err := k.assign(data); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		l.sources[name] = source
		return nil
	}
	return unknown(name)
}

// unknown says which key may have been meant.
func unknown(name string) error {
	var names []string
	tableMeant, last, inTable := strings.Cut(name, ".")
	empty := Config{}
	for _, k := range empty.keys() {
		names = append(names, k.name)
		if _, own, _ := strings.Cut(k.name, "."); own == last || own == name {
			return fmt.Errorf("%s is not a key: did you mean %s?", name, k.name)
		}
	}
	if near := spelling.Nearest(name, names); len(near) > 0 {
		return fmt.Errorf("%s is not a key: did you mean %s?", name, near[0])
	}
	var tableNames []string
	for _, t := range tables() {
		tableNames = append(tableNames, t[0])
	}
	if near := spelling.Nearest(tableMeant, tableNames); len(near) > 0 && near[0] != tableMeant {
		return fmt.Errorf("%s is not a key: did you mean [%s]?", name, near[0])
	}
	if !inTable && slices.Contains(tableNames, name) {
		return fmt.Errorf("%s is a table: write [%s] on a line of its own", name, name)
	}
	if inTable && slices.Contains(tableNames, tableMeant) {
		return fmt.Errorf("%s is not a key: vitrine config --default shows those of [%s]", name, tableMeant)
	}
	return fmt.Errorf("%s is not a key: the tables are %s", name, strings.Join(tableNames, ", "))
}

// assign stores data if it has the type of the key.
func (k key) assign(data any) error {
	switch at := k.at.(type) {
	case *string:
		return put(at, data, "a text in quotes")
	case *bool:
		return put(at, data, "true or false")
	case *int:
		n, ok := data.(int64)
		if !ok || int64(int(n)) != n {
			return fmt.Errorf("expected a whole number, found %s", describe(data))
		}
		*at = int(n)
	case *[]string:
		return putList(at, data)
	case *time.Duration:
		s, ok := data.(string)
		if !ok {
			return fmt.Errorf("expected a duration such as \"2s\", found %s", describe(data))
		}
		d, err := quantity.ParseDuration(s)
		if err != nil {
			return err
		}
		*at = d
	case *size:
		return putSize(at, data)
	}
	return nil
}

func put[T any](at *T, data any, expected string) error {
	v, ok := data.(T)
	if !ok {
		return fmt.Errorf("expected %s, found %s", expected, describe(data))
	}
	*at = v
	return nil
}

func putList(at *[]string, data any) error {
	list, ok := data.([]any)
	if !ok {
		return fmt.Errorf("expected a list of texts such as [\"a\", \"b\"], found %s", describe(data))
	}
	texts := make([]string, len(list))
	for i, v := range list {
		if texts[i], ok = v.(string); !ok {
			return fmt.Errorf("expected a list of texts, found %s in it", describe(v))
		}
	}
	*at = texts
	return nil
}

func putSize(at *size, data any) error {
	if n, ok := data.(int64); ok && n >= 0 {
		*at = size(n)
		return nil
	}
	s, ok := data.(string)
	if !ok {
		return fmt.Errorf("expected a size such as \"512MiB\", found %s", describe(data))
	}
	n, err := quantity.ParseBytes(s)
	if err != nil {
		return err
	}
	*at = size(n)
	return nil
}

// describe names a value in the words of the file.
func describe(data any) string {
	switch v := data.(type) {
	case string:
		return fmt.Sprintf("the text %q", v)
	case bool, int64, float64:
		return fmt.Sprint(v)
	case []any, []map[string]any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "a date"
}

// Validate says everything that is wrong with the values, each with its source.
func (l *Loaded) Validate() error {
	var problems []error
	for _, k := range l.Config.keys() {
		if k.check == nil {
			continue
		}
		if err := k.check(k.at); err != nil {
			problems = append(problems, fmt.Errorf("%s: %s: %w", l.source(k.name), k.name, err))
		}
	}
	return errors.Join(append(problems, l.together()...)...)
}

// together says what is wrong with values that are right each by itself.
func (l *Loaded) together() []error {
	var problems []error
	c := &l.Config
	wrong := func(key, format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %s: %s", l.source(key), key, fmt.Sprintf(format, args...)))
	}
	if c.Clamd.Enabled && c.Clamd.Socket == c.Control.Socket {
		wrong("clamd.socket", "%s is the control socket", c.Clamd.Socket)
	}
	if c.Events.File != "" && c.Events.File == c.Events.Metrics {
		wrong("events.metrics", "%s is the file of events", c.Events.Metrics)
	}
	if c.Network.Resolver != "" && slices.Contains(c.Network.Upstreams, c.Network.Resolver) {
		wrong("network.upstreams", "%s is the resolver itself", c.Network.Resolver)
	}
	if !c.Scanner.Builtin && len(c.Scanner.Rules) == 0 && c.Scanner.ClamAV == "" && len(c.Scanner.Hashes) == 0 {
		wrong("scanner.builtin", "without it there must be rules, clamav or hashes: nothing would be looked for")
	}
	return problems
}

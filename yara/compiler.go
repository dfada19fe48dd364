package yara

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/modules"
	"vitrine/yara/internal/packed"
	"vitrine/yara/internal/plan"
	"vitrine/yara/internal/sema"
	"vitrine/yara/syntax"
)

// DefaultNamespace is the namespace of a Source that names none.
const DefaultNamespace = "default"

// maxIncludeDepth is how deep files may include each other.
const maxIncludeDepth = 16

// Config says how to compile. The zero value compiles YARA 4 rules without
// external variables and without includes.
type Config struct {
	Dialect Dialect

	// Externals gives the external variables and their types: values are
	// bool, int64 (or int), float64 or string. A Scanner may change the value,
	// never the type.
	Externals map[string]any

	// StrictEscape warns of escapes in regular expressions that mean nothing
	// but the character behind the backslash (yara -E).
	StrictEscape bool

	// Brief keeps of rules no more than a scan needs to name what it finds: names,
	// and those of strings. File, Line, Text, Tags, Meta and the values of strings
	// are then empty.
	Brief bool

	// Include reads an included file. from is the name of the including file
	// as given in Source.Name or by Include itself. Nil refuses every include.
	Include func(from, path string) (Source, error)
}

// Source is one file of rules.
type Source struct {
	Name      string // for messages, and for Include
	Namespace string // empty: DefaultNamespace. Ignored in what Include returns
	Text      []byte
}

// Compiler gathers sources into Rules.
type Compiler struct {
	config   Config
	err      error // of the Config
	sema     *sema.Compiler
	about    packed.Writer
	warnings []Diagnostic
}

// NewCompiler returns an empty Compiler. A mistake in the Config is reported by
// Add and Rules.
func NewCompiler(c Config) *Compiler {
	externals, err := externalValues(c.Externals)
	return &Compiler{config: c, err: err, sema: sema.New(sema.Options{
		YARAX: c.Dialect == YARAX, StrictEscape: c.StrictEscape, Externals: externals, Module: modules.Named,
	})}
}

func externalValues(given map[string]any) (map[string]module.Value, error) {
	values := make(map[string]module.Value, len(given))
	for name, v := range given {
		value, ok := externalValue(v)
		if !ok {
			return nil, fmt.Errorf("external variable %q: a %T is no value; use bool, int64, float64 or string", name, v)
		}
		values[name] = value
	}
	return values, nil
}

func externalValue(v any) (module.Value, bool) {
	switch v := v.(type) {
	case bool:
		return module.Bool(v), true
	case int:
		return module.Int(int64(v)), true
	case int64:
		return module.Int(v), true
	case float64:
		return module.Float(v), true
	case string:
		return module.String(v), true
	}
	return module.Value{}, false
}

// Add compiles one source. The error is an Errors with everything that is
// wrong in it; a source with errors adds no rules, and the Compiler stays usable.
func (c *Compiler) Add(s Source) error {
	if c.err != nil {
		return c.err
	}
	if s.Namespace == "" {
		s.Namespace = DefaultNamespace
	}
	c.sema.Begin()
	c.about.Begin()
	a := addition{c: c, namespace: s.Namespace}
	a.source(s, nil)
	if len(a.errs) > 0 {
		c.sema.Abort()
		c.about.Abort()
		return a.errs.inOrder()
	}
	c.warnings = append(c.warnings, a.warnings...)
	return nil
}

// Warnings gives what Add found doubtful so far.
func (c *Compiler) Warnings() []Diagnostic { return c.warnings }

// Rules finishes the set. The Compiler must not be used afterwards.
func (c *Compiler) Rules() (*Rules, error) {
	if c.err != nil {
		return nil, c.err
	}
	set := c.sema.Set()
	c.sema = nil // what it knows is not needed while the plan is made
	set.Trim()
	return newRules(set, plan.New(set), c.about.Finish()), nil
}

// Compile compiles one text with the zero Config.
func Compile(text string) (*Rules, error) {
	c := NewCompiler(Config{})
	if err := c.Add(Source{Text: []byte(text)}); err != nil {
		return nil, err
	}
	return c.Rules()
}

// addition is the work on one source and what it includes.
type addition struct {
	c         *Compiler
	namespace string
	errs      Errors
	warnings  []Diagnostic
}

// source compiles one file. above names the files it is included from.
func (a *addition) source(s Source, above []string) {
	before := len(a.errs)
	errs := syntax.Each(s.Text, syntax.Options{YARAX: a.c.config.Dialect == YARAX}, func(item syntax.Item) {
		switch item := item.(type) {
		case *syntax.Import:
			if p := a.c.sema.Import(item, a.namespace); p != nil {
				a.fail(s.Name, p.Pos, "", p.Message)
			}
		case *syntax.Include:
			a.include(s.Name, item, above)
		case *syntax.Rule:
			a.rule(s, item)
		}
	})
	later := slices.Clone(a.errs[before:]) // what is found while the file is read comes behind
	a.errs = a.errs[:before]
	for _, e := range errs {
		a.fail(s.Name, e.Pos, e.Rule, e.Message)
	}
	a.errs = append(a.errs, later...)
}

func (a *addition) fail(file string, at syntax.Pos, rule, message string) {
	a.errs = append(a.errs, Diagnostic{File: file, Line: at.Line, Col: at.Col, Rule: rule, Message: message})
}

func (a *addition) include(from string, i *syntax.Include, above []string) {
	if a.c.config.Include == nil {
		a.fail(from, i.Pos, "", "includes are not allowed here")
		return
	}
	if len(above) >= maxIncludeDepth {
		a.fail(from, i.Pos, "", fmt.Sprintf("files include each other more than %d deep", maxIncludeDepth))
		return
	}
	s, err := a.c.config.Include(from, i.Path)
	if err != nil {
		a.fail(from, i.Pos, "", fmt.Sprintf("include %q: %v", i.Path, err))
		return
	}
	for _, name := range append(above, from) {
		if name == s.Name {
			a.fail(from, i.Pos, "", fmt.Sprintf("include %q: the file includes itself", i.Path))
			return
		}
	}
	a.source(s, append(above, from))
}

func (a *addition) rule(s Source, r *syntax.Rule) {
	problems := a.c.sema.Rule(r, a.namespace)
	for _, p := range problems {
		a.fail(s.Name, p.Pos, p.Rule, p.Message)
	}
	for _, p := range a.c.sema.Warnings() {
		a.warnings = append(a.warnings, Diagnostic{File: s.Name, Line: p.Pos.Line, Col: p.Pos.Col, Rule: p.Rule, Message: p.Message})
	}
	if problems == nil {
		a.c.about.Add(describe(r, s, a.c.config.Brief))
	}
}

// Diagnostic is one thing wrong or doubtful with a rule file.
type Diagnostic struct {
	File      string
	Line, Col int // from 1; Col counts bytes
	Rule      string
	Message   string
}

// String gives `file:line:col: rule "name": message`.
func (d Diagnostic) String() string {
	var b strings.Builder
	if d.File != "" {
		b.WriteString(d.File + ":")
	}
	fmt.Fprintf(&b, "%d:%d: ", d.Line, d.Col)
	if d.Rule != "" {
		fmt.Fprintf(&b, "rule %q: ", d.Rule)
	}
	b.WriteString(d.Message)
	return b.String()
}

// Errors is every error of a source, in the order of the file. It is never empty.
type Errors []Diagnostic

// inOrder sorts the errors of each file by their place, the files by their
// first error.
func (e Errors) inOrder() Errors {
	files := map[string]int{}
	for _, d := range e {
		if _, ok := files[d.File]; !ok {
			files[d.File] = len(files)
		}
	}
	slices.SortStableFunc(e, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(files[a.File], files[b.File]), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return e
}

// Error gives each error on a line of its own.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, d := range e {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

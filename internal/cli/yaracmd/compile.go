package yaracmd

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strings"

	"vitrine/internal/cli/term"
	"vitrine/yara"
)

// compile makes rules of the files, telling on stderr what is wrong or
// doubtful in them. As in yara, the first file with errors is the last one
// looked at.
func (c *call) compile(files []string, externals map[string]any) (*yara.Rules, error) {
	compiler := yara.NewCompiler(yara.Config{Externals: externals, Include: include, StrictEscape: c.options.StrictEscape})
	var compiled []*yara.Rules
	for _, f := range files {
		ready, err := c.addFile(compiler, f)
		if err != nil {
			return nil, err
		}
		if ready != nil {
			compiled = append(compiled, ready)
		}
	}
	if c.options.FailOnWarnings && !c.options.NoWarnings && len(compiler.Warnings()) > 0 {
		return nil, term.ErrReported
	}
	rules, err := compiler.Rules()
	if err != nil {
		return nil, c.fail("error: %v", err)
	}
	if len(compiled) > 0 {
		if rules, err = c.join(rules, compiled, externals); err != nil {
			return nil, err
		}
	}
	return rules, c.checkStrings(rules)
}

// join puts rules that were compiled before behind those of sources. Their
// variables get values only now.
func (c *call) join(sources *yara.Rules, compiled []*yara.Rules, externals map[string]any) (*yara.Rules, error) {
	if sources.Len() > 0 {
		compiled = append([]*yara.Rules{sources}, compiled...)
	}
	rules := yara.Join(compiled...)
	if _, err := yara.NewScanner(rules, yara.ScanConfig{Externals: externals}); err != nil {
		return nil, c.fail("error: -d: %v", err)
	}
	c.externals = externals
	return rules, nil
}

// addFile adds a source to what is compiled, or gives the rules of a file that
// is compiled already.
func (c *call) addFile(compiler *yara.Compiler, arg string) (compiled *yara.Rules, err error) {
	src := ruleFile(arg)
	compiled, err = c.read(&src)
	switch {
	case err != nil:
		return nil, c.fail("error: %v", err)
	case compiled != nil && src.Namespace != "":
		return nil, c.fail("error: %s: compiled rules keep their namespaces, they take no %q", src.Name, src.Namespace)
	case compiled != nil:
		return compiled, nil
	case c.options.CompiledRules:
		return nil, c.fail("error: -C: %s holds no rules compiled by vitrine rules compile", src.Name)
	}
	return nil, c.addSource(compiler, src)
}

func (c *call) addSource(compiler *yara.Compiler, src yara.Source) error {
	seen := len(compiler.Warnings())
	err := compiler.Add(src)
	if ws := compiler.Warnings(); len(ws) > seen {
		c.tellWarnings(ws[seen:])
	}
	return c.tellErrors(err)
}

// read gives the rules of a compiled file, or the source its text.
func (c *call) read(src *yara.Source) (compiled *yara.Rules, err error) {
	if compiled, err = loadCompiled(src.Name); err == nil && compiled == nil {
		if src.Text, err = c.readRules(src.Name); err != nil || !yara.IsCompiled(src.Text) {
			return nil, err
		}
		compiled, err = yara.Load(src.Text) // through a pipe
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", src.Name, err)
	}
	return compiled, nil
}

// loadCompiled loads a file of compiled rules. Nil: it is none, or cannot be
// read from several places.
func loadCompiled(name string) (*yara.Rules, error) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, nil // to be told by who reads it as a source
	}
	defer file.Close()
	head := make([]byte, min(info.Size(), 16))
	if _, err := file.ReadAt(head, 0); err != nil || !yara.IsCompiled(head) {
		return nil, nil
	}
	return yara.LoadFrom(file, info.Size())
}

// ruleFile takes [NAMESPACE:]FILE apart. The part before a colon is a namespace
// only when no file has the whole argument as its name.
func ruleFile(arg string) yara.Source {
	if _, err := os.Stat(arg); err != nil {
		if ns, name, ok := strings.Cut(arg, ":"); ok {
			return yara.Source{Namespace: ns, Name: name}
		}
	}
	return yara.Source{Name: arg}
}

func (c *call) readRules(name string) ([]byte, error) {
	if name == "-" {
		return readWhole("stdin", c.env.Stdin)
	}
	return readWhole(name, nil)
}

// include reads a file named by an include statement: relative to the file
// that holds the statement.
func include(from, name string) (yara.Source, error) {
	if dir, _ := path.Split(from); dir != "" && !path.IsAbs(name) {
		name = dir + name
	}
	st, err := os.Stat(name)
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("open %s: not a regular file", name)
	}
	if err != nil {
		return yara.Source{}, err
	}
	text, err := readWhole(name, nil)
	return yara.Source{Name: name, Text: text}, err
}

func (c *call) tellWarnings(list []yara.Diagnostic) {
	for _, d := range list {
		c.warn("%s", diagnostic("warning", d))
	}
}

func (c *call) tellErrors(err error) error {
	var list yara.Errors
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &list):
		return c.fail("error: %v", err)
	}
	for _, d := range list {
		c.tell("%s", diagnostic("error", d))
	}
	return term.ErrReported
}

// diagnostic gives a message of the compiler the shape that tools reading
// yara's stderr know.
func diagnostic(level string, d yara.Diagnostic) string {
	if d.Rule == "" {
		return fmt.Sprintf("%s(%d): %s: %s", d.File, d.Line, level, d.Message)
	}
	return fmt.Sprintf("%s: rule \"%s\" in %s(%d): %s", level, d.Rule, d.File, d.Line, d.Message)
}

func (c *call) checkStrings(rules *yara.Rules) error {
	var err error
	limit := c.options.maxStrings()
	if int64(rules.MostStrings()) <= limit {
		return nil
	}
	for r := range rules.All() {
		if n := int64(len(r.Strings)); n > limit {
			err = c.fail("%s", diagnostic("error", yara.Diagnostic{
				File: r.File, Line: r.Line, Rule: r.Name,
				Message: fmt.Sprintf("%d strings, %d are allowed (--max-strings-per-rule)", n, limit),
			}))
		}
	}
	return err
}

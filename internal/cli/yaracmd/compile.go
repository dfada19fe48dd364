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
	compiler := yara.NewCompiler(yara.Config{Externals: externals, Include: include})
	for _, f := range files {
		if err := c.addFile(compiler, f); err != nil {
			return nil, err
		}
	}
	if c.options.FailOnWarnings && !c.options.NoWarnings && len(compiler.Warnings()) > 0 {
		return nil, term.ErrReported
	}
	rules, err := compiler.Rules()
	if err != nil {
		return nil, c.fail("error: %v", err)
	}
	return rules, c.checkStrings(rules)
}

func (c *call) addFile(compiler *yara.Compiler, arg string) error {
	src, err := c.ruleFile(arg)
	if err != nil {
		return c.fail("error: %v", err)
	}
	seen := len(compiler.Warnings())
	err = compiler.Add(src)
	if ws := compiler.Warnings(); len(ws) > seen {
		c.tellWarnings(ws[seen:])
	}
	return c.tellErrors(err)
}

// ruleFile reads [NAMESPACE:]FILE. The part before a colon is a namespace only
// when no file has the whole argument as its name.
func (c *call) ruleFile(arg string) (yara.Source, error) {
	src := yara.Source{Name: arg}
	if _, err := os.Stat(arg); err != nil {
		if ns, name, ok := strings.Cut(arg, ":"); ok {
			src.Namespace, src.Name = ns, name
		}
	}
	var err error
	if src.Name == "-" {
		src.Text, err = readWhole("stdin", c.env.Stdin)
	} else {
		src.Text, err = readWhole(src.Name, nil)
	}
	return src, err
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

// moduleNames lists those modules of yara that rules may import here.
func moduleNames() []string {
	known := []string{"console", "cuckoo", "dex", "dotnet", "elf", "hash", "macho", "magic", "math", "pe", "string", "time"}
	var names []string
	for _, m := range known {
		if _, err := yara.Compile(`import "` + m + `"`); err == nil {
			names = append(names, m)
		}
	}
	return names
}

// Package moduletest asks a YARA module for values by path, as a rule would,
// and walks a module's whole tree. It serves the tests of the modules; nothing
// in the product imports it, and it is no evaluator of conditions.
package moduletest

import (
	"context"
	"fmt"
	"strconv"

	"vitrine/yara/internal/module"
)

// Scan is one module opened over one piece of data.
type Scan struct {
	Module  *module.Module
	Context *module.Context
	Lines   []string // what the module logged
	self    any
}

// Open opens m over data, with a clock that stands at second 1.
func Open(m *module.Module, data []byte) *Scan {
	return OpenIn(m, module.Context{Data: data})
}

// OpenIn opens m in a context; missing parts of it are filled in.
func OpenIn(m *module.Module, c module.Context) *Scan {
	s := &Scan{Module: m, Context: &c}
	if c.Ctx == nil {
		c.Ctx = context.Background()
	}
	if c.Now == nil {
		c.Now = func() int64 { return 1 }
	}
	if c.Log == nil {
		c.Log = func(line string) { s.Lines = append(s.Lines, line) }
	}
	s.self = m.Open(&c)
	return s
}

// Show writes a value: 7, 1.5, true, "text" (Go syntax), undefined, or the
// kind of a composite one.
func Show(v module.Value) string {
	switch v.Kind {
	case module.KindUndefined:
		return "undefined"
	case module.KindInt:
		return strconv.FormatInt(v.Int, 10)
	case module.KindFloat:
		return strconv.FormatFloat(v.Float, 'g', -1, 64)
	case module.KindBool:
		return strconv.FormatBool(v.Int != 0)
	case module.KindString:
		return strconv.Quote(string(v.Bytes))
	}
	return fmt.Sprintf("kind %d", v.Kind)
}

// Eval gives the value under a path as Show writes it, or an error text when
// the path does not fit the tree.
func (s *Scan) Eval(path string) string {
	p := &parser{text: path, scan: s}
	v, err := p.path()
	if err == nil && p.at < len(p.text) {
		err = fmt.Errorf("%q: text after the path at %d", path, p.at)
	}
	if err != nil {
		return "error: " + err.Error()
	}
	return Show(v)
}

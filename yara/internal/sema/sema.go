// Package sema gives meaning to parsed rules: it resolves names, checks types,
// and builds the compiled form. It finds every error of a rule, not only the
// first, and a rule with an error adds nothing.
//
// The checks follow YARA 4.5; Options.YARAX selects YARA-X's where they differ.
package sema

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
	"vitrine/yara/syntax"
)

// Options says how to compile.
type Options struct {
	YARAX        bool
	StrictEscape bool // warn of escapes that mean nothing
	Externals    map[string]module.Value
	Module       func(name string) (*module.Module, bool) // finds what a rule imports
}

// Problem is something wrong or doubtful.
type Problem struct {
	Pos     syntax.Pos
	Rule    string
	Message string
}

// Compiler builds a Set from rules, one at a time.
type Compiler struct {
	options Options
	set     *ir.Set

	modules    map[string]*module.Module
	namespaces map[string]*namespace
	externals  map[string]int32
	interned   interned
	warnings   []Problem

	start    mark    // where the source at hand began
	added    []named // the rules it has added, or tried to
	imported []named // the modules it has made known
}

type named struct {
	ns   *namespace
	name string
}

// wildcard is a prefix used in a rule set.
type wildcard struct {
	prefix string
	rule   int32 // where it is used
}

// namespace is what the rules of one namespace can name.
type namespace struct {
	id        int32
	imports   map[string]int32 // module name to index in Set.Modules
	rules     map[string]int32
	broken    map[string]bool // rules with errors: naming one is no second error
	wildcards []wildcard      // no later rule may begin so
}

// New returns a Compiler without rules.
func New(o Options) *Compiler {
	c := &Compiler{options: o, namespaces: map[string]*namespace{}, modules: map[string]*module.Module{}, externals: map[string]int32{}}
	c.set = &ir.Set{Nodes: make([]ir.Node, 1), YARAX: o.YARAX}
	c.interned = newInterned()
	for _, name := range slices.Sorted(maps.Keys(o.Externals)) {
		c.externals[name] = int32(len(c.set.Externals))
		c.set.Externals = append(c.set.Externals, ir.External{Name: name, Value: o.Externals[name]})
	}
	return c
}

// Set gives what was built so far.
func (c *Compiler) Set() *ir.Set { return c.set }

// Warnings gives what was found doubtful since the last call.
func (c *Compiler) Warnings() []Problem {
	w := c.warnings
	c.warnings = nil
	return w
}

func (c *Compiler) namespace(name string) *namespace {
	ns := c.namespaces[name]
	if ns == nil {
		ns = &namespace{id: int32(len(c.set.Namespaces)), imports: map[string]int32{}, rules: map[string]int32{}, broken: map[string]bool{}}
		c.namespaces[name] = ns
		c.set.Namespaces = append(c.set.Namespaces, ir.Namespace{Name: name})
	}
	return ns
}

// Import makes a module known to the rules that follow in a namespace.
func (c *Compiler) Import(i *syntax.Import, ns string) *Problem {
	m := c.findModule(i.Module)
	if m == nil {
		return &Problem{Pos: i.Pos, Message: fmt.Sprintf("unknown module %q", i.Module)}
	}
	n := c.namespace(ns)
	if _, ok := n.imports[i.Module]; !ok {
		n.imports[i.Module] = c.module(m)
		c.imported = append(c.imported, named{n, i.Module})
	}
	return nil
}

// findModule builds a module at its first use. Nil: there is none of that name.
func (c *Compiler) findModule(name string) *module.Module {
	m, ok := c.modules[name]
	if !ok {
		m, _ = c.options.Module(name)
		c.modules[name] = m
	}
	return m
}

func (c *Compiler) module(m *module.Module) int32 {
	if i := slices.Index(c.set.Modules, m); i >= 0 {
		return int32(i)
	}
	c.set.Modules = append(c.set.Modules, m)
	return int32(len(c.set.Modules) - 1)
}

// Begin starts a source: Abort takes back all that comes after it.
func (c *Compiler) Begin() {
	c.start, c.added, c.imported = c.mark(), nil, nil
}

// Abort takes back the rules and imports added since Begin.
func (c *Compiler) Abort() {
	c.rollback(c.start)
	isNew := func(rule int32) bool { return int(rule) >= c.start.rules }
	for _, a := range c.added {
		if id, ok := a.ns.rules[a.name]; ok && isNew(id) {
			delete(a.ns.rules, a.name)
		}
		delete(a.ns.broken, a.name)
		a.ns.wildcards = slices.DeleteFunc(a.ns.wildcards, func(w wildcard) bool { return isNew(w.rule) })
		g := &c.set.Namespaces[a.ns.id]
		g.Globals = slices.DeleteFunc(g.Globals, isNew)
	}
	for _, m := range c.imported {
		delete(m.ns.imports, m.name)
	}
	c.warnings = nil
}

// Rule compiles one rule. With problems nothing is added to the Set.
func (c *Compiler) Rule(r *syntax.Rule, nsName string) []Problem {
	ns := c.namespace(nsName)
	u := &unit{c: c, ns: ns, rule: r, mark: c.mark()}
	u.checkName()
	c.added = append(c.added, named{ns, r.Name})
	u.declareStrings()
	cond := u.boolean(r.Condition)
	u.finishStrings()
	if len(u.problems) > 0 {
		c.rollback(u.mark)
		ns.broken[r.Name] = true
		return u.problems
	}
	c.warnings = append(c.warnings, u.warnings...)
	id := int32(len(c.set.Rules))
	out := ir.Rule{Namespace: ns.id, Global: r.Global, Private: r.Private, Condition: cond.node}
	for i, s := range u.strings {
		out.Strings = append(out.Strings, ir.String{Pattern: s.id, Private: r.Strings[i].Mods.Private, List: s.compiled.NeedList})
	}
	c.set.Rules = append(c.set.Rules, out)
	ns.rules[r.Name] = id
	for _, w := range u.wildcards {
		ns.wildcards = append(ns.wildcards, wildcard{w, id})
	}
	if r.Global {
		g := &c.set.Namespaces[ns.id]
		g.Globals = append(g.Globals, id)
	}
	c.set.Slots = max(c.set.Slots, u.maxSlots)
	return nil
}

// unit is the work on one rule.
type unit struct {
	c        *Compiler
	ns       *namespace
	rule     *syntax.Rule
	mark     mark
	problems []Problem
	warnings []Problem

	strings   []*stringUse // parallel to rule.Strings
	byName    map[string]*stringUse
	scopes    []scope // innermost last
	forOf     int32   // slot of the string of the innermost for…of, or -1
	loose     bool    // a for…of asks about $: as in YARA no string of the rule is then held to one offset
	nesting   int
	slots     int
	maxSlots  int
	wildcards []string
}

func (u *unit) errorf(p syntax.Pos, format string, args ...any) operand {
	u.problems = append(u.problems, Problem{Pos: p, Rule: u.rule.Name, Message: fmt.Sprintf(format, args...)})
	return operand{bad: true}
}

func (u *unit) warnf(p syntax.Pos, format string, args ...any) {
	u.warnings = append(u.warnings, Problem{Pos: p, Rule: u.rule.Name, Message: fmt.Sprintf(format, args...)})
}

func (u *unit) checkName() {
	name := u.rule.Name
	u.forOf = -1
	if _, ok := u.ns.rules[name]; ok || u.ns.broken[name] {
		u.errorf(u.rule.Pos, "duplicate rule %q", name)
	}
	_, external := u.c.externals[name]
	_, imported := u.ns.imports[name]
	if external || imported {
		u.errorf(u.rule.Pos, "rule %q has the name of a variable or module", name)
	}
	for _, w := range u.ns.wildcards {
		if strings.HasPrefix(name, w.prefix) {
			u.errorf(u.rule.Pos, "rule %q comes after a rule that refers to %q and would have been meant", name, w.prefix+"*")
		}
	}
}

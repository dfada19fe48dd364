// Package eval computes the conditions of compiled rules over one piece of
// data, following YARA's rules for values that are not defined.
//
// It evaluates what it is asked to and nothing else: strings come from a
// search.Searcher, values of modules are computed when a condition reaches
// them, and the result of a rule is kept so that rules referring to it do not
// compute it again. Nothing here fails on the data; a loop that exceeds its
// budget, or a scan that is stopped, makes the rule undecided and is reported.
package eval

import (
	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
	"vitrine/yara/internal/pattern"
	"vitrine/yara/internal/search"
)

// Config bounds an Evaluator and gives it what lies outside the rules.
type Config struct {
	MaxLoop int          // iterations for one rule
	Stop    func() error // asked now and then; an error makes every further rule false
	// Externals holds the values of the Set's externals, in the same order.
	Externals []module.Value
	Context   module.Context    // Data is set by Reset
	Extra     map[string][]byte // by module name: Context.Extra
}

// Evaluator evaluates the rules of one Set. Not safe for concurrent use.
type Evaluator struct {
	set     *ir.Set
	strings *search.Searcher
	config  Config
	machine pattern.Machine

	slots   []module.Value
	roots   []root
	rules   []verdict
	dirty   []int32 // rules whose verdict is known
	opened  []int32 // modules that are open
	loops   int     // left for the rule at hand
	overrun bool    // the rule at hand ran out of loops
	depth   int     // of the node at hand
	work    int     // done since the last look at the clock
	err     error

	stopped stopper        // the context handed to modules
	args    []module.Value // of the calls at hand, the innermost last
	folded  [2][]byte      // texts in lower case
}

type root struct {
	open    bool
	value   module.Value
	context module.Context
}

type verdict uint8

const (
	unknown verdict = iota
	failed
	holds
	undecided // out of loops
)

// New returns an Evaluator that asks strings for what was found.
func New(set *ir.Set, strings *search.Searcher, c Config) *Evaluator {
	e := &Evaluator{set: set, strings: strings, config: c,
		slots: make([]module.Value, set.Slots),
		roots: make([]root, len(set.Modules)),
		rules: make([]verdict, len(set.Rules))}
	e.stopped.e = e
	e.machine.Stop = func() bool { e.look(); return e.err != nil }
	return e
}

// Reset forgets the data at hand and takes new data. c replaces the context of
// the modules; its Data is data.
func (e *Evaluator) Reset(c module.Context) {
	for _, r := range e.dirty {
		e.rules[r] = unknown
	}
	for _, m := range e.opened {
		e.roots[m] = root{}
	}
	e.dirty, e.opened, e.args = e.dirty[:0], e.opened[:0], e.args[:0]
	e.work, e.depth, e.err = 0, 0, nil
	e.stopped.Context = c.Ctx
	c.Ctx = &e.stopped
	e.config.Context = c
}

// SetExternals replaces the values of the externals.
func (e *Evaluator) SetExternals(v []module.Value) { e.config.Externals = v }

// Rule reports whether the condition of a rule holds. overrun tells, the first
// time, that it could not be decided within the loop budget.
func (e *Evaluator) Rule(r int32) (ok, overrun bool) {
	first := e.rules[r] == unknown
	v := e.verdict(r)
	return v == holds, first && v == undecided
}

func (e *Evaluator) verdict(r int32) verdict {
	if e.rules[r] != unknown {
		return e.rules[r]
	}
	loops, over := e.loops, e.overrun
	e.loops, e.overrun = e.config.MaxLoop, false
	v := failed
	switch ok := truth(e.eval(e.set.Rules[r].Condition)); {
	case e.overrun:
		v = undecided
	case ok && e.err == nil:
		v = holds
	}
	e.loops, e.overrun = loops, over
	e.rules[r] = v
	e.dirty = append(e.dirty, r)
	return v
}

// refer gives the result of a rule to another that names it. What rests on an
// undecided rule is undecided as well.
func (e *Evaluator) refer(r int32) bool {
	v := e.verdict(r)
	e.overrun = e.overrun || v == undecided
	return v == holds
}

// Err is the error of Config.Stop that ended the evaluation early.
func (e *Evaluator) Err() error { return e.err }

// truth turns a value into yes or no: undefined is no.
func truth(v module.Value) bool {
	switch v.Kind {
	case module.KindBool, module.KindInt:
		return v.Int != 0
	case module.KindFloat:
		return v.Float != 0
	case module.KindString:
		return len(v.Bytes) > 0
	}
	return false
}

var undefined module.Value

// eval computes a node. The depth was checked with the Set: that it is held again is
// for one that lies in a file and changes there.
func (e *Evaluator) eval(id ir.NodeID) module.Value {
	if e.depth > 2*ir.MaxDepth || !e.spend(1) {
		return undefined
	}
	e.depth++
	node := e.set.Node(id)
	v := e.compute(&node)
	e.depth--
	return v
}

func (e *Evaluator) compute(n *ir.Node) module.Value {
	switch n.Op {
	case ir.And, ir.Or, ir.Not, ir.Defined, ir.ToBool:
		return e.logic(n)
	case ir.Found, ir.FoundAt, ir.FoundIn, ir.Count, ir.CountIn, ir.OffsetOf, ir.LengthOf:
		return e.stringNode(n)
	case ir.Arith, ir.Compare, ir.TextOp, ir.Neg, ir.BitNot, ir.Matches:
		return e.operator(n)
	case ir.Of, ir.OfRules, ir.OfExprs:
		return e.of(n)
	case ir.ForStrings, ir.ForRange, ir.ForTuple, ir.ForArray, ir.ForDict, ir.With:
		return e.loop(n)
	case ir.Module, ir.Field, ir.IndexArray, ir.IndexDict, ir.Call, ir.Len:
		return e.object(n)
	}
	return e.leaf(n)
}

func (e *Evaluator) leaf(n *ir.Node) module.Value {
	switch n.Op {
	case ir.ConstBool:
		return module.Bool(n.A != 0)
	case ir.ConstInt:
		return module.Int(e.set.Ints[n.A])
	case ir.ConstFloat:
		return module.Float(e.set.Floats[n.A])
	case ir.ConstText:
		return module.Bytes(e.set.Texts[n.A])
	case ir.ConstRegexp:
		return module.Ref(module.KindRegexp, regexpArg{e, e.set.Regexps[n.A]})
	case ir.Filesize:
		return module.Int(int64(len(e.config.Context.Data)))
	case ir.Entrypoint:
		if v := e.eval(n.A); v.Kind == module.KindInt {
			return v
		}
		return e.eval(n.B)
	case ir.Variable:
		return e.config.Externals[n.A]
	case ir.RuleRef:
		return module.Bool(e.refer(n.A))
	case ir.Slot:
		return e.slots[n.A]
	case ir.ReadInt:
		return e.readInt(n)
	}
	return undefined
}

// regexpArg hands a compiled expression to a module's function.
type regexpArg struct {
	e *Evaluator
	p *pattern.Program
}

func (r regexpArg) Match(data []byte) bool {
	return r.e.spend(costRegexp+len(data)) && r.e.machine.Search(r.p, data)
}

func (e *Evaluator) logic(n *ir.Node) module.Value {
	switch n.Op {
	case ir.And:
		for _, c := range e.set.List(n.A, n.B) {
			if !truth(e.eval(c)) {
				return module.Bool(false)
			}
		}
		return module.Bool(true)
	case ir.Or:
		for _, c := range e.set.List(n.A, n.B) {
			if truth(e.eval(c)) {
				return module.Bool(true)
			}
		}
		return module.Bool(false)
	case ir.Defined:
		return module.Bool(e.eval(n.A).Kind != module.KindUndefined)
	}
	v := e.eval(n.A)
	if v.Kind == module.KindUndefined {
		return v
	}
	return module.Bool(truth(v) == (n.Op == ir.ToBool))
}

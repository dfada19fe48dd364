package ir

import (
	"fmt"
	"slices"

	"vitrine/yara/internal/module"
)

// MaxDepth is how many nodes may be below each other, through rules that name
// others. No rule written by hand comes near; without a bound a condition nested a
// million deep would end the process.
const MaxDepth = 1 << 16

const maxSlots = 1 << 16

// Check tells whether a Set that comes from outside can be evaluated: every
// index is in range, conditions are trees of bounded depth, rules name earlier
// rules only, a variable is read only where it is bound, and what is asked of
// a module is what its types have. Patterns and Regexps are checked apart.
func (s *Set) Check() error {
	if s.Slots < 0 || s.Slots > maxSlots || s.NodeCount() == 0 {
		return fmt.Errorf("check conditions: %d variables and %d nodes", s.Slots, s.NodeCount())
	}
	c := &checker{s: s, seen: make([]bool, s.NodeCount()), depths: make([]int, len(s.Rules)), slots: make([]binding, s.Slots)}
	for r := range s.Rules {
		c.checkRule(r)
		if c.err != nil {
			return fmt.Errorf("check conditions: rule %d: %w", r, c.err)
		}
	}
	for _, ns := range s.Namespaces {
		for _, g := range ns.Globals {
			if !below(g, len(s.Rules)) {
				return fmt.Errorf("check conditions: rule %d does not exist", g)
			}
		}
	}
	return nil
}

// checker walks the conditions from the top.
type checker struct {
	s      *Set
	rule   int
	level  int
	deep   int    // the deepest level reached in the rule, through others it names
	depths []int  // the same, of the rules done
	seen   []bool // nodes: each has one place
	slots  []binding
	err    error
}

// binding is what a slot holds at the place at hand.
type binding struct {
	what bound
	typ  *module.Type // of values: nil for plain ones
}

type bound uint8

const (
	unbound bound = iota
	boundValue
	boundString
)

func (c *checker) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

func below(i int32, n int) bool { return i >= 0 && int(i) < n }

func (c *checker) index(i int32, n int, what string) bool {
	if !below(i, n) {
		c.fail("%s %d of %d", what, i, n)
		return false
	}
	return true
}

func (c *checker) checkRule(r int) {
	rule := &c.s.Rules[r]
	c.rule, c.deep = r, 0
	c.index(rule.Namespace, len(c.s.Namespaces), "namespace")
	for _, str := range rule.Strings {
		c.index(str.Pattern, c.s.Patterns.Len(), "pattern")
	}
	c.expr(rule.Condition)
	c.depths[r] = c.deep
}

// enter gives a node that must be at one place only, or nil.
func (c *checker) enter(id NodeID) *Node {
	if c.err != nil || !c.index(id, c.s.NodeCount(), "node") {
		return nil
	}
	if id == 0 || c.seen[id] {
		c.fail("node %d is missing, or at two places", id)
		return nil
	}
	c.seen[id] = true
	n := c.s.Node(id)
	return &n
}

// reach notes how deep the evaluation goes.
func (c *checker) reach(level int) bool {
	c.deep = max(c.deep, level)
	if level > MaxDepth {
		c.fail("it is nested too deep")
		return false
	}
	return true
}

// names checks a rule that this one refers to.
func (c *checker) names(r int32) {
	if c.index(r, c.rule, "earlier rule") {
		c.reach(c.level + 1 + c.depths[r])
	}
}

// list gives a list, or nil.
func (c *checker) list(start, n int32) []int32 {
	if start < 0 || n < 0 || int64(start)+int64(n) > int64(len(c.s.Lists)) {
		c.fail("a list of %d at %d of %d", n, start, len(c.s.Lists))
		return nil
	}
	return c.s.List(start, n)
}

// str checks a string operand.
func (c *checker) str(a int32) {
	if a >= 0 {
		c.index(a, c.s.Patterns.Len(), "pattern")
		return
	}
	if c.index(^a, len(c.slots), "variable") && c.slots[^a].what != boundString {
		c.fail("variable %d is no string here", ^a)
	}
}

// bind gives a slot a meaning for what is checked until release.
func (c *checker) bind(slot int32, b binding) {
	if !c.index(slot, len(c.slots), "variable") {
		return
	}
	if c.slots[slot].what != unbound {
		c.fail("variable %d is bound twice", slot)
		return
	}
	c.slots[slot] = b
}

func (c *checker) release(slots ...int32) {
	for _, s := range slots {
		if below(s, len(c.slots)) {
			c.slots[s] = binding{}
		}
	}
}

// exprs checks some nodes.
func (c *checker) exprs(ids ...int32) {
	for _, id := range ids {
		c.expr(id)
	}
}

// expr checks a node and all below it, and gives the type of what it computes
// where a module has one.
func (c *checker) expr(id NodeID) *module.Type {
	n := c.enter(id)
	if n == nil || !c.reach(c.level) {
		return nil
	}
	c.level++
	defer func() { c.level-- }()
	switch n.Op {
	case Module, Field, IndexArray, IndexDict, Call, Len:
		return c.object(n)
	case Slot:
		return c.variable(n.A)
	case Found, FoundAt, FoundIn, Count, CountIn, OffsetOf, LengthOf:
		c.stringNode(n)
	case Of, OfRules, OfExprs:
		c.of(n)
	case ForStrings, ForRange, ForTuple, ForArray, ForDict:
		c.loop(n)
	case With:
		return c.with(n)
	default:
		c.plain(n)
	}
	return nil
}

// plain checks nodes that stand for themselves or compute something of others.
func (c *checker) plain(n *Node) {
	switch n.Op {
	case ConstBool, Filesize:
	case ConstInt:
		c.index(n.A, len(c.s.Ints), "integer")
	case ConstFloat:
		c.index(n.A, len(c.s.Floats), "float")
	case ConstText:
		c.index(n.A, len(c.s.Texts), "text")
	case ConstRegexp:
		c.index(n.A, len(c.s.Regexps), "regular expression")
	case Variable:
		c.index(n.A, len(c.s.Externals), "external variable")
	case RuleRef:
		c.names(n.A)
	case ReadInt:
		if !slices.Contains([]int32{1, 2, 4, 8}, n.A&IntWidth) || n.A&^(IntWidth|IntSigned|IntBig|IntFloat) != 0 {
			c.fail("numbers are not read as %#x", n.A)
		}
		c.expr(n.B)
	case Entrypoint:
		c.exprs(n.A, n.B)
	case And, Or:
		c.exprs(c.list(n.A, n.B)...)
	case Not, Defined, ToBool, Neg, BitNot:
		c.expr(n.A)
	case Arith, Compare, TextOp:
		c.exprs(n.B, n.C)
	case Matches:
		c.index(n.B, len(c.s.Regexps), "regular expression")
		c.expr(n.A)
	default:
		c.fail("operation %d cannot stand here", n.Op)
	}
}

func (c *checker) stringNode(n *Node) {
	c.str(n.A)
	switch n.Op {
	case FoundAt:
		c.expr(n.B)
	case FoundIn, CountIn:
		c.exprs(n.B, n.C)
	case OffsetOf, LengthOf:
		if n.B != 0 {
			c.expr(n.B)
		}
	}
}

func (c *checker) of(n *Node) {
	items := c.list(n.A, n.B)
	c.quantifier(n.C)
	switch n.Op {
	case OfRules:
		for _, r := range items {
			c.names(r)
		}
	case OfExprs:
		c.exprs(items...)
	default:
		for _, p := range items {
			c.index(p, c.s.Patterns.Len(), "pattern")
		}
		c.place(n.D)
	}
}

func (c *checker) quantifier(id NodeID) {
	switch n := c.enter(id); {
	case n == nil:
	case n.Op != Quantifier || n.A < QuantAll || n.A > QuantPercent:
		c.fail("node %d is no quantifier", id)
	case n.A == QuantCount || n.A == QuantPercent:
		c.expr(n.B)
	}
}

func (c *checker) place(id NodeID) {
	if id == 0 {
		return
	}
	switch n := c.enter(id); {
	case n == nil:
	case n.Op == PlaceAt:
		c.expr(n.A)
	case n.Op == PlaceIn:
		c.exprs(n.A, n.B)
	default:
		c.fail("node %d is no place", id)
	}
}

// variable checks that a slot is bound and gives the type of its value.
func (c *checker) variable(slot int32) *module.Type {
	if !c.index(slot, len(c.slots), "variable") {
		return nil
	}
	if c.slots[slot].what != boundValue {
		c.fail("variable %d has no value here", slot)
	}
	return c.slots[slot].typ
}

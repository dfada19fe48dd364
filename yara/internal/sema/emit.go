package sema

import (
	"math"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
)

// interned finds what the Set already holds.
type interned struct {
	ints     map[int64]int32
	floats   map[uint64]int32
	texts    map[string]int32
	fields   map[*module.Field]int32
	types    map[*module.Type]int32
	calls    map[*module.Func]int32
	patterns map[string]int32
	names    []string // keys of patterns, by pattern
}

func newInterned() interned {
	return interned{map[int64]int32{}, map[uint64]int32{}, map[string]int32{}, map[*module.Field]int32{},
		map[*module.Type]int32{}, map[*module.Func]int32{}, map[string]int32{}, nil}
}

// mark remembers the sizes of the tables that a rule may grow.
type mark struct{ nodes, lists, regexps, patterns, rules int }

func (c *Compiler) mark() mark {
	s := c.set
	return mark{len(s.Nodes), len(s.Lists), len(s.Regexps), s.Patterns.Len(), len(s.Rules)}
}

// rollback takes away what was added since a mark. Constants and references to
// modules stay: they are shared and harmless.
func (c *Compiler) rollback(m mark) {
	s := c.set
	s.Nodes, s.Lists, s.Regexps = s.Nodes[:m.nodes], s.Lists[:m.lists], s.Regexps[:m.regexps]
	for _, name := range c.interned.names[m.patterns:] {
		delete(c.interned.patterns, name)
	}
	c.interned.names = c.interned.names[:m.patterns]
	s.Patterns.Cut(m.patterns)
	s.Rules = s.Rules[:m.rules]
}

// intern gives the index of v in a table, adding it when it is new.
func intern[K comparable, V any](known map[K]int32, table *[]V, key K, v V) int32 {
	i, ok := known[key]
	if !ok {
		i = int32(len(*table))
		*table = append(*table, v)
		known[key] = i
	}
	return i
}

func (u *unit) emit(n ir.Node) ir.NodeID {
	s := u.c.set
	s.Nodes = append(s.Nodes, n)
	return ir.NodeID(len(s.Nodes) - 1)
}

func (u *unit) list(items []int32) (start, n int32) {
	s := u.c.set
	start = int32(len(s.Lists))
	s.Lists = append(s.Lists, items...)
	return start, int32(len(items))
}

func (u *unit) intNode(v int64) ir.NodeID {
	i := intern(u.c.interned.ints, &u.c.set.Ints, v, v)
	return u.emit(ir.Node{Op: ir.ConstInt, Kind: module.KindInt, A: i})
}

func (u *unit) floatNode(v float64) ir.NodeID {
	i := intern(u.c.interned.floats, &u.c.set.Floats, math.Float64bits(v), v)
	return u.emit(ir.Node{Op: ir.ConstFloat, Kind: module.KindFloat, A: i})
}

func (u *unit) textNode(v []byte) ir.NodeID {
	i := intern(u.c.interned.texts, &u.c.set.Texts, string(v), v)
	return u.emit(ir.Node{Op: ir.ConstText, Kind: module.KindString, A: i})
}

func (u *unit) fieldIndex(f *module.Field) int32 {
	return intern(u.c.interned.fields, &u.c.set.Fields, f, f)
}

func (u *unit) typeIndex(t *module.Type) int32 {
	return intern(u.c.interned.types, &u.c.set.Types, t, t)
}

func (u *unit) callIndex(f *module.Func) int32 {
	return intern(u.c.interned.calls, &u.c.set.Calls, f, f)
}

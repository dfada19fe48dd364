// Package ir is the compiled form of a set of rules: flat tables that refer to
// each other by index and hold no pointers between rules, so that they can be
// shared by any number of scanners and written to a file.
//
// Conditions are trees of Nodes in one array. The package only holds them:
// sema builds, facts proves things about them, eval computes them.
package ir

import (
	"encoding/binary"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/pattern"
	"vitrine/yara/internal/search"
)

// NodeID is an index into Set.Nodes. 0 is no node.
type NodeID = int32

// Node is one operation. What A to D mean is said at each Op.
type Node struct {
	Op         Op
	Kind       module.Kind // of the result; KindUndefined where it is known only at run time
	A, B, C, D int32
}

// Op is an operation.
type Op uint8

// The operations. "str" operands are a pattern when >= 0, else ^slot: the slot
// of the loop variable that holds the pattern. "list" operands are a start in
// Set.Lists and a length.
const (
	Nop Op = iota

	ConstBool   // A: 0 or 1
	ConstInt    // A: index in Ints
	ConstFloat  // A: index in Floats
	ConstText   // A: index in Texts
	ConstRegexp // A: index in Regexps
	Filesize
	Entrypoint
	Variable // A: index in Externals
	RuleRef  // A: rule
	Slot     // A: loop variable
	ReadInt  // A: IntForm, B: offset node

	Found    // A: str
	FoundAt  // A: str, B: offset node
	FoundIn  // A: str, B: low node, C: high node
	Count    // A: str
	CountIn  // A: str, B: low node, C: high node
	OffsetOf // A: str, B: index node (0: the first)
	LengthOf // A: str, B: index node (0: the first)

	And // A, B: list of nodes
	Or  // A, B: list of nodes
	Not // A: node
	Defined
	ToBool // A: node of any kind
	Neg
	BitNot
	Arith   // A: syntax.Op, B, C: nodes
	Compare // A: syntax.Op, B, C: nodes
	TextOp  // A: syntax.Op, B, C: nodes
	Matches // A: node, B: index in Regexps

	Of      // A, B: list of strs; C: quantifier node; D: place node
	OfRules // A, B: list of rules; C: quantifier node
	OfExprs // A, B: list of nodes; C: quantifier node

	Quantifier // A: QuantKind, B: node for QuantCount and QuantPercent
	PlaceAt    // A: offset node. The D of Of
	PlaceIn    // A: low node, B: high node. The D of Of

	ForStrings // A: loop head; list of strs
	ForRange   // A: loop head; list: low node, high node
	ForTuple   // A: loop head; list of nodes
	ForArray   // A: loop head; list: the array node
	ForDict    // A: loop head; list: the dictionary node
	LoopHead   // A, B: list; C: quantifier node; D: index in Lists of {first slot, slots, body node}

	With // A, B: list of {slot, node}…; C: body

	Module     // A: index in Modules
	Field      // A: struct node, B: index in Fields
	IndexArray // A: array node, B: index node, C: index in Types
	IndexDict  // A: dictionary node, B: key node, C: index in Types
	Call       // A: index in Calls; B, C: list of argument nodes; D: node of the struct holding the function
	Len        // A: text, array or dictionary node; B: index in Types for the latter two
)

// QuantKind is the A of a Quantifier.
type QuantKind = int32

// The quantifiers.
const (
	QuantAll QuantKind = iota
	QuantAny
	QuantNone
	QuantCount
	QuantPercent
)

// IntForm is the A of a ReadInt: width in bytes, sign and byte order.
type IntForm = int32

// The bits of an IntForm besides its width.
const (
	IntWidth  IntForm = 0x0F
	IntSigned IntForm = 0x10
	IntBig    IntForm = 0x20
	IntFloat  IntForm = 0x40
)

// Set is everything compiled.
type Set struct {
	Nodes   []Node // nil: they are stored
	Stored  []byte // nodes as they lie in a file: see Node
	Lists   []int32
	Ints    []int64
	Floats  []float64
	Texts   [][]byte
	Regexps []*pattern.Program

	Externals []External
	Modules   []*module.Module
	Fields    []*module.Field
	Types     []*module.Type
	Calls     []*module.Func

	Patterns   search.Patterns
	Rules      []Rule
	Namespaces []Namespace
	Slots      int // loop variables needed at once
	YARAX      bool
}

// External is a variable given from outside.
type External struct {
	Name  string
	Value module.Value
}

// Namespace holds what counts for a whole namespace.
type Namespace struct {
	Name    string
	Globals []int32 // its global rules
}

// Rule is one compiled rule.
type Rule struct {
	Namespace int32
	Global    bool
	Private   bool
	Condition NodeID
	Strings   []String
}

// String is a string of a rule.
type String struct {
	Pattern int32
	Private bool
	List    bool // its rule asks for more than the first match
}

// Trim gives back the room that tables have grown and do not need.
func (s *Set) Trim() {
	s.Nodes, s.Lists, s.Ints = trimmed(s.Nodes), trimmed(s.Lists), trimmed(s.Ints)
	s.Rules = trimmed(s.Rules)
	s.Patterns.Trim()
}

func trimmed[T any](list []T) []T {
	if cap(list)-len(list) <= len(list)/16 {
		return list
	}
	return append(make([]T, 0, len(list)), list...)
}

// NodeLen is the bytes of a stored node: operation, kind, two bytes of nothing, and
// four operands, as little-endian words.
const NodeLen = 20

// Node gives a node.
func (s *Set) Node(id NodeID) Node {
	if s.Stored == nil {
		return s.Nodes[id]
	}
	b := (*[NodeLen]byte)(s.Stored[int(id)*NodeLen:])
	ab, cd := binary.LittleEndian.Uint64(b[4:12]), binary.LittleEndian.Uint64(b[12:20])
	return Node{Op: Op(b[0]), Kind: module.Kind(b[1]), A: int32(ab), B: int32(ab >> 32), C: int32(cd), D: int32(cd >> 32)}
}

// NodeCount is the number of nodes.
func (s *Set) NodeCount() int { return max(len(s.Nodes), len(s.Stored)/NodeLen) }

// List gives the list at start with n elements.
func (s *Set) List(start, n int32) []int32 { return s.Lists[start : start+n] }

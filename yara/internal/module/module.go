// Package module says what a YARA module is: a tree of typed fields and
// functions whose values are computed when a condition asks for them.
//
// A module declares its tree once (Type, Field, Func) and opens the scanned
// bytes once per scan (Module.Open). The tree serves three readers: the
// compiler checks names and types against it, the evaluator follows it, and a
// dump walks it. Nothing here parses files, and nothing panics or fails on
// malformed ones: what is not there is Undefined.
package module

import "context"

// Kind is the type of a value.
type Kind uint8

// The kinds. KindUndefined is the zero Value's.
const (
	KindUndefined Kind = iota
	KindInt
	KindFloat
	KindBool
	KindString
	KindRegexp // arguments only
	KindStruct
	KindArray
	KindDict
	KindFunc
)

// Value is a result. Exactly the field that Kind names counts.
type Value struct {
	Kind  Kind
	Int   int64 // KindInt; KindBool as 0 or 1
	Float float64
	Bytes []byte // KindString; must not be changed by anybody afterwards
	Ref   any    // KindStruct, KindArray, KindDict: the receiver for Type's getters; KindRegexp: a Regexp
}

// Regexp is a compiled regular expression handed to a function.
type Regexp interface {
	// Match reports whether the expression matches anywhere in data.
	Match(data []byte) bool
}

// Undefined is the value of what is not there.
func Undefined() Value { return Value{} }

// Int makes an integer value.
func Int(v int64) Value { return Value{Kind: KindInt, Int: v} }

// Float makes a floating-point value.
func Float(v float64) Value { return Value{Kind: KindFloat, Float: v} }

// Bool makes a boolean value.
func Bool(v bool) Value {
	if v {
		return Value{Kind: KindBool, Int: 1}
	}
	return Value{Kind: KindBool}
}

// Bytes makes a string value.
func Bytes(v []byte) Value { return Value{Kind: KindString, Bytes: v} }

// String makes a string value.
func String(v string) Value { return Value{Kind: KindString, Bytes: []byte(v)} }

// Ref makes a struct, array or dictionary value. Use a pointer or a slice
// header behind a pointer, so that making one allocates nothing.
func Ref(kind Kind, v any) Value { return Value{Kind: kind, Ref: v} }

// Type describes a value: its kind and, for composite kinds, how to look inside.
type Type struct {
	Kind   Kind
	Fields []Field // KindStruct, in declaration order
	Elem   *Type   // KindArray, KindDict: the type of an element
	Func   []Func  // KindFunc: the overloads

	// Len gives the number of elements of an array or dictionary.
	Len func(self any) int
	// At gives element i of an array, 0 <= i < Len; of a dictionary, the i-th value.
	At func(self any, i int) Value
	// Key gives the i-th key of a dictionary.
	Key func(self any, i int) []byte
	// Lookup gives the value under a key of a dictionary.
	Lookup func(self any, key []byte) Value
}

// Field is a named member of a struct.
type Field struct {
	Name string
	Type *Type
	// Get computes the value from the struct's receiver (Value.Ref of the
	// struct). Nil for functions and for constants.
	Get func(self any) Value
	// Const is the value of a field that does not depend on the file.
	Const Value
	// YARAX marks a field that only YARA-X has.
	YARAX bool
}

// Func is one overload of a function.
type Func struct {
	Args   []Kind
	Result Kind
	// Call computes the result. self is the receiver of the struct that holds
	// the function. Arguments are never Undefined: the evaluator answers
	// Undefined itself then.
	Call func(c *Context, self any, args []Value) Value
	// Effect marks a function called for what it does (console.log): rules
	// that call it are always evaluated.
	Effect bool
	// YARAX marks an overload that only YARA-X has.
	YARAX bool
}

// Context is what a module may know of a scan.
type Context struct {
	Ctx  context.Context   // modules doing long work look at it now and then
	Data []byte            // the scanned bytes; never changed, never kept past the scan
	Now  func() int64      // Unix time in seconds
	Log  func(line string) // where console writes
	// Extra is data the caller gave for this module (yara -x), or nil.
	Extra []byte
	// Dialect chooses between YARA 4 and YARA-X where they differ.
	YARAX bool
}

// Module is one importable module.
type Module struct {
	Name string
	Type *Type // KindStruct
	// Open returns the receiver of the root struct for one scan, or nil when
	// the data is not of this module's format: then every field that is not a
	// constant is Undefined, and functions get a nil self.
	// Open is called at the first use in a scan; it must be cheap and parse lazily.
	Open func(c *Context) any
}

// Member finds a field of a struct type by name.
func (t *Type) Member(name string) (int, *Field) {
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return i, &t.Fields[i]
		}
	}
	return -1, nil
}

package syntax

import "iter"

// Pos is a place in a rule file. Line and Col count from 1; Col counts bytes.
// The zero Pos means "no place".
type Pos struct {
	Line, Col int
}

// File is one parsed rule file.
type File struct {
	Name  string // as given to Parse; used in messages only
	Items []Item // imports, includes and rules in the order written
}

// Rules gives the rules of the file, in order.
func (f *File) Rules() iter.Seq[*Rule] {
	return func(yield func(*Rule) bool) {
		for _, item := range f.Items {
			if rule, ok := item.(*Rule); ok && !yield(rule) {
				return
			}
		}
	}
}

// Item is a top-level element: *Import, *Include or *Rule.
type Item interface{ item() }

// Import is `import "pe"`.
type Import struct {
	Pos    Pos
	Module string
}

// Include is `include "other.yar"`. The parser does not follow it.
type Include struct {
	Pos  Pos
	Path string
}

// Rule is one rule with everything written between its name and its closing brace.
type Rule struct {
	Pos       Pos // of the name
	Name      string
	Private   bool
	Global    bool
	Tags      []Ident
	Meta      []Meta
	Strings   []*String
	Condition Expr
	Source    Span // from the first modifier or `rule` to the closing brace
}

// Span is a half-open range of byte offsets in the source.
type Span struct{ Start, End int }

// Ident is a name with its place.
type Ident struct {
	Pos  Pos
	Name string
}

// Meta is one `key = value`. Exactly one of the value fields counts, chosen by Kind.
type Meta struct {
	Pos   Pos
	Key   string
	Kind  MetaKind
	Text  string // MetaText, escapes resolved; may hold any bytes
	Int   int64
	Float float64 // YARA-X accepts floats here; YARA 4 does not
	Bool  bool
}

// MetaKind says which field of a Meta holds its value.
type MetaKind uint8

// The kinds of metadata values.
const (
	MetaText MetaKind = iota
	MetaInt
	MetaBool
	MetaFloat
)

// StringKind says how a string is written.
type StringKind uint8

// The kinds of strings.
const (
	Text   StringKind = iota // "…"
	Hex                      // { … }
	Regexp                   // /…/
)

// String is one definition of the strings section.
type String struct {
	Pos  Pos
	Name string // without the $; empty for an anonymous string
	Kind StringKind

	// Value is the text with its escapes resolved (Text), the source between
	// the braces (Hex, comments included) or between the slashes (Regexp; `\/`
	// is left as written).
	Value    []byte
	ValuePos Pos // of the first byte of the source of Value

	CaseInsensitive bool // Regexp: the flag i
	DotAll          bool // Regexp: the flag s
	Mods            Modifiers
}

// Modifiers are the keywords behind a string. The parser refuses a keyword
// given twice and combinations the language forbids.
type Modifiers struct {
	ASCII, Wide, NoCase, FullWord, Private bool
	Xor                                    bool
	XorMin, XorMax                         byte // 0–255 when no range is written
	Base64, Base64Wide                     bool
	Base64Alphabet, Base64WideAlphabet     string // empty: the standard alphabet
	Pos                                    map[string]Pos
}

// Expr is a node of a condition.
type Expr interface {
	Pos() Pos
	expr()
}

// Node carries the place of an expression: of its operator for binary
// operators, of its first token otherwise.
type Node struct{ At Pos }

// Pos returns the place of the expression.
func (n Node) Pos() Pos { return n.At }
func (Node) expr()      {}

type (
	// BoolLit is true or false.
	BoolLit struct {
		Node
		Value bool
	}
	// IntLit is an integer, KB and MB applied.
	IntLit struct {
		Node
		Value int64
	}
	// FloatLit is a floating-point number.
	FloatLit struct {
		Node
		Value float64
	}
	// TextLit is a text in a condition, escapes resolved.
	TextLit struct {
		Node
		Value []byte
	}
	// RegexpLit is /…/is in a condition.
	RegexpLit struct {
		Node
		Source                  []byte // between the slashes, `\/` as written
		CaseInsensitive, DotAll bool
	}
	// Filesize is the keyword filesize.
	Filesize struct{ Node }
	// Entrypoint is the keyword entrypoint of YARA 4.
	Entrypoint struct{ Node }

	// Name is an identifier: a rule, a module, an external variable, a loop
	// variable or an integer function such as uint16be.
	Name struct {
		Node
		Name string
	}
	// Field is X.Name.
	Field struct {
		Node
		X    Expr
		Name string
	}
	// Index is X[Key].
	Index struct {
		Node
		X, Key Expr
	}
	// Call is Fun(Args…).
	Call struct {
		Node
		Fun  Expr
		Args []Expr
	}

	// StringRef is $a, or $ inside for…of (empty Name). At most one of Offset
	// and In is set: `$a at X`, `$a in (X..Y)`.
	StringRef struct {
		Node
		Name   string
		Offset Expr
		In     *Range
	}
	// StringCount is #a or `#a in (X..Y)`.
	StringCount struct {
		Node
		Name string
		In   *Range
	}
	// StringOffset is @a or @a[i]; Index is nil for the first.
	StringOffset struct {
		Node
		Name  string
		Index Expr
	}
	// StringLength is !a or !a[i]; Index is nil for the first.
	StringLength struct {
		Node
		Name  string
		Index Expr
	}

	// Unary is Op X.
	Unary struct {
		Node
		Op Op
		X  Expr
	}
	// Binary is L Op R for every operator but and/or.
	Binary struct {
		Node
		Op   Op
		L, R Expr
	}
	// Logic is a chain of operands joined by one of And and Or.
	Logic struct {
		Node
		Op       Op
		Operands []Expr // at least two
	}
	// Range is (Low..High), both ends included.
	Range struct {
		Node
		Low, High Expr
	}

	// Of is `Quantifier of Set`, with an optional `at X` or `in (X..Y)`.
	Of struct {
		Node
		Quantifier Quantifier
		Set        Set
		Offset     Expr
		In         *Range
	}
	// ForOf is `for Quantifier of Set : ( Body )`.
	ForOf struct {
		Node
		Quantifier Quantifier
		Set        Set
		Body       Expr
	}
	// ForIn is `for Quantifier Vars in Iterable : ( Body )`. Exactly one of
	// Range, Tuple and X is set.
	ForIn struct {
		Node
		Quantifier Quantifier
		Vars       []Ident
		Range      *Range
		Tuple      []Expr
		X          Expr // an array or a dictionary
		Body       Expr
	}
	// With is `with a = X, b = Y : ( Body )` (YARA-X).
	With struct {
		Node
		Decls []WithDecl
		Body  Expr
	}
)

// WithDecl is one `name = X` of a with.
type WithDecl struct {
	Name Ident
	X    Expr
}

// Quantifier says how many.
type Quantifier struct {
	Pos  Pos
	Kind QuantifierKind
	X    Expr // Count and Percent only
}

// QuantifierKind is the form of a Quantifier.
type QuantifierKind uint8

// The quantifiers.
const (
	All QuantifierKind = iota
	Any
	None
	Count
	Percent // X percent, rounded up
)

// Set is what a quantifier ranges over.
type Set struct {
	Pos   Pos
	Kind  SetKind
	Items []SetItem // StringSet (unless Them) and RuleSet
	Them  bool      // StringSet: every string of the rule
	Exprs []Expr    // ExprSet
}

// SetKind is the form of a Set.
type SetKind uint8

// The sets.
const (
	StringSet SetKind = iota // ($a, $b*)
	RuleSet                  // (rule, rule*)
	ExprSet                  // (expression, …) of YARA-X
)

// SetItem names a string or a rule, or with Wildcard all whose names begin so.
type SetItem struct {
	Pos      Pos
	Name     string // strings: without the $
	Wildcard bool
}

// Op is an operator.
type Op uint8

// The operators.
const (
	And Op = iota + 1
	Or
	Not
	Defined
	Neg    // -x
	BitNot // ~x
	Add
	Sub
	Mul
	Div // \
	Mod
	BitAnd
	BitOr
	BitXor
	Shl
	Shr
	Eq
	Ne
	Lt
	Le
	Gt
	Ge
	Contains
	IContains
	StartsWith
	IStartsWith
	EndsWith
	IEndsWith
	IEquals
	Matches
)

// Flipped gives the operator of a comparison whose sides are exchanged: a < b is
// b > a. Other operators stay what they are.
func (op Op) Flipped() Op {
	switch op {
	case Lt:
		return Gt
	case Le:
		return Ge
	case Gt:
		return Lt
	case Ge:
		return Le
	}
	return op
}

func (*Import) item()  {}
func (*Include) item() {}
func (*Rule) item()    {}

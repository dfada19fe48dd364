package syntax

import (
	"fmt"
	"sort"
	"strings"
)

// dumpFile writes every item of a file on a line of its own.
func dumpFile(f *File) string {
	var out []string
	for _, it := range f.Items {
		switch it := it.(type) {
		case *Import:
			out = append(out, fmt.Sprintf("(import %q)", it.Module))
		case *Include:
			out = append(out, fmt.Sprintf("(include %q)", it.Path))
		case *Rule:
			out = append(out, dumpRule(it))
		}
	}
	return strings.Join(out, "\n")
}

func dumpRule(r *Rule) string {
	parts := []string{"rule " + r.Name}
	if r.Private {
		parts = append(parts, "private")
	}
	if r.Global {
		parts = append(parts, "global")
	}
	for _, t := range r.Tags {
		parts = append(parts, ":"+t.Name)
	}
	for _, m := range r.Meta {
		parts = append(parts, dumpMeta(m))
	}
	for _, s := range r.Strings {
		parts = append(parts, dumpString(s))
	}
	return "(" + strings.Join(append(parts, dump(r.Condition)), " ") + ")"
}

func dumpMeta(m Meta) string {
	switch m.Kind {
	case MetaText:
		return fmt.Sprintf("%s=%q", m.Key, m.Text)
	case MetaInt:
		return fmt.Sprintf("%s=%d", m.Key, m.Int)
	case MetaBool:
		return fmt.Sprintf("%s=%v", m.Key, m.Bool)
	}
	return fmt.Sprintf("%s=%gf", m.Key, m.Float)
}

func dumpString(s *String) string {
	open := map[StringKind]string{Text: "text", Hex: "hex", Regexp: "re"}[s.Kind]
	out := fmt.Sprintf("(%s $%s %q", open, s.Name, s.Value)
	if s.CaseInsensitive {
		out += " /i"
	}
	if s.DotAll {
		out += " /s"
	}
	m := s.Mods
	for _, w := range []struct {
		set  bool
		word string
	}{
		{m.ASCII, "ascii"}, {m.Wide, "wide"}, {m.NoCase, "nocase"}, {m.FullWord, "fullword"}, {m.Private, "private"},
		{m.Xor, fmt.Sprintf("xor(%d-%d)", m.XorMin, m.XorMax)},
		{m.Base64, "base64(" + m.Base64Alphabet + ")"}, {m.Base64Wide, "base64wide(" + m.Base64WideAlphabet + ")"},
	} {
		if w.set {
			out += " " + w.word
		}
	}
	return out + ")"
}

// dumpPositions writes where the modifiers of a string stand.
func dumpPositions(m Modifiers) string {
	var out []string
	for word, at := range m.Pos {
		out = append(out, fmt.Sprintf("%s@%d:%d", word, at.Line, at.Col))
	}
	sort.Strings(out)
	return strings.Join(out, " ")
}

var opNames = map[Op]string{
	And: "and", Or: "or", Not: "not", Defined: "defined", Neg: "neg", BitNot: "~", Add: "+", Sub: "-", Mul: "*",
	Div: `\`, Mod: "%", BitAnd: "&", BitOr: "|", BitXor: "^", Shl: "<<", Shr: ">>", Eq: "==", Ne: "!=", Lt: "<",
	Le: "<=", Gt: ">", Ge: ">=", Contains: "contains", IContains: "icontains", StartsWith: "startswith",
	IStartsWith: "istartswith", EndsWith: "endswith", IEndsWith: "iendswith", IEquals: "iequals", Matches: "matches",
}

// dump writes an expression as an s-expression.
func dump(e Expr) string {
	switch x := e.(type) {
	case *BoolLit:
		return fmt.Sprint(x.Value)
	case *IntLit:
		return fmt.Sprint(x.Value)
	case *FloatLit:
		return fmt.Sprintf("%gf", x.Value)
	case *TextLit:
		return fmt.Sprintf("%q", x.Value)
	case *RegexpLit:
		return fmt.Sprintf("(re %q%s%s)", x.Source, flag(x.CaseInsensitive, " i"), flag(x.DotAll, " s"))
	case *Filesize:
		return "filesize"
	case *Entrypoint:
		return "entrypoint"
	case *Name:
		return x.Name
	case *Field:
		return list(".", dump(x.X), x.Name)
	case *Index:
		return list("index", dump(x.X), dump(x.Key))
	case *Call:
		return list("call", append([]string{dump(x.Fun)}, dumpAll(x.Args)...)...)
	case *Unary:
		return list(opNames[x.Op], dump(x.X))
	case *Binary:
		return list(opNames[x.Op], dump(x.L), dump(x.R))
	case *Logic:
		return list(opNames[x.Op], dumpAll(x.Operands)...)
	}
	return dumpStrings(e)
}

func dumpStrings(e Expr) string {
	switch x := e.(type) {
	case *StringRef:
		return withPlace("$"+x.Name, x.Offset, x.In)
	case *StringCount:
		return withPlace("#"+x.Name, nil, x.In)
	case *StringOffset:
		return withPlace("@"+x.Name, x.Index, nil)
	case *StringLength:
		return withPlace("!"+x.Name, x.Index, nil)
	case *Range:
		return list("..", dump(x.Low), dump(x.High))
	case *Of:
		return withPlace(list("of", dumpQuantifier(x.Quantifier), dumpSet(x.Set)), x.Offset, x.In)
	case *ForOf:
		return list("for-of", dumpQuantifier(x.Quantifier), dumpSet(x.Set), dump(x.Body))
	case *ForIn:
		return dumpForIn(x)
	case *With:
		out := []string{}
		for _, d := range x.Decls {
			out = append(out, list("=", d.Name.Name, dump(d.X)))
		}
		return list("with", append(out, dump(x.Body))...)
	}
	return fmt.Sprintf("<%T>", e)
}

func dumpForIn(x *ForIn) string {
	var vars []string
	for _, v := range x.Vars {
		vars = append(vars, v.Name)
	}
	over := ""
	switch {
	case x.Range != nil:
		over = dump(x.Range)
	case x.Tuple != nil:
		over = list("tuple", dumpAll(x.Tuple)...)
	default:
		over = dump(x.X)
	}
	return list("for-in", dumpQuantifier(x.Quantifier), strings.Join(vars, ","), over, dump(x.Body))
}

func withPlace(what string, at Expr, in *Range) string {
	switch {
	case at != nil:
		return list("at", what, dump(at))
	case in != nil:
		return list("in", what, dump(in))
	}
	return what
}

func dumpQuantifier(q Quantifier) string {
	switch q.Kind {
	case Count:
		return dump(q.X)
	case Percent:
		return list("%", dump(q.X))
	}
	return [...]string{All: "all", Any: "any", None: "none"}[q.Kind]
}

func dumpSet(s Set) string {
	if s.Them {
		return "them"
	}
	if s.Kind == ExprSet {
		return list("exprs", dumpAll(s.Exprs)...)
	}
	var out []string
	for _, it := range s.Items {
		out = append(out, flag(s.Kind == StringSet, "$")+it.Name+flag(it.Wildcard, "*"))
	}
	return list([...]string{StringSet: "strings", RuleSet: "rules"}[s.Kind], out...)
}

func dumpAll(es []Expr) []string {
	var out []string
	for _, e := range es {
		out = append(out, dump(e))
	}
	return out
}

func list(head string, rest ...string) string {
	return "(" + strings.Join(append([]string{head}, rest...), " ") + ")"
}

func flag(set bool, s string) string {
	if set {
		return s
	}
	return ""
}

package hunting

import (
	"encoding/binary"
	"math"
	"strings"

	"vitrine/yara/syntax"
)

// reader works out the ways of the rules of one file.
type reader struct {
	words   *vocabulary
	rules   map[string]*syntax.Rule
	names   []string // of rules, in order
	ways    map[string]way
	signs   map[string]*sign // strings of the rule at hand
	strings []*syntax.String // of the rule at hand
	vars    map[string]bool  // loop variables and names of with
}

// ofRule gives the worst way to satisfy a rule.
func (r *reader) ofRule(rule *syntax.Rule) way {
	if w, done := r.ways[rule.Name]; done {
		return w
	}
	r.ways[rule.Name] = way{} // a rule that refers to itself adds nothing
	inner := *r
	inner.signs, inner.strings, inner.vars = map[string]*sign{}, rule.Strings, map[string]bool{}
	w := inner.accepts(rule.Condition, false)
	r.ways[rule.Name] = w
	return w
}

// sign of a string, made once.
func (r *reader) sign(s *syntax.String) *sign {
	key := s.Name
	if key == "" {
		key = string(s.Value)
	}
	if r.signs[key] == nil {
		r.signs[key] = r.words.ofString(s)
	}
	return r.signs[key]
}

func (r *reader) named(name string) way {
	for _, s := range r.strings {
		if s.Name == name && name != "" {
			return way{signs: []*sign{r.sign(s)}}
		}
	}
	return way{}
}

// accepts gives the worst way to make an expression true, or with not, false.
func (r *reader) accepts(e syntax.Expr, not bool) way {
	switch e := e.(type) {
	case *syntax.Logic:
		return r.logic(e, not)
	case *syntax.Unary:
		return r.unary(e, not)
	case *syntax.Binary:
		return r.binary(e, not)
	case *syntax.BoolLit:
		return way{never: e.Value == not}
	case *syntax.With:
		for _, d := range e.Decls {
			r.vars[d.Name.Name] = true
		}
		return r.accepts(e.Body, not)
	}
	if not {
		return way{}
	}
	switch e := e.(type) {
	case *syntax.Of:
		return r.of(e.Quantifier, r.set(e.Set))
	case *syntax.ForOf:
		w := r.of(e.Quantifier, r.set(e.Set))
		return w.and(r.accepts(e.Body, false))
	case *syntax.ForIn:
		return r.forIn(e)
	case *syntax.StringRef:
		return r.reference(e)
	}
	return r.value(e)
}

func (r *reader) logic(e *syntax.Logic, not bool) way {
	w := r.accepts(e.Operands[0], not)
	for _, o := range e.Operands[1:] {
		if next := r.accepts(o, not); (e.Op == syntax.And) != not {
			w = w.and(next)
		} else {
			w = w.or(next)
		}
	}
	return w
}

func (r *reader) unary(e *syntax.Unary, not bool) way {
	switch {
	case e.Op == syntax.Not:
		return r.accepts(e.X, !not)
	case not:
		return way{}
	}
	return r.value(e.X)
}

// reference: a string at the start of a file tells its format.
func (r *reader) reference(e *syntax.StringRef) way {
	w := r.named(e.Name)
	at, ok := e.Offset.(*syntax.IntLit)
	if !ok || at.Value != 0 || len(w.signs) == 0 || !programStart(w.signs[0].raw) {
		return w
	}
	return w.and(way{signs: []*sign{{name: w.signs[0].name, pos: e.At, exec: true}}})
}

// set gives the ways of what a quantifier ranges over.
func (r *reader) set(s syntax.Set) (ways []way) {
	switch s.Kind {
	case syntax.ExprSet:
		for _, e := range s.Exprs {
			ways = append(ways, r.accepts(e, false))
		}
	case syntax.RuleSet:
		for _, name := range r.names {
			if inSet(s.Items, name) {
				ways = append(ways, r.ofRule(r.rules[name]))
			}
		}
	case syntax.StringSet:
		for _, str := range r.strings {
			if s.Them || inSet(s.Items, str.Name) {
				ways = append(ways, way{signs: []*sign{r.sign(str)}})
			}
		}
	}
	return ways
}

func inSet(items []syntax.SetItem, name string) bool {
	for _, item := range items {
		if item.Name == name || item.Wildcard && strings.HasPrefix(name, item.Name) {
			return true
		}
	}
	return false
}

func (r *reader) of(q syntax.Quantifier, ways []way) way {
	k, n := needed(q, len(ways)), len(ways)
	if n == 0 || k == 0 {
		return way{}
	}
	return some(ways, min(k, n))
}

// needed is how many of n a quantifier asks for, 1 where only the scan can tell.
func needed(q syntax.Quantifier, n int) int {
	switch q.Kind {
	case syntax.All:
		return n
	case syntax.None:
		return 0
	case syntax.Any:
		return 1
	}
	lit, ok := q.X.(*syntax.IntLit)
	if !ok {
		return 1
	}
	count := float64(max(lit.Value, 0))
	if q.Kind == syntax.Percent {
		count = math.Ceil(count * float64(n) / 100)
	}
	return int(min(count, float64(n)))
}

func (r *reader) forIn(e *syntax.ForIn) way {
	if needed(e.Quantifier, 1) == 0 {
		return way{}
	}
	for _, v := range e.Vars {
		r.vars[v.Name] = true
	}
	w := way{}
	if e.X != nil {
		w = r.value(e.X)
	}
	if e.Range != nil {
		w = r.value(e.Range.Low).and(r.value(e.Range.High))
	}
	return w.and(r.accepts(e.Body, false))
}

// value gives what must be in a file for an expression to have a value.
func (r *reader) value(e syntax.Expr) way {
	switch e := e.(type) {
	case *syntax.StringCount:
		return r.named(e.Name)
	case *syntax.StringOffset:
		return r.named(e.Name)
	case *syntax.StringLength:
		return r.named(e.Name)
	case *syntax.StringRef:
		return r.reference(e)
	case *syntax.Name:
		if rule := r.rules[e.Name]; rule != nil && !r.vars[e.Name] {
			return r.ofRule(rule)
		}
		return r.module(e.Name, e.At)
	case *syntax.Field:
		return r.value(e.X)
	case *syntax.Index:
		return r.value(e.X)
	case *syntax.Unary:
		return r.value(e.X)
	case *syntax.Binary:
		return r.value(e.L).and(r.value(e.R))
	case *syntax.Call:
		w := r.value(e.Fun)
		for _, a := range e.Args {
			w = w.and(r.value(a))
		}
		return w
	}
	return way{}
}

// module gives what the use of a module is a sign of.
func (r *reader) module(name string, at syntax.Pos) way {
	if r.vars[name] {
		return way{}
	}
	s := sign{pos: at}
	switch name {
	case "pe", "elf", "macho", "dex", "dotnet", "lnk", "androguard", "crx":
		s.exec = true
	case "cuckoo":
		s.code = 2
	case "hash", "vt":
		s.code = 1
	case "math":
		s.code = 0.5
	default:
		return way{}
	}
	return way{signs: []*sign{&s}}
}

// readBytes gives the bytes that `uint32be(…) == value` asks for.
func readBytes(function string, value int64) []byte {
	base, big := strings.CutSuffix(function, "be")
	base = strings.TrimPrefix(base, "u")
	var order binary.AppendByteOrder = binary.LittleEndian
	if big {
		order = binary.BigEndian
	}
	switch base {
	case "int8":
		return []byte{byte(value)}
	case "int16":
		return order.AppendUint16(nil, uint16(value))
	case "int32":
		return order.AppendUint32(nil, uint32(value))
	case "int64":
		return order.AppendUint64(nil, uint64(value))
	}
	return nil
}

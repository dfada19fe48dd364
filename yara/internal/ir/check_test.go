package ir

import (
	"strings"
	"testing"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/pattern"
	"vitrine/yara/internal/search"
)

// things is a module with a structure, a list, a dictionary and a function.
func things() *module.Module {
	elem := module.Struct(module.Field{Name: "n", Type: &module.Type{Kind: module.KindInt}})
	return &module.Module{Name: "m", Type: module.Struct(
		module.Field{Name: "list", Type: &module.Type{Kind: module.KindArray, Elem: elem}},
		module.Field{Name: "dict", Type: &module.Type{Kind: module.KindDict, Elem: &module.Type{Kind: module.KindString}}},
		module.Function("call", module.Free("ri", module.KindInt, nil)),
	)}
}

// set has two patterns, two rules (the first is true), three variables, one of
// each constant, and the module with everything in it. The second rule's
// condition is the last of nodes; node 1 is the first rule's.
func set(lists []int32, nodes ...Node) *Set {
	m := things()
	t := m.Type.Fields
	s := &Set{
		Nodes: append([]Node{{}, {Op: ConstBool, A: 1}}, nodes...), Lists: lists, Ints: make([]int64, 1), Floats: make([]float64, 1),
		Texts: make([][]byte, 1), Regexps: make([]*pattern.Program, 1), Externals: make([]External, 1), Modules: []*module.Module{m},
		Fields: []*module.Field{&t[0], &t[1], &t[0].Type.Elem.Fields[0]}, Types: []*module.Type{t[0].Type, t[1].Type},
		Calls: []*module.Func{&t[2].Type.Func[0]}, Patterns: search.Made(nil, nil), Namespaces: make([]Namespace, 1), Slots: 3,
	}
	s.Rules = []Rule{{Condition: 1}, {Condition: int32(len(s.Nodes) - 1)}}
	return s
}

func TestCheckTakes(t *testing.T) {
	for name, s := range map[string]*Set{
		"constants":  set([]int32{2, 3, 4, 5}, Node{Op: ConstInt}, Node{Op: ConstFloat}, Node{Op: ConstText}, Node{Op: ConstRegexp}, Node{Op: And, B: 4}),
		"of":         set([]int32{0, 1}, Node{Op: Quantifier, A: QuantAny}, Node{Op: Filesize}, Node{Op: PlaceAt, A: 3}, Node{Op: Of, B: 2, C: 2, D: 4}),
		"rules":      set([]int32{0}, Node{Op: Quantifier}, Node{Op: OfRules, B: 1, C: 2}),
		"reference":  set(nil, Node{Op: RuleRef}),
		"strings":    set([]int32{0, 1, 2, 1, 3}, Node{Op: Quantifier}, Node{Op: Found, A: ^2}, Node{Op: LoopHead, B: 2, C: 2, D: 2}, Node{Op: ForStrings, A: 4}),
		"list":       set([]int32{4, 0, 1, 1, 6}, Node{Op: Quantifier}, Node{Op: Module}, Node{Op: Field, A: 3}, Node{Op: Slot, A: 1}, Node{Op: Field, A: 5, B: 2}, Node{Op: LoopHead, B: 2, C: 2, D: 2}, Node{Op: ForArray, A: 7}),
		"dictionary": set(nil, Node{Op: Module}, Node{Op: Field, A: 2, B: 1}, Node{Op: ConstText}, Node{Op: IndexDict, A: 3, B: 4, C: 1}),
		"call":       set([]int32{3, 4}, Node{Op: Module}, Node{Op: ConstRegexp}, Node{Op: Filesize}, Node{Op: Call, B: 0, C: 2, D: 2}),
		"with":       set([]int32{0, 2, 1, 3}, Node{Op: Filesize}, Node{Op: Slot}, Node{Op: Slot, A: 1}, Node{Op: With, B: 4, C: 4}),
	} {
		if err := s.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	any1 := Node{Op: Quantifier, A: QuantAny}
	for name, tt := range map[string]struct {
		want string
		set  *Set
	}{
		"no operation":           {"cannot stand here", set(nil, Node{})},
		"unknown operation":      {"cannot stand here", set(nil, Node{Op: Len + 1})},
		"integer":                {"integer 1", set(nil, Node{Op: ConstInt, A: 1})},
		"negative":               {"text -1", set(nil, Node{Op: ConstText, A: -1})},
		"regular expression":     {"regular expression", set(nil, Node{Op: Filesize}, Node{Op: Matches, A: 2, B: 3})},
		"variable from outside":  {"external variable", set(nil, Node{Op: Variable, A: 1})},
		"width":                  {"not read", set(nil, Node{Op: Filesize}, Node{Op: ReadInt, A: 3, B: 2})},
		"itself":                 {"two places", set(nil, Node{Op: Not, A: 2})},
		"shared":                 {"two places", set([]int32{2, 2}, Node{Op: Filesize}, Node{Op: And, B: 2})},
		"no node":                {"node 0", set(nil, Node{Op: Not})},
		"node outside":           {"node 99", set(nil, Node{Op: Not, A: 99})},
		"list outside":           {"a list of", set([]int32{0}, Node{Op: And, A: 1, B: 1})},
		"list of less than none": {"a list of", set([]int32{0}, Node{Op: And, A: 1, B: -1})},
		"list past all":          {"a list of", set([]int32{0}, Node{Op: And, A: 1<<31 - 1, B: 1<<31 - 1})},
		"rule itself":            {"earlier rule", set(nil, Node{Op: RuleRef, A: 1})},
		"rules later":            {"earlier rule", set([]int32{1}, any1, Node{Op: OfRules, B: 1, C: 2})},
		"pattern":                {"pattern 2", set(nil, Node{Op: Found, A: 2})},
		"pattern of":             {"pattern -1", set([]int32{-1}, any1, Node{Op: Of, B: 1, C: 2})},
		"no quantifier":          {"no quantifier", set([]int32{0}, Node{Op: Filesize}, Node{Op: Of, B: 1, C: 2})},
		"quantifier alone":       {"cannot stand here", set(nil, any1)},
		"no place":               {"no place", set([]int32{0}, any1, Node{Op: Filesize}, Node{Op: Of, B: 1, C: 2, D: 3})},
		"unbound":                {"no value", set(nil, Node{Op: Slot})},
		"unbound string":         {"no string", set(nil, Node{Op: Found, A: ^1})},
		"slot outside":           {"variable 3", set(nil, Node{Op: Slot, A: 3})},
		"number as string":       {"no string", set([]int32{1, 2}, Node{Op: Filesize}, Node{Op: Found, A: ^1}, Node{Op: With, B: 2, C: 3})},
		"string as number":       {"no value", set([]int32{0, 2, 1, 3}, any1, Node{Op: Slot, A: 2}, Node{Op: LoopHead, B: 1, C: 2, D: 1}, Node{Op: ForStrings, A: 4})},
		"bound again":            {"bound twice", set([]int32{0, 2, 0, 3}, Node{Op: Filesize}, Node{Op: Filesize}, Node{Op: ConstBool}, Node{Op: With, B: 4, C: 4})},
		"half a variable":        {"without a value", set([]int32{0}, Node{Op: Filesize}, Node{Op: With, B: 1, C: 2})},
		"no head":                {"no head", set(nil, Node{Op: Filesize}, Node{Op: ForRange, A: 2})},
		"a range of one":         {"runs over 1", set([]int32{3, 0, 1, 4}, any1, Node{Op: Filesize}, Node{Op: ConstBool}, Node{Op: LoopHead, B: 1, C: 2, D: 1}, Node{Op: ForRange, A: 5})},
		"variables":              {"2 variables", set([]int32{0, 0, 2, 3}, any1, Node{Op: ConstBool}, Node{Op: LoopHead, B: 1, C: 2, D: 1}, Node{Op: ForStrings, A: 4})},
		"a list that is none":    {"not that of the value", set([]int32{3, 0, 1, 1, 4}, any1, Node{Op: Module}, Node{Op: ConstBool}, Node{Op: LoopHead, B: 2, C: 2, D: 2}, Node{Op: ForArray, A: 5})},
		"a field elsewhere":      {"not one of the structure", set(nil, Node{Op: Module}, Node{Op: Field, A: 2, B: 2})},
		"a field of a number":    {"not one of the structure", set(nil, Node{Op: Filesize}, Node{Op: Field, A: 2})},
		"a dictionary as a list": {"not that of the value", set(nil, Node{Op: Module}, Node{Op: Field, A: 2, B: 1}, Node{Op: Filesize}, Node{Op: IndexArray, A: 3, B: 4, C: 1})},
		"too few arguments":      {"other arguments", set([]int32{3}, Node{Op: Module}, Node{Op: ConstRegexp}, Node{Op: Call, B: 0, C: 1, D: 2})},
		"an argument":            {"wrong kind", set([]int32{3, 4}, Node{Op: Module}, Node{Op: Filesize}, Node{Op: Filesize}, Node{Op: Call, B: 0, C: 2, D: 2})},
		"a function of nothing":  {"not one of the structure", set([]int32{3, 4}, Node{Op: Filesize}, Node{Op: ConstRegexp}, Node{Op: Filesize}, Node{Op: Call, B: 0, C: 2, D: 2})},
	} {
		if err := tt.set.Check(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v does not say %q", name, err, tt.want)
		}
	}
}

// TestCheckBoundsDepth: a condition, or a chain of rules, as deep as it is long.
func TestCheckBoundsDepth(t *testing.T) {
	deep := set(nil, Node{Op: Filesize})
	for range MaxDepth + 1 {
		deep.Nodes = append(deep.Nodes, Node{Op: Not, A: int32(len(deep.Nodes) - 1)})
	}
	deep.Rules[1].Condition = int32(len(deep.Nodes) - 1)
	chain := set(nil, Node{Op: Filesize})
	for range MaxDepth {
		chain.Nodes = append(chain.Nodes, Node{Op: RuleRef, A: int32(len(chain.Rules) - 1)})
		chain.Rules = append(chain.Rules, Rule{Condition: int32(len(chain.Nodes) - 1)})
	}
	for name, s := range map[string]*Set{"nodes": deep, "rules": chain} {
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), "too deep") {
			t.Errorf("%s: %v", name, err)
		}
	}
	wide := set(nil, Node{Op: Filesize})
	wide.Slots = maxSlots + 1
	if wide.Check() == nil {
		t.Error("any number of variables")
	}
}

func TestTrim(t *testing.T) {
	s := &Set{Nodes: make([]Node, 3, 100), Lists: []int32{1, 2}, Ints: make([]int64, 0, 5)}
	s.Nodes[2].A = 7
	if s.Trim(); len(s.Nodes) != 3 || cap(s.Nodes) > 8 || s.Nodes[2].A != 7 || len(s.Lists) != 2 || cap(s.Ints) != 0 {
		t.Errorf("%d of %d nodes, %d lists, %d integers", len(s.Nodes), cap(s.Nodes), len(s.Lists), cap(s.Ints))
	}
}

package moduletest_test

import (
	"strings"
	"testing"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/module/moduletest"
)

type row struct{ n int64 }

// toy is a module with one of everything.
func toy() *module.Module {
	number := module.Got("n", module.KindInt, func(r *row) module.Value { return module.Int(r.n) })
	list := module.List(module.Struct(number), func([]*row) int { return 2 },
		func(rows []*row, i int) module.Value { return module.Ref(module.KindStruct, rows[i]) })
	dict := &module.Type{
		Kind: module.KindDict, Elem: &module.Type{Kind: module.KindString},
		Len: func(any) int { return 1 },
		At:  func(any, int) module.Value { return module.String("v") },
		Key: func(any, int) []byte { return []byte("k") },
		Lookup: func(_ any, key []byte) module.Value {
			if string(key) == "k" {
				return module.String("v")
			}
			return module.Undefined()
		},
	}
	return &module.Module{
		Name: "toy",
		Type: module.Struct(
			module.Const("C", module.Float(1.5)),
			module.Part("list", list, func(rows []*row) module.Value { return module.Ref(module.KindArray, rows) }),
			module.Part("dict", dict, func(rows []*row) module.Value { return module.Ref(module.KindDict, rows) }),
			module.Function("f",
				module.Free("s", module.KindString, func(_ *module.Context, a []module.Value) module.Value { return a[0] }),
				module.Free("rs", module.KindBool, func(_ *module.Context, a []module.Value) module.Value {
					return module.Bool(a[0].Ref.(module.Regexp).Match(a[1].Bytes))
				}),
				module.Free("b", module.KindInt, func(_ *module.Context, a []module.Value) module.Value { return a[0] }),
				module.Free("ii", module.KindInt, func(c *module.Context, a []module.Value) module.Value {
					c.Log("called")
					return module.Int(c.Now() + a[0].Int)
				}).InYARAX()),
		),
		Open: func(c *module.Context) any {
			if len(c.Data) == 0 {
				return nil
			}
			return []*row{{3}, {4}}
		},
	}
}

func TestEval(t *testing.T) {
	moduletest.Check(t, moduletest.Open(toy(), []byte("x")), [][2]string{
		{"C", "1.5"}, {"list[1].n", "4"}, {"list[2].n", "undefined"}, {`dict["k"]`, `"v"`}, {`dict["x"]`, "undefined"},
		{`f("a\x00")`, `"a\x00"`}, {`f(/A/i, "xax")`, "true"}, {`f(/A/, "xax")`, "false"},
	})
	moduletest.Check(t, moduletest.Open(toy(), nil), [][2]string{
		{"C", "1.5"}, {"list[0].n", "undefined"}, {`dict["k"]`, "undefined"},
	})
	for _, wrong := range []string{"none", "f(1)", "f(1, 2)", `f("a")x`, "f(true)", "f(/a)", "list[x].n"} {
		if got := moduletest.Open(toy(), []byte("x")).Eval(wrong); !strings.HasPrefix(got, "error: ") {
			t.Errorf("%s = %s, want an error", wrong, got)
		}
	}
	x := moduletest.OpenIn(toy(), module.Context{YARAX: true})
	moduletest.Check(t, x, [][2]string{{"f(41, 0)", "42"}})
	if len(x.Lines) != 1 || x.Lines[0] != "called" {
		t.Errorf("lines %q", x.Lines)
	}
}

func TestWalk(t *testing.T) {
	m := toy()
	m.Type.Fields[3].Type.Func = m.Type.Fields[3].Type.Func[:2]
	seen := map[string]int{}
	moduletest.Open(m, []byte("x")).Walk(1, func(path string, v module.Value) { seen[path]++ })
	for path, n := range map[string]int{"C": 1, "list[0].n": 1, `dict["k"]`: 1, "f()": 10} {
		if seen[path] != n {
			t.Errorf("%s was seen %d times, want %d", path, seen[path], n)
		}
	}
	if len(seen) != 4 {
		t.Errorf("seen %v", seen)
	}
}

// A value of another kind than declared does not pass.
func TestWalkIsStrict(t *testing.T) {
	bad := &module.Module{
		Type: module.Struct(module.Got("n", module.KindInt, func(int) module.Value { return module.String("x") })),
		Open: func(*module.Context) any { return 1 },
	}
	defer func() {
		if recover() == nil {
			t.Error("a string passed for an integer")
		}
	}()
	moduletest.Open(bad, nil).Walk(1, nil)
}

package modules_test

import (
	"slices"
	"testing"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/modules"
)

func TestNamed(t *testing.T) {
	for _, name := range modules.Names() {
		m, ok := modules.Named(name)
		if !ok || m.Name != name || m.Type.Kind != module.KindStruct || m.Open == nil {
			t.Errorf("Named(%q) = %v, %v", name, m, ok)
		}
		if again, _ := modules.Named(name); again == m || again.Type == m.Type {
			t.Errorf("Named(%q) gave the same tree twice", name)
		}
	}
	if m, ok := modules.Named("demo"); ok {
		t.Errorf("nobody wrote demo, but Named gave %v", m)
	}
	if !slices.IsSorted(modules.Names()) {
		t.Error("names are not in order")
	}
}

// TestTrees holds what the compiler and the evaluator rely on: unique names,
// one way to a value, and every composite type complete.
func TestTrees(t *testing.T) {
	for _, name := range modules.Names() {
		m, _ := modules.Named(name)
		checkType(t, name, m.Type)
	}
}

func checkType(t *testing.T, path string, typ *module.Type) {
	t.Helper()
	switch typ.Kind {
	case module.KindStruct:
		checkStruct(t, path, typ)
	case module.KindArray:
		if typ.Elem == nil || typ.Len == nil || typ.At == nil {
			t.Errorf("%s: array without element type, length or access", path)
			return
		}
		checkType(t, path+"[]", typ.Elem)
	case module.KindDict:
		if typ.Elem == nil || typ.Len == nil || typ.At == nil || typ.Key == nil || typ.Lookup == nil {
			t.Errorf("%s: dictionary with something missing", path)
		}
	case module.KindFunc:
		checkFunctions(t, path, typ.Func)
	case module.KindUndefined, module.KindRegexp:
		t.Errorf("%s: a field of kind %d", path, typ.Kind)
	}
}

func checkStruct(t *testing.T, path string, typ *module.Type) {
	t.Helper()
	seen := map[string]bool{}
	for i := range typ.Fields {
		f := &typ.Fields[i]
		where := path + "." + f.Name
		if seen[f.Name] {
			t.Errorf("%s is declared twice", where)
		}
		seen[f.Name] = true
		ways := 0
		for _, has := range []bool{f.Get != nil, f.Const.Kind != module.KindUndefined, f.Type.Kind == module.KindFunc} {
			if has {
				ways++
			}
		}
		if ways != 1 {
			t.Errorf("%s has %d ways to a value", where, ways)
		}
		checkType(t, where, f.Type)
	}
}

func checkFunctions(t *testing.T, path string, forms []module.Func) {
	t.Helper()
	if len(forms) == 0 {
		t.Errorf("%s has no form", path)
	}
	for i, f := range forms {
		if f.Call == nil || f.Result == module.KindUndefined || slices.Contains(f.Args, module.KindUndefined) {
			t.Errorf("%s: form %d is not complete", path, i)
		}
		for _, g := range forms[:i] {
			if slices.Equal(f.Args, g.Args) {
				t.Errorf("%s: two forms take %v", path, f.Args)
			}
		}
	}
}

package event

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"
)

// TestKinds: every constant of the type is listed, once.
func TestKinds(t *testing.T) {
	tree, err := parser.ParseFile(token.NewFileSet(), "event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := map[Kind]bool{}
	ast.Inspect(tree, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := v.Type.(*ast.Ident); ok && name.Name == "Kind" {
			text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			declared[Kind(text)] = true
		}
		return true
	})
	for _, k := range Kinds() {
		if !declared[k] || !k.Known() {
			t.Errorf("%s is listed twice, or is no constant", k)
		}
		delete(declared, k)
	}
	if len(declared) > 0 {
		t.Errorf("not listed: %v", declared)
	}
	if Kind("new").Known() {
		t.Error("every kind is known")
	}
}

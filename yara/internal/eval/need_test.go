package eval

import (
	"context"
	"errors"
	"testing"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
)

// holding is what the module of these tests finds in data that are not empty.
type holding struct{ names []string }

// needSet has one module with a field of each kind, and the field of its elements.
func needSet() *ir.Set {
	elem := module.Struct(module.Got("name", module.KindString, func(s string) module.Value {
		switch s {
		case "undefined":
			return module.Undefined()
		case "":
			return module.Bytes(nil)
		}
		return module.String(s)
	}))
	list := module.List(elem, func(h *holding) int { return len(h.names) }, func(h *holding, i int) module.Value {
		return module.Ref(module.KindStruct, h.names[i])
	})
	root := module.Struct(
		module.Part("list", list, func(h *holding) module.Value { return module.Ref(module.KindArray, h) }),
		module.Got("count", module.KindInt, func(h *holding) module.Value { return module.Int(int64(len(h.names))) }),
		module.Got("none", module.KindInt, func(*holding) module.Value { return module.Undefined() }),
		module.Got("many", module.KindBool, func(h *holding) module.Value { return module.Bool(len(h.names) > 1) }),
		module.Const("three", module.Int(3)),
		module.Got("last", module.KindString, func(h *holding) module.Value {
			if len(h.names) == 0 {
				return module.Undefined()
			}
			return module.String(h.names[len(h.names)-1])
		}),
		module.Function("first", module.Overload("", module.KindString, func(_ *module.Context, h *holding, _ []module.Value) module.Value {
			if len(h.names) == 0 {
				return module.Undefined()
			}
			return module.String(h.names[0])
		})),
	)
	set := &ir.Set{Modules: []*module.Module{{Name: "m", Type: root, Open: func(c *module.Context) any {
		if len(c.Data) == 0 {
			return nil
		}
		h := &holding{}
		for from, i := 0, 0; i < len(c.Data); i++ {
			if c.Data[i] == ',' {
				h.names = append(h.names, string(c.Data[from:i]))
				from = i + 1
			}
		}
		return h
	}}}}
	for i := range root.Fields {
		set.Fields = append(set.Fields, &root.Fields[i])
	}
	set.Fields = append(set.Fields, &elem.Fields[0])
	set.Calls = []*module.Func{&root.Fields[6].Type.Func[0]}
	return set
}

func TestExtent(t *testing.T) {
	tests := []struct {
		data string
		want [5]int // by field
	}{
		{"", [5]int{0, 0, 0, 0, 1}},
		{"x", [5]int{0, 0, 0, 0, 1}},
		{"a,", [5]int{1, 1, 0, 0, 1}},
		{"a,b,c,", [5]int{3, 1, 0, 1, 1}},
	}
	e := New(needSet(), nil, Config{Stop: func() error { return nil }})
	for _, tt := range tests {
		e.Reset(module.Context{Ctx: context.Background(), Data: []byte(tt.data)})
		for f, want := range tt.want {
			if got := e.Extent(0, int32(f)); got != want {
				t.Errorf("%q: field %d: %d, want %d", tt.data, f, got, want)
			}
		}
	}
}

func TestText(t *testing.T) {
	e := New(needSet(), nil, Config{Stop: func() error { return nil }})
	e.Reset(module.Context{Ctx: context.Background(), Data: []byte("a,undefined,,")})
	for i, want := range []string{"a", "-", "", "-"} {
		got := "-"
		if text := e.Text(0, 0, 7, i); text != nil {
			got = string(text)
		}
		if got != want {
			t.Errorf("element %d: %q, want %q", i, got, want)
		}
	}
	if e.Text(0, 1, 7, 0) != nil {
		t.Error("a number has elements")
	}
	for data, want := range map[string][2]string{"a,b,": {"a", "b"}, "x": {"", ""}, "": {"", ""}} {
		e.Reset(module.Context{Ctx: context.Background(), Data: []byte(data)})
		if got := [2]string{string(e.Text(0, ^0, -1, 0)), string(e.Text(0, 5, -1, 0))}; got != want {
			t.Errorf("%q: %q, want %q", data, got, want)
		}
	}
}

// TestNeedsStop: asking modules ends when the scan does, and that is told.
func TestNeedsStop(t *testing.T) {
	stopped := errors.New("stopped")
	e := New(needSet(), nil, Config{Stop: func() error { return stopped }})
	e.Reset(module.Context{Ctx: context.Background(), Data: []byte("a,")})
	for range 2 * workPerLook {
		e.Extent(0, 0)
	}
	if e.Extent(0, 0) != 0 || e.Text(0, 0, 7, 0) != nil || !errors.Is(e.Err(), stopped) {
		t.Errorf("goes on: %v", e.Err())
	}
}

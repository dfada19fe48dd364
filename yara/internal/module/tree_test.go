package module_test

import (
	"context"
	"testing"

	"vitrine/yara/internal/module"
)

type box struct{ items []int64 }

func TestReceivers(t *testing.T) {
	field := module.Got("n", module.KindInt, func(b *box) module.Value { return module.Int(int64(len(b.items))) })
	inner := module.Inner("in", field)
	list := module.List(&module.Type{Kind: module.KindInt},
		func(b *box) int { return len(b.items) }, func(b *box, i int) module.Value { return module.Int(b.items[i]) })
	b := &box{items: []int64{7, 8}}
	if v := field.Get(b); v.Kind != module.KindInt || v.Int != 2 {
		t.Errorf("field of its receiver: %v", v)
	}
	if v := inner.Get(b); v.Kind != module.KindStruct || v.Ref != b {
		t.Errorf("inner struct: %v", v)
	}
	if list.Len(b) != 2 || list.At(b, 1).Int != 8 {
		t.Errorf("list of its receiver: %d elements", list.Len(b))
	}
	for _, other := range []any{nil, "text", box{}} {
		if v := field.Get(other); v.Kind != module.KindUndefined {
			t.Errorf("field of %T: %v", other, v)
		}
		if list.Len(other) != 0 || list.At(other, 0).Kind != module.KindUndefined {
			t.Errorf("list of %T is not empty", other)
		}
	}
	if v := inner.Get(nil); v.Kind != module.KindUndefined {
		t.Errorf("inner struct of nothing: %v", v)
	}
}

func TestOverloads(t *testing.T) {
	bound := module.Overload("ifbsr", module.KindInt, func(_ *module.Context, b *box, args []module.Value) module.Value {
		return module.Int(b.items[0] + int64(len(args)))
	})
	want := []module.Kind{module.KindInt, module.KindFloat, module.KindBool, module.KindString, module.KindRegexp}
	for i, k := range want {
		if bound.Args[i] != k {
			t.Errorf("argument %d has kind %d, want %d", i, bound.Args[i], k)
		}
	}
	if v := bound.Call(nil, &box{items: []int64{40}}, make([]module.Value, 2)); v.Int != 42 {
		t.Errorf("bound call gives %v", v)
	}
	if v := bound.Call(nil, nil, nil); v.Kind != module.KindUndefined {
		t.Errorf("bound call without a receiver gives %v", v)
	}
	free := module.Free("?", module.KindBool, func(c *module.Context, _ []module.Value) module.Value {
		return module.Bool(c != nil)
	})
	if free.Args[0] != module.KindUndefined || free.YARAX || !free.InYARAX().YARAX {
		t.Errorf("free form %+v", free)
	}
	if v := free.Call(&module.Context{}, nil, nil); v.Kind != module.KindBool || v.Int != 1 {
		t.Errorf("free call gives %v", v)
	}
}

func TestConsts(t *testing.T) {
	type entry struct {
		Name  string
		Value int64
	}
	s := module.Struct(append(module.Consts([]entry{{"A", 1}, {"B", -2}}), module.Const("F", module.Float(0.5)))...)
	for name, want := range map[string]module.Value{"A": module.Int(1), "B": module.Int(-2), "F": module.Float(0.5)} {
		_, f := s.Member(name)
		if f == nil || f.Get != nil || f.Type.Kind != want.Kind || f.Const.Int != want.Int || f.Const.Float != want.Float {
			t.Errorf("constant %s is %+v", name, f)
		}
	}
	if i, f := s.Member("C"); i != -1 || f != nil {
		t.Error("a name that is not declared is found")
	}
}

func TestContext(t *testing.T) {
	c := &module.Context{Data: []byte("0123456789")}
	for _, r := range []struct {
		offset, size int64
		want         string
		ok           bool
	}{
		{0, 10, "0123456789", true}, {3, 2, "34", true}, {9, 1 << 62, "9", true}, {4, 0, "", true},
		{10, 0, "", false}, {-1, 5, "", false}, {1, -1, "", false}, {1 << 62, 1, "", false},
	} {
		if got, ok := c.Range(r.offset, r.size); string(got) != r.want || ok != r.ok {
			t.Errorf("Range(%d, %d) = %q, %v", r.offset, r.size, got, ok)
		}
	}
	if c.Cancelled() {
		t.Error("a scan without a context is cancelled")
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.Ctx = ctx
	if c.Cancelled() {
		t.Error("cancelled too early")
	}
	if cancel(); !c.Cancelled() {
		t.Error("not cancelled")
	}
}

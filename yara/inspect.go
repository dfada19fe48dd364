package yara

import (
	"context"
	"fmt"
	"time"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/modules"
)

// Member is a named value that a module found in a file.
type Member struct {
	Name  string
	Value any // int64, float64, bool, []byte, []any or []Member
}

// maxInspected bounds the elements given of one array or dictionary.
const maxInspected = 10_000

// Imports lists the modules that the rules import, in the order first imported.
func (r *Rules) Imports() []string {
	names := make([]string, len(r.set.Modules))
	for i, m := range r.set.Modules {
		names[i] = m.Name
	}
	return names
}

// Inspect gives everything a module finds in data: its fields in the order
// declared, without constants, functions and what is undefined. Of an array or
// a dictionary the first 10,000 elements are given. extra is data for the
// module, as in ScanConfig.ModuleData.
func Inspect(ctx context.Context, name string, data, extra []byte) ([]Member, error) {
	m, ok := modules.Named(name)
	if !ok {
		return nil, fmt.Errorf("inspect: unknown module %q", name)
	}
	c := &module.Context{Ctx: ctx, Data: data, Extra: extra, Log: func(string) {}, Now: func() int64 { return time.Time{}.Unix() }}
	self := m.Open(c)
	if self == nil {
		return nil, ctx.Err()
	}
	return members(m.Type, self), ctx.Err()
}

func members(t *module.Type, self any) []Member {
	var out []Member
	for i := range t.Fields {
		f := &t.Fields[i]
		if f.Get == nil {
			continue
		}
		if v, ok := reading(f.Type, f.Get(self)); ok {
			out = append(out, Member{f.Name, v})
		}
	}
	return out
}

// reading lays a value out. ok is false when there is nothing to show.
func reading(t *module.Type, v module.Value) (out any, ok bool) {
	switch v.Kind {
	case module.KindInt:
		return v.Int, true
	case module.KindFloat:
		return v.Float, true
	case module.KindBool:
		return v.Int != 0, true
	case module.KindString:
		return v.Bytes, true
	case module.KindStruct:
		list := members(t, v.Ref)
		return list, len(list) > 0
	case module.KindArray:
		return elements(t, v.Ref), true
	case module.KindDict:
		return entries(t, v.Ref), true
	}
	return nil, false
}

func elements(t *module.Type, self any) []any {
	out := []any{}
	for i := range min(t.Len(self), maxInspected) {
		if v, ok := reading(t.Elem, t.At(self, i)); ok {
			out = append(out, v)
		}
	}
	return out
}

func entries(t *module.Type, self any) []Member {
	out := []Member{}
	for i := range min(t.Len(self), maxInspected) {
		if v, ok := reading(t.Elem, t.At(self, i)); ok {
			out = append(out, Member{string(t.Key(self, i)), v})
		}
	}
	return out
}

package facts

import (
	"errors"
	"slices"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
)

// errNeed is what Check gives for needs that nobody proved.
var errNeed = errors.New("check needs: a rule asks a module for what it does not have")

// Check tells whether needs that come from outside can be asked for. That they
// are true is not checked.
func Check(set *ir.Set, all []Facts) error {
	for i := range all {
		if n := all[i].Need; n != nil && !n.fits(set) {
			return errNeed
		}
		if err := Check(set, all[i].Ways); err != nil {
			return err
		}
	}
	return nil
}

func below(i int32, n int) bool { return i >= 0 && int(i) < n }

func (n *Need) fits(set *ir.Set) bool {
	if !below(n.Module, len(set.Modules)) || slices.ContainsFunc(n.Texts, func(t int32) bool { return !below(t, len(set.Texts)) }) {
		return false
	}
	root := set.Modules[n.Module].Type
	if n.Field < 0 {
		return n.Elem < 0 && len(n.Texts) > 0 && below(^n.Field, len(set.Calls)) && gives(root, set.Calls[^n.Field])
	}
	if !below(n.Field, len(set.Fields)) || !has(root, set.Fields[n.Field]) {
		return false
	}
	t := set.Fields[n.Field].Type
	if n.Elem < 0 {
		return t.Kind == module.KindString && len(n.Texts) > 0 || asked(t.Kind) && len(n.Texts) == 0
	}
	return t.Kind == module.KindArray && len(n.Texts) > 0 && below(n.Elem, len(set.Fields)) && has(t.Elem, set.Fields[n.Elem]) &&
		set.Fields[n.Elem].Type.Kind == module.KindString
}

// has reports whether a field is one of a struct's.
func has(t *module.Type, f *module.Field) bool {
	if t == nil || t.Kind != module.KindStruct {
		return false
	}
	for i := range t.Fields {
		if &t.Fields[i] == f {
			return true
		}
	}
	return false
}

// gives reports whether a function of a module gives a text without arguments.
func gives(root *module.Type, call *module.Func) bool {
	for i := range root.Fields {
		t := root.Fields[i].Type
		for k := range t.Func {
			if &t.Func[k] == call {
				return t.Kind == module.KindFunc && len(call.Args) == 0 && call.Result == module.KindString && !call.Effect
			}
		}
	}
	return false
}

// asked reports whether a need without texts can be of a field of such a kind.
func asked(k module.Kind) bool {
	return k == module.KindArray || k == module.KindDict || k == module.KindInt || k == module.KindBool
}

package moduletest

import (
	"regexp"
	"strconv"

	"vitrine/yara/internal/module"
)

// Walk asks for every value of the tree and calls every function, a few ways
// each. At most limit elements of an array or dictionary are looked at. visit
// may be nil; it gets scalars and strings with their path.
func (s *Scan) Walk(limit int, visit func(path string, v module.Value)) {
	w := &walker{scan: s, limit: limit, visit: visit}
	w.fields(s.Module.Type, s.self, "")
}

type walker struct {
	scan  *Scan
	limit int
	visit func(path string, v module.Value)
}

func (w *walker) fields(t *module.Type, self any, prefix string) {
	for i := range t.Fields {
		f := &t.Fields[i]
		if f.Type.Kind == module.KindFunc {
			w.calls(f, self, prefix+f.Name)
			continue
		}
		w.value(f.Type, fieldValue(f, self), prefix+f.Name)
	}
}

func (w *walker) value(t *module.Type, v module.Value, path string) {
	if v.Kind != module.KindUndefined && v.Kind != t.Kind {
		panic(path + ": kind " + strconv.Itoa(int(v.Kind)) + " where " + strconv.Itoa(int(t.Kind)) + " is declared")
	}
	switch v.Kind {
	case module.KindStruct:
		w.fields(t, v.Ref, path+".")
	case module.KindArray:
		for i := range min(w.limit, t.Len(v.Ref)) {
			w.value(t.Elem, t.At(v.Ref, i), path+"["+strconv.Itoa(i)+"]")
		}
	case module.KindDict:
		w.dict(t, v, path)
	default:
		if w.visit != nil {
			w.visit(path, v)
		}
	}
}

func (w *walker) dict(t *module.Type, v module.Value, path string) {
	for i := range min(w.limit, t.Len(v.Ref)) {
		key := t.Key(v.Ref, i)
		if t.Lookup(v.Ref, key).Kind == module.KindUndefined {
			panic(path + ": a listed key is not found")
		}
		w.value(t.Elem, t.At(v.Ref, i), path+"["+strconv.Quote(string(key))+"]")
	}
}

func (w *walker) calls(f *module.Field, self any, path string) {
	for i := range f.Type.Func {
		fn := &f.Type.Func[i]
		for round := range 5 {
			v := fn.Call(w.scan.Context, self, samples(fn.Args, round))
			if v.Kind != module.KindUndefined && v.Kind != fn.Result {
				panic(path + ": a result of another kind than declared")
			}
			if w.visit != nil {
				w.visit(path+"()", v)
			}
		}
	}
}

func samples(kinds []module.Kind, round int) []module.Value {
	ints := [...]int64{0, 1, -1, 0x1000, 1 << 62}
	texts := [...]string{"", ".text", "kernel32.dll", "ord1", "\x00a"}
	re := Regexp{regexp.MustCompile(`[a-z]+`)}
	args := make([]module.Value, len(kinds))
	for i, k := range kinds {
		pick := (round + i) % len(ints)
		switch k {
		case module.KindInt:
			args[i] = module.Int(ints[pick])
		case module.KindFloat:
			args[i] = module.Float(float64(ints[pick]))
		case module.KindBool:
			args[i] = module.Bool(pick == 1)
		case module.KindString:
			args[i] = module.String(texts[pick])
		case module.KindRegexp:
			args[i] = module.Ref(module.KindRegexp, re)
		}
	}
	return args
}

package blob

import (
	"strings"

	"vitrine/yara/internal/module"
)

// Blobs name what they want of a module by path, such as "pe.sections" for a
// type, "pe.sections[].name" for a field, and "math.entropy(ii)f" for one form
// of a function. Numbers would change with every new field of a module.

// maxPathDepth is how deep structures of modules lie in each other at most.
const maxPathDepth = 24

// paths holds what modules have, and under which path.
type paths struct {
	fields map[string]*module.Field
	types  map[string]*module.Type
	calls  map[string]*module.Func
}

// pathsOf walks the types of modules.
func pathsOf(modules []*module.Module) *paths {
	p := &paths{map[string]*module.Field{}, map[string]*module.Type{}, map[string]*module.Func{}}
	for _, m := range modules {
		p.walk(m.Name, m.Type, 0)
	}
	return p
}

func (p *paths) walk(path string, t *module.Type, depth int) {
	if depth > maxPathDepth {
		return
	}
	p.types[path] = t
	for i := range t.Func {
		p.calls[path+signature(&t.Func[i])] = &t.Func[i]
	}
	if t.Elem != nil {
		p.walk(path+"[]", t.Elem, depth+1)
	}
	for i := range t.Fields {
		name := path + "." + t.Fields[i].Name
		p.fields[name] = &t.Fields[i]
		p.walk(name, t.Fields[i].Type, depth+1)
	}
}

// signature writes the arguments and the result of a function, a letter each.
func signature(f *module.Func) string {
	var b strings.Builder
	b.WriteByte('(')
	for _, k := range f.Args {
		b.WriteByte(letter(k))
	}
	b.WriteByte(')')
	b.WriteByte(letter(f.Result))
	return b.String()
}

func letter(k module.Kind) byte {
	const letters = "uifbsrtadx" // in the order of the kinds
	if int(k) < len(letters) {
		return letters[k]
	}
	return '?'
}

// shortest gives for each thing the least path, by length and then by letters:
// a type may be used in several places.
func shortest[T comparable](named map[string]T) map[T]string {
	out := make(map[T]string, len(named))
	for path, thing := range named {
		best, ok := out[thing]
		if !ok || len(path) < len(best) || len(path) == len(best) && path < best {
			out[thing] = path
		}
	}
	return out
}

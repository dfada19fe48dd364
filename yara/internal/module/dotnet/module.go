// Package dotnet is YARA's module dotnet: what the metadata of a .NET assembly
// says, down to its classes, methods and their types.
//
// It reads the format of ECMA-335, part II, as leniently as libyara 4.5 does,
// quirks included, because rules are written against what libyara shows. In
// YARA-X's dialect only two things differ: is_dotnet is 0 for every other file,
// and a count of what is not there is 0. Nothing is parsed before a condition
// asks for it; counts, depths and the work for names of types are bounded. No
// code is looked at, and no other assembly.
package dotnet

import "vitrine/yara/internal/module"

// Module returns the module with a fresh type tree.
func Module() *module.Module {
	return &module.Module{Name: "dotnet", Type: tree(), Open: openModule}
}

// other is the receiver for files that are known to be no assembly: is_dotnet
// is 0 there, all else Undefined.
type other struct{}

func openModule(c *module.Context) any {
	image := openImage(c.Data)
	if image == nil && !c.YARAX {
		return nil
	}
	if f := openFile(c, image); f != nil {
		return f
	}
	return other{}
}

func tree() *module.Type {
	fields := []module.Field{{Name: "is_dotnet", Type: &module.Type{Kind: module.KindInt}, Get: isDotnet}}
	fields = append(fields, headerTree()...)
	fields = append(fields, heapTree()...)
	fields = append(fields, tableTree()...)
	fields = append(fields, assemblyTree()...)
	return module.Struct(append(fields, classTree()...)...)
}

// isDotnet is the one field that other files have too.
func isDotnet(self any) module.Value {
	if _, ok := self.(*file); ok {
		return module.Int(1)
	}
	return module.Int(0)
}

// counted is a list and its length as libyara shows it: known says that what it
// is read from is there.
type counted[T any] struct {
	list  []T
	known bool
}

// listFields declares a list of scalars or structs and the number of its
// elements.
func listFields[T any](name string, elem *module.Type, get func(f *file) *counted[T], value func(*T) module.Value) []module.Field {
	t := module.List(elem,
		func(f *file) int { return len(get(f).list) },
		func(f *file, i int) module.Value { return value(&get(f).list[i]) })
	return []module.Field{
		module.Part(name, t, func(f *file) module.Value { return module.Ref(module.KindArray, f) }),
		module.Got("number_of_"+name, module.KindInt, func(f *file) module.Value {
			if c := get(f); c.known || f.ctx.YARAX {
				return module.Int(int64(len(c.list)))
			}
			return module.Undefined()
		}),
	}
}

func textType() *module.Type { return &module.Type{Kind: module.KindString} }

func bytesOf(b *[]byte) module.Value { return module.Bytes(*b) }

func refOf[T any](v *T) module.Value { return module.Ref(module.KindStruct, v) }

// text makes a string value; nil is Undefined.
func text(b []byte) module.Value {
	if b == nil {
		return module.Undefined()
	}
	return module.Bytes(b)
}

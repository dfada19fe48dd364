package module

// The constructors below write a type tree in few words. They add nothing to
// what Type, Field and Func say; a module may build those by hand as well.

// Struct makes a struct type.
func Struct(fields ...Field) *Type { return &Type{Kind: KindStruct, Fields: fields} }

// List makes an array type whose receiver is a T.
func List[T any](elem *Type, length func(T) int, at func(T, int) Value) *Type {
	return &Type{
		Kind: KindArray,
		Elem: elem,
		Len: func(self any) int {
			if t, ok := self.(T); ok {
				return length(t)
			}
			return 0
		},
		At: func(self any, i int) Value {
			if t, ok := self.(T); ok {
				return at(t, i)
			}
			return Undefined()
		},
	}
}

// Got declares a field of a scalar kind, computed from a receiver of type T.
// With another receiver, or none, the field is Undefined.
func Got[T any](name string, kind Kind, get func(T) Value) Field {
	return Part(name, &Type{Kind: kind}, get)
}

// Part declares a field of any type, computed from a receiver of type T.
// With another receiver, or none, the field is Undefined.
func Part[T any](name string, t *Type, get func(T) Value) Field {
	return Field{Name: name, Type: t, Get: func(self any) Value {
		if r, ok := self.(T); ok {
			return get(r)
		}
		return Undefined()
	}}
}

// Inner declares a struct field that shares the receiver of the struct around it.
func Inner(name string, fields ...Field) Field {
	return Field{Name: name, Type: Struct(fields...), Get: func(self any) Value {
		if self == nil {
			return Undefined()
		}
		return Ref(KindStruct, self)
	}}
}

// Const declares a field that is the same for every file.
func Const(name string, v Value) Field {
	return Field{Name: name, Type: &Type{Kind: v.Kind}, Const: v}
}

// Consts declares a table of integer constants.
func Consts[T ~struct {
	Name  string
	Value int64
}](table []T) []Field {
	out := make([]Field, len(table))
	for i, t := range table {
		c := struct {
			Name  string
			Value int64
		}(t)
		out[i] = Const(c.Name, Int(c.Value))
	}
	return out
}

// Function declares a function by its overloads.
func Function(name string, overloads ...Func) Field {
	return Field{Name: name, Type: &Type{Kind: KindFunc, Func: overloads}}
}

// Overload is one form of a function of a struct whose receiver is a T. Each
// letter of args is an argument: i, f, b, s (string) or r (regexp). With
// another receiver, or none, the result is Undefined.
func Overload[T any](args string, result Kind, call func(c *Context, self T, args []Value) Value) Func {
	return Func{Args: kinds(args), Result: result, Call: func(c *Context, self any, args []Value) Value {
		if t, ok := self.(T); ok {
			return call(c, t, args)
		}
		return Undefined()
	}}
}

// Free is one form of a function that needs no receiver; args as in Overload.
func Free(args string, result Kind, call func(c *Context, args []Value) Value) Func {
	return Func{Args: kinds(args), Result: result, Call: func(c *Context, _ any, args []Value) Value {
		return call(c, args)
	}}
}

// InYARAX marks an overload as one that YARA 4 does not have.
func (f Func) InYARAX() Func {
	f.YARAX = true
	return f
}

func kinds(letters string) []Kind {
	out := make([]Kind, 0, len(letters))
	for _, l := range letters {
		out = append(out, kindOf(l))
	}
	return out
}

func kindOf(letter rune) Kind {
	switch letter {
	case 'i':
		return KindInt
	case 'f':
		return KindFloat
	case 'b':
		return KindBool
	case 's':
		return KindString
	case 'r':
		return KindRegexp
	}
	return KindUndefined
}

// Cancelled reports whether the scan was told to stop. Loops over a whole
// file ask every Chunk bytes.
func (c *Context) Cancelled() bool { return c.Ctx != nil && c.Ctx.Err() != nil }

// Chunk is how many bytes a module may work through between two looks at
// Cancelled.
const Chunk = 1 << 20

// Range cuts size bytes at offset out of the scanned data, clipped to its
// end. It fails when offset is not inside the data or a number is negative.
func (c *Context) Range(offset, size int64) ([]byte, bool) {
	n := int64(len(c.Data))
	if offset < 0 || size < 0 || offset >= n {
		return nil, false
	}
	return c.Data[offset : offset+min(size, n-offset)], true
}

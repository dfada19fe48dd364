package dotnet

import (
	"bytes"
	"slices"
)

const (
	maxNesting    = 10
	maxDepth      = 16
	maxNameWork   = 1 << 12 // steps for the name of a type
	maxTypeWork   = 1 << 22 // for all of a file
	maxTypeName   = 1 << 14 // bytes
	visibleMask   = 0x7
	nestedPublic  = 0x2
	columnFlags   = 0
	columnName    = 1
	columnSpace   = 2
	columnExtends = 3
	columnMethods = 5
)

// typeIndex answers what libyara searches whole tables for: the parameters of a
// generic type or method, the interfaces of a class, the class around a class.
type typeIndex struct {
	generics   map[uint32][][]byte // by TypeOrMethodDef index
	broken     map[uint32]bool     // owners with a parameter without a name
	interfaces map[uint32][]uint32 // by TypeDef row
	around     map[uint32]uint32   // by TypeDef row
	nameWork   int
	work       int
}

// spend takes steps from the budgets for names of types.
func (x *typeIndex) spend(n int) bool {
	x.nameWork -= n
	x.work -= n
	return x.nameWork >= 0 && x.work >= 0
}

func (f *file) typeIndex() *typeIndex {
	return f.index.Get(func() typeIndex {
		x := typeIndex{generics: map[uint32][][]byte{}, broken: map[uint32]bool{},
			interfaces: map[uint32][]uint32{}, around: map[uint32]uint32{}, work: maxTypeWork}
		f.each(tableGenericParam, func(r row) {
			owner := r.column(2)
			if name := r.string(3); len(name) > 0 {
				x.generics[owner] = append(x.generics[owner], name)
			} else {
				x.broken[owner] = true
			}
		})
		f.each(tableInterfaceImpl, func(r row) {
			x.interfaces[r.column(0)] = append(x.interfaces[r.column(0)], r.column(1))
		})
		f.each(tableNestedClass, func(r row) {
			if _, ok := x.around[r.column(0)]; !ok {
				x.around[r.column(0)] = r.column(1)
			}
		})
		return x
	})
}

// each visits the rows of a table that are in the file.
func (f *file) each(n int, visit func(r row)) {
	for i := range f.tablePart().list[n].count {
		if r, ok := f.row(n, i+1); ok {
			visit(r)
		}
	}
}

// genericsOf gives the names of the parameters of a type (tag 0) or method (tag
// 1); none when one has no name.
func (f *file) genericsOf(tag, number uint32) [][]byte {
	owner := number<<1 | tag
	if x := f.typeIndex(); !x.broken[owner] {
		return x.generics[owner]
	}
	return nil
}

// join makes space.name without what follows a backquote, which only counts the
// parameters of a generic type.
func join(name, space []byte) []byte {
	switch {
	case len(name) == 0:
		return space
	case len(space) > 0:
		name = slices.Concat(space, []byte{'.'}, name)
	}
	if i := bytes.IndexByte(name, '`'); i >= 0 {
		name = name[:i]
	}
	return name
}

func isNested(flags uint32) bool { return flags&visibleMask >= nestedPublic }

// enclosing is the full name of the class around a class, or nil.
func (f *file) enclosing(number uint32, depth int) []byte {
	if depth > maxNesting {
		return nil
	}
	outer, ok := f.typeIndex().around[number]
	if !ok {
		return nil
	}
	r, ok := f.row(tableTypeDef, outer)
	if !ok {
		return nil
	}
	name, space := r.string(columnName), r.string(columnSpace)
	if string(name) == "<Module>" {
		return nil
	}
	if isNested(r.column(columnFlags)) && outer != number {
		space = join(space, f.enclosing(outer, depth+1))
	}
	return join(name, space)
}

// namespace is that of a class; of a nested one it is the class around it.
func (f *file) namespace(r row, number uint32) []byte {
	space := r.string(columnSpace)
	if isNested(r.column(columnFlags)) {
		space = join(space, f.enclosing(number, 1))
	}
	return space
}

// typeName is the full name of a type given by a TypeDefOrRef index, or nil.
func (f *file) typeName(index uint32, class [][]byte, depth int) []byte {
	number := index >> 2
	switch index & 3 {
	case 0:
		if r, ok := f.row(tableTypeDef, number); ok {
			return join(r.string(columnName), f.namespace(r, number))
		}
	case 1:
		if r, ok := f.row(tableTypeRef, number); ok {
			return join(r.string(columnName), r.string(columnSpace))
		}
	case 2:
		r, ok := f.row(tableTypeSpec, number)
		if !ok || r.column(0) >= f.streamPart().blob.size {
			return nil
		}
		if contents, _, ok := f.blobAt(r.column(0)); ok {
			s := signature{f: f, rest: contents, class: class}
			return s.typ(depth)
		}
	}
	return nil
}

package dotnet

import (
	"bytes"
	"encoding/binary"

	"vitrine/yara/internal/module"
)

const (
	typeString      = 0x0e
	parentAssembly  = 0x0e
	memberRefTag    = 3
	typeRefTag      = 1
	attributeProlog = 1
)

func tableTree() []module.Field {
	fields := []module.Field{
		module.Got("module_name", module.KindString, (*file).moduleName),
		module.Got("typelib", module.KindString, func(f *file) module.Value { return text(f.typelibPart()) }),
	}
	fields = append(fields, listFields("constants", textType(), (*file).constantList, bytesOf)...)
	fields = append(fields, listFields("modulerefs", textType(), (*file).moduleRefs, bytesOf)...)
	fields = append(fields, listFields("field_offsets", &module.Type{Kind: module.KindInt}, (*file).fieldOffsets,
		func(v *int64) module.Value { return module.Int(*v) })...)
	elem := module.Struct(
		module.Got("offset", module.KindInt, func(r *resource) module.Value { return r.offset }),
		module.Got("length", module.KindInt, func(r *resource) module.Value { return r.length }),
		module.Got("name", module.KindString, func(r *resource) module.Value { return text(r.name) }),
	)
	return append(fields, listFields("resources", elem, (*file).resourceList, refOf[resource])...)
}

// moduleName reads the first module; libyara looks even when the table says
// that it has no rows.
func (f *file) moduleName() module.Value {
	t := &f.tablePart().list[tableModule]
	if !t.known {
		return module.Undefined()
	}
	return text(row{f, t, t.at}.string(1))
}

// constantList reads the constants that are strings.
func (f *file) constantList() *counted[[]byte] {
	return f.constants.Get(func() (c counted[[]byte]) {
		t := &f.tablePart().list[tableConstant]
		c.known = t.known
		for n := range t.count {
			r, ok := f.row(tableConstant, n+1)
			if !ok {
				break
			}
			if r.column(0) != typeString {
				continue
			}
			contents, begin, ok := f.blobAt(r.column(2))
			if ok && begin+int64(len(contents)) < int64(len(f.data)) {
				c.list = append(c.list, contents)
			}
		}
		return c
	})
}

func (f *file) moduleRefs() *counted[[]byte] {
	return f.modules.Get(func() (c counted[[]byte]) {
		t := &f.tablePart().list[tableModuleRef]
		c.known = t.known
		for n := range int64(t.count) {
			at := t.at + t.size*n
			if !f.fits(at, 4) {
				break
			}
			if name := (row{f, t, at}).string(0); name != nil {
				c.list = append(c.list, name)
			}
		}
		return c
	})
}

// fieldOffsets maps the addresses of the initial values of fields.
func (f *file) fieldOffsets() *counted[int64] {
	return f.offsets.Get(func() (c counted[int64]) {
		t := &f.tablePart().list[tableFieldRVA]
		c.known = t.known
		for n := range int64(t.count) {
			at := t.at + t.size*n
			if !f.fits(at, 8) {
				break
			}
			if off := f.offset(f.u32(at)); off >= 0 {
				c.list = append(c.list, off)
			}
		}
		return c
	})
}

// resource is a row of the manifest. One in another file has a name only.
type resource struct {
	name           []byte
	offset, length module.Value
}

func (f *file) resourceList() *counted[resource] {
	return f.resources.Get(func() (c counted[resource]) {
		t := &f.tablePart().list[tableResource]
		c.known = t.known
		base := f.offset(f.u32(f.cli + 24))
		for n := range t.count {
			r, ok := f.row(tableResource, n+1)
			if !ok {
				break
			}
			e := resource{name: r.string(2)}
			at := base + int64(r.column(0))
			if r.column(3) == 0 && f.fits(at, 4) {
				e.offset, e.length = module.Int(at+4), module.Int(int64(f.u32(at)))
			}
			c.list = append(c.list, e)
		}
		return c
	})
}

// typelibPart finds the value of the assembly's GuidAttribute: the last row
// that has one counts.
func (f *file) typelibPart() []byte {
	return *f.typelib.Get(func() (found []byte) {
		t := f.tablePart()
		if !t.list[tableTypeRef].known || !t.list[tableMemberRef].known {
			return nil
		}
		for n := range t.list[tableCustomAttribute].count {
			r, ok := f.row(tableCustomAttribute, n+1)
			if !ok {
				break
			}
			if r.column(0)&0x1f != parentAssembly || r.column(1)&7 != memberRefTag {
				continue
			}
			fits, ok := f.isGUIDAttribute(r.column(1) >> 3)
			if !ok {
				break
			}
			if value, ok := f.attributeText(r.column(2)); fits && ok {
				found = value
			}
		}
		return found
	})
}

// rowFrom finds a row by its number, where 0 means the first and, as in
// libyara, the number of rows does not count.
func (f *file) rowFrom(n int, number uint32) (row, bool) {
	t := &f.tablePart().list[n]
	at := t.at + t.size*int64(max(number, 1)-1)
	return row{f, t, at}, f.fits(at, t.size)
}

// isGUIDAttribute follows a MemberRef to the TypeRef of its class and looks at
// its name. A name that cannot be read passes. ok is false when a row is not in
// the file, which ends the search.
func (f *file) isGUIDAttribute(member uint32) (fits, ok bool) {
	m, ok := f.rowFrom(tableMemberRef, member)
	if !ok {
		return false, false
	}
	class := uint32(f.u16(m.at)) // libyara reads no more, though there may be 4 bytes
	if class&7 != typeRefTag {
		return false, true
	}
	r, ok := f.rowFrom(tableTypeRef, class>>3)
	if !ok {
		return false, false
	}
	name := r.string(1)
	return name == nil || bytes.HasPrefix(name, []byte("GuidAttribute")), true
}

// attributeText is the string that a custom attribute was made with.
func (f *file) attributeText(index uint32) ([]byte, bool) {
	if index == 0 {
		return nil, false
	}
	contents, begin, ok := f.blobAt(index)
	end := begin + int64(len(contents))
	if !ok || len(contents) < 3 || end >= int64(len(f.data)) || binary.LittleEndian.Uint16(contents) != attributeProlog {
		return nil, false
	}
	size, at := int64(contents[2]), begin+3
	if !f.fits(at, size) {
		return nil, false
	}
	if first := f.data[at]; first == 0 || first == 0xff {
		return []byte{}, true
	}
	value := f.data[at : at+size]
	if n := bytes.IndexByte(value, 0); n >= 0 {
		value = value[:n]
	}
	return value, true
}

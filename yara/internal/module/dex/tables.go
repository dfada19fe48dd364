package dex

import "vitrine/yara/internal/module"

// Sizes of the items.
const (
	stringItem = 4
	typeItem   = 4
	protoItem  = 12
	memberItem = 8 // of a field or method
	classItem  = 32
	mapItem    = 12
)

// table is where the items of one kind are; count is 0 when reading did not get
// so far.
type table struct {
	at    int64
	count uint32
}

// tables is all tables up to the first that is not whole in the file.
type tables struct {
	strings, types, protos, fields, methods, items, classes table

	mapSize module.Value
	// reached says that the classes were.
	reached bool
}

func (f *file) tablePart() *tables {
	return f.tables.Get(func() (t tables) {
		for _, step := range []struct {
			to       *table
			at, size int64
		}{{&t.strings, atStrings, stringItem}, {&t.types, atTypes, typeItem}, {&t.protos, atProtos, protoItem},
			{&t.fields, atFields, memberItem}, {&t.methods, atMethods, memberItem}} {
			if !f.place(step.to, step.at, step.size) {
				return t
			}
		}
		t.reached = f.readMap(&t) && f.place(&t.classes, atClasses, classItem)
		return t
	})
}

// place finds a table by its number of items and offset in the header.
func (f *file) place(to *table, at, size int64) bool {
	count, start := f.u32(at), int64(f.u32(at+4))
	if !f.fits(start, int64(count)*size) {
		return false
	}
	*to = table{start, count}
	return true
}

// readMap finds the map; false ends the reading. One whose place is 0 or outside
// is passed over. libyara shows those items that are in the file.
func (f *file) readMap(t *tables) bool {
	at := int64(f.u32(atMap))
	if at == 0 || !f.fits(at, 4) {
		return true
	}
	count := f.u32(at)
	t.mapSize = module.Int(int64(count))
	if 4+int64(count)*mapItem > int64(len(f.data)) {
		return false
	}
	t.items = table{at + 4, min(count, uint32((int64(len(f.data))-at-4)/mapItem))}
	return t.items.count == count
}

// item is an element of a table.
type item struct {
	f  *file
	at int64
}

// item finds an element; false when the index is outside.
func (f *file) item(t table, index uint32, size int64) (item, bool) {
	if index >= t.count || index > maxIndex {
		return item{}, false
	}
	return item{f, t.at + int64(index)*size}, true
}

// number16 and number32 declare numbers at an offset of an item.
func number16(name string, off int64) module.Field {
	return module.Got(name, module.KindInt, func(i *item) module.Value { return module.Int(int64(i.f.u16(i.at + off))) })
}

func number32(name string, off int64) module.Field {
	return module.Got(name, module.KindInt, func(i *item) module.Value { return module.Int(int64(i.f.u32(i.at + off))) })
}

// itemList declares a table as an array of structs.
func itemList(name string, size int64, of func(t *tables) table, fields ...module.Field) module.Field {
	return placedList(name, size, func(f *file) table { return of(f.tablePart()) }, fields...)
}

func placedList(name string, size int64, of func(f *file) table, fields ...module.Field) module.Field {
	list := module.List(module.Struct(fields...),
		func(f *file) int { return int(of(f).count) },
		func(f *file, i int) module.Value {
			return module.Ref(module.KindStruct, &item{f, of(f).at + int64(i)*size})
		})
	return module.Part(name, list, func(f *file) module.Value { return module.Ref(module.KindArray, f) })
}

func tableTree() []module.Field {
	return []module.Field{
		itemList("string_ids", stringItem, func(t *tables) table { return t.strings }, stringFields()...),
		itemList("type_ids", typeItem, func(t *tables) table { return t.types }, number32("descriptor_idx", 0)),
		itemList("proto_ids", protoItem, func(t *tables) table { return t.protos },
			number32("shorty_idx", 0), number32("return_type_idx", 4), number32("parameters_offset", 8)),
		itemList("field_ids", memberItem, func(t *tables) table { return t.fields },
			number16("class_idx", 0), number16("type_idx", 2), number32("name_idx", 4)),
		itemList("method_ids", memberItem, func(t *tables) table { return t.methods },
			number16("class_idx", 0), number16("proto_idx", 2), number32("name_idx", 4)),
		placedList("class_defs", classItem, (*file).shownClasses, classFields()...),
		mapTree(),
	}
}

// shownClasses is the table of classes, which for libyara ends with the first
// whose data cannot be read.
func (f *file) shownClasses() table {
	t := f.tablePart().classes
	if !f.ctx.YARAX {
		t.count = f.memberPart().seen
	}
	return t
}

func classFields() []module.Field {
	fields := []module.Field{
		number32("class_idx", 0), number32("access_flags", 4), number32("super_class_idx", 8),
		number32("interfaces_offset", 12), number32("source_file_idx", 16), number32("annotations_offset", 20),
		number32("class_data_offset", 24), number32("static_values_offset", 28),
	}
	return append(fields, inYARAX(
		typeText("class", func(i *item) uint32 { return i.f.u32(i.at) }),
		typeText("superclass", func(i *item) uint32 { return i.f.u32(i.at + 8) }),
		stringText("source_file", func(i *item) uint32 { return i.f.u32(i.at + 16) }),
	)...)
}

// mapTree declares the map; YARA-X calls its items so.
func mapTree() module.Field {
	fields := []module.Field{number16("type", 0), number16("unused", 2), number32("size", 4), number32("offset", 8)}
	place := func(t *tables) table { return t.items }
	modern := itemList("items", mapItem, place, fields...)
	modern.YARAX = true
	return module.Inner("map_list",
		module.Got("size", module.KindInt, func(f *file) module.Value { return f.tablePart().mapSize }),
		itemList("map_item", mapItem, place, fields...), modern)
}

// text reads a string item the way libyara does: the text is taken to begin one
// byte behind its offset, however long its length is. nil when it is not whole.
func (i item) text() (offset uint32, text []byte) {
	f := i.f
	offset = f.u32(i.at)
	at := int64(offset)
	if !f.fits(at, 4) {
		return 0, nil
	}
	size, _, ok := f.uleb(at)
	if !ok || !f.fits(at+1, int64(size)) {
		return 0, nil
	}
	return offset, f.data[at+1:][:size]
}

func stringFields() []module.Field {
	field := func(name string, kind module.Kind, get func(offset uint32, text []byte) module.Value) module.Field {
		return module.Got(name, kind, func(i *item) module.Value {
			offset, text := i.text()
			if text == nil {
				return module.Undefined()
			}
			return get(offset, text)
		})
	}
	return []module.Field{
		field("offset", module.KindInt, func(offset uint32, _ []byte) module.Value { return module.Int(int64(offset)) }),
		field("size", module.KindInt, func(_ uint32, text []byte) module.Value { return module.Int(int64(len(text))) }),
		field("value", module.KindString, func(_ uint32, text []byte) module.Value { return module.Bytes(text) }),
	}
}

// string is the text at an index, or nil.
func (f *file) string(index uint32, ok bool) []byte {
	i, found := f.item(f.tablePart().strings, index, stringItem)
	if !ok || !found {
		return nil
	}
	_, text := i.text()
	return text
}

// typeName is the descriptor of a type by its index, or nil.
func (f *file) typeName(index uint32, ok bool) []byte {
	i, found := f.item(f.tablePart().types, index, typeItem)
	if !ok || !found {
		return nil
	}
	return f.string(f.u32(i.at), true)
}

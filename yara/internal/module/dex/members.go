package dex

import "vitrine/yara/internal/module"

const (
	codeItem   = 16
	maxMembers = 1 << 17 // fields, and methods, of all classes; an index has 16 bits
)

// member is a field or a method of a class. first says that it is static or
// direct.
type member struct {
	f                        *file
	diff, flags, code, index uint32
	first                    bool
	method                   bool
}

// classData is the four counts before the members of a class.
type classData [4]uint32

// members is what stands in the data of the classes. fieldCount and methodCount
// leave out a last one that could not be read whole; seen is how many classes
// were looked at, and ok says that all were read.
type members struct {
	classes                 []classData
	fields, methods         []member
	fieldCount, methodCount int
	seen                    uint32
	ok                      bool
}

func (f *file) memberPart() *members {
	return f.members.Get(func() (m members) {
		t := f.tablePart()
		if !t.reached {
			return m
		}
		for n := range int64(t.classes.count) {
			at := int64(f.u32(t.classes.at + n*classItem + 24))
			if m.seen++; at == 0 {
				continue
			}
			if f.ctx.Cancelled() || !f.readClass(&m, at) {
				return m
			}
		}
		m.ok = true
		return m
	})
}

// readClass reads the counts of a class and its members; false when the counts
// are not in the file.
func (f *file) readClass(m *members, at int64) (ok bool) {
	if !f.fits(at, 16) {
		return false
	}
	var counts classData
	for i := range counts {
		if counts[i], at, ok = f.uleb(at); !ok {
			return false
		}
	}
	m.classes = append(m.classes, counts)
	at = f.readMembers(&m.fields, &m.fieldCount, member{f: f, first: true}, counts[0], at)
	at = f.readMembers(&m.fields, &m.fieldCount, member{f: f}, counts[1], at)
	at = f.readMembers(&m.methods, &m.methodCount, member{f: f, method: true, first: true}, counts[2], at)
	f.readMembers(&m.methods, &m.methodCount, member{f: f, method: true}, counts[3], at)
	return true
}

// readMembers reads up to count members like shape and stops at the first whose
// index means nothing. That one is shown but not counted, and the next one of
// another list takes its place.
func (f *file) readMembers(list *[]member, known *int, shape member, count uint32, at int64) int64 {
	for ; count > 0 && *known < maxMembers; count-- {
		index := shape.index
		next, ok := f.readMember(&shape, at)
		if !ok {
			return at
		}
		shape.index = index + shape.diff
		*list = append((*list)[:*known], shape)
		if _, ok := shape.item(); !ok {
			return at
		}
		*known, at = *known+1, next
	}
	return at
}

func (f *file) readMember(m *member, at int64) (next int64, ok bool) {
	numbers, size := []*uint32{&m.diff, &m.flags}, int64(8)
	if m.method {
		numbers, size = append(numbers, &m.code), 12
	}
	if !f.fits(at, size) {
		return at, false
	}
	for _, n := range numbers {
		if *n, at, ok = f.uleb(at); !ok {
			return at, false
		}
	}
	return at, true
}

// item is the row that says what a member is called.
func (m *member) item() (item, bool) {
	t := m.f.tablePart().fields
	if m.method {
		t = m.f.tablePart().methods
	}
	return m.f.item(t, m.index, memberItem)
}

func (m *member) name() []byte {
	i, ok := m.item()
	if !ok {
		return nil
	}
	return m.f.string(m.f.u32(i.at+4), true)
}

func (m *member) class() []byte {
	i, ok := m.item()
	if !ok {
		return nil
	}
	return m.f.typeName(uint32(m.f.u16(i.at)), true)
}

// proto is the type of a field, or the short form of a method's.
func (m *member) proto() []byte {
	i, ok := m.item()
	if !ok {
		return nil
	}
	index := uint32(m.f.u16(i.at + 2))
	if !m.method {
		return m.f.typeName(index, true)
	}
	p, ok := m.f.item(m.f.tablePart().protos, index, protoItem)
	if !ok {
		return nil
	}
	return m.f.string(m.f.u32(p.at), true)
}

// text makes a string value; nil is Undefined.
func text(b []byte) module.Value {
	if b == nil {
		return module.Undefined()
	}
	return module.Bytes(b)
}

func memberTree() []module.Field {
	fields := memberFields("static", "instance", "field_idx_diff")
	methods := append(memberFields("direct", "virtual", "method_idx_diff"),
		memberNumber("code_off", func(m *member) int64 { return int64(m.code) }), codeTree())
	counts := module.List(classDataType(),
		func(f *file) int { return len(f.memberPart().classes) },
		func(f *file, i int) module.Value { return module.Ref(module.KindStruct, &f.memberPart().classes[i]) })
	return []module.Field{
		module.Part("class_data_item", counts, func(f *file) module.Value { return module.Ref(module.KindArray, f) }),
		memberList("field", fields, func(m *members) []member { return m.fields }),
		memberList("method", methods, func(m *members) []member { return m.methods }),
		memberCount("number_of_fields", func(m *members) int { return m.fieldCount }),
		memberCount("number_of_methods", func(m *members) int { return m.methodCount }),
	}
}

func memberCount(name string, get func(m *members) int) module.Field {
	return module.Got(name, module.KindInt, func(f *file) module.Value {
		if m := f.memberPart(); m.ok {
			return module.Int(int64(get(m)))
		}
		return module.Undefined()
	})
}

func memberList(name string, fields []module.Field, of func(m *members) []member) module.Field {
	t := module.List(module.Struct(fields...),
		func(f *file) int { return len(of(f.memberPart())) },
		func(f *file, i int) module.Value { return module.Ref(module.KindStruct, &of(f.memberPart())[i]) })
	return module.Part(name, t, func(f *file) module.Value { return module.Ref(module.KindArray, f) })
}

func memberNumber(name string, get func(m *member) int64) module.Field {
	return module.Got(name, module.KindInt, func(m *member) module.Value { return module.Int(get(m)) })
}

// memberFields declares what fields and methods have in common; first and
// second name the two lists that a class has.
func memberFields(first, second, diff string) []module.Field {
	truth := func(b bool) int64 {
		if b {
			return 1
		}
		return 0
	}
	return []module.Field{
		module.Got("class_name", module.KindString, func(m *member) module.Value { return text(m.class()) }),
		module.Got("name", module.KindString, func(m *member) module.Value { return text(m.name()) }),
		module.Got("proto", module.KindString, func(m *member) module.Value { return text(m.proto()) }),
		memberNumber(first, func(m *member) int64 { return truth(m.first) }),
		memberNumber(second, func(m *member) int64 { return truth(!m.first) }),
		memberNumber(diff, func(m *member) int64 { return int64(m.diff) }),
		memberNumber("access_flags", func(m *member) int64 { return int64(m.flags) }),
	}
}

func classDataType() *module.Type {
	var fields []module.Field
	for i, name := range []string{"static_fields_size", "instance_fields_size", "direct_methods_size", "virtual_methods_size"} {
		fields = append(fields, module.Got(name, module.KindInt, func(c *classData) module.Value { return module.Int(int64(c[i])) }))
	}
	return module.Struct(fields...)
}

// codeTree declares the head of a method's code, and the code.
func codeTree() module.Field {
	field := func(name string, kind module.Kind, get func(f *file, at int64) module.Value) module.Field {
		return module.Got(name, kind, func(m *member) module.Value {
			_, known := m.item()
			if at := int64(m.code); known && at != 0 && m.f.fits(at, codeItem) {
				return get(m.f, at)
			}
			return module.Undefined()
		})
	}
	var fields []module.Field
	for i, name := range []string{"registers_size", "ins_size", "outs_size", "tries_size"} {
		fields = append(fields, field(name, module.KindInt, func(f *file, at int64) module.Value {
			return module.Int(int64(f.u16(at + 2*int64(i))))
		}))
	}
	fields = append(fields,
		field("debug_info_off", module.KindInt, func(f *file, at int64) module.Value { return module.Int(int64(f.u32(at + 8))) }),
		field("insns_size", module.KindInt, func(f *file, at int64) module.Value { return module.Int(int64(f.u32(at + 12))) }),
		field("insns", module.KindString, func(f *file, at int64) module.Value {
			size := 2 * int64(f.u32(at+12))
			if !f.fits(at+codeItem, size) {
				return module.Undefined()
			}
			return module.Bytes(f.data[at+codeItem:][:size])
		}))
	return module.Inner("code_item", fields...)
}

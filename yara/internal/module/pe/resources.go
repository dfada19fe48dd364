package pe

import "vitrine/yara/internal/module"

const (
	resourceDirectory  = 2
	resourceHeader     = 16
	resourceEntry      = 8
	resourceDataEntry  = 16
	resourceVersion    = 16 // RT_VERSION
	maxResources       = 65536
	maxResourceVisits  = 4 * maxResources // entries of all levels, good or bad
	maxResourceName    = 1000
	maxResourceSize    = 0x3fffffff
	maxResourceEntries = 32768 // of one kind in one directory
	noID               = -1
)

// resource is a leaf of the resource tree. Each of its three names is a number
// or a text in UTF-16; the text is nil for a number.
type resource struct {
	rva, size uint32
	offset    int64
	id        [3]int32 // type, name, language
	text      [3][]byte
}

// resourceTable is the resource directory. present says that its root could be
// read.
type resourceTable struct {
	present      bool
	timestamp    uint32
	major, minor uint16
	list         []resource
}

func (f *file) resourcePart() *resourceTable {
	return f.resources.Get(func() resourceTable {
		var t resourceTable
		d := f.directory(resourceDirectory)
		if d.address == 0 {
			return t
		}
		root := f.offset(uint64(d.address))
		if root < 0 || !f.fits(root, resourceHeader) {
			return t
		}
		t.present, t.timestamp = true, f.u32(root+4)
		t.major, t.minor = f.u16(root+8), f.u16(root+10)
		w := resourceWalk{f: f, root: root, table: &t, left: maxResourceVisits, id: [3]int32{noID, noID, noID}}
		w.directory(root, 0, [3][]byte{})
		return t
	})
}

// resourceWalk goes through the three levels of the tree. The numbers of the
// levels stay as they were last seen, also for a leaf that hangs too high: that
// is how libyara reports such trees.
type resourceWalk struct {
	f     *file
	root  int64
	table *resourceTable
	left  int
	id    [3]int32
}

// directory reports false when the walk is to end.
func (w *resourceWalk) directory(at int64, level int, texts [3][]byte) bool {
	f := w.f
	named, ids := f.u16(at+12), f.u16(at+14)
	if f.u32(at) != 0 || named > maxResourceEntries || ids > maxResourceEntries {
		return true
	}
	count := int64(named) + int64(ids)
	if !f.fits(at+resourceHeader, count*resourceEntry) {
		return true
	}
	for i := range count {
		entry := at + resourceHeader + i*resourceEntry
		target := f.u32(entry + 4)
		if target == 0 {
			return true // libyara never gets past an entry that points nowhere
		}
		if w.left--; w.left < 0 || w.f.ctx.Cancelled() {
			return false
		}
		w.id[level] = int32(f.u32(entry))
		texts[level] = w.name(f.u32(entry))
		if !w.follow(at, target, level, texts) {
			return false
		}
	}
	return true
}

func (w *resourceWalk) follow(from int64, target uint32, level int, texts [3][]byte) bool {
	at := w.root + int64(target&0x7fffffff)
	if target>>31 != 0 && level < 2 {
		if at == from || !w.f.fits(at, resourceHeader) {
			return true
		}
		return w.directory(at, level+1, texts)
	}
	return w.leaf(at, texts)
}

func (w *resourceWalk) leaf(at int64, texts [3][]byte) bool {
	f := w.f
	if !f.fits(at, resourceDataEntry) {
		return true
	}
	r := resource{rva: f.u32(at), size: f.u32(at + 4), id: w.id, text: texts}
	if r.size == 0 || r.size > maxResourceSize {
		return true
	}
	if len(w.table.list) >= maxResources {
		return false
	}
	r.offset = f.offset(uint64(r.rva))
	w.table.list = append(w.table.list, r)
	return true
}

// name reads the text of an entry whose high bit says it has one.
func (w *resourceWalk) name(id uint32) []byte {
	if id>>31 == 0 {
		return nil
	}
	at := w.root + int64(id&0x7fffffff)
	if !w.f.fits(at, 2) {
		return nil
	}
	n := int64(w.f.u16(at))
	if n > maxResourceName || !w.f.fits(at+2, 2*n) {
		return nil
	}
	return w.f.data[at+2 : at+2+2*n]
}

// speaks answers locale() and language(): whether a resource is in it.
func speaks(mask int64) func(*module.Context, *file, []module.Value) module.Value {
	return func(_ *module.Context, f *file, args []module.Value) module.Value {
		list := f.resourcePart().list
		for i := range list {
			r := &list[i]
			if r.text[2] == nil && r.id[2] != noID && int64(r.id[2])&mask == args[0].Int {
				return truth(true)
			}
		}
		return truth(false)
	}
}

func resourceTree() []module.Field {
	root := func(name string, get func(t *resourceTable) int64) module.Field {
		return module.Got(name, module.KindInt, func(f *file) module.Value {
			if t := f.resourcePart(); t.present {
				return module.Int(get(t))
			}
			return module.Undefined()
		})
	}
	return []module.Field{
		module.Function("locale", module.Overload("i", module.KindInt, speaks(0xffff))),
		module.Function("language", module.Overload("i", module.KindInt, speaks(0xff))),
		root("resource_timestamp", func(t *resourceTable) int64 { return int64(t.timestamp) }),
		module.Inner("resource_version",
			root("major", func(t *resourceTable) int64 { return int64(t.major) }),
			root("minor", func(t *resourceTable) int64 { return int64(t.minor) })),
		intField("number_of_resources", func(f *file) int64 { return int64(len(f.resourcePart().list)) }),
		module.Part("resources", resourceListType(), func(f *file) module.Value {
			return module.Ref(module.KindArray, f.resourcePart())
		}),
	}
}

func resourceListType() *module.Type {
	fields := []module.Field{
		module.Got("rva", module.KindInt, func(r *resource) module.Value { return module.Int(int64(r.rva)) }),
		module.Got("length", module.KindInt, func(r *resource) module.Value { return module.Int(int64(r.size)) }),
		module.Got("offset", module.KindInt, func(r *resource) module.Value {
			if r.offset < 0 {
				return module.Undefined()
			}
			return module.Int(r.offset)
		}),
	}
	for i, names := range [3][2]string{{"type", "type_string"}, {"id", "name_string"}, {"language", "language_string"}} {
		fields = append(fields,
			module.Got(names[0], module.KindInt, func(r *resource) module.Value { return r.number(i) }),
			module.Got(names[1], module.KindString, func(r *resource) module.Value { return text(r.text[i]) }))
	}
	return module.List(module.Struct(fields...),
		func(t *resourceTable) int { return len(t.list) },
		func(t *resourceTable, i int) module.Value { return module.Ref(module.KindStruct, &t.list[i]) })
}

func (r *resource) number(level int) module.Value {
	if r.text[level] != nil || r.id[level] == noID {
		return module.Undefined()
	}
	return module.Int(int64(r.id[level]))
}

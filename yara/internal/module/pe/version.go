package pe

import (
	"bytes"

	"vitrine/yara/internal/module"
)

const (
	versionHeader   = 6 // length, value length, type
	versionRoot     = versionHeader + 86
	versionTable0   = versionHeader + 30
	maxVersionKey   = 63
	maxVersionValue = 255
	maxVersionInfos = 16384
	maxVersionWork  = 1 << 22 // bytes of text looked at in one file
)

// versionInfo is one string of a version resource.
type versionInfo struct{ key, value []byte }

// versionTable is the strings of all version resources: in order, and with the
// last value of every key in the order of the keys' first appearance.
type versionTable struct{ list, dict []versionInfo }

func (f *file) versionPart() *versionTable {
	return f.versions.Get(func() versionTable {
		r := versionReader{f: f, work: maxVersionWork}
		list := f.resourcePart().list
		for i := range list {
			if list[i].id[0] == resourceVersion && list[i].offset >= 0 {
				r.resource(list[i].offset)
			}
		}
		return versionTable{r.list, lastValues(r.list)}
	})
}

func lastValues(list []versionInfo) []versionInfo {
	var dict []versionInfo
	at := make(map[string]int, len(list))
	for _, info := range list {
		i, seen := at[string(info.key)]
		if !seen {
			i = len(dict)
			at[string(info.key)] = i
			dict = append(dict, info)
		}
		dict[i].value = info.value
	}
	return dict
}

// versionReader reads VS_VERSIONINFO: blocks of a header, a key in UTF-16 and
// a value or further blocks, each aligned to four bytes from its own start.
type versionReader struct {
	f    *file
	list []versionInfo
	work int64
}

func aligned(n int64) int64 { return (n + 3) &^ 3 }

func (r *versionReader) length(at int64) int64 { return int64(r.f.u16(at)) }

// isBlock reports whether a block with this key starts at at and has a length.
func (r *versionReader) isBlock(at int64, key string) bool {
	if !r.f.fits(at+versionHeader, 2*int64(len(key)+1)) || !r.f.wideEqual(at+versionHeader, key) {
		return false
	}
	return r.length(at) != 0
}

// wideEqual compares UTF-16 text ended by a NUL with an ASCII one.
func (f *file) wideEqual(at int64, s string) bool {
	for i := range len(s) {
		if f.u16(at+2*int64(i)) != uint16(s[i]) {
			return false
		}
	}
	return f.u16(at+2*int64(len(s))) == 0
}

func (r *versionReader) resource(at int64) {
	const key = "VS_VERSION_INFO"
	if !r.f.fits(at+versionHeader, 2*int64(len(key)+1)) || !r.f.wideEqual(at+versionHeader, key) {
		return
	}
	at += aligned(versionRoot)
	for r.isBlock(at, "VarFileInfo") && r.work > 0 {
		r.work -= versionHeader
		at += aligned(r.length(at))
	}
	for r.isBlock(at, "StringFileInfo") && r.work > 0 {
		r.work -= versionHeader
		next := at + aligned(r.length(at))
		r.tables(at+aligned(versionTable0), next)
		at = next
	}
}

// tables reads the string tables, one for a language, from at up to end.
func (r *versionReader) tables(at, end int64) {
	for at < end && r.work > 0 {
		key, ok := r.wideLength(at + versionHeader)
		if !ok || r.length(at) == 0 {
			return
		}
		next := at + aligned(r.length(at))
		r.strings(at+aligned(versionHeader+2*(key+1)), next)
		at = next
	}
}

func (r *versionReader) strings(at, end int64) {
	for at < end && r.work > 0 && len(r.list) < maxVersionInfos {
		key, ok := r.wideLength(at + versionHeader)
		if !ok || r.length(at) == 0 {
			return
		}
		value := at + aligned(versionHeader+2*(key+1))
		if _, ok := r.wideLength(value); ok {
			r.add(at, value)
		}
		at += aligned(r.length(at))
	}
}

func (r *versionReader) add(at, value int64) {
	info := versionInfo{key: r.f.narrow(at+versionHeader, maxVersionKey)}
	if r.f.u16(at+2) != 0 {
		info.value = r.f.narrow(value, maxVersionValue)
	}
	r.list = append(r.list, info)
}

// wideLength is the number of UTF-16 units before the NUL; without a NUL in
// the file or in what may still be looked at, ok is false.
func (r *versionReader) wideLength(at int64) (units int64, ok bool) {
	if at < versionHeader || !r.f.fits(at, 2) || !r.f.fits(at-versionHeader, versionHeader) {
		return 0, false
	}
	for r.f.fits(at, 2) && r.work > 0 {
		r.work -= 2
		if r.f.u16(at) == 0 {
			return units, true
		}
		units++
		at += 2
	}
	return 0, false
}

// narrow takes the low bytes of UTF-16 text up to a zero one.
func (f *file) narrow(at int64, limit int) []byte {
	out := make([]byte, 0, 32)
	for len(out) < limit && f.fits(at, 1) && f.data[at] != 0 {
		out = append(out, f.data[at])
		at += 2
	}
	return out
}

func (t *versionTable) lookup(key []byte) module.Value {
	for i := range t.dict {
		if bytes.Equal(t.dict[i].key, key) {
			return versionValue(&t.dict[i])
		}
	}
	return module.Undefined()
}

func versionValue(v *versionInfo) module.Value {
	if v.value == nil {
		return module.Bytes([]byte{})
	}
	return module.Bytes(v.value)
}

func versionTree() []module.Field {
	info := module.Struct(
		module.Got("key", module.KindString, func(v *versionInfo) module.Value { return module.Bytes(v.key) }),
		module.Got("value", module.KindString, versionValue),
	)
	list := module.List(info,
		func(t *versionTable) int { return len(t.list) },
		func(t *versionTable, i int) module.Value { return module.Ref(module.KindStruct, &t.list[i]) })
	part := func(name string, t *module.Type) module.Field {
		return module.Part(name, t, func(f *file) module.Value { return module.Ref(t.Kind, f.versionPart()) })
	}
	return []module.Field{
		intField("number_of_version_infos", func(f *file) int64 { return int64(len(f.versionPart().list)) }),
		part("version_info_list", list),
		part("version_info", versionDictionary()),
	}
}

func versionDictionary() *module.Type {
	return &module.Type{
		Kind: module.KindDict,
		Elem: &module.Type{Kind: module.KindString},
		Len:  func(self any) int { return len(self.(*versionTable).dict) },
		At:   func(self any, i int) module.Value { return versionValue(&self.(*versionTable).dict[i]) },
		Key:  func(self any, i int) []byte { return self.(*versionTable).dict[i].key },
		Lookup: func(self any, key []byte) module.Value {
			return self.(*versionTable).lookup(key)
		},
	}
}

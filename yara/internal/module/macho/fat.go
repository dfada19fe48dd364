package macho

import (
	bin "encoding/binary"

	"vitrine/yara/internal/module"
)

const (
	fatHeader = 8
	fatArch32 = 20
	fatArch64 = 32
	maxArchs  = 64 // there are some two dozen processors
)

// fat is a universal file.
type fat struct {
	magic, count uint32
	archs        []arch
	files        []*image // in YARA one for each of archs, or nil; in YARA-X those that are fine
}

// arch is an entry of the table of architectures.
type arch struct {
	cpu, subtype uint32
	offset, size uint64
	align, extra uint32
}

// openFat reads the table. YARA takes it as big-endian whatever the magic
// number says, and then a number that is the wrong way round as one of wide
// entries.
func openFat(c *module.Context) *binary {
	if len(c.Data) < fatHeader {
		return nil
	}
	f := &fat{magic: bin.BigEndian.Uint32(c.Data)}
	var order bin.ByteOrder = bin.BigEndian
	wide := f.magic != fat32
	if c.YARAX {
		wide = f.magic == fat64 || f.magic == fatCigam64
		if f.magic == fatCigam32 || f.magic == fatCigam64 {
			order = bin.LittleEndian
		}
	}
	f.count = order.Uint32(c.Data[4:])
	step := fatArch32
	if wide {
		step = fatArch64
	}
	if int64(f.count) > int64((len(c.Data)-fatHeader)/step) {
		if c.YARAX {
			return nil
		}
		return &binary{fat: f}
	}
	for i := range min(int(f.count), maxArchs) {
		f.archs = append(f.archs, readArch(order, c.Data[fatHeader+i*step:], wide))
	}
	f.openFiles(c)
	if c.YARAX && len(f.files) == 1 {
		return &binary{main: f.files[0]}
	}
	return &binary{fat: f}
}

func readArch(order bin.ByteOrder, b []byte, wide bool) arch {
	a := arch{cpu: order.Uint32(b), subtype: order.Uint32(b[4:])}
	if wide {
		a.offset, a.size = order.Uint64(b[8:]), order.Uint64(b[16:])
		a.align, a.extra = order.Uint32(b[24:]), order.Uint32(b[28:])
		return a
	}
	a.offset, a.size = uint64(order.Uint32(b[8:])), uint64(order.Uint32(b[12:]))
	a.align = order.Uint32(b[16:])
	return a
}

func (f *fat) openFiles(c *module.Context) {
	total := uint64(len(c.Data))
	for _, a := range f.archs {
		var m *image
		if a.size <= total && a.offset <= total-a.size {
			m = newImage(c, c.Data[a.offset:a.offset+a.size])
		}
		if m != nil || !c.YARAX {
			f.files = append(f.files, m)
		}
	}
}

func fatTree() []module.Field {
	part := func(name string, t *module.Type, get func(f *fat) module.Value) module.Field {
		return module.Part(name, t, func(b *binary) module.Value {
			if b.fat == nil {
				return module.Undefined()
			}
			return get(b.fat)
		})
	}
	number := &module.Type{Kind: module.KindInt}
	self := func(f *fat) module.Value { return module.Ref(module.KindArray, f) }
	return []module.Field{
		part("fat_magic", number, func(f *fat) module.Value { return module.Int(int64(f.magic)) }),
		part("nfat_arch", number, func(f *fat) module.Value { return module.Int(int64(f.count)) }),
		part("fat_arch", module.List(archType(),
			func(f *fat) int { return len(f.archs) },
			func(f *fat, i int) module.Value { return module.Ref(module.KindStruct, &f.archs[i]) }), self),
		part("file", module.List(module.Struct(imageFields(func(m *image) *image { return m })...),
			func(f *fat) int { return len(f.files) }, fileAt), self),
	}
}

func fileAt(f *fat, i int) module.Value {
	if f.files[i] == nil {
		return module.Undefined()
	}
	return module.Ref(module.KindStruct, f.files[i])
}

func archType() *module.Type {
	number := func(name string, get func(a *arch) int64) module.Field {
		return module.Got(name, module.KindInt, func(a *arch) module.Value { return module.Int(get(a)) })
	}
	fields := []module.Field{
		number("cputype", func(a *arch) int64 { return int64(a.cpu) }),
		number("cpusubtype", func(a *arch) int64 { return int64(a.subtype) }),
		number("offset", func(a *arch) int64 { return int64(a.offset) }),
		number("size", func(a *arch) int64 { return int64(a.size) }),
		number("align", func(a *arch) int64 { return int64(a.align) }),
	}
	return module.Struct(append(fields, inYARAX(number("reserved", func(a *arch) int64 { return int64(a.extra) }))...)...)
}

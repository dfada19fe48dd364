package macho

import "vitrine/yara/internal/module"

const (
	commandSegment   = 0x1
	commandSegment64 = 0x19
)

// shape is where the fields of segment and section headers are.
type shape struct {
	segment, section                             int64 // sizes
	vmaddr, vmsize, fileoff, filesize            int64
	maxprot, initprot, nsects, flags             int64
	addr, size, offset, align, reloff, nreloc    int64
	sectionFlags, reserved1, reserved2, reserved int64
}

func shapeOf(wide bool) shape {
	if wide {
		return shape{segment: 72, section: 80, vmaddr: 24, vmsize: 32, fileoff: 40, filesize: 48, maxprot: 56,
			initprot: 60, nsects: 64, flags: 68, addr: 32, size: 40, offset: 48, align: 52, reloff: 56, nreloc: 60,
			sectionFlags: 64, reserved1: 68, reserved2: 72, reserved: 76}
	}
	return shape{segment: 56, section: 68, vmaddr: 24, vmsize: 28, fileoff: 32, filesize: 36, maxprot: 40,
		initprot: 44, nsects: 48, flags: 52, addr: 32, size: 36, offset: 40, align: 44, reloff: 48, nreloc: 52,
		sectionFlags: 56, reserved1: 60, reserved2: 64}
}

// segment is a segment command. A header that is cut off has whole unset, and
// all its fields are Undefined.
type segment struct {
	m        *image
	at       int64
	wide     bool
	whole    bool
	sections []section
}

// section is a section header within a segment command.
type section struct {
	m    *image
	at   int64
	wide bool
}

// segmentList reads the segment commands. YARA-X drops those that do not hold
// all their sections and goes by the width in the file's header; YARA goes by
// the command.
func (m *image) segmentList() []segment {
	return *m.segments.Get(func() (list []segment) {
		for _, c := range m.list() {
			if c.kind != commandSegment && c.kind != commandSegment64 {
				continue
			}
			s := segment{m: m, at: c.at, wide: c.kind == commandSegment64}
			if m.ctx.YARAX {
				s.wide = m.wide
			}
			if s.readSections(c.size) || !m.ctx.YARAX {
				list = append(list, s)
			}
		}
		return list
	})
}

// readSections finds the section headers that are within the command; complete
// says that these are as many as declared.
func (s *segment) readSections(size int64) (complete bool) {
	l := shapeOf(s.wide)
	if s.whole = s.m.fits(s.at, l.segment); !s.whole {
		return false
	}
	declared := int64(s.m.u32(s.at + l.nsects))
	count := min(max(size-l.segment, 0)/l.section, declared)
	s.sections = make([]section, count)
	for i := range s.sections {
		s.sections[i] = section{s.m, s.at + l.segment + int64(i)*l.section, s.wide}
	}
	return count == declared && size >= l.segment
}

func (s *segment) number(off func(shape) int64, wide bool) int64 {
	return int64(s.m.uint(s.at+off(shapeOf(s.wide)), wide && s.wide))
}

// offset maps an address in memory to an offset in the image.
func (m *image) offset(address uint64) (int64, bool) {
	for _, s := range m.segmentList() {
		if !s.whole {
			continue
		}
		begin := uint64(s.number(func(l shape) int64 { return l.vmaddr }, true))
		end := begin + uint64(s.number(func(l shape) int64 { return l.vmsize }, true))
		if address >= begin && address < end {
			return s.number(func(l shape) int64 { return l.fileoff }, true) + int64(address-begin), true
		}
	}
	return 0, false
}

func segmentType() *module.Type {
	whole := func(s *segment, v func() module.Value) module.Value {
		if !s.whole {
			return module.Undefined()
		}
		return v()
	}
	number := func(name string, wide bool, off func(l shape) int64) module.Field {
		return module.Got(name, module.KindInt, func(s *segment) module.Value {
			return whole(s, func() module.Value { return module.Int(s.number(off, wide)) })
		})
	}
	fileSize := func(l shape) int64 { return l.filesize }
	modern := number("filesize", true, fileSize)
	modern.YARAX = true
	sections := module.List(sectionType(),
		func(s *segment) int { return len(s.sections) },
		func(s *segment, i int) module.Value { return module.Ref(module.KindStruct, &s.sections[i]) })
	return module.Struct(
		module.Got("segname", module.KindString, func(s *segment) module.Value {
			return whole(s, func() module.Value { return s.m.name(s.at + 8) })
		}),
		number("vmaddr", true, func(l shape) int64 { return l.vmaddr }),
		number("vmsize", true, func(l shape) int64 { return l.vmsize }),
		number("fileoff", true, func(l shape) int64 { return l.fileoff }),
		number("fsize", true, fileSize), modern,
		number("maxprot", false, func(l shape) int64 { return l.maxprot }),
		number("initprot", false, func(l shape) int64 { return l.initprot }),
		number("nsects", false, func(l shape) int64 { return l.nsects }),
		number("flags", false, func(l shape) int64 { return l.flags }),
		module.Part("sections", sections, func(s *segment) module.Value { return module.Ref(module.KindArray, s) }),
	)
}

func sectionType() *module.Type {
	number := func(name string, wide bool, off func(l shape) int64) module.Field {
		return module.Got(name, module.KindInt, func(s *section) module.Value {
			at := off(shapeOf(s.wide))
			if at == 0 { // reserved3 is in wide headers only
				return module.Undefined()
			}
			return module.Int(int64(s.m.uint(s.at+at, wide && s.wide)))
		})
	}
	return module.Struct(
		module.Got("sectname", module.KindString, func(s *section) module.Value { return s.m.name(s.at) }),
		module.Got("segname", module.KindString, func(s *section) module.Value { return s.m.name(s.at + 16) }),
		number("addr", true, func(l shape) int64 { return l.addr }),
		number("size", true, func(l shape) int64 { return l.size }),
		number("offset", false, func(l shape) int64 { return l.offset }),
		number("align", false, func(l shape) int64 { return l.align }),
		number("reloff", false, func(l shape) int64 { return l.reloff }),
		number("nreloc", false, func(l shape) int64 { return l.nreloc }),
		number("flags", false, func(l shape) int64 { return l.sectionFlags }),
		number("reserved1", false, func(l shape) int64 { return l.reserved1 }),
		number("reserved2", false, func(l shape) int64 { return l.reserved2 }),
		number("reserved3", false, func(l shape) int64 { return l.reserved }),
	)
}

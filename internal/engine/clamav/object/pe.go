package object

import "encoding/binary"

// peSection is a section with its place in memory, aligned as ClamAV does.
type peSection struct{ rva, raw, size int64 }

type peFile struct {
	b          bits
	sections   []peSection
	headerSize int64
}

// readPE reads the headers of a PE file.
func readPE(l *Layout, data []byte) {
	f := &peFile{b: bits{data: data, order: binary.LittleEndian}}
	pe := f.b.u32(0x3c)
	if f.b.short || f.b.u32(pe) != 0x4550 {
		return
	}
	count, optional := f.b.u16(pe+6), pe+24
	entry, align, fileAlign := f.b.u32(optional+16), f.b.u32(optional+32), f.b.u32(optional+36)
	f.headerSize = up(f.b.u32(optional+60), align)
	if f.b.short || count == 0 || count > maxSections {
		return
	}
	f.readSections(optional+f.b.u16(pe+20), count, align, fileAlign)
	if f.b.short {
		return
	}
	l.Known = true
	for _, s := range f.sections {
		l.Sections = append(l.Sections, Section{s.raw, s.size})
	}
	if at, ok := f.offset(entry); ok {
		l.Entry = at
	}
	f.version(l, optional)
	f.certificates(l, pe)
}

const (
	certificateEntry = 4 // of the data directories
	smallestTable    = 8
)

// certificates finds the certificate table. ClamAV looks at none that something
// follows or that lies within the headers.
func (f *peFile) certificates(l *Layout, pe int64) {
	b := bits{data: f.b.data, order: f.b.order}
	wide := b.u16(pe+24) == 0x20b
	directories := pe + 24 + 96
	if wide {
		directories += 16
	}
	entry := directories + 8*certificateEntry
	at, size := b.u32(entry), b.u32(entry+4)
	behind := entry + 8
	if b.u32(directories-4) <= certificateEntry || behind > f.headerSize || at < behind || size < smallestTable || at+size != int64(len(b.data)) || b.short {
		return
	}
	l.Certificates, l.NT, l.Wide = Section{at, size}, pe, wide
}

// readSections reads the table. The alignment in the header is not believed
// when the sections themselves keep only the smallest there is.
func (f *peFile) readSections(table, count, align, fileAlign int64) {
	for i := range count {
		raw := f.b.u32(table + 40*i + 20)
		if size := f.b.u32(table + 40*i + 16); fileAlign > 0 && size > 0 && raw%fileAlign != 0 && raw%0x200 == 0 {
			fileAlign = 0x200
		}
	}
	for i := range count {
		at := table + 40*i
		s := peSection{rva: down(f.b.u32(at+12), align), raw: down(f.b.u32(at+20), fileAlign), size: up(f.b.u32(at+16), fileAlign)}
		if length := int64(len(f.b.data)); s.raw >= length {
			s.size = 0
		} else {
			s.size = min(s.size, length-s.raw)
		}
		f.sections = append(f.sections, s)
	}
}

func down(v, align int64) int64 {
	if align == 0 {
		return v
	}
	return v / align * align
}

func up(v, align int64) int64 {
	if align == 0 {
		return v
	}
	return (v + align - 1) / align * align
}

// offset gives the place in the file of a place in memory.
func (f *peFile) offset(rva int64) (int64, bool) {
	if rva < f.headerSize {
		return rva, rva < int64(len(f.b.data))
	}
	for i := len(f.sections) - 1; i >= 0; i-- {
		if s := f.sections[i]; s.size > 0 && s.rva <= rva && rva-s.rva < s.size {
			return rva - s.rva + s.raw, true
		}
	}
	return 0, false
}

const (
	versionType = 16
	maxEntries  = 1000 // of one resource directory
)

// version finds the first version resource.
func (f *peFile) version(l *Layout, optional int64) {
	directories := optional + 96
	if f.b.u16(optional) == 0x20b {
		directories = optional + 112
	}
	root, ok := f.offset(f.b.u32(directories + 16))
	if !ok || f.b.u32(directories+16) == 0 {
		return
	}
	node, ok := f.child(root, 0, versionType)
	for depth := 0; ok && depth < 2; depth++ {
		if node&0x80000000 == 0 {
			break
		}
		node, ok = f.child(root, node&0x7fffffff, -1)
	}
	if !ok || node&0x80000000 != 0 {
		return
	}
	if at, found := f.offset(f.b.u32(root + node)); found && !f.b.short {
		l.Version = Section{at, min(f.b.u32(root+node+4), int64(len(f.b.data))-at)}
	}
}

// child gives the target of an entry of a resource directory: the one with
// the id, or the first for id -1.
func (f *peFile) child(root, directory, id int64) (int64, bool) {
	at := root + directory
	count := min(f.b.u16(at+12)+f.b.u16(at+14), maxEntries)
	for i := range count {
		entry := at + 16 + 8*i
		if id < 0 || f.b.u32(entry) == id {
			return f.b.u32(entry + 4), !f.b.short
		}
	}
	return 0, false
}

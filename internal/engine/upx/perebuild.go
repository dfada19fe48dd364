package upx

import (
	"errors"

	"vitrine/internal/engine/limit"
)

// rebuild makes a PE file from the image of it in memory.
type rebuild struct {
	f     *peFile // the packed file
	own   peHead  // the original header, in a copy that is changed
	image []byte  // from the address of the first section on
	first uint32  // that address
	extra []byte  // what is noted behind the sections, as far as not yet read
	table []byte  // the original section headers
	moved int     // bytes of resources put back
	held  *buffer // of the image: it has the budget
}

// maxNotes is more than what is noted in one piece.
const maxNotes = 64

// errSpot is something that does not lie in the image, or is not whole there.
var errSpot = errors.New("a place outside the image")

// newRebuild finds the original header in an image: its place is its last
// four bytes.
func newRebuild(f *peFile, out *buffer) (*rebuild, error) {
	if out == nil || len(out.b) < 4 {
		return nil, damaged("nothing was unpacked")
	}
	b := out.b
	at := le32(b[len(b)-4:])
	if uint64(at) > uint64(len(b)) {
		return nil, damaged("the original header was not found")
	}
	own, ok := parsePE(b[at:])
	if !ok || own.wide != f.wide || len(own.sections) == 0 {
		return nil, damaged("the original header was not found")
	}
	rest := b[at:]
	size := len(own.b) + len(own.sections)*sectionSize
	r := &rebuild{held: out, f: f, own: own, image: b, first: own.sections[0].address, extra: rest[size:], table: rest[len(own.b):size]}
	r.own.b = append([]byte(nil), own.b...)
	r.table = append([]byte(nil), r.table...)
	r.extra = append([]byte(nil), r.extra[:min(len(r.extra), maxNotes)]...)
	return r, nil
}

// span gives size bytes of the image at an address.
func (r *rebuild) span(address, size uint32) ([]byte, error) {
	at := uint64(address) - uint64(r.first)
	if address < r.first || at > uint64(len(r.image)) || uint64(size) > uint64(len(r.image))-at {
		return nil, errSpot
	}
	return r.image[at : at+uint64(size)], nil
}

// put writes to the image at an address.
func (r *rebuild) put(address uint32, p []byte) error {
	to, err := r.span(address, uint32(len(p)))
	if err != nil {
		return err
	}
	copy(to, p)
	return nil
}

// note takes the next bytes of what is noted.
func (r *rebuild) note(size int) ([]byte, error) {
	if len(r.extra) < size {
		return nil, errors.New("the notes of the packer are cut off")
	}
	p := r.extra[:size]
	r.extra = r.extra[size:]
	return p, nil
}

// undo takes back what the packer did to the image. What cannot be is left,
// and the rest is done all the same.
func (r *rebuild) undo(where found) error {
	err := r.unfilter(where)
	if r.f.flags()&relocsStripped != 0 {
		put16(r.own.b[22:], r.own.flags()|relocsStripped)
		clear(r.own.table(tableRelocs))
	}
	for _, s := range []struct {
		what string
		do   func() error
	}{
		{"imports", r.imports},
		{"relocations", r.relocs},
		{"exports", r.exports},
		{"resources", r.resources},
	} {
		if e := s.do(); e != nil {
			err = worse(err, damaged("%s were not restored: %v", s.what, e))
		}
	}
	for _, n := range []int{tableDebug, tableAddresses, tableBound} {
		clear(r.own.table(n))
	}
	head := uint32(r.f.pe+len(r.own.b)) + uint32(len(r.table))
	put32(r.own.b[84:], alignUp(head, r.own.fileAlign()))
	put32(r.own.b[88:], 0) // the checksum is optional
	return err
}

func (r *rebuild) unfilter(where found) error {
	code, err := r.span(r.own.code(), r.own.codeSize())
	if where.known && where.filter == 0 {
		return nil
	}
	if err != nil {
		return damaged("the code lies outside the image")
	}
	f := filter{id: where.filter, mark: where.mark, add: r.own.code() - r.first}
	if !where.known {
		f = guessFilter(code)
		f.add = r.own.code() - r.first
	}
	if !f.undo(code) {
		return limit.Errorf(limit.Method, "upx: filter %#02x; the code stays filtered", f.id)
	}
	return nil
}

// write writes the file: the beginning of the packed one, the header, and the
// sections as they lie in the image; then what lay behind the sections.
func (r *rebuild) write(out *buffer) error {
	for _, p := range [][]byte{r.f.data[:r.f.pe], r.own.b, r.table} {
		if err := out.write(p); err != nil {
			return err
		}
	}
	if err := r.writeSections(out); err != nil {
		return err
	}
	last := r.f.sections[len(r.f.sections)-1]
	end := uint64(last.offset) + uint64(last.size)
	if end >= uint64(len(r.f.data)) {
		return nil
	}
	end = uint64(alignUp(uint32(end), r.f.fileAlign()))
	return out.write(r.f.data[min(end, uint64(len(r.f.data))):])
}

// maxPadding is more than the alignment of sections in any file.
const maxPadding = 1 << 20

func (r *rebuild) writeSections(out *buffer) error {
	started, total := false, len(out.b)
	for _, s := range r.own.sections {
		if s.offset == 0 {
			continue
		}
		if gap := int64(s.offset) - int64(len(out.b)); !started && gap > 0 {
			if gap > maxPadding {
				return damaged("the first section lies at %#x", s.offset)
			}
			if err := out.zeros(gap); err != nil {
				return err
			}
		}
		started = true
		p, err := r.span(s.address, alignUp(s.size, r.own.fileAlign()))
		if err != nil {
			return damaged("a section lies outside the image")
		}
		// Sections do not share bytes: together they are not longer than
		// the image.
		if total += len(p); total > len(r.image)+maxPadding {
			return damaged("sections that overlap")
		}
		if err := out.write(p); err != nil {
			return err
		}
	}
	return nil
}

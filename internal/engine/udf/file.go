package udf

import "vitrine/internal/engine/disc"

// The ways in which a file says where its bytes are.
const (
	shortForm = iota
	longForm
	extendedForm
	embedded
)

// The types of files that matter.
const (
	fileDirectory = 4
	fileLink      = 12
	fileStreams   = 13
)

// entry is a file.
type entry struct {
	kind    byte
	at      int64 // in the image
	extents []disc.Extent
	streams place // the directory of its other streams
}

const (
	maxChain   = 1 << 10 // blocks that go on with a list of extents
	maxExtents = 1 << 18 // of one file
	lengthMask = 1<<30 - 1
)

// longPlace reads a place in a partition: 4 bytes size, 4 block, 2 partition.
func longPlace(b []byte) place {
	return place{part: le16(b[8:]), block: le32(b[4:]), size: int64(le32(b) & lengthMask)}
}

// file reads the entry of a file.
func (v *volume) file(p place) (entry, error) {
	if int(p.part) >= len(v.maps) || v.maps[p.part].none {
		return entry{}, damaged("a partition that is not there")
	}
	return v.entry(&v.maps[p.part], p)
}

// fileAt reads an entry in the plain part of a partition.
func (v *volume) fileAt(m mapping, block uint32) (entry, error) {
	m = mapping{real: m.real}
	return v.entry(&m, place{block: block})
}

// entry reads the entry of a file, which lies in one block.
func (v *volume) entry(m *mapping, p place) (entry, error) {
	x := m.extents(v.sector, p.block, v.sector)
	b := v.at(x[0].At, x[0].Size)
	f := entry{at: x[0].At}
	at := 0 // of the extended attributes
	switch {
	case isTag(b, tagFile) && len(b) >= 176:
		at = 176
	case isTag(b, tagExtended) && len(b) >= 216:
		at = 216
		f.streams = longPlace(b[152:])
	default:
		return f, damaged("an entry of a file that is none")
	}
	f.kind = b[27]
	size := le64(b[56:])
	from := int64(at) + int64(le32(b[at-8:]))
	n := int64(le32(b[at-4:]))
	if from > int64(len(b)) || from+n > int64(len(b)) || size > 1<<60 {
		return f, damaged("an entry of a file that is malformed")
	}
	if form := b[34] & 7; form == embedded {
		f.extents = []disc.Extent{{At: f.at + from, Size: min(int64(size), n)}}
		return f, nil
	}
	r := allocations{v: v, m: m, p: p, form: int(b[34] & 7), left: int64(size)}
	err := r.read(b[from : from+n])
	f.extents = r.out
	return f, err
}

// allocations reads where the bytes of a file are.
type allocations struct {
	v    *volume
	m    *mapping // of the entry itself
	p    place
	form int
	left int64
	hops int
	out  []disc.Extent
}

// The kinds of an extent, in the highest bits of its size.
const (
	recorded = iota
	allocated
	unrecorded
	continued
)

// read goes through a list, and those it goes on in.
func (a *allocations) read(b []byte) error {
	width := [4]int{8, 16, 20}[a.form&3]
	if width == 0 || a.form > extendedForm {
		return damaged("extents of a form that is not known")
	}
	for len(b) >= width && a.left > 0 {
		size := int64(le32(b) & lengthMask)
		kind := le32(b) >> 30
		p := place{part: a.p.part, block: le32(b[4:]), size: min(size, a.left)}
		switch a.form {
		case longForm:
			p.part = le16(b[8:])
		case extendedForm:
			p.part, p.block = le16(b[16:]), le32(b[12:])
		}
		b = b[width:]
		if size == 0 {
			break
		}
		if kind == continued {
			p.size = size
			var err error
			if b, err = a.next(p); err != nil {
				return err
			}
			continue
		}
		a.left -= p.size
		if err := a.add(p, kind); err != nil {
			return err
		}
	}
	if a.left > 0 { // the rest was never written
		a.out = append(a.out, disc.Extent{Size: a.left, Hole: true})
	}
	return nil
}

// next reads the block that a list goes on in.
func (a *allocations) next(p place) ([]byte, error) {
	if a.hops++; a.hops > maxChain {
		return nil, damaged("a list of extents that does not end")
	}
	x, err := a.places(p)
	if err != nil {
		return nil, err
	}
	b, err := a.v.Directory(x...)
	if err != nil {
		return nil, err
	}
	if len(b) < 24 || !isTag(b, tagExtent) {
		return nil, damaged("a list of extents that is cut off")
	}
	return b[24:][:min(int(min(le32(b[20:]), 1<<30)), len(b)-24)], nil
}

func (a *allocations) add(p place, kind uint32) error {
	if kind != recorded {
		a.out = append(a.out, disc.Extent{Size: p.size, Hole: true})
		return nil
	}
	x, err := a.places(p)
	if err != nil {
		return err
	}
	if a.out = append(a.out, x...); len(a.out) > maxExtents {
		return damaged("a file of too many pieces")
	}
	return nil
}

// places gives where a place lies. The short form means the partition of the
// entry; a file that itself makes up a partition lies in the plain one.
func (a *allocations) places(p place) ([]disc.Extent, error) {
	if a.form == shortForm {
		return a.m.extents(a.v.sector, p.block, p.size), nil
	}
	return a.v.extents(p)
}

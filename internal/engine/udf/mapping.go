package udf

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"vitrine/internal/engine/disc"
	"vitrine/internal/engine/limit"
)

// place is a run of bytes in a partition.
type place struct {
	part  uint16 // the number of the mapping
	block uint32
	size  int64
}

// mapping is a partition as files see it.
type mapping struct {
	real   disc.Extent   // where the blocks lie, but for what follows
	meta   []disc.Extent // the metadata file that holds the blocks
	begins []int64       // where in it each of its extents begins
	packet int64         // bytes that are spared together; 0: none are
	spared []spare       // in the order of the partition
	table  []byte        // of a virtual partition: for each block another one
	none   bool          // it cannot be read
}

// spare is a packet that lies elsewhere.
type spare struct{ from, to int64 } // in the partition, and in the image

const maxMaps = 64

// readMaps reads the partition maps of the logical volume.
func (v *volume) readMaps() error {
	b := v.logical
	if size := int64(le32(b[212:])); size != v.sector {
		return damaged("its blocks and its sectors have different sizes")
	}
	v.set = longPlace(b[248:])
	maps := b[min(440, len(b)):]
	maps = maps[:min(int64(le32(b[264:])), int64(len(maps)))]
	var later []func() error // what needs the others
	for n := 0; n < maxMaps && len(maps) >= 6 && int(maps[1]) >= 6 && int(maps[1]) <= len(maps); n++ {
		e := maps[:maps[1]]
		maps = maps[maps[1]:]
		m := mapping{}
		switch {
		case e[0] == 1:
			m.real, m.none = v.partition(le16(e[4:]))
		case e[0] == 2 && len(e) >= 64:
			m.real, m.none = v.partition(le16(e[38:]))
			later = append(later, func() error { return v.special(n, e) })
		default:
			m.none = true
		}
		v.maps = append(v.maps, m)
	}
	for _, f := range later {
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

func (v *volume) partition(number uint16) (disc.Extent, bool) {
	p, ok := v.parts[number]
	return p, !ok
}

// special reads what a partition needs that is not plain.
func (v *volume) special(n int, e []byte) error {
	m := &v.maps[n]
	var err error
	switch kind := strings.TrimRight(string(e[5:28]), "\x00"); kind {
	case "*UDF Metadata Partition":
		err = v.metadata(m, e)
	case "*UDF Sparable Partition":
		err = v.sparing(m, e)
	case "*UDF Virtual Partition":
		err = v.virtual(m)
	default:
		err = limit.Errorf(limit.Method, "udf: a partition of an unknown kind: %q", kind)
	}
	if err != nil {
		m.none = true
	}
	return err
}

// metadata finds the file that holds a metadata partition, or its mirror.
func (v *volume) metadata(m *mapping, e []byte) error {
	for _, at := range []uint32{le32(e[40:]), le32(e[44:])} {
		f, err := v.fileAt(*m, at)
		if limit.Final(err) {
			return err
		}
		if err == nil && len(f.extents) > 0 {
			m.meta = f.extents
			at := int64(0)
			for _, e := range m.meta {
				m.begins = append(m.begins, at)
				at += e.Size
			}
			return nil
		}
	}
	return damaged("the file with the metadata is not there")
}

// sparing reads the table of packets that lie elsewhere.
func (v *volume) sparing(m *mapping, e []byte) error {
	m.packet = int64(le16(e[40:])) * v.sector
	if m.packet == 0 {
		return damaged("packets of no blocks")
	}
	size := int64(le32(e[44:]))
	for i := 0; i < int(e[42]) && 48+4*i+4 <= len(e); i++ {
		t, err := v.Directory(disc.Extent{At: int64(le32(e[48+4*i:])) * v.sector, Size: size})
		if err != nil {
			return err
		}
		if len(t) < 56 || !isTag(t, 0) {
			continue
		}
		for k, at := 0, 56; k < int(le16(t[48:])) && at+8 <= len(t); k, at = k+1, at+8 {
			if from := le32(t[at:]); from < 0xfffffff0 {
				m.spared = append(m.spared, spare{int64(from) * v.sector, int64(le32(t[at+4:])) * v.sector})
			}
		}
		slices.SortFunc(m.spared, func(a, b spare) int { return cmp.Compare(a.from, b.from) })
		return nil
	}
	return damaged("the table of spared packets is not there")
}

const (
	maxBack       = 64 // blocks before the end that the table may begin in
	virtualFile   = 248
	oldVirtual    = 0 // before UDF 2.00
	oldTrailer    = 36
	virtualHeader = 152
)

// virtual finds the table of a virtual partition: it is the last file that was
// written.
func (v *volume) virtual(m *mapping) error {
	end := int64(len(bytes.TrimRight(v.Data, "\x00"))) // what was never written is zeros
	last := (end - 1 - m.real.At) / v.sector
	for n := last; n >= 0 && n > last-maxBack; n-- {
		f, err := v.fileAt(*m, uint32(n))
		if limit.Final(err) {
			return err
		}
		if err != nil || f.kind != virtualFile && f.kind != oldVirtual {
			continue
		}
		t, err := v.Directory(f.extents...)
		if err != nil {
			return err
		}
		switch {
		case f.kind == virtualFile && len(t) >= virtualHeader && int(le16(t)) <= len(t):
			m.table = t[le16(t):]
		case f.kind == oldVirtual && len(t) >= oldTrailer:
			m.table = t[:len(t)-oldTrailer]
		default:
			continue
		}
		return nil
	}
	return damaged("the table of the virtual partition is not there")
}

// extents gives where a place lies in the image.
func (v *volume) extents(p place) ([]disc.Extent, error) {
	if int(p.part) >= len(v.maps) || v.maps[p.part].none {
		return nil, damaged("a partition that is not there")
	}
	return v.maps[p.part].extents(v.sector, p.block, p.size), nil
}

// extents gives where a run of blocks lies. What lies nowhere is behind the
// end of every image.
func (m *mapping) extents(sector int64, block uint32, size int64) []disc.Extent {
	at := int64(block) * sector
	switch {
	case m.meta != nil:
		return m.within(at, size)
	case m.table != nil:
		return m.virtual(sector, block, size)
	case m.packet > 0:
		return m.packets(at, size)
	}
	return []disc.Extent{{At: m.real.At + at, Size: size}}
}

const nowhere = 1 << 60

// within cuts a run out of the metadata file.
func (m *mapping) within(at, size int64) []disc.Extent {
	var out []disc.Extent
	i, found := slices.BinarySearch(m.begins, at)
	if !found {
		i--
	}
	for ; i < len(m.meta) && size > 0; i++ {
		e := m.meta[i]
		skip := at - m.begins[i]
		n := min(e.Size-skip, size)
		if n <= 0 {
			break
		}
		out = append(out, disc.Extent{At: e.At + skip, Size: n, Hole: e.Hole})
		at, size = at+n, size-n
	}
	if size > 0 {
		out = append(out, disc.Extent{At: nowhere, Size: size})
	}
	return out
}

// virtual looks the blocks up. Only the first is: what follows it is written
// behind it.
func (m *mapping) virtual(sector int64, block uint32, size int64) []disc.Extent {
	at := int64(nowhere)
	if i := int64(block) * 4; i+4 <= int64(len(m.table)) {
		at = m.real.At + int64(le32(m.table[i:]))*sector
	}
	return []disc.Extent{{At: at, Size: size}}
}

// packets gives a run in pieces, where a part of it is spared.
func (m *mapping) packets(at, size int64) []disc.Extent {
	var out []disc.Extent
	end := at + size
	i, _ := slices.BinarySearchFunc(m.spared, at-m.packet+1, func(s spare, t int64) int { return cmp.Compare(s.from, t) })
	for ; i < len(m.spared) && m.spared[i].from < end; i++ {
		s := m.spared[i]
		if s.from > at {
			out = append(out, disc.Extent{At: m.real.At + at, Size: s.from - at})
			at = s.from
		}
		if n := min(s.from+m.packet, end) - at; n > 0 {
			out = append(out, disc.Extent{At: s.to + at - s.from, Size: n})
			at += n
		}
	}
	if at < end {
		out = append(out, disc.Extent{At: m.real.At + at, Size: end - at})
	}
	return out
}

// Package iso reads ISO 9660 disc images (ECMA-119) from memory: the tree of
// short names, those of Joliet, the names of Rock Ridge (IEEE P1282), files in
// several extents or interleaved, compressed ones (zisofs), and the images a
// computer would boot from (El Torito). Trees may run in circles, extents may
// overlap and lie outside of the image: each directory is read once. It trusts
// no count, writes nothing and follows no symbolic links.
package iso

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode/utf16"

	"vitrine/internal/engine/disc"
	"vitrine/internal/engine/limit"
)

const (
	sector         = 2048
	firstSector    = 16 // the volume descriptors begin there
	maxDescriptors = 64
	standard       = "CD001"
)

// Identify tells whether data is an ISO 9660 image.
func Identify(data []byte) bool {
	const at = firstSector*sector + 1
	return len(data) >= at+sector-1 && string(data[at:at+len(standard)]) == standard
}

// The types of volume descriptors.
const (
	typeBoot          = 0
	typePrimary       = 1
	typeSupplementary = 2
	typeEnd           = 255
)

// tree is one tree of names.
type tree struct {
	block  int64 // bytes of a logical block
	root   record
	joliet bool // names are UTF-16
	skip   int  // bytes before the system use fields of Rock Ridge
	rock   bool
}

// volume is an image being taken apart.
type volume struct {
	*disc.Image
	trees   []tree
	catalog []int64        // where the lists of boot images are
	done    map[int64]bool // directories that were read
}

// Walk hands out the files of an image. The error is the Sink's, or one that
// ends the scan; all others are told to the Sink.
func Walk(m *disc.Image) error {
	v := &volume{Image: m, done: map[int64]bool{}}
	v.describe()
	if len(v.trees) == 0 {
		m.Sink.Problem(limit.Errorf(limit.Damaged, "iso: there is no volume in it"))
	}
	for i := range v.trees {
		if err := v.walk(&v.trees[i]); err != nil {
			return err
		}
	}
	for _, at := range v.catalog {
		if err := v.boot(at); err != nil {
			return err
		}
	}
	return nil
}

// describe reads the volume descriptors. The tree with the best names comes
// first: it gives files that are in others too their names.
func (v *volume) describe() {
	for i := range maxDescriptors {
		d, err := v.Directory(disc.Extent{At: int64(firstSector+i) * sector, Size: sector})
		if err != nil || len(d) < sector || string(d[1:1+len(standard)]) != standard || d[0] == typeEnd {
			break
		}
		switch d[0] {
		case typeBoot:
			if strings.HasPrefix(string(d[7:39]), "EL TORITO SPECIFICATION") {
				v.catalog = append(v.catalog, int64(binary.LittleEndian.Uint32(d[71:]))*sector)
			}
		case typePrimary, typeSupplementary:
			v.trees = append(v.trees, v.tree(d))
		}
	}
	slices.SortStableFunc(v.trees, func(a, b tree) int { return b.rank() - a.rank() })
}

func (t *tree) rank() int {
	switch {
	case t.rock:
		return 2
	case t.joliet:
		return 1
	}
	return 0
}

// tree reads the descriptor of a volume.
func (v *volume) tree(d []byte) tree {
	t := tree{block: int64(binary.LittleEndian.Uint16(d[128:]))}
	if t.block < 512 || t.block&(t.block-1) != 0 {
		t.block = sector
	}
	if d[0] == typeSupplementary && d[88] == '%' && d[89] == '/' && (d[90] == '@' || d[90] == 'C' || d[90] == 'E') {
		t.joliet = true
	}
	t.root, _ = v.record(&t, d[156:156+34])
	t.skip, t.rock = v.rockRidge(&t)
	return t
}

// record is one entry of a directory.
type record struct {
	at, size  int64
	flags     byte
	unit, gap int64 // bytes of an interleaved file, and between them
	name      []byte
	use       []byte // system use
}

// The flags of a record.
const (
	isDirectory = 0x02
	hasMore     = 0x80 // another extent of the file follows
)

const recordSize = 33 // and the name

// record reads an entry. It is not ok when it cannot be one.
func (v *volume) record(t *tree, b []byte) (record, bool) {
	if len(b) <= recordSize || int(b[0]) > len(b) || int(b[0]) < recordSize+int(b[32]) {
		return record{}, false
	}
	b = b[:b[0]]
	r := record{flags: b[25], unit: int64(b[26]) * t.block, gap: int64(b[27]) * t.block}
	r.at = (v.both(b[2:], t.block) + int64(b[1])) * t.block
	r.size = v.both(b[10:], 1)
	n := recordSize + int(b[32])
	r.name = b[recordSize:n]
	r.use = b[min(n+n&1, len(b)):]
	return r, true
}

// both reads a number that is there in both byte orders. When they differ the
// one that lies in the image is taken, the little-endian one before the other.
func (v *volume) both(b []byte, unit int64) int64 {
	little, big := int64(binary.LittleEndian.Uint32(b)), int64(binary.BigEndian.Uint32(b[4:]))
	if size := int64(len(v.Data)); little*unit > size && big*unit <= size && big != 0 {
		return big
	}
	return little
}

// plainName gives the name of a record without Rock Ridge.
func (t *tree) plainName(r *record) string {
	name := string(r.name)
	if t.joliet {
		units := make([]uint16, len(r.name)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(r.name[2*i:])
		}
		name = string(utf16.Decode(units))
	}
	if at := strings.LastIndexByte(name, ';'); at > 0 {
		name = name[:at]
	}
	if !t.joliet && len(name) > 1 {
		name = strings.TrimSuffix(name, ".")
	}
	return name
}

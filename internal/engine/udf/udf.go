// Package udf reads UDF disc images (ECMA-167 and OSTA's UDF 1.02 to 2.60)
// from memory: plain partitions, those with spared packets, the virtual ones
// of discs written once, and metadata partitions. Files are followed from the
// root directory, whose trees may run in circles: each directory is read once.
// It trusts no count, writes nothing and follows no symbolic links.
package udf

import (
	"encoding/binary"

	"vitrine/internal/engine/disc"
	"vitrine/internal/engine/limit"
)

const (
	recognition = 32 << 10 // where the volume recognition sequence begins
	structure   = 2048
	structures  = 64
	anchorAt    = 256 // the sector of the first anchor
	tagSize     = 16
)

// Identify tells whether data is an image that says it holds UDF.
func Identify(data []byte) bool {
	for i := range structures {
		at := recognition + i*structure
		if at+structure > len(data) {
			return false
		}
		if id := string(data[at+1 : at+6]); id == "NSR02" || id == "NSR03" {
			return true
		}
	}
	return false
}

// The identifiers of descriptor tags.
const (
	tagAnchor     = 2
	tagPointer    = 3
	tagPartition  = 5
	tagLogical    = 6
	tagTerminator = 8
	tagFileSet    = 256
	tagIdentifier = 257
	tagExtent     = 258
	tagFile       = 261
	tagExtended   = 266
)

func le16(b []byte) uint16 { return binary.LittleEndian.Uint16(b) }
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// volume is an image being taken apart.
type volume struct {
	*disc.Image
	sector  int64
	parts   map[uint16]disc.Extent // partitions, by their numbers
	logical []byte                 // the descriptor of the logical volume
	maps    []mapping
	set     place // of the file set
	done    map[int64]bool
	todo    []folder
	lost    int
	cause   error
}

// Walk hands out the files of an image. The error is the Sink's, or one that
// ends the scan; all others are told to the Sink.
func Walk(m *disc.Image) error {
	v := &volume{Image: m, parts: map[uint16]disc.Extent{}, done: map[int64]bool{}}
	err := v.open()
	if err == nil {
		err = v.walk()
	}
	if err == nil && v.lost > 0 {
		e := limit.Of(v.cause)
		err = limit.Errorf(e.Reason, "udf: %d files or directories were left out: %s", v.lost, e.Detail)
	}
	if err == nil || limit.Final(err) {
		return err
	}
	if _, ours := err.(*limit.Error); !ours {
		return err // the Sink's
	}
	m.Sink.Problem(err)
	return nil
}

func damaged(what string) error { return limit.Errorf(limit.Damaged, "udf: %s", what) }

// open finds the volume and its partitions.
func (v *volume) open() error {
	main, reserve, ok := v.anchor()
	if !ok {
		return damaged("there is no anchor")
	}
	for _, e := range []disc.Extent{main, reserve} {
		if v.logical != nil && len(v.parts) > 0 {
			break
		}
		if err := v.sequence(e); err != nil {
			return err
		}
	}
	if v.logical == nil || len(v.parts) == 0 {
		return damaged("the descriptors of the volume are not there")
	}
	return v.readMaps()
}

// anchor finds the descriptor that names the others, at one of the places and
// with one of the sizes of sectors it may have.
func (v *volume) anchor() (main, reserve disc.Extent, ok bool) {
	size := int64(len(v.Data))
	for _, sector := range []int64{2048, 512, 4096, 1024} {
		for _, n := range []int64{anchorAt, size/sector - anchorAt - 1, size/sector - anchorAt, size/sector - 1, 2 * anchorAt} {
			b := v.at(n*sector, sector)
			if len(b) < 32 || !isTag(b, tagAnchor) || int64(le32(b[12:])) != n {
				continue
			}
			v.sector = sector
			return v.extent(b[16:]), v.extent(b[24:]), true
		}
	}
	return main, reserve, false
}

// extent reads a length and a sector.
func (v *volume) extent(b []byte) disc.Extent {
	return disc.Extent{At: int64(le32(b[4:])) * v.sector, Size: int64(le32(b))}
}

// at gives up to n bytes of the image; nil outside of it.
func (v *volume) at(from, n int64) []byte {
	if from < 0 || from >= int64(len(v.Data)) {
		return nil
	}
	return v.Data[from:min(from+n, int64(len(v.Data)))]
}

// isTag tells whether b begins with a descriptor's tag of a kind.
func isTag(b []byte, id uint16) bool {
	if len(b) < tagSize || le16(b) != id {
		return false
	}
	sum := byte(0)
	for i, c := range b[:tagSize] {
		if i != 4 {
			sum += c
		}
	}
	return sum == b[4]
}

const (
	maxDescriptors = 256
	maxSequences   = 8 // that point to each other
)

// sequence reads the descriptors of a volume.
func (v *volume) sequence(e disc.Extent) error {
	hops := 0
	for n := 0; n < maxDescriptors && e.Size >= v.sector; n++ {
		b, err := v.Directory(disc.Extent{At: e.At, Size: v.sector})
		if err != nil {
			return err
		}
		e.At, e.Size = e.At+v.sector, e.Size-v.sector
		switch {
		case int64(len(b)) < v.sector:
			return nil
		case isTag(b, tagTerminator):
			return nil
		case isTag(b, tagPointer):
			if hops++; hops > maxSequences {
				return nil
			}
			e = v.extent(b[20:])
		case isTag(b, tagPartition):
			v.parts[le16(b[22:])] = disc.Extent{At: int64(le32(b[188:])) * v.sector, Size: int64(le32(b[192:])) * v.sector}
		case isTag(b, tagLogical):
			v.logical = b
		}
	}
	return nil
}

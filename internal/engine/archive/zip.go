package archive

import (
	"bytes"
	"fmt"

	"vitrine/internal/engine/limit"
)

// zipWalk reads an archive as tolerantly as the programs that unpack it: by
// the central directory, by what the local headers say where that differs, and
// by the local headers that the directory leaves out.
type zipWalk struct {
	*walk
	data     []byte
	taken    ranges
	overlaps int
	shared   int64 // bytes that overlapping members gave
	password int   // the last that was right, tried first
}

func (w *walk) zip() error {
	z := &zipWalk{walk: w, data: w.c.Data}
	dir := findZipDirectory(z.data)
	if dir.found {
		if err := z.directory(dir); err != nil {
			return err
		}
	} else {
		z.v.Problem(zipDamaged("the end record is missing"))
	}
	if err := z.gaps(dir); err != nil {
		return err
	}
	if z.overlaps > 0 {
		z.v.Problem(limit.Errorf(limit.Overlap, "zip: %d members share packed bytes with others", z.overlaps))
	}
	return nil
}

// directory goes through the central directory, as far as it goes.
func (z *zipWalk) directory(dir zipDirectory) error {
	at := dir.start
	var n uint64
	for ; ; n++ {
		if err := z.b.Check(); err != nil {
			return err
		}
		e, next, ok := zipCentral(z.data, at)
		if !ok {
			break
		}
		at = next
		// Places count from the archive's own beginning, but not when something
		// was put between the members and the directory.
		if _, _, ok := zipLocal(z.data, e.local+dir.shift); ok {
			e.local += dir.shift
		}
		if err := z.listed(e); err != nil {
			return err
		}
	}
	if n&0xffff != dir.count&0xffff {
		z.v.Problem(zipDamaged("the directory has %d members, its end says %d", n, dir.count))
	}
	return nil
}

// listed deals with a member of the directory.
func (z *zipWalk) listed(e zipEntry) error {
	local, begin, ok := zipLocal(z.data, e.local)
	if !ok {
		if bytes.HasSuffix(e.name, []byte("/")) {
			return nil
		}
		return z.emit(Member{Name: string(e.name), Err: zipDamaged("the local header is not where the directory says")})
	}
	whole := z.taken.add(span{e.local, min(begin+e.packed, int64(len(z.data)))})
	if e.packed == 0 && e.size == 0 {
		return nil // a directory, or empty
	}
	if !whole {
		return z.overlapping(e, begin)
	}
	if e.aes == nil {
		e.aes = local.aes
	}
	if why := differs(&e, &local); why != "" {
		z.v.Problem(zipDamaged("member %.80q: %s differs between the directory and the local header", e.name, why))
		if err := z.asLocal(e, local, begin); err != nil {
			return err
		}
	}
	return z.member(e, begin, 0)
}

// overlapping deals with a member whose bytes another one has. All of them
// together may unpack to little only: that is how a bomb is built.
func (z *zipWalk) overlapping(e zipEntry, begin int64) error {
	z.overlaps++
	left := limit.RatioFloor - z.shared
	if left <= 0 || z.overlaps > maxOverlaps {
		return z.b.Check()
	}
	before := z.b.Total()
	err := z.member(e, begin, left)
	z.shared += z.b.Total() - before
	return err
}

const maxOverlaps = 1000

// differs names what the two headers of a member disagree on. A local header
// leaves sizes and checksum to the descriptor behind the data, if it has one.
func differs(e, local *zipEntry) string {
	switch {
	case !bytes.Equal(e.name, local.name):
		return "the name"
	case e.method != local.method:
		return "the method"
	case e.encrypted() != local.encrypted():
		return "the encryption"
	case local.descriptor():
		return ""
	case e.packed != local.packed || e.size != local.size:
		return "the size"
	case e.crc != local.crc:
		return "the checksum"
	}
	return ""
}

// asLocal takes the member once more as its local header describes it, when
// that makes a difference to what comes out.
func (z *zipWalk) asLocal(e, local zipEntry, begin int64) error {
	if local.descriptor() && local.packed == 0 {
		local.packed, local.size, local.crc = e.packed, e.size, e.crc
	}
	same := e.method == local.method && e.packed == local.packed && e.encrypted() == local.encrypted()
	if same || local.packed == 0 {
		return nil
	}
	return z.member(local, begin, 0)
}

// member unpacks and hands over one member. most bounds what comes out when
// it is not 0.
func (z *zipWalk) member(e zipEntry, begin, most int64) error {
	end := begin + e.packed
	if begin > int64(len(z.data)) || e.packed < 0 {
		return z.emit(Member{Name: string(e.name), Err: zipDamaged("the data lies outside the file")})
	}
	packed := z.data[begin:min(end, int64(len(z.data)))]
	if e.encrypted() {
		return z.locked(e, packed, most)
	}
	if e.method == zipStore {
		return z.stored(e, packed)
	}
	if err := z.b.AddFile(); err != nil {
		return err
	}
	data, err := z.unpackZip(e, z.input(packed), int64(len(packed)), most)
	if err != nil && limit.Of(err).Reason == limit.Method {
		return z.unknown(e, packed, err)
	}
	return z.emit(Member{Name: string(e.name), Data: data, Err: damaged(err, len(data))})
}

// stored hands over a member that is not packed.
func (z *zipWalk) stored(e zipEntry, data []byte) error {
	var problem error
	switch {
	case int64(len(data)) < e.packed:
		problem = limit.Errorf(limit.Damaged, "cut off: %d bytes of %d are there", len(data), e.packed)
	default:
		sum, err := z.checksum(data)
		if err != nil {
			return err
		}
		if sum != e.crc {
			problem = limit.Errorf(limit.Damaged, "%s", errChecksum)
		}
	}
	return z.inPlace(string(e.name), data, problem)
}

// unknown hands over the packed bytes of a method nobody here reads. Some
// systems take such members for stored ones.
func (z *zipWalk) unknown(e zipEntry, packed []byte, problem error) error {
	if sum, err := z.checksum(packed); err != nil {
		return err
	} else if sum == e.crc && e.packed == e.size {
		problem = zipDamaged("stored, but marked with method %d", e.method)
	}
	data := packed[:min(int64(len(packed)), z.b.Limits().MaxObject)]
	return z.emit(Member{Name: string(e.name), Data: data, Err: problem})
}

func methodError(m uint16) error {
	return limit.Errorf(limit.Method, "zip method %d%s", m, methodName(m))
}

func methodName(m uint16) string {
	names := map[uint16]string{1: "shrink", 2: "reduce", 3: "reduce", 4: "reduce", 5: "reduce",
		6: "implode", 10: "PKWARE implode", 96: "JPEG", 97: "WavPack", 98: "PPMd"}
	if n := names[m]; n != "" {
		return fmt.Sprintf(" (%s)", n)
	}
	return ""
}

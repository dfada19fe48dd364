package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"vitrine/internal/engine/limit"
)

// gaps looks for members in the parts of the file that no listed member took:
// programs that read from the front find them there. Without a directory the
// whole file is such a part.
func (z *zipWalk) gaps(dir zipDirectory) error {
	end := int64(len(z.data))
	if dir.found {
		end = dir.start
	}
	taken := append(ranges(nil), z.taken...)
	from := int64(0)
	for _, s := range append(taken, span{end, end}) {
		if s.from > from {
			if err := z.gap(from, min(s.from, end), dir.found); err != nil {
				return err
			}
		}
		from = max(from, s.to)
	}
	return nil
}

// gap goes through one such part. Where a directory was found, a local header
// that stands somewhere by chance, as in the code of a program that unpacks
// itself, is passed over unless it makes a whole member; one that stands right
// behind a member is taken in any case.
func (z *zipWalk) gap(from, to int64, listed bool) error {
	for at := from; at < to; {
		if err := z.b.Check(); err != nil {
			return err
		}
		i := bytes.Index(z.data[at:to], []byte(zipLocalMagic))
		if i < 0 {
			return nil
		}
		place := at + int64(i)
		e, begin, ok := zipLocal(z.data, place)
		if !ok || begin > to || !plausible(&e) {
			at = place + int64(len(zipLocalMagic))
			continue
		}
		next, err := z.unlisted(e, begin, to, listed, place == from)
		if err != nil {
			return err
		}
		at = max(next, place+int64(len(zipLocalMagic)))
	}
	return nil
}

// plausible tells a local header from four bytes that stand there by chance.
func plausible(e *zipEntry) bool {
	return len(e.name) > 0 && e.flags&0xf000 == 0 && (e.method <= 20 || e.method >= 90 && e.method <= 99)
}

// unlisted takes a member by its local header alone, and returns where it
// ends.
func (z *zipWalk) unlisted(e zipEntry, begin, to int64, listed, adjacent bool) (int64, error) {
	unknownEnd := e.descriptor() && e.packed == 0
	if unknownEnd {
		if e.method == zipDeflate && !e.encrypted() {
			return z.untilItsEnd(e, begin, to, listed, adjacent)
		}
		e.packed, e.size, e.crc = z.findDescriptor(begin, to)
	}
	end := min(begin+e.packed, to)
	if e.packed == 0 || bytes.HasSuffix(e.name, []byte("/")) && e.size == 0 {
		return end, nil
	}
	if listed && !adjacent {
		if ok, err := z.fits(e, begin); !ok {
			return begin, err
		}
	}
	z.hidden(e, listed)
	return end, z.member(e, begin, 0)
}

func (z *zipWalk) hidden(e zipEntry, listed bool) {
	if listed {
		z.v.Problem(zipDamaged("member %.80q is not in the directory", e.name))
	}
}

// fits tells whether a member unpacks to its checksum.
func (z *zipWalk) fits(e zipEntry, begin int64) (bool, error) {
	if e.encrypted() || begin+e.packed > int64(len(z.data)) {
		return false, nil
	}
	packed := z.data[begin : begin+e.packed]
	_, err := z.unpackZip(e, z.input(packed), e.packed, 0)
	if limit.Final(err) {
		return false, err
	}
	return err == nil, nil
}

// untilItsEnd unpacks a member whose size stands behind it: deflate knows its
// own end.
func (z *zipWalk) untilItsEnd(e zipEntry, begin, to int64, listed, adjacent bool) (int64, error) {
	if err := z.b.AddFile(); err != nil {
		return to, err
	}
	in := z.input(z.data[begin:to])
	r, err := z.u.open.Deflate(in)
	if err != nil {
		return to, err
	}
	defer r.Close()
	sum := &summing{r: r}
	data, err := z.extract(sum, claim{packed: to - begin, size: -1})
	end := to - int64(in.Unread())
	if err == nil && !descriptorFits(z.data[end:], sum) {
		err = errChecksum
	}
	if err != nil && listed && !adjacent && !limit.Final(err) {
		return begin, nil
	}
	z.hidden(e, listed)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		end = to
	}
	return end, z.emit(Member{Name: string(e.name), Data: data, Err: damaged(err, len(data))})
}

// descriptorFits compares the record behind a member, with or without its
// signature.
func descriptorFits(b []byte, sum *summing) bool {
	if hasPrefix(b, zipDataMagic) {
		b = b[4:]
	}
	return len(b) >= 4 && binary.LittleEndian.Uint32(b) == sum.sum
}

// findDescriptor looks for the record that ends a member of unknown size: its
// packed size must be the distance.
func (z *zipWalk) findDescriptor(begin, to int64) (packed, size int64, crc uint32) {
	for at := begin; at < to; at++ {
		i := bytes.Index(z.data[at:to], []byte(zipDataMagic))
		if i < 0 {
			break
		}
		at += int64(i)
		if b := z.data[at:]; len(b) >= 16 && int64(binary.LittleEndian.Uint32(b[8:])) == at-begin {
			return at - begin, int64(binary.LittleEndian.Uint32(b[12:])), binary.LittleEndian.Uint32(b[4:])
		}
	}
	return to - begin, to - begin, 0
}

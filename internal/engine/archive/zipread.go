package archive

import (
	"encoding/binary"
	"hash/crc32"
	"io"

	"vitrine/internal/engine/limit"
)

// Compression methods (APPNOTE 4.4.5).
const (
	zipStore     = 0
	zipDeflate   = 8
	zipDeflate64 = 9
	zipBZip2     = 12
	zipLZMA      = 14
	zipZstdOld   = 20
	zipZstd      = 93
	zipXZ        = 95
	zipAESMethod = 99
)

// openMethod opens the decompressor of a method.
func (z *zipWalk) openMethod(e zipEntry, in io.Reader) (io.ReadCloser, error) {
	switch e.method {
	case zipStore:
		return io.NopCloser(in), nil
	case zipDeflate:
		return z.u.open.Deflate(in)
	case zipDeflate64:
		return z.u.open.Deflate64(in)
	case zipBZip2:
		return z.u.open.BZip2(in)
	case zipZstd, zipZstdOld:
		return z.u.open.Zstd(in)
	case zipXZ:
		return z.u.open.XZ(in)
	case zipLZMA:
		return z.openZipLZMA(e, in)
	}
	return nil, methodError(e.method)
}

// openZipLZMA reads the header of four bytes and properties before the stream
// (APPNOTE 5.8).
func (z *zipWalk) openZipLZMA(e zipEntry, in io.Reader) (io.ReadCloser, error) {
	var h [9]byte
	if _, err := io.ReadFull(in, h[:]); err != nil {
		return nil, err
	}
	if binary.LittleEndian.Uint16(h[2:]) != 5 {
		return nil, zipDamaged("LZMA properties are not five bytes")
	}
	size := e.size
	if e.flags&2 != 0 {
		size = -1 // an end marker follows
	}
	return z.u.open.LZMA(in, h[4], int64(binary.LittleEndian.Uint32(h[5:])), size)
}

// unpackZip unpacks one member from in, which has packed bytes, and compares
// size and checksum. AE-2 members have no checksum.
func (z *zipWalk) unpackZip(e zipEntry, in io.Reader, packed, most int64) ([]byte, error) {
	r, err := z.openMethod(e, in)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	sum := &summing{r: r}
	data, err := z.extract(sum, claim{packed: packed, size: e.size, most: most})
	switch {
	case err != nil:
		return data, err
	case packed < e.packed:
		return data, io.ErrUnexpectedEOF
	case !e.noSum() && sum.sum != e.crc:
		return data, errChecksum
	}
	return data, nil
}

func (e *zipEntry) noSum() bool { return e.aes != nil && e.aes.version == 2 }

// checksum sums data step by step, so that time is watched.
func (z *zipWalk) checksum(data []byte) (uint32, error) {
	var sum uint32
	for len(data) > 0 {
		if err := z.b.Check(); err != nil {
			return 0, err
		}
		n := min(len(data), chunkSize)
		sum = crc32.Update(sum, crc32.IEEETable, data[:n])
		data = data[n:]
	}
	return sum, nil
}

// locked tries the passwords on an encrypted member.
func (z *zipWalk) locked(e zipEntry, packed []byte, most int64) error {
	if err := z.b.AddFile(); err != nil {
		return err
	}
	if e.flags&0x40 == 0 {
		for i := range z.u.passwords {
			at := (z.password + i) % len(z.u.passwords)
			data, ok, err := z.try(e, packed, z.u.passwords[at], most)
			if limit.Final(err) {
				return z.emit(Member{Name: string(e.name), Data: data, Err: err})
			}
			if ok {
				z.password = at
				return z.emit(Member{Name: string(e.name), Data: data, Err: damaged(err, len(data))})
			}
		}
	}
	// Some programs ignore the mark and read the member as it lies there.
	if e.method != zipAESMethod {
		if data, err := z.unpackZip(e, z.input(packed), int64(len(packed)), most); err == nil {
			return z.emit(Member{Name: string(e.name), Data: data, Err: zipDamaged("marked as encrypted, but is not")})
		}
	}
	return z.emit(Member{Name: string(e.name), Err: limit.Errorf(limit.Encrypted, "no password fits")})
}

// try unpacks a member with one password. ok tells whether it is the right
// one; err may then be a damage or a limit.
func (z *zipWalk) try(e zipEntry, packed []byte, password string, most int64) ([]byte, bool, error) {
	if e.method == zipAESMethod {
		return z.tryAES(e, packed, password, most)
	}
	in, ok := newZipCrypto(z.input(packed), password, e)
	if !ok {
		return nil, false, z.b.Check()
	}
	data, err := z.unpackZip(e, in, int64(len(packed)), most)
	// One password in 256 passes the header's check: the checksum decides. A
	// member that was cut has no checksum; that it unpacked so far will do.
	return data, err == nil || isCut(err), err
}

// isCut tells whether a limit ended a member that unpacked well until then.
func isCut(err error) bool {
	if err == nil {
		return false
	}
	r := limit.Of(err).Reason
	return r == limit.Size || r == limit.Ratio || r == limit.Method || r == limit.Dict
}

package upx

import (
	"bytes"
	"encoding/binary"
	"hash/adler32"

	"vitrine/internal/engine/limit"
)

// image unpacks the program as it would stand in memory. Behind it, in what
// comes out, the original header lies with what is needed to write the file.
func (u *unpacker) image(f *peFile, where found) (*buffer, error) {
	src := f.data[where.at:]
	if !where.known {
		return u.guess(src)
	}
	out := u.newBuffer()
	var err error
	if int64(where.packed) > int64(len(src)) {
		err = damaged("cut off: %d bytes of packed data, of %d", len(src), where.packed)
	}
	src = src[:min(int64(where.packed), int64(len(src)))]
	err = worse(err, u.inflate(out, src, where.method, int64(where.unpacked)))
	if err == nil && (adler32.Checksum(src) != where.packedSum || adler32.Checksum(out.b) != where.unpackedSum) {
		err = damaged("a checksum is wrong")
	}
	return out, err
}

// guess unpacks a stream whose method and size are not known: the method is
// the one that gives an original header.
func (u *unpacker) guess(src []byte) (*buffer, error) {
	for _, m := range []byte{methodLZMA, methodNRV2E, methodNRV2D, methodNRV2B} {
		if _, err := lzmaProperties(src); m == methodLZMA && (err != nil || len(src) < 3 || src[2] != 0) {
			continue
		}
		out := u.newBuffer()
		err := u.inflate(out, src, m, -1)
		if limit.Final(err) {
			return out, err
		}
		if end := imageEnd(out.b); end > 0 {
			out.b = out.b[:end]
			return out, damaged("the packer's header was removed: the content cannot be verified")
		}
		out.free()
	}
	return nil, damaged("the packer's header was removed and no method fits")
}

// imageEnd finds where an image ends: with the place of the original header
// in it. A method without an end mark gives garbage behind that. Zero for none.
func imageEnd(b []byte) int {
	for tries, end := 0, len(b); tries < 16; tries++ {
		at := bytes.LastIndex(b[:end], []byte("PE\x00\x00"))
		if at < 0 {
			return 0
		}
		if h, ok := parsePE(b[at:]); ok {
			behind := at + len(h.b) + len(h.sections)*sectionSize
			if n := bytes.Index(b[behind:], binary.LittleEndian.AppendUint32(nil, uint32(at))); n >= 0 {
				return behind + n + 4
			}
		}
		end = at
	}
	return 0
}

// guessFilter tells which filter code went through, where no header says it:
// nearly all calls, or conditional jumps, are then followed by one byte.
func guessFilter(code []byte) filter {
	var calls, jumps [256]int
	for i := 1; i+5 < len(code); i++ {
		switch {
		case code[i] == 0xe8:
			calls[code[i+1]]++
		case code[i-1] == 0x0f && code[i]>>4 == 8:
			jumps[code[i+1]]++
		}
	}
	all, mark := 0, 0
	for c, n := range calls {
		all += n
		if n > calls[mark] {
			mark = c
		}
	}
	if calls[mark] < 8 || calls[mark] < all/2 {
		return filter{}
	}
	allJumps := 0
	for _, n := range jumps {
		allJumps += n
	}
	if jumps[mark] > allJumps/2 {
		return filter{id: 0x49, mark: byte(mark)}
	}
	return filter{id: 0x26, mark: byte(mark)}
}

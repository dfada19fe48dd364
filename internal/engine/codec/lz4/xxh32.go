package lz4

import (
	"encoding/binary"
	"math/bits"
)

const (
	prime1 = 2654435761
	prime2 = 2246822519
	prime3 = 3266489917
	prime4 = 668265263
	prime5 = 374761393
)

// xxh32 is XXH32 with seed 0, as the frame format wants it.
type xxh32 struct {
	v     [4]uint32
	buf   [16]byte
	n     int // bytes in buf
	total uint64
}

func (x *xxh32) reset() {
	p1, p2 := uint32(prime1), uint32(prime2)
	*x = xxh32{v: [4]uint32{p1 + p2, p2, 0, -p1}}
}

func (x *xxh32) write(p []byte) {
	x.total += uint64(len(p))
	if x.n > 0 {
		k := copy(x.buf[x.n:], p)
		x.n += k
		p = p[k:]
		if x.n < len(x.buf) {
			return
		}
		x.stripe(x.buf[:])
		x.n = 0
	}
	for ; len(p) >= 16; p = p[16:] {
		x.stripe(p)
	}
	x.n = copy(x.buf[:], p)
}

func (x *xxh32) stripe(p []byte) {
	for i := range x.v {
		x.v[i] = bits.RotateLeft32(x.v[i]+binary.LittleEndian.Uint32(p[4*i:])*prime2, 13) * prime1
	}
}

func (x *xxh32) sum() uint32 {
	h := uint32(prime5)
	if x.total >= 16 {
		h = 0
		for i, r := range []int{1, 7, 12, 18} {
			h += bits.RotateLeft32(x.v[i], r)
		}
	}
	h += uint32(x.total)
	p := x.buf[:x.n]
	for ; len(p) >= 4; p = p[4:] {
		h = bits.RotateLeft32(h+binary.LittleEndian.Uint32(p)*prime3, 17) * prime4
	}
	for _, b := range p {
		h = bits.RotateLeft32(h+uint32(b)*prime5, 11) * prime1
	}
	h = (h ^ h>>15) * prime2
	h = (h ^ h>>13) * prime3
	return h ^ h>>16
}

func sum32(p []byte) uint32 {
	var x xxh32
	x.reset()
	x.write(p)
	return x.sum()
}

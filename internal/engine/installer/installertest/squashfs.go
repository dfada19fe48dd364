package installertest

import (
	"encoding/binary"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// squashBlock is the size of a block of ours, the smallest there is.
const squashBlock = 4096

// SquashFS says how a file system is written: with which method, by its number,
// and whether the ends of files lie in a block that they share.
type SquashFS struct {
	Method    uint16
	Fragments bool
	Long      bool // inodes of the longer kinds
}

func (s SquashFS) pack(data []byte) []byte {
	switch s.Method {
	case 1:
		return Zlib(data)
	case 2: // with the size unknown
		b := LZMA(data, true)
		return append(append(b[:5:5], 255, 255, 255, 255, 255, 255, 255, 255), b[5:]...)
	case 5:
		return lz4(data)
	case 6:
		w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
		if err != nil {
			panic(err)
		}
		return w.EncodeAll(data, nil)
	}
	panic("no such method")
}

// lz4 writes literals, and a last match when the data ends in zeros.
func lz4(data []byte) []byte {
	n := len(data)
	for n > 0 && data[n-1] == 0 {
		n--
	}
	if len(data)-n < 5 {
		n = len(data) - 1
	}
	text, match := n+1, len(data)-n-1
	out := []byte{byte(min(text, 15) << 4)}
	out = append(lz4More(out, text), data[:text]...)
	if match > 0 {
		out[0] |= byte(min(match-4, 15))
		out = lz4More(append(out, 1, 0), match-4)
	}
	return out
}

// lz4More writes what a length goes on with from 15.
func lz4More(out []byte, n int) []byte {
	if n -= 15; n < 0 {
		return out
	}
	for ; n >= 255; n -= 255 {
		out = append(out, 255)
	}
	return append(out, byte(n))
}

// block packs a block of data when that makes it shorter, and gives its size as
// it is stored.
func (s SquashFS) block(data []byte) ([]byte, int) {
	if p := s.pack(data); len(p) < len(data) {
		return p, len(p)
	}
	return data, len(data) | 1<<24
}

// meta writes a block of metadata, packed when that is shorter.
func (s SquashFS) meta(data []byte) []byte {
	p := s.pack(data)
	if len(p) < len(data) {
		return append(binary.LittleEndian.AppendUint16(nil, uint16(len(p))), p...)
	}
	return append(binary.LittleEndian.AppendUint16(nil, uint16(len(data))|0x8000), data...)
}

func u16(b []byte, v ...int) []byte {
	for _, v := range v {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

// Image writes the files into a folder "dir", which has to have few.
func (s SquashFS) Image(files ...File) []byte {
	slices.SortFunc(files, func(a, b File) int { return slices.Compare([]byte(a.Name), []byte(b.Name)) })
	out := make([]byte, 96)
	var inodes, entries, shared []byte
	for i, f := range files {
		at, sizes, tail := len(out), []int(nil), f.Data
		for len(tail) >= squashBlock || len(tail) > 0 && !s.Fragments {
			k := min(len(tail), squashBlock)
			b, size := s.block(tail[:k])
			sizes = append(sizes, size)
			out, tail = append(out, b...), tail[k:]
		}
		fragment, offset := 1<<32-1, 0
		if len(tail) > 0 {
			fragment, offset = 0, len(shared)
			shared = append(shared, tail...)
		}
		entries = append(u16(entries, len(inodes), i, 2, len(f.Name)-1), f.Name...)
		if s.Long {
			inodes = u32(u16(inodes, 9, 0, 0, 0), 0, i+1, at, 0, len(f.Data), 0, 0, 0, 1, fragment, offset, 1<<32-1)
		} else {
			inodes = u32(u16(inodes, 2, 0, 0, 0), 0, i+1, at, fragment, offset, len(f.Data))
		}
		inodes = u32(inodes, sizes...)
	}
	return s.tables(out, inodes, entries, shared, len(files))
}

// tables writes what describes the files.
func (s SquashFS) tables(out, inodes, entries, shared []byte, n int) []byte {
	place := len(out)
	packed, size := s.block(shared)
	out = append(out, packed...)
	list := append(u32(nil, n-1, 0, 1), entries...)
	folder := func(offset, size int) int {
		at := len(inodes)
		if s.Long {
			inodes = u16(u32(u32(u16(inodes, 8, 0, 0, 0), 0, 50), 2, size+3, 0, 0), 0, offset)
			inodes = u32(inodes, 1<<32-1)
		} else {
			inodes = u32(u16(u32(u16(inodes, 1, 0, 0, 0), 0, 50, 0, 2), size+3, offset), 0)
		}
		return at
	}
	dir := folder(0, len(list))
	top := append(u16(u32(nil, 0, 0, 50), dir, 0, 1, 2), "dir"...)
	root := folder(len(list), len(top))
	le := binary.LittleEndian
	copy(out, "hsqs")
	le.PutUint32(out[12:], squashBlock)
	le.PutUint32(out[16:], 1)
	le.PutUint16(out[20:], s.Method)
	le.PutUint16(out[22:], 12)
	le.PutUint16(out[28:], 4)
	le.PutUint64(out[32:], uint64(root))
	le.PutUint64(out[64:], uint64(len(out)))
	out = append(out, s.meta(inodes)...)
	le.PutUint64(out[72:], uint64(len(out)))
	out = append(out, s.meta(append(list, top...))...)
	at := len(out)
	out = append(out, s.meta(u32(nil, place, 0, size, 0))...)
	le.PutUint64(out[80:], uint64(len(out)))
	out = u32(out, at, 0)
	le.PutUint64(out[40:], uint64(len(out)))
	return out
}

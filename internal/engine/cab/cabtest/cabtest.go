// Package cabtest writes Microsoft cabinets, for tests only: of any method,
// with reserved areas, and cut into sets.
package cabtest

import (
	"bytes"
	"compress/flate"
	"encoding/binary"

	"vitrine/internal/engine/codec/lzx/lzxtest"
	"vitrine/internal/engine/codec/quantum/quantumtest"
)

// The methods of folders. LZX and Quantum have their window added: LZX | 18<<8.
const (
	Stored  = 0
	MSZIP   = 1
	Quantum = 2
	LZX     = 3
)

// File is one file.
type File struct {
	Name   string
	Data   []byte
	Folder uint16 // the number to write when it is not the folder's own
}

// Folder is one folder, with its files in their order.
type Folder struct {
	Method  uint16
	Files   []File
	Options lzxtest.Options // Bits are of the method
	Blocks  []Block         // in place of those of the files
	Base    int             // added to where the files begin
}

// Block is a data block.
type Block struct {
	Packed []byte
	Size   int
	Sum    uint32 // 0: the right one
}

// Config is what a whole cabinet has besides. All may be empty.
type Config struct {
	ReserveHeader, ReserveFolder, ReserveBlock int
	Previous, Next                             string // names of the cabinets of a set
	NoSums                                     bool
}

const blockSize = 32 << 10

// Cabinet writes a cabinet of folders.
func Cabinet(folders ...Folder) []byte { return Config{}.Cabinet(folders...) }

// Cabinet writes a cabinet of folders.
func (c Config) Cabinet(folders ...Folder) []byte {
	var lists, names, blocks bytes.Buffer
	files, flags := 0, uint16(0)
	for i, f := range folders {
		at := f.Base
		for _, x := range f.Files {
			number := uint16(i)
			if x.Folder != 0 {
				number = x.Folder
			}
			put(&names, uint32(len(x.Data)), uint32(at), number, uint32(0), uint16(0x20))
			names.WriteString(x.Name + "\x00")
			at += len(x.Data)
			files++
		}
	}
	var head bytes.Buffer
	if c.ReserveHeader+c.ReserveFolder+c.ReserveBlock > 0 {
		flags |= 4
		put(&head, uint16(c.ReserveHeader), uint8(c.ReserveFolder), uint8(c.ReserveBlock))
		head.Write(bytes.Repeat([]byte("h"), c.ReserveHeader))
	}
	for i, name := range []string{c.Previous, c.Next} {
		if name != "" {
			flags |= 1 << i
			head.WriteString(name + "\x00disk\x00")
		}
	}
	filesAt := 36 + head.Len() + len(folders)*(8+c.ReserveFolder)
	for _, f := range folders {
		written := f.blocks()
		put(&lists, uint32(filesAt+names.Len()+blocks.Len()), uint16(len(written)), f.Method)
		lists.Write(bytes.Repeat([]byte("f"), c.ReserveFolder))
		for _, b := range written {
			c.block(&blocks, b)
		}
	}
	var out bytes.Buffer
	out.WriteString("MSCF\x00\x00\x00\x00")
	put(&out, uint32(filesAt+names.Len()+blocks.Len()), uint32(0), uint32(filesAt), uint32(0), uint8(3), uint8(1),
		uint16(len(folders)), uint16(files), flags, uint16(7), uint16(0))
	for _, part := range []*bytes.Buffer{&head, &lists, &names, &blocks} {
		out.Write(part.Bytes())
	}
	return out.Bytes()
}

func put(b *bytes.Buffer, values ...any) {
	for _, v := range values {
		_ = binary.Write(b, binary.LittleEndian, v) // a buffer takes all
	}
}

func (c Config) block(out *bytes.Buffer, b Block) {
	var rest bytes.Buffer
	put(&rest, uint16(len(b.Packed)), uint16(b.Size))
	rest.Write(bytes.Repeat([]byte("d"), c.ReserveBlock))
	sum := b.Sum
	if sum == 0 && !c.NoSums {
		sum = Sum(rest.Bytes(), Sum(b.Packed, 0))
	}
	put(out, sum)
	out.Write(rest.Bytes())
	out.Write(b.Packed)
}

// Sum is the checksum of a block, begun with seed.
func Sum(b []byte, seed uint32) uint32 {
	for len(b) >= 4 {
		seed ^= binary.LittleEndian.Uint32(b)
		b = b[4:]
	}
	last := uint32(0)
	for _, c := range b {
		last = last<<8 | uint32(c)
	}
	return seed ^ last
}

func (f *Folder) blocks() []Block {
	if f.Blocks != nil {
		return f.Blocks
	}
	var all []byte
	for _, x := range f.Files {
		all = append(all, x.Data...)
	}
	return Blocks(f.Method, all, f.Options)
}

// Blocks packs what a folder holds.
func Blocks(method uint16, all []byte, o lzxtest.Options) []Block {
	var out []Block
	var frames [][]byte
	switch method & 15 {
	case LZX:
		o.Bits = uint(method >> 8)
		frames = lzxtest.Frames(all, o)
	case Quantum:
		frames = quantumtest.Frames(all, uint(method>>8))
	}
	for at := 0; at < len(all); at += blockSize {
		part := all[at:min(at+blockSize, len(all))]
		b := Block{Packed: part, Size: len(part)}
		switch method & 15 {
		case MSZIP:
			b.Packed = deflated(part, all[max(at-blockSize, 0):at])
		case LZX, Quantum:
			b.Packed = frames[at/blockSize]
		}
		out = append(out, b)
	}
	return out
}

func deflated(b, history []byte) []byte {
	var out bytes.Buffer
	out.WriteString("CK")
	w, err := flate.NewWriterDict(&out, flate.BestCompression, history)
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(b) // a buffer takes all
	_ = w.Close()
	return out.Bytes()
}

package disctest

import (
	"encoding/binary"
	"path"
	"slices"
	"unicode/utf16"
)

// The kinds of partitions that files lie in.
const (
	Plain    = ""
	Metadata = "*UDF Metadata Partition"
	Virtual  = "*UDF Virtual Partition"
	Sparable = "*UDF Sparable Partition"
)

// The forms of allocation descriptors.
const (
	Short = iota
	Long
	Extended
	Embedded
)

// UDF tells what kind of UDF image to write.
type UDF struct {
	Kind string
	Form int  // of the files' extents; Short only when Plain or Sparable
	New  bool // extended entries of files
}

const (
	partitionAt = 272 // the sector where the partition begins
	metaBlocks  = 64  // room for a metadata partition
	packet      = 16  // blocks that are spared together
)

type udfWriter struct {
	UDF
	files   []File
	folders []folder
	real    []byte // of the partition
	meta    []byte // of the metadata partition
	table   []byte // of the virtual one
}

// Image writes an image of files, whose folders need not be named.
func (o UDF) Image(files ...File) []byte {
	w := &udfWriter{UDF: o, files: files, folders: folders(files)}
	switch o.Kind {
	case Metadata:
		w.real = make([]byte, (2+metaBlocks)*Sector)
	case Virtual:
		w.real = make([]byte, 5*Sector)
	}
	set := w.block(nil)
	root := w.directory(0)
	w.fill(set, w.tagged(256, set, w.fileSet(root)))
	image := make([]byte, partitionAt*Sector)
	for i, id := range []string{"BEA01", "NSR03", "TEA01"} {
		copy(image[(16+i)*Sector:], "\x00"+id+"\x01")
	}
	w.finish()
	put := func(at int, id uint16, body []byte) { copy(image[at*Sector:], w.tagged(id, at, body)) }
	put(32, 5, w.partition())
	put(33, 6, w.logical(set))
	put(34, 8, nil)
	anchor := make([]byte, 496)
	copy(anchor, slices.Concat(le32(16*Sector), le32(32), le32(16*Sector), le32(32)))
	put(256, 2, anchor)
	if o.Kind == Sparable {
		return w.spare(image)
	}
	return append(image, w.real...)
}

func le16(n int) []byte { return binary.LittleEndian.AppendUint16(nil, uint16(n)) }
func le32(n int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }
func le64(n int) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(n)) }

// tagged puts the tag of a descriptor before its body.
func (w *udfWriter) tagged(id uint16, at int, body []byte) []byte {
	tag := slices.Concat(le16(int(id)), le16(3), []byte{0, 0}, le16(0), le16(int(crc(body))), le16(len(body)), le32(at))
	for i, c := range tag {
		if i != 4 {
			tag[4] += c
		}
	}
	return append(tag, body...)
}

func crc(b []byte) uint16 {
	x := uint16(0)
	for _, c := range b {
		x ^= uint16(c) << 8
		for range 8 {
			high := x >> 15
			x = x<<1 ^ high*0x1021
		}
	}
	return x
}

// data puts the bytes of a file into the partition and gives their block.
func (w *udfWriter) data(b []byte) int { return add(&w.real, b) }

func add(to *[]byte, b []byte) int {
	at := len(*to) / Sector
	n := max(len(b), 1)
	*to = append(*to, make([]byte, (n+Sector-1)/Sector*Sector)...)
	copy((*to)[at*Sector:], b)
	return at
}

// block puts what describes files where that belongs, and gives the block as
// others refer to it.
func (w *udfWriter) block(b []byte) int {
	switch w.Kind {
	case Metadata:
		return add(&w.meta, b)
	case Virtual:
		w.table = append(w.table, le32(add(&w.real, b))...)
		return len(w.table)/4 - 1
	}
	return add(&w.real, b)
}

// fill writes into a block that block gave.
func (w *udfWriter) fill(n int, b []byte) {
	switch w.Kind {
	case Metadata:
		copy(w.meta[n*Sector:], b)
	case Virtual:
		copy(w.real[int(binary.LittleEndian.Uint32(w.table[4*n:]))*Sector:], b)
	default:
		copy(w.real[n*Sector:], b)
	}
}

// ref is the number of the mapping that block refers to.
func (w *udfWriter) ref() int {
	if w.Kind == Metadata || w.Kind == Virtual {
		return 1
	}
	return 0
}

func long(size, block, part int) []byte {
	return slices.Concat(le32(size), le32(block), le16(part), make([]byte, 6))
}

// entry writes the entry of a file with its extents, and gives its block.
func (w *udfWriter) entry(kind byte, form, size int, list []byte) int {
	n := w.block(nil)
	w.fill(n, w.entryOf(n, kind, form, size, list))
	return n
}

func (w *udfWriter) entryOf(n int, kind byte, form, size int, list []byte) []byte {
	icb := slices.Concat(le32(0), le16(4), le16(0), le16(1), []byte{0, kind}, make([]byte, 6), le16(form))
	head := slices.Concat(icb, make([]byte, 12), le16(1), make([]byte, 6), le64(size))
	if w.New {
		head = slices.Concat(head, le64(size), make([]byte, 208-72), le32(0), le32(len(list)))
		return w.tagged(266, n, append(head, list...))
	}
	head = slices.Concat(head, make([]byte, 168-64), le32(0), le32(len(list)))
	return w.tagged(261, n, append(head, list...))
}

// file writes a file and gives the block of its entry.
func (w *udfWriter) file(f File) int {
	if w.Form == Embedded {
		return w.entry(5, Embedded, len(f.Data), f.Data)
	}
	var list []byte
	pieces := max(f.Pieces, 1)
	part := max(len(f.Data)/pieces/Sector*Sector, 1)
	for rest, i := f.Data, 0; i < pieces; i++ {
		n := part
		if i == pieces-1 {
			n = len(rest)
		}
		at := w.data(rest[:n])
		rest = rest[n:]
		switch w.Form {
		case Short:
			list = append(list, slices.Concat(le32(n), le32(at))...)
		case Long:
			list = append(list, long(n, at, 0)...)
		case Extended:
			list = append(list, slices.Concat(le32(n), le32(n), le32(n), le32(at), le16(0), le16(0))...)
		}
	}
	return w.entry(5, w.Form, len(f.Data), list)
}

// directory writes a directory with all in it and gives the block of its entry.
func (w *udfWriter) directory(i int) int {
	d := &w.folders[i]
	list := w.identifier("", 0, 10)
	for _, k := range d.folder {
		list = append(list, w.identifier(path.Base(w.folders[k].path), w.directory(k), 2)...)
	}
	for _, k := range d.files {
		list = append(list, w.identifier(path.Base(w.files[k].Path), w.file(w.files[k]), 0)...)
	}
	if len(list) <= 1500 {
		return w.entry(4, Embedded, len(list), list)
	}
	at := w.block(list[:min(len(list), Sector)])
	for rest := list[min(len(list), Sector):]; len(rest) > 0; rest = rest[min(len(rest), Sector):] {
		w.block(rest[:min(len(rest), Sector)])
	}
	return w.entry(4, Short, len(list), slices.Concat(le32(len(list)), le32(at)))
}

func (w *udfWriter) identifier(name string, block int, flags byte) []byte {
	var b []byte
	if name != "" {
		b = []byte{16}
		for _, u := range utf16.Encode([]rune(name)) {
			b = append(b, byte(u>>8), byte(u))
		}
	}
	body := slices.Concat(le16(1), []byte{flags, byte(len(b))}, long(Sector, block, w.ref()), le16(0), b)
	body = append(body, make([]byte, -(len(body)+16)&3)...)
	return w.tagged(257, 0, body)
}

func (w *udfWriter) fileSet(root int) []byte {
	b := make([]byte, 496)
	copy(b[400-16:], long(Sector, root, w.ref()))
	return b
}

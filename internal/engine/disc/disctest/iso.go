// Package disctest writes disc images, for tests only: ISO 9660 with the names
// of Joliet and Rock Ridge, and UDF with partitions of each kind.
package disctest

import (
	"bytes"
	"encoding/binary"
	"path"
	"slices"
	"sort"
	"strings"
	"unicode/utf16"
)

// Sector is what images are counted in.
const Sector = 2048

// File is one file of an image.
type File struct {
	Path   string
	Data   []byte
	Pieces int // extents that the bytes are cut into; 0: one
}

// ISO tells what kind of ISO 9660 image to write.
type ISO struct {
	Joliet, Rock bool
	Boot         []byte // an image to boot from, in no directory
	First        int    // added to all places: the sector it will lie at
}

// folder is a directory of an image being written.
type folder struct {
	path   string // "." is the root
	files  []int
	folder []int
	at     int // its sector
	size   int
}

// Image writes an image of files, whose folders need not be named.
func (o ISO) Image(files ...File) []byte {
	w := &isoWriter{ISO: o, files: files, folders: folders(files)}
	trees := []bool{false}
	if o.Joliet {
		trees = append(trees, true)
	}
	w.out = make([]byte, (16+len(trees)+2)*Sector)
	for _, joliet := range trees { // the places of all directories
		w.trees = append(w.trees, slices.Clone(w.folders))
		for i := range w.folders {
			d := &w.trees[len(w.trees)-1][i]
			d.size = len(w.directory(w.trees[len(w.trees)-1], i, joliet))
			d.at = w.grow(d.size)
		}
	}
	for _, f := range files {
		w.at = append(w.at, w.put(f.Data))
	}
	for n, joliet := range trees {
		for i, d := range w.trees[n] {
			copy(w.out[(d.at-w.First)*Sector:], w.directory(w.trees[n], i, joliet))
		}
		w.descriptor(n, joliet)
	}
	w.boot(len(trees))
	copy(w.out[(17+len(trees))*Sector:], "\xffCD001\x01")
	return w.out
}

type isoWriter struct {
	ISO
	files   []File
	folders []folder
	trees   [][]folder
	at      []int // sectors of the files
	out     []byte
}

// folders lists the directories that files lie in, the root first.
func folders(files []File) []folder {
	list := []folder{{path: "."}}
	index := map[string]int{".": 0}
	var add func(p string) int
	add = func(p string) int {
		if i, ok := index[p]; ok {
			return i
		}
		parent := add(path.Dir(p))
		i := len(list)
		index[p] = i
		list = append(list, folder{path: p})
		list[parent].folder = append(list[parent].folder, i)
		return i
	}
	for i, f := range files {
		d := add(path.Dir(f.Path))
		list[d].files = append(list[d].files, i)
	}
	return list
}

// grow makes room and gives its sector.
func (w *isoWriter) grow(n int) int {
	at := len(w.out)/Sector + w.First
	w.out = append(w.out, make([]byte, (n+Sector-1)/Sector*Sector)...)
	return at
}

func (w *isoWriter) put(b []byte) int {
	at := w.grow(len(b))
	copy(w.out[(at-w.First)*Sector:], b)
	return at
}

// Both writes a number in both byte orders.
func Both(n int) []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(n))
	return binary.BigEndian.AppendUint32(out, uint32(n))
}

func record(name, use []byte, at, size int, flags byte) []byte {
	b := slices.Concat([]byte{0, 0}, Both(at), Both(size), make([]byte, 7), []byte{flags, 0, 0, 1, 0, 0, 1, byte(len(name))}, name)
	if len(b)%2 == 1 {
		b = append(b, 0)
	}
	b = append(b, use...)
	if len(b)%2 == 1 {
		b = append(b, 0)
	}
	b[0] = byte(len(b))
	return b
}

// name is a file's name as a tree has it, and what Rock Ridge adds.
func (w *isoWriter) name(base string, joliet bool) (name, use []byte) {
	if joliet {
		for _, u := range utf16.Encode([]rune(base)) {
			name = append(name, byte(u>>8), byte(u))
		}
		return name, nil
	}
	if w.Rock {
		use = append([]byte{'N', 'M', byte(5 + len(base)), 1, 0}, base...)
	}
	short := strings.Map(func(r rune) rune {
		if r > 126 || r == ' ' {
			return '_'
		}
		return r
	}, strings.ToUpper(base))
	return []byte(short), use
}

// directory writes the records of a directory.
func (w *isoWriter) directory(list []folder, i int, joliet bool) []byte {
	var out []byte
	add := func(r []byte) {
		if left := Sector - len(out)%Sector; len(r) > left {
			out = append(out, make([]byte, left)...)
		}
		out = append(out, r...)
	}
	d := &list[i]
	var use []byte
	if w.Rock && !joliet {
		use = []byte{'S', 'P', 7, 1, 0xbe, 0xef, 0}
	}
	add(record([]byte{0}, use, d.at, d.size, 2))
	add(record([]byte{1}, nil, d.at, d.size, 2))
	for _, k := range d.folder {
		name, use := w.name(path.Base(list[k].path), joliet)
		add(record(name, use, list[k].at, list[k].size, 2))
	}
	for _, k := range d.files {
		name, use := w.name(path.Base(w.files[k].Path), joliet)
		if !joliet {
			name = append(name, ";1"...)
		}
		at, left := 0, len(w.files[k].Data)
		if len(w.at) > k {
			at = w.at[k]
		}
		part := max(left/max(w.files[k].Pieces, 1)/Sector*Sector, 1)
		for p := w.files[k].Pieces; p > 1; p-- {
			add(record(name, use, at, part, 0x80))
			at, left = at+part/Sector, left-part
		}
		add(record(name, use, at, left, 0))
	}
	return append(out, make([]byte, -len(out)&(Sector-1))...)
}

func (w *isoWriter) descriptor(n int, joliet bool) {
	d := w.out[(16+n)*Sector:]
	copy(d, "\x01CD001\x01")
	if joliet {
		d[0] = 2
		copy(d[88:], "%/E")
	}
	copy(d[80:], Both(len(w.out)/Sector))
	copy(d[120:], "\x01\x00\x00\x01\x01\x00\x00\x01\x00\x08\x08\x00")
	root := w.trees[n][0]
	copy(d[156:], record([]byte{0}, nil, root.at, root.size, 2))
	d[881] = 1
}

// boot writes the list of boot images and its descriptor.
func (w *isoWriter) boot(n int) {
	if w.Boot == nil {
		copy(w.out[(16+n)*Sector:], "\xffCD001\x01")
		return
	}
	list := make([]byte, 64)
	list[0], list[30], list[31], list[32] = 1, 0x55, 0xaa, 0x88
	binary.LittleEndian.PutUint16(list[38:], uint16((len(w.Boot)+511)/512))
	binary.LittleEndian.PutUint32(list[40:], uint32(w.put(w.Boot)))
	at := w.put(list)
	d := w.out[(16+n)*Sector:]
	copy(d, "\x00CD001\x01EL TORITO SPECIFICATION")
	binary.LittleEndian.PutUint32(d[71:], uint32(at))
}

// Names gives the paths of files, sorted.
func Names(files []File) []string {
	var out []string
	for _, f := range files {
		out = append(out, f.Path)
	}
	sort.Strings(out)
	return out
}

// Raw writes an image as the sectors lie on a disc: with what goes before and
// behind the data of each.
func Raw(image []byte) []byte {
	var out bytes.Buffer
	for at := 0; at+Sector <= len(image); at += Sector {
		out.WriteString("\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x02\x00\x01")
		out.Write(image[at : at+Sector])
		out.Write(make([]byte, 288))
	}
	return out.Bytes()
}

// Squeeze keeps the first n bytes of each sector, for fuzzing: what matters
// lies there.
func Squeeze(image []byte, n int) []byte {
	var out []byte
	for ; len(image) >= Sector; image = image[Sector:] {
		out = append(out, image[:n]...)
	}
	return out
}

// Expand undoes Squeeze, with zeros for what was left out.
func Expand(b []byte, n int) []byte {
	out := make([]byte, (len(b)+n-1)/n*Sector)
	for i := 0; i*n < len(b); i++ {
		copy(out[i*Sector:(i+1)*Sector], b[i*n:min((i+1)*n, len(b))])
	}
	return out
}

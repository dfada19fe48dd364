package archivetest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// must is for writers to memory, which do not fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Zip builds an archive of deflated members.
func Zip(entries ...Entry) []byte { return zipWith(zip.Deflate, entries) }

// ZipStored builds an archive of stored members.
func ZipStored(entries ...Entry) []byte { return zipWith(zip.Store, entries) }

func zipWith(method uint16, entries []Entry) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.CreateHeader(&zip.FileHeader{Name: e.Name, Method: method})
		must(err)
		_, err = w.Write(e.Data)
		must(err)
	}
	must(z.Close())
	return b.Bytes()
}

// ZipPart is a member for ZipRaw: its headers say what the fields say.
type ZipPart struct {
	Name, LocalName string // LocalName: Name when empty
	Flags, Method   uint16
	LocalMethod     uint16
	CRC             uint32
	Packed          []byte
	PackedSize      uint32 // 0: len(Packed)
	Size            uint32
	Extra           []byte
	Hidden          bool // not in the directory
	SameAs          int  // 1-based: the directory points to that part's local header instead
}

// Part makes a stored ZipPart that tells the truth.
func Part(name string, data []byte) ZipPart {
	return ZipPart{Name: name, CRC: crc32.ChecksumIEEE(data), Packed: data, Size: uint32(len(data))}
}

// ZipRaw builds an archive of the parts. With end false it has no directory.
func ZipRaw(end bool, parts ...ZipPart) []byte {
	var out, dir []byte
	var places []int
	n := 0
	for _, p := range parts {
		places = append(places, len(out))
		size := p.PackedSize
		if size == 0 {
			size = uint32(len(p.Packed))
		}
		local := p.LocalName
		if local == "" {
			local = p.Name
		}
		method := p.Method
		if p.LocalMethod != 0 {
			method = p.LocalMethod
		}
		head := func(method uint16, name string) []byte {
			h := binary.LittleEndian.AppendUint16(nil, 20)
			h = binary.LittleEndian.AppendUint16(h, p.Flags)
			h = binary.LittleEndian.AppendUint16(h, method)
			h = binary.LittleEndian.AppendUint32(h, 0)
			h = binary.LittleEndian.AppendUint32(h, p.CRC)
			h = binary.LittleEndian.AppendUint32(h, size)
			h = binary.LittleEndian.AppendUint32(h, p.Size)
			h = binary.LittleEndian.AppendUint16(h, uint16(len(name)))
			return binary.LittleEndian.AppendUint16(h, uint16(len(p.Extra)))
		}
		at := places[len(places)-1]
		if p.SameAs > 0 {
			at = places[p.SameAs-1]
		} else {
			out = append(append(append(append([]byte(append(out, "PK\x03\x04"...)), head(method, local)...), local...), p.Extra...), p.Packed...)
		}
		if p.Hidden {
			continue
		}
		n++
		dir = append(append(append(dir, "PK\x01\x02"...), 20, 0), head(p.Method, p.Name)...)
		dir = append(dir, make([]byte, 10)...)
		dir = binary.LittleEndian.AppendUint32(dir, uint32(at))
		dir = append(append(dir, p.Name...), p.Extra...)
	}
	if !end {
		return out
	}
	return append(append(out, dir...), zipEnd(n, len(dir), len(out))...)
}

func zipEnd(n, size, at int) []byte {
	e := append([]byte("PK\x05\x06"), 0, 0, 0, 0)
	e = binary.LittleEndian.AppendUint16(e, uint16(n))
	e = binary.LittleEndian.AppendUint16(e, uint16(n))
	e = binary.LittleEndian.AppendUint32(e, uint32(size))
	e = binary.LittleEndian.AppendUint32(e, uint32(at))
	return append(e, 0, 0)
}

// Tar builds an archive.
func Tar(entries ...Entry) []byte {
	var b bytes.Buffer
	t := tar.NewWriter(&b)
	for _, e := range entries {
		must(t.WriteHeader(&tar.Header{Name: e.Name, Mode: 0o644, Size: int64(len(e.Data))}))
		_, err := t.Write(e.Data)
		must(err)
	}
	must(t.Close())
	return b.Bytes()
}

// Gzip packs data; name may be empty.
func Gzip(name string, data []byte) []byte {
	var b bytes.Buffer
	g := gzip.NewWriter(&b)
	g.Name = name
	_, err := g.Write(data)
	must(err)
	must(g.Close())
	return b.Bytes()
}

// GzipZeros packs n zeros, in steps of a MiB, as tightly as deflate can. It
// packs one MiB and repeats it, which is much faster.
func GzipZeros(n int64) []byte {
	var block bytes.Buffer
	f, err := flate.NewWriter(&block, flate.BestCompression)
	must(err)
	_, err = f.Write(zeros[:])
	must(err)
	must(f.Flush())
	out := []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff")
	var sum uint32
	for i := int64(0); i < n; i += 1 << 20 {
		out = append(out, block.Bytes()...)
		sum = crc32.Update(sum, crc32.IEEETable, zeros[:])
	}
	out = append(out, 3, 0) // an empty last block
	out = binary.LittleEndian.AppendUint32(out, sum)
	return binary.LittleEndian.AppendUint32(out, uint32(n))
}

// zeros is one MiB of them.
var zeros [1 << 20]byte

// Cpio builds an archive of the newc format.
func Cpio(entries ...Entry) []byte {
	var out []byte
	add := func(mode int, e Entry) {
		out = fmt.Appendf(out, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
			1, mode, 0, 0, 1, 0, len(e.Data), 0, 0, 0, 0, len(e.Name)+1, 0)
		out = append(append(out, e.Name...), 0)
		out = append(out, make([]byte, -len(out)&3)...)
		out = append(out, e.Data...)
		out = append(out, make([]byte, -len(out)&3)...)
	}
	for _, e := range entries {
		add(0o100644, e)
	}
	add(0, Entry{Name: "TRAILER!!!"})
	return out
}

// RPM builds a package around a payload.
func RPM(payload []byte) []byte {
	out := append([]byte("\xed\xab\xee\xdb\x03\x00\x00\x00"), make([]byte, 88)...)
	header := func(index, store int) {
		out = append(out, 0x8e, 0xad, 0xe8, 1, 0, 0, 0, 0)
		out = binary.BigEndian.AppendUint32(out, uint32(index))
		out = binary.BigEndian.AppendUint32(out, uint32(store))
		out = append(out, make([]byte, 16*index+store)...)
	}
	header(2, 13)
	out = append(out, make([]byte, -len(out)&7)...)
	header(3, 7)
	return append(out, payload...)
}

// Ar builds an archive with names in the BSD way.
func Ar(entries ...Entry) []byte {
	out := []byte("!<arch>\n")
	for _, e := range entries {
		body := append([]byte(e.Name), e.Data...)
		out = fmt.Appendf(out, "%-16s%-12d%-6d%-6d%-8o%-10d`\n", fmt.Sprintf("#1/%d", len(e.Name)), 0, 0, 0, 0o644, len(body))
		out = append(out, body...)
		if len(body)%2 == 1 {
			out = append(out, '\n')
		}
	}
	return out
}

// Deb builds a Debian package.
func Deb(entries ...Entry) []byte {
	out := []byte("!<arch>\n")
	for _, e := range []Entry{{"debian-binary", []byte("2.0\n")}, {"control.tar.gz", Gzip("", Tar())}, {"data.tar.gz", Gzip("", Tar(entries...))}} {
		out = fmt.Appendf(out, "%-16s%-12d%-6d%-6d%-8o%-10d`\n", e.Name, 0, 0, 0, 0o644, len(e.Data))
		out = append(out, e.Data...)
		if len(e.Data)%2 == 1 {
			out = append(out, '\n')
		}
	}
	return out
}

package installertest

import (
	"encoding/binary"
	"hash/crc32"
)

// Inno says how an installer of Inno Setup is written. The versions have to be
// of those whose layout it knows: 4.1.6 to 5.1.4 with a pointer, 5.1.5 to 6.4
// with a resource, and from 6.5 with places of 8 bytes.
type Inno struct {
	Version   string // as "5.5.7"
	Number    int    // the same as a number: 50507
	Unicode   bool
	Method    string // "" stored, "zlib", "bzip2", "lzma", "lzma2"
	Packed    bool   // the headers too
	Calls     bool   // the files went through the filter
	Encrypted bool
	Away      bool // the data is in another file
}

// CRC is the checksum of b as it is stored.
func CRC(b []byte) []byte { return u32(nil, int(crc32.ChecksumIEEE(b))) }

// crcBefore puts the checksum before b.
func crcBefore(b []byte) []byte { return append(CRC(b), b...) }

// block writes what is in pieces of 4 KiB.
func (n Inno) block(data []byte) []byte {
	packed := byte(0)
	if n.Packed {
		packed, data = 1, LZMA(data, true)
	}
	var body []byte
	for len(data) > 0 {
		k := min(len(data), 4096)
		body = append(body, crcBefore(data[:k])...)
		data = data[k:]
	}
	size := u32(nil, len(body))
	if n.Number >= 60700 {
		size = binary.LittleEndian.AppendUint64(nil, uint64(len(body)))
	}
	return append(crcBefore(append(size, packed)), body...)
}

func (n Inno) text(s string) []byte {
	if n.Unicode {
		b := Unicode(s)
		s = string(b[:len(b)-2])
	}
	return append(u32(nil, len(s)), s...)
}

// headers has other texts first, then an entry for each file.
func (n Inno) headers(files []File) []byte {
	b := append(n.text("a name"), n.text(`{pf}\default`)...)
	texts, more := 8, 0
	switch {
	case n.Number >= 60500:
		texts, more = 14, 33
	case n.Number < 50205:
		texts = 7
	}
	for i, f := range files {
		b = append(append(b, n.text("")...), n.text(f.Name)...)
		b = append(b, make([]byte, 4*texts+more)...)
		b = append(b, 0, 0, 0, 0, 0, 0, 1, 6, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		b = u32(b, i, 0)
		b = append(binary.LittleEndian.AppendUint64(b, 0), 0xff, 0xff, 0, 0, 0, 0, 0)
	}
	return b
}

// pack writes a chunk without its sign.
func (n Inno) pack(data []byte) []byte {
	switch n.Method {
	case "":
		return data
	case "zlib":
		return Zlib(data)
	case "bzip2":
		return BZip2(data)
	case "lzma":
		return LZMA(data, false)
	case "lzma2":
		return LZMA2(data)
	}
	panic("no method " + n.Method)
}

// LZMA2 writes data in chunks that are not packed, behind the byte for a
// dictionary of 1 MiB.
func LZMA2(data []byte) []byte {
	out := []byte{16}
	for len(data) > 0 {
		k := min(len(data), 1<<16)
		out = append(binary.BigEndian.AppendUint16(append(out, 1), uint16(k-1)), data[:k]...)
		data = data[k:]
	}
	return append(out, 0)
}

// location writes where a file is.
func (n Inno) location(start, size, packed int) []byte {
	b := u32(nil, 0, 0, 0)
	digest, flags, bits := 16, 1, [3]byte{1 << 4, 1 << 6, 1 << 7}
	switch {
	case n.Number >= 60500:
		b = u32(b, 0)
		digest, bits = 32, [3]byte{1 << 2, 1 << 3, 1 << 4}
	case n.Number >= 60400:
		digest, flags = 32, 3
	case n.Number >= 60300:
		digest, flags = 20, 3
	case n.Number >= 50309:
		digest, flags = 20, 2
	case n.Number >= 50113:
		flags = 2
	}
	for _, v := range []int{start, size, packed} {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	b = append(b, make([]byte, digest+16+flags)...)
	f := &b[len(b)-flags]
	for i, set := range []bool{n.Calls, n.Encrypted, n.Method != ""} {
		if set {
			*f |= bits[i]
		}
	}
	return b
}

// Program is a loader with everything behind it.
func (n Inno) Program(files ...File) []byte {
	var all, locations []byte
	for _, f := range files {
		all = append(all, f.Data...)
	}
	packed := n.pack(all)
	start := 0
	for _, f := range files {
		locations = append(locations, n.location(start, len(f.Data), len(packed))...)
		start += len(f.Data)
	}
	out := Stub(1024)
	exe := len(out)
	setup := []byte("MZ the program that installs")
	exeBlock := n
	exeBlock.Packed = true
	out = append(out, exeBlock.block(setup)...)
	headers := len(out)
	out = append(out, n.sign()...)
	if n.Number >= 60500 {
		out = append(out, crcBefore(make([]byte, 49))...)
	}
	out = append(append(out, n.block(n.headers(files))...), n.block(locations)...)
	data := len(out)
	out = append(append(out, "zlb\x1a"...), packed...)
	if n.Away {
		data = 0
	}
	n.table(out, exe, len(setup), headers, data)
	return out
}

func (n Inno) sign() []byte {
	s := "Inno Setup Setup Data (" + n.Version + ")"
	if n.Unicode && n.Number < 60300 {
		s += " (u)"
	}
	return append([]byte(s), make([]byte, 64-len(s))...)
}

// table writes the table into the stub, with what makes loaders find it.
func (n Inno) table(out []byte, exe, exeSize, headers, data int) {
	const at = 200
	var b []byte
	switch {
	case n.Number >= 60500:
		b = u32([]byte("rDlPtS\xcd\xe6\xd7{\x0b*"), 2)
		for _, v := range []int{len(out), exe} {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
		b = u32(b, exeSize, 0)
		for _, v := range []int{headers, data} {
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		}
	case n.Number >= 50105:
		b = u32([]byte("rDlPtS\xcd\xe6\xd7{\x0b*"), 1, len(out), exe, exeSize, 0, headers, data)
	default:
		b = u32([]byte("rDlPtS07\x87eVx"), len(out), exe, exeSize, 0, headers, data)
		copy(out[0x30:], u32([]byte("Inno"), at, ^at))
	}
	copy(out[at:], u32(b, int(crc32.ChecksumIEEE(b))))
}

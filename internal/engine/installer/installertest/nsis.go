// Package installertest writes installers and other wrappers for tests, in the
// plainest form their formats allow: nothing in them can be started. It writes
// what the readers beside it are to read and holds no sample.
package installertest

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"unicode/utf16"

	"vitrine/internal/engine/codec/lzma/lzmatest"
)

// File is one file in a wrapper.
type File struct {
	Name string
	Data []byte
}

func u32(b []byte, v ...int) []byte {
	for _, v := range v {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return b
}

// Stub is the beginning of a program, padded to that many bytes.
func Stub(n int) []byte {
	return append([]byte("MZ"), make([]byte, n-2)...)
}

// NSIS says how an installer is written.
type NSIS struct {
	Method string // "", "deflate", "bzip2", "lzma", "lzma+" with a filter byte
	Solid  bool
	ANSI   bool // with the codes of version 2
	Flags  int
}

// script compiles entries that put files into $INSTDIR\dir, and an uninstaller
// as the last file when its name is "un.exe". The places are those of blocks of
// these sizes.
func (n NSIS) script(files []File, places []int) []byte {
	var table []byte
	put := func(s string) int {
		at := len(table)
		if n.ANSI {
			table = append(append(table, s...), 0)
			return at
		}
		for _, u := range append(utf16.Encode([]rune(s)), 0) {
			table = binary.LittleEndian.AppendUint16(table, u)
		}
		return at / 2
	}
	put("")
	dir := "\x03\u8095\\dir" // a variable: number 21 in sevens, with high bits
	if n.ANSI {
		dir = "\xfd\x95\x80\\dir"
	}
	entries := u32(nil, 11, put(dir), 1, 0, 0, 0, 0)
	for i, f := range files {
		if f.Name == "un.exe" {
			entries = u32(entries, 62, put(f.Name), places[i], 4, 0, 0, 0)
			break
		}
		entries = u32(entries, 20, 0, put(f.Name), places[i], 0, 0, 0)
	}
	const head = 4 + 8*8 + 40
	script := u32(nil, 0, head, 0, head, 0, head, len(entries)/28, head+len(entries), 0, head+len(entries)+len(table), 0)
	script = append(script, make([]byte, head-len(script))...)
	return append(append(script, entries...), table...)
}

// Data is what lies behind the stub: it begins with the first header.
func (n NSIS) Data(files ...File) []byte {
	packed := make([][]byte, len(files))
	places := make([]int, len(files))
	at := 0
	for i, f := range files {
		packed[i] = n.block(f.Data)
		places[i] = at
		at += len(packed[i])
	}
	script := n.script(files, places)
	body := n.block(script)
	for _, p := range packed {
		body = append(body, p...)
	}
	if n.Solid {
		body = n.pack(body)
	}
	head := append(u32(nil, n.Flags, 0xdeadbeef), "NullsoftInst"...)
	head = u32(head, len(script), 28+len(body)+4)
	return append(append(head, body...), "CRC!"...)
}

// Program is a stub with the data behind it.
func (n NSIS) Program(files ...File) []byte { return append(Stub(1024), n.Data(files...)...) }

func (n NSIS) block(data []byte) []byte {
	if n.Solid || n.Method == "" {
		return append(u32(nil, len(data)), data...)
	}
	p := n.pack(data)
	return append(u32(nil, len(p)|1<<31), p...)
}

func (n NSIS) pack(data []byte) []byte {
	switch n.Method {
	case "deflate":
		return Deflate(data)
	case "bzip2":
		return bzip2(data)
	case "lzma":
		return LZMA(data, true)
	case "lzma+":
		return append([]byte{0}, LZMA(data, true)...)
	}
	panic("no method " + n.Method)
}

// Deflate packs data without any header.
func Deflate(data []byte) []byte {
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestCompression)
	if err == nil {
		_, err = z.Write(data)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

// LZMA writes properties, a dictionary of 64 KiB, and data as literals, with
// or without a mark at the end.
func LZMA(data []byte, mark bool) []byte {
	e := lzmatest.New(3, 0, 2, 1)
	e.Bytes(data)
	if mark {
		e.End()
	}
	return append(u32([]byte{e.Properties()}, 1<<16), e.Close()...)
}

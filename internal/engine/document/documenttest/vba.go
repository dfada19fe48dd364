package documenttest

import (
	"bytes"
	"encoding/binary"
	"slices"
	"unicode/utf16"
)

// Module is one module of a VBA project.
type Module struct {
	Name, Source string
}

// Compress makes a VBA container that uses back references where they pay.
func Compress(data []byte) []byte {
	out := []byte{1}
	for chunk := range slices.Chunk(data, 4096) {
		packed := compressChunk(chunk)
		out = binary.LittleEndian.AppendUint16(out, uint16(len(packed)-1)|0xb000)
		out = append(out, packed...)
	}
	return out
}

func compressChunk(chunk []byte) []byte {
	var out []byte
	for pos := 0; pos < len(chunk); {
		flag := len(out)
		out = append(out, 0)
		for bit := 0; bit < 8 && pos < len(chunk); bit++ {
			bits := uint(4)
			for bits < 12 && 1<<bits < pos {
				bits++
			}
			offset, length := longest(chunk, pos, 1<<(16-bits)+2)
			if length < 3 {
				out = append(out, chunk[pos])
				pos++
				continue
			}
			out[flag] |= 1 << bit
			out = binary.LittleEndian.AppendUint16(out, uint16((offset-1)<<(16-bits)|(length-3)))
			pos += length
		}
	}
	return out
}

func longest(chunk []byte, pos, most int) (offset, length int) {
	for at := pos - 1; at >= 0; at-- {
		n := 0
		for pos+n < len(chunk) && n < most && chunk[at+n] == chunk[pos+n] {
			n++
		}
		if n > length {
			offset, length = pos-at, n
		}
	}
	return offset, length
}

// Project gives the streams of a VBA project under a storage, such as
// "Macros". Compiled code is stood in for by seven bytes before each source.
func Project(storage string, modules ...Module) []Stream {
	dir := record(nil, 0x01, []byte{1, 0, 0, 0})
	dir = record(dir, 0x03, []byte{0xe3, 4}) // code page 1251
	dir = record(dir, 0x04, []byte("VBAProject"))
	dir = append(record(dir, 0x09, []byte{1, 2, 3, 4}), 5, 6)
	dir = record(dir, 0x0f, []byte{byte(len(modules)), 0})
	var streams []Stream
	const compiled = "\x01\x16\x03\x00\x06\xf0\x00"
	for _, m := range modules {
		dir = record(dir, 0x19, []byte(m.Name))
		dir = record(dir, 0x47, wide(m.Name))
		dir = record(dir, 0x1a, []byte(m.Name))
		dir = record(dir, 0x32, wide(m.Name))
		dir = record(dir, 0x31, []byte{byte(len(compiled)), 0, 0, 0})
		dir = record(dir, 0x21, nil)
		dir = record(dir, 0x2b, nil)
		source := "Attribute VB_Name = \"" + m.Name + "\"\r\n" + m.Source
		streams = append(streams, Stream{storage + "VBA/" + m.Name, append([]byte(compiled), Compress([]byte(source))...)})
	}
	dir = record(dir, 0x10, nil)
	return append(streams, Stream{storage + "VBA/dir", Compress(dir)}, Stream{storage + "PROJECT", []byte("ID=\"{0}\"\r\n")})
}

func record(dst []byte, id uint16, value []byte) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, id)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(value)))
	return append(dst, value...)
}

func wide(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

// Package wraps a file as the Windows packager does, under a path it is said
// to have had.
func Package(path string, data []byte) []byte {
	var b bytes.Buffer
	b.WriteString("\x02\x00label\x00" + path + "\x00\x00\x00\x03\x00")
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(path)+1)))
	b.WriteString(path + "\x00")
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(data))))
	b.Write(data)
	return b.Bytes()
}

// Native makes the stream "\x01Ole10Native" of a package.
func Native(path string, data []byte) []byte {
	p := Package(path, data)
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(p))), p...)
}

package inno

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

const (
	maxPath = 1024 // characters
	maxText = 64 << 10
)

// name gives the files the paths they are put at. The headers are not read
// from their beginning, as what stands before the entries of files differs from
// version to version: an entry is known by a path that begins with a constant
// in braces, the texts behind it, and a number that is one of a file.
func name(files []file, headers []byte, v version) {
	texts, more := 8, 0
	switch {
	case v.number >= at(6, 5, 0): // what a download is held against
		texts, more = 14, 33
	case v.number < at(5, 2, 5):
		texts = 7
	}
	for i := 0; i+5 < len(headers); i++ {
		if headers[i+4] != '{' {
			continue
		}
		path, at, ok := textAt(headers, i, 2*maxPath)
		if !ok || !bytes.ContainsRune(path, '\\') { // a folder, or anything else
			continue
		}
		for n := 0; n < texts && ok; n++ {
			_, at, ok = textAt(headers, at, maxText)
		}
		if !ok {
			continue
		}
		if n := location(headers[at+min(more, len(headers)-at):]); n < int64(len(files)) && files[n].name == "" {
			files[n].name = decode(path, v.unicode)
		}
	}
}

// location reads which file an entry is for, behind its texts; a number larger
// than any when this cannot be an entry.
func location(b []byte) int64 {
	const (
		nowhere = 1 << 40
		newest  = 20 // version of Windows
	)
	if len(b) < 38 {
		return nowhere
	}
	for _, major := range []int{3, 7, 13, 17} { // first and last, of both kinds
		if b[major] > newest {
			return nowhere
		}
	}
	if b[3] == 0 && b[7] == 0 { // it is for no Windows
		return nowhere
	}
	size := binary.LittleEndian.Uint64(b[28:])
	permission := binary.LittleEndian.Uint16(b[36:])
	if size >= nowhere || permission != 0xffff && permission > 1000 {
		return nowhere
	}
	return int64(binary.LittleEndian.Uint32(b[20:]))
}

// textAt reads a text with its size before it.
func textAt(b []byte, at, most int) (text []byte, end int, ok bool) {
	if at+4 > len(b) {
		return nil, 0, false
	}
	size := int64(binary.LittleEndian.Uint32(b[at:]))
	at += 4
	if size > int64(most) || size > int64(len(b)-at) {
		return nil, 0, false
	}
	return b[at : at+int(size)], at + int(size), true
}

// decode makes a path of a text: "{app}\a.exe" is "{app}/a.exe".
func decode(text []byte, unicode bool) string {
	s := string(text)
	if unicode {
		units := make([]uint16, len(text)/2)
		for i := range units {
			units[i] = binary.LittleEndian.Uint16(text[2*i:])
		}
		s = string(utf16.Decode(units))
	}
	return strings.ReplaceAll(s, `\`, "/")
}

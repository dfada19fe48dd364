package installertest

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/json"
	"strconv"
)

// Zlib packs data with header and checksum.
func Zlib(data []byte) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, err := z.Write(data)
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

// PyInstaller writes a program with an archive behind it, each file packed when
// that makes it smaller. The kinds are those of the entries, one for each file.
func PyInstaller(kinds string, files ...File) []byte {
	var body, toc []byte
	for i, f := range files {
		data, packed := Zlib(f.Data), byte(1)
		if len(data) >= len(f.Data) {
			data, packed = f.Data, 0
		}
		name := append([]byte(f.Name), 0)
		name = append(name, make([]byte, -(18+len(name))&15)...)
		e := binary.BigEndian.AppendUint32(nil, uint32(18+len(name)))
		for _, v := range []int{len(body), len(data), len(f.Data)} {
			e = binary.BigEndian.AppendUint32(e, uint32(v))
		}
		toc = append(append(append(toc, e...), packed, kinds[i]), name...)
		body = append(body, data...)
	}
	cookie := []byte("MEI\x0c\x0b\x0a\x0b\x0e")
	for _, v := range []int{len(body) + len(toc) + 88, len(body), len(toc), 311} {
		cookie = binary.BigEndian.AppendUint32(cookie, uint32(v))
	}
	cookie = append(append(cookie, "libpython3.11.so"...), make([]byte, 48)...)
	return append(append(append(Stub(700), body...), toc...), cookie...)
}

// PYZ writes an archive of Python modules with its table as Python 3 writes
// it: the first number is kept for the others to refer to.
func PYZ(files ...File) []byte {
	out := append([]byte("PYZ\x00\xa7\x0d\x0d\x0a\x00\x00\x00\x00"), make([]byte, 5)...)
	table := u32([]byte{'['}, len(files))
	for i, f := range files {
		at := len(out)
		out = append(out, Zlib(f.Data)...)
		table = append(append(table, ')', 2, 'z', byte(len(f.Name))), f.Name...)
		table = append(table, ')', 3)
		if i == 0 {
			table = u32(append(table, 'i'|0x80), 0)
		} else {
			table = u32(append(table, 'r'), 0)
		}
		table = u32(append(u32(append(table, 'i'), at), 'i'), len(out)-at)
	}
	binary.BigEndian.PutUint32(out[8:], uint32(len(out)))
	return append(out, table...)
}

// Asar writes an archive of Electron, with the files in a folder "dir".
func Asar(files ...File) []byte {
	var body []byte
	list := map[string]any{"away": map[string]any{"size": 7, "unpacked": true}, "link": map[string]any{"link": "dir/x"}}
	for _, f := range files {
		list[f.Name] = map[string]any{"offset": strconv.Itoa(len(body)), "size": len(f.Data), "integrity": map[string]any{"blocks": []string{"a", "b"}}}
		body = append(body, f.Data...)
	}
	text, err := json.Marshal(map[string]any{"files": map[string]any{"dir": map[string]any{"files": list}}})
	if err != nil {
		panic(err)
	}
	return AsarRaw(string(text), body)
}

// AsarRaw writes an archive with any header.
func AsarRaw(text string, body []byte) []byte {
	padded := (len(text) + 3) &^ 3
	out := append(u32(nil, 4, padded+8, padded+4, len(text)), text...)
	out = append(out, make([]byte, padded-len(text))...)
	return append(out, body...)
}

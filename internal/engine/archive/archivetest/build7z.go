package archivetest

import (
	"encoding/binary"
	"hash/crc32"
	"unicode/utf16"
)

// Folder is one folder of a 7z archive with one coder.
type Folder struct {
	Method []byte // id
	Props  []byte
	Packed []byte
	Files  []SevenFile
}

// SevenFile is one file; Size may lie.
type SevenFile struct {
	Name string
	Size uint64
	CRC  uint32
}

// Whole makes the SevenFile that tells the truth.
func Whole(name string, data []byte) SevenFile {
	return SevenFile{name, uint64(len(data)), crc32.ChecksumIEEE(data)}
}

// SevenZip builds an archive whose header is not packed.
func SevenZip(folders ...Folder) []byte {
	var body []byte
	for _, f := range folders {
		body = append(body, f.Packed...)
	}
	return SevenZipHeader(body, sevenHeader(folders))
}

// SevenZipHeader puts a start header before packed streams and a header
// behind them.
func SevenZipHeader(body, header []byte) []byte {
	start := binary.LittleEndian.AppendUint64(nil, uint64(len(body)))
	start = binary.LittleEndian.AppendUint64(start, uint64(len(header)))
	start = binary.LittleEndian.AppendUint32(start, crc32.ChecksumIEEE(header))
	out := append([]byte("7z\xbc\xaf\x27\x1c"), 0, 4)
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(start))
	return append(append(append(out, start...), body...), header...)
}

// SevenNumber appends 7z's number, always in nine bytes.
func SevenNumber(b []byte, v uint64) []byte {
	return binary.LittleEndian.AppendUint64(append(b, 0xff), v)
}

func sevenHeader(folders []Folder) []byte {
	h := []byte{1, 4, 6}
	h = SevenNumber(h, 0)
	h = SevenNumber(h, uint64(len(folders)))
	h = append(h, 9)
	for _, f := range folders {
		h = SevenNumber(h, uint64(len(f.Packed)))
	}
	h = append(h, 0, 7, 11)
	h = SevenNumber(h, uint64(len(folders)))
	h = append(h, 0)
	for _, f := range folders {
		h = append(h, 1, byte(len(f.Method))|0x20)
		h = append(append(h, f.Method...), byte(len(f.Props)))
		h = append(h, f.Props...)
	}
	h = append(h, 12)
	for _, f := range folders {
		var sum uint64
		for _, file := range f.Files {
			sum += file.Size
		}
		h = SevenNumber(h, sum)
	}
	h = append(h, 0, 8, 13)
	return append(sevenFiles(h, folders), 0)
}

// sevenFiles appends the division of the folders and the names.
func sevenFiles(h []byte, folders []Folder) []byte {
	for _, f := range folders {
		h = SevenNumber(h, uint64(len(f.Files)))
	}
	h = append(h, 9)
	var sums, names []byte
	total := 0
	for _, f := range folders {
		for i, file := range f.Files {
			if i < len(f.Files)-1 {
				h = SevenNumber(h, file.Size)
			}
			sums = binary.LittleEndian.AppendUint32(sums, file.CRC)
			for _, u := range utf16.Encode([]rune(file.Name)) {
				names = binary.LittleEndian.AppendUint16(names, u)
			}
			names = append(names, 0, 0)
			total++
		}
	}
	h = append(append(h, 10, 1), sums...)
	h = append(h, 0, 0, 5)
	h = SevenNumber(h, uint64(total))
	h = append(h, 17)
	h = SevenNumber(h, uint64(len(names)+1))
	return append(append(append(h, 0), names...), 0)
}

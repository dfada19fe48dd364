package magic

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

const (
	mimeOffice  = "application/vnd.openxmlformats-officedocument."
	mimeODF     = "application/vnd.oasis.opendocument."
	zipLook     = 1 << 18 // bytes searched for local headers
	zipNames    = 12
	localHeader = "PK\x03\x04"
)

// zip is an archive, or one of the documents that are.
func zip(data []byte) kind {
	if at(data, 0, "PK\x05\x06") {
		return kind{"Zip archive data (empty)", "application/zip"}
	}
	if !at(data, 0, localHeader) || len(data) < 30 {
		return kind{}
	}
	in := little(data)
	names := zipEntries(data)
	if k := document(data, names); k.name != "" {
		return k
	}
	switch {
	case strings.HasPrefix(names[0], "META-INF/") && in.u16(30+uint64(len(names[0]))) == 0xcafe:
		return kind{"Java archive data (JAR)", "application/java-archive"}
	case names[0] == "AndroidManifest.xml":
		return kind{"Android package (APK), with AndroidManifest.xml", "application/vnd.android.package-archive"}
	}
	v := in.u16(4) & 0xff
	name := fmt.Sprintf("Zip archive data, at least v%d.%d to extract", v/10, v%10)
	methods := map[uint16]string{0: "store", 8: "deflate", 9: "deflate64", 12: "bzip2", 14: "lzma"}
	if m := methods[in.u16(8)]; m != "" {
		name += ", compression method=" + m
	}
	return kind{name, "application/zip"}
}

// zipEntries finds the first names; there is at least one, which may be empty.
func zipEntries(data []byte) (names []string) {
	data = data[:min(len(data), zipLook)]
	in := little(data)
	for off := 0; len(names) < zipNames; {
		n := bytes.Index(data[off:], []byte(localHeader))
		if n < 0 {
			break
		}
		off += n
		names = append(names, string(in.part(uint64(off)+30, uint64(in.u16(uint64(off)+26)))))
		off += len(localHeader)
	}
	return names
}

// document tells documents by the names of their parts, or by the first part
// that says what it is.
func document(data []byte, names []string) kind {
	if names[0] == "mimetype" {
		rest := string(data[min(len(data), 38):min(len(data), 138)])
		for _, k := range []kind{{"OpenDocument Text", mimeODF + "text"}, {"OpenDocument Spreadsheet", mimeODF + "spreadsheet"},
			{"OpenDocument Presentation", mimeODF + "presentation"}, {"OpenDocument Drawing", mimeODF + "graphics"},
			{"EPUB document", "application/epub+zip"}} {
			if strings.HasPrefix(rest, k.mime) {
				return k
			}
		}
		return kind{}
	}
	if first := names[0]; first != "[Content_Types].xml" && first != "_rels/.rels" && !strings.HasPrefix(first, "docProps") {
		return kind{}
	}
	for _, n := range names[1:] {
		switch {
		case strings.HasPrefix(n, "word/"):
			return kind{"Microsoft Word 2007+", mimeOffice + "wordprocessingml.document"}
		case strings.HasPrefix(n, "xl/"):
			return kind{"Microsoft Excel 2007+", mimeOffice + "spreadsheetml.sheet"}
		case strings.HasPrefix(n, "ppt/"):
			return kind{"Microsoft PowerPoint 2007+", mimeOffice + "presentationml.presentation"}
		}
	}
	return kind{}
}

// compressed is one compressed stream.
func compressed(data []byte) kind {
	in := little(data)
	switch {
	case at(data, 0, "\x1f\x8b") && len(data) >= 18:
		return kind{"gzip compressed data" + gzipDetails(data), "application/gzip"}
	case at(data, 0, "BZh") && len(data) > 4 && data[3] >= '1' && data[3] <= '9':
		return kind{fmt.Sprintf("bzip2 compressed data, block size = %c00k", data[3]), "application/x-bzip2"}
	case at(data, 0, "\xfd7zXZ\x00") && len(data) >= 8:
		checks := map[byte]string{0: "NONE", 1: "CRC32", 4: "CRC64", 10: "SHA-256"}
		return kind{"XZ compressed data, checksum " + checks[data[7]&0xf], "application/x-xz"}
	case at(data, 0, "]\x00\x00") && len(data) >= 13 && in.u64(5) == 1<<64-1:
		return kind{"LZMA compressed data, streamed", "application/x-lzma"}
	case at(data, 0, "\x28\xb5\x2f\xfd"):
		name := "Zstandard compressed data (v0.8+)"
		if in.u8(4)&3 == 0 {
			name += ", Dictionary ID: None"
		}
		return kind{name, "application/zstd"}
	case at(data, 0, "\x04\x22\x4d\x18"):
		return kind{"LZ4 compressed data (v1.4+)", "application/x-lz4"}
	}
	return kind{}
}

func gzipDetails(data []byte) (out string) {
	in, flags := little(data), data[3]
	if flags&4 == 0 && flags&8 != 0 {
		out += fmt.Sprintf(", was %q", in.cstring(10, 256))
	}
	if t := in.u32(4); t != 0 {
		out += ", last modified: " + time.Unix(int64(t), 0).UTC().Format("Mon Jan _2 15:04:05 2006")
	}
	out += map[byte]string{2: ", max compression", 4: ", max speed"}[data[8]]
	out += map[byte]string{0: ", from FAT filesystem (MS-DOS, OS/2, NT)", 3: ", from Unix", 11: ", from NTFS filesystem (NT)"}[data[9]]
	return out + fmt.Sprintf(", original size modulo 2^32 %d", in.u32(uint64(len(data)-4)))
}

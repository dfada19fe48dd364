package magic

import (
	"bytes"
	"fmt"
)

// sign is a kind that a text at a place in the file is enough to know.
type sign struct {
	off  int
	text string
	kind
}

// table asks for the kinds that are known by one text.
func table(data []byte) kind {
	for _, s := range []sign{
		{0, "Rar!\x1a\x07\x01\x00", kind{"RAR archive data, v5", "application/x-rar"}},
		{0, "Rar!\x1a\x07\x00", kind{"RAR archive data", "application/x-rar"}},
		{0, "MSCF\x00\x00\x00\x00", kind{"Microsoft Cabinet archive data", "application/vnd.ms-cab-compressed"}},
		{0, "!<arch>\ndebian-binary", kind{"Debian binary package (format 2.0)", "application/vnd.debian.binary-package"}},
		{0, "!<arch>\n", kind{"current ar archive", "application/x-archive"}},
		{0, "070707", kind{"ASCII cpio archive (pre-SVR4 or odc)", "application/x-cpio"}},
		{0, "070701", kind{"ASCII cpio archive (SVR4 with no CRC)", "application/x-cpio"}},
		{0, "070702", kind{"ASCII cpio archive (SVR4 with CRC)", "application/x-cpio"}},
		{257, "ustar\x00", kind{"POSIX tar archive", "application/x-tar"}},
		{257, "ustar  \x00", kind{"POSIX tar archive (GNU)", "application/x-tar"}},
		{0, "L\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46", kind{"MS Windows shortcut", "application/x-ms-shortcut"}},
		{0, "\x00asm\x01\x00\x00\x00", kind{"WebAssembly (wasm) binary module version 0x1 (MVP)", "application/wasm"}},
	} {
		if at(data, s.off, s.text) {
			return s.kind
		}
	}
	return withVersion(data)
}

// withVersion are the kinds whose names hold a number from the file.
func withVersion(data []byte) kind {
	in := big(data)
	switch {
	case at(data, 0, "7z\xbc\xaf\x27\x1c"):
		return kind{fmt.Sprintf("7-zip archive data, version %d.%d", in.u8(6), in.u8(7)), "application/x-7z-compressed"}
	case at(data, 0, "\xed\xab\xee\xdb"):
		what := map[uint16]string{0: " bin", 1: " src"}[in.u16(6)]
		return kind{fmt.Sprintf("RPM v%d.%d%s", in.u8(4), in.u8(5), what), "application/x-rpm"}
	case at(data, 0, "dex\n") && in.u8(7) == 0 && len(data) > 7:
		return kind{fmt.Sprintf("Dalvik dex file version %s", data[4:7]), "application/octet-stream"}
	case at(data, 32769, "CD001"):
		name := "ISO 9660 CD-ROM filesystem data"
		if label := bytes.TrimRight(in.cstring(32808, 32), " "); len(label) > 0 {
			name += fmt.Sprintf(" '%s'", label)
		}
		return kind{name, "application/x-iso9660-image"}
	}
	return kind{}
}

// images are pictures, with their size where it is near the beginning.
func images(data []byte) kind {
	in := big(data)
	switch {
	case at(data, 0, "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR") && len(data) >= 29:
		return kind{fmt.Sprintf("PNG image data, %d x %d, %s", in.u32(16), in.u32(20), pngDetails(data)), "image/png"}
	case at(data, 0, "GIF8") && len(data) >= 10:
		l := little(data)
		return kind{fmt.Sprintf("GIF image data, version %s, %d x %d", data[3:6], l.u16(6), l.u16(8)), "image/gif"}
	case at(data, 0, "\xff\xd8\xff"):
		name := "JPEG image data"
		switch {
		case at(data, 6, "JFIF\x00"):
			name += fmt.Sprintf(", JFIF standard %d.%02d", in.u8(11), in.u8(12))
		case at(data, 6, "Exif\x00"):
			name += ", Exif standard"
		}
		return kind{name, "image/jpeg"}
	case at(data, 0, "BM") && little(data).u32(14) == 40 && len(data) >= 54:
		l := little(data)
		return kind{fmt.Sprintf("PC bitmap, Windows 3.x format, %d x %d x %d", int32(l.u32(18)), int32(l.u32(22)), l.u16(28)), "image/bmp"}
	case at(data, 0, "RIFF") && at(data, 8, "WEBP"):
		return kind{"RIFF (little-endian) data, Web/P image", "image/webp"}
	case at(data, 0, "II*\x00"):
		return kind{"TIFF image data, little-endian", "image/tiff"}
	case at(data, 0, "MM\x00*"):
		return kind{"TIFF image data, big-endian", "image/tiff"}
	}
	return kind{}
}

func pngDetails(data []byte) string {
	colours := map[byte]string{0: " grayscale", 2: "/color RGB", 3: " colormap", 4: " gray+alpha", 6: "/color RGBA"}
	order := "non-interlaced"
	if data[28] == 1 {
		order = "interlaced"
	}
	return fmt.Sprintf("%d-bit%s, %s", data[24], colours[data[25]], order)
}

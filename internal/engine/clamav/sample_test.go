package clamav

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// put writes numbers of two or four bytes at their places.
func put(b []byte, order binary.ByteOrder, fields map[int]any) {
	for at, v := range fields {
		switch v := v.(type) {
		case uint16:
			order.PutUint16(b[at:], v)
		case uint32:
			order.PutUint32(b[at:], v)
		case uint64:
			order.PutUint64(b[at:], v)
		}
	}
}

func fill(n int, text string) []byte {
	b := bytes.Repeat([]byte{0xcc}, n)
	copy(b, text)
	return b
}

// samplePE is a PE file with a section of code at 0x400, one of data at 0x600
// and one of resources at 0x800, its entry point at 0x410.
func samplePE() []byte {
	b := make([]byte, 0x400)
	copy(b, "MZ")
	le := binary.LittleEndian
	put(b, le, map[int]any{0x3c: uint32(0x80)})
	copy(b[0x80:], "PE\x00\x00")
	put(b, le, map[int]any{
		0x84: uint16(0x14c), 0x86: uint16(3), 0x94: uint16(0xe0), 0x96: uint16(0x102),
		0x98: uint16(0x10b), 0x98 + 4: uint32(0x200), 0x98 + 16: uint32(0x1010), 0x98 + 20: uint32(0x1000),
		0x98 + 28: uint32(0x400000), 0x98 + 32: uint32(0x1000), 0x98 + 36: uint32(0x200),
		0x98 + 40: uint16(4), 0x98 + 48: uint16(4), 0x98 + 56: uint32(0x4000), 0x98 + 60: uint32(0x400),
		0x98 + 68: uint16(3), 0x98 + 72: uint32(0x100000), 0x98 + 76: uint32(0x1000), 0x98 + 92: uint32(16),
		0x98 + 96 + 16: uint32(0x3000), 0x98 + 96 + 20: uint32(0x400),
	})
	for i, name := range []string{".text", ".data", ".rsrc"} {
		at := 0x178 + 40*i
		copy(b[at:], name)
		size := uint32(0x200)
		if i == 2 {
			size = 0x400
		}
		put(b, le, map[int]any{at + 8: size, at + 12: uint32(0x1000 * (i + 1)), at + 16: size, at + 20: uint32(0x400 + 0x200*i), at + 36: uint32(0x60000020)})
	}
	b = append(b, fill(0x200, "section zero....entry-code-here-and-more")...)
	b = append(b, fill(0x200, "section one data ")...)
	b = append(b, fill(0x400, string(versionResource()))...)
	return append(b, "overlay-at-the-end"...)
}

// versionResource is a resource directory with one version resource in it.
func versionResource() []byte {
	le := binary.LittleEndian
	b := make([]byte, 0x58)
	put(b, le, map[int]any{14: uint16(1), 16: uint32(16), 20: uint32(0x80000018)})
	put(b, le, map[int]any{0x18 + 14: uint16(1), 0x18 + 16: uint32(1), 0x18 + 20: uint32(0x80000030)})
	put(b, le, map[int]any{0x30 + 14: uint16(1), 0x30 + 16: uint32(0x409), 0x30 + 20: uint32(0x48)})
	text := versionBlock("StringFileInfo", 1, 0, versionBlock("040904b0", 1, 0,
		versionBlock("CompanyName", 1, 5, wide("Evil\x00"))))
	info := versionBlock("VS_VERSION_INFO", 0, 52, append(append([]byte{0xbd, 0x04, 0xef, 0xfe}, make([]byte, 48)...), text...))
	put(b, le, map[int]any{0x48: uint32(0x3058), 0x4c: uint32(len(info))})
	return append(b, info...)
}

func versionBlock(key string, kind, value uint16, body []byte) []byte {
	b := append(make([]byte, 6), wide(key+"\x00")...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	b = append(b, body...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	put(b, binary.LittleEndian, map[int]any{0: uint16(len(b)), 2: value, 4: kind})
	return b
}

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// sampleELF is an ELF file with its entry point at 0x120 and three sections:
// the empty one, one at 0x100 and one at 0x200.
func sampleELF() []byte {
	b := make([]byte, 0x400)
	le := binary.LittleEndian
	copy(b, "\x7fELF\x02\x01\x01")
	put(b, le, map[int]any{
		16: uint16(2), 18: uint16(62), 20: uint32(1), 24: uint64(0x400120), 32: uint64(64), 40: uint64(0x300),
		52: uint16(64), 54: uint16(56), 56: uint16(1), 58: uint16(64), 60: uint16(3), 62: uint16(0),
		64: uint32(1), 68: uint32(5), 72: uint64(0), 80: uint64(0x400000), 88: uint64(0x400000), 96: uint64(0x300), 104: uint64(0x300), 112: uint64(0x1000),
	})
	for i, at := range []uint64{0x100, 0x200} {
		sh := 0x300 + 64*(i+1)
		put(b, le, map[int]any{sh + 4: uint32(1), sh + 8: uint64(6), sh + 16: 0x400000 + at, sh + 24: at, sh + 32: uint64(0x80)})
	}
	copy(b[0x100:], "elf section one")
	copy(b[0x120:], "elf entry point")
	copy(b[0x200:], "elf section two")
	return b
}

// sampleMachO is a Mach-O file of 64 bits with one section at 0x100.
func sampleMachO() []byte {
	b := make([]byte, 0x200)
	le := binary.LittleEndian
	put(b, le, map[int]any{
		0: uint32(0xfeedfacf), 4: uint32(0x1000007), 8: uint32(3), 12: uint32(2), 16: uint32(1), 20: uint32(152),
		32: uint32(0x19), 36: uint32(152), 56: uint64(0x1000), 64: uint64(0x200), 72: uint64(0), 80: uint64(0x200),
		88: uint32(7), 92: uint32(5), 96: uint32(1),
		104 + 32: uint64(0x1100), 104 + 40: uint64(0x40), 104 + 48: uint32(0x100),
	})
	copy(b[40:], "__TEXT")
	copy(b[104:], "__text")
	copy(b[120:], "__TEXT")
	copy(b[0x100:], "mach section one")
	return b
}

// samples are the objects of the tests, by name.
func samples() map[string][]byte {
	body := "\x01\x02lead AAAA-marker-BBBB then \x00\x10\x20\x30 and alpha--beta and ALPHA beta word gamma. tail\x01"
	return map[string][]byte{
		"pe.bin":     samplePE(),
		"elf.bin":    sampleELF(),
		"macho.bin":  sampleMachO(),
		"body.bin":   []byte(body),
		"many.bin":   []byte("\x01" + strings.Repeat("needle.", 5) + strings.Repeat("thorn,", 2) + "\x02"),
		"wide.bin":   append([]byte{1, 2}, append(wide(" Secret "), "\x01x"...)...),
		"number.bin": []byte("\x01head\x00\x00\x02\x01\xff\xfe\x00\x00\x00\x07tail"),
		"text.txt":   []byte("Some   PLAIN\n\n text With\tSpaces and Words\n"),
		"page.html":  []byte("<html><head>\n<TITLE>x</TITLE></head><BODY>  Hello <!-- hidden --> <b>Bad</b> World<script>evil( )</script></body></html>\n"),
		"mail.eml":   []byte("From: a@example.org\nTo: b@example.org\nSubject: hello mail\n\nbody of mail\n"),
		"doc.pdf":    []byte("%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\nmarker in pdf\n%%EOF\n"),
		"pic.gif":    []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00marker in gif;"),
		"a.class":    []byte("\xca\xfe\xba\xbe\x00\x00\x00\x34marker in class"),
		"film.swf":   []byte("FWS\x05\x20\x00\x00\x00marker in flash and more of it"),
		"clean.bin":  []byte("\x01\x02\x03 nothing of interest here \x04"),
	}
}

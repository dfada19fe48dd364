package archive

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"vitrine/internal/engine/cab"
	"vitrine/internal/engine/mail"
	"vitrine/internal/engine/rar"
	"vitrine/internal/engine/sevenzip"
	"vitrine/internal/engine/upx"
)

// Format is a kind of container.
type Format uint8

// The formats.
const (
	None Format = iota
	Zip
	Tar
	Gzip
	BZip2
	XZ
	LZMA // the older .lzma files
	Zstd
	LZ4
	SevenZip
	RAR
	Ar // also .deb
	Cpio
	RPM
	Cab // Microsoft cabinets, .msu among them
	ISO // disc images with ISO 9660, or with that and UDF
	UDF // disc images with UDF only
	OLE // compound files: older documents, VBA projects, Windows installers
	RTF
	PDF
	OneNote
	Mail        // and mailboxes
	UPX         // a packed program
	NSIS        // installers, from the first header behind their stub
	TNEF        // winmail.dat
	Encoded     // a text with files coded as lines: uuencode, yEnc
	Inno        // installers, from the beginning of their program
	InnoSlice   // a file with a part of what an Inno installer brings
	PyInstaller // programs of Python, from the beginning of their loader
	PyModules   // the modules in one
	Asar        // programs of Electron
	SquashFS    // AppImage programs carry one, snap packages are one
)

// String is the format's usual name.
func (f Format) String() string {
	names := [...]string{"none", "zip", "tar", "gzip", "bzip2", "xz", "lzma", "zstd", "lz4", "7z", "rar", "ar", "cpio", "rpm", "cab", "iso", "udf", "ole", "rtf", "pdf", "onenote", "mail", "upx", "nsis", "tnef", "encoded text", "inno", "inno slice", "pyinstaller", "pyz", "asar", "squashfs"}
	if int(f) < len(names) {
		return names[f]
	}
	return "unknown"
}

// Streams tells whether a container of the format can be walked while it is
// still being unpacked.
func (f Format) Streams() bool { return f == Tar || f == Cpio }

// Part is a container inside data, up to its end.
type Part struct {
	Format Format
	Offset int
}

// Identify tells by content alone what data is.
func Identify(data []byte) Format {
	if parts := Find(data); len(parts) > 0 {
		return parts[0].Format
	}
	return None
}

// Find gives the containers that data is or carries: what it begins with, a
// zip archive at its end, and what lies behind a program or a script that
// unpacks itself.
func Find(data []byte) []Part {
	var parts []Part
	first := byMagic(data)
	if first != None {
		parts = append(parts, Part{first, 0})
	}
	if first == None && isProgram(data) {
		parts = append(parts, selfExtracting(data)...)
		parts = append(parts, installers(data)...)
	}
	zipEnd := first != Zip && hasZipEnd(data, first)
	if first == None {
		parts = add(parts, carried(data), zipEnd)
	}
	if first == None && upx.Identify(data) {
		parts = append(parts, Part{UPX, 0})
	}
	if f := discFormat(data); f != None { // it may begin with boot code of any kind
		parts = append(parts, Part{f, 0})
	}
	if mail.Identify(data) { // it may look like a document besides
		parts = append(parts, Part{Mail, 0})
	} else if mail.Encoded(data) {
		parts = append(parts, Part{Encoded, 0})
	}
	if zipEnd {
		parts = append(parts, Part{Zip, 0})
	}
	return parts
}

func hasPrefix(data []byte, magic string) bool {
	return len(data) >= len(magic) && string(data[:len(magic)]) == magic
}

func byMagic(data []byte) Format {
	switch {
	case len(data) < 6:
		return None
	case hasPrefix(data, "PK"):
		return zipMagic(data)
	case hasPrefix(data, "\x1f\x8b\x08") && data[3]&0xe0 == 0:
		return Gzip
	case hasPrefix(data, "BZh"):
		return bzip2Magic(data)
	case hasPrefix(data, "\xfd7zXZ\x00"):
		return XZ
	case hasPrefix(data, "\x28\xb5\x2f\xfd"), hasPrefix(data, "\x04\x22\x4d\x18"), hasPrefix(data, "\x02\x21\x4c\x18"):
		return frameMagic(data)
	case hasPrefix(data, sevenzip.Magic):
		return SevenZip
	case hasPrefix(data, rarMagic):
		return RAR
	case hasPrefix(data, arMagic):
		return Ar
	case hasPrefix(data, "\xed\xab\xee\xdb"):
		return RPM
	case hasPrefix(data, cab.Magic):
		return Cab
	case isCpio(data):
		return Cpio
	case isTar(data):
		return Tar
	case isLZMA(data):
		return LZMA
	}
	if f := documentFormat(data); f != None {
		return f
	}
	if f := installerFormat(data); f != None {
		return f
	}
	return frameMagic(data)
}

func zipMagic(data []byte) Format {
	switch string(data[2:4]) {
	case "\x03\x04", "\x05\x06", "\x06\x06", "\x01\x02":
		return Zip
	case "\x07\x08", "00": // the mark of a split archive, before an entry
		if hasPrefix(data[4:], zipLocalMagic) {
			return Zip
		}
	}
	return None
}

func bzip2Magic(data []byte) Format {
	if data[3] < '1' || data[3] > '9' || len(data) < 10 {
		return None
	}
	if m := string(data[4:10]); m == "1AY&SY" || m == "\x17\x72\x45\x38\x50\x90" {
		return BZip2
	}
	return None
}

// frameMagic knows zstd and lz4, and the skippable frames both may begin with.
func frameMagic(data []byte) Format {
	for len(data) >= 4 {
		switch magic := binary.LittleEndian.Uint32(data); {
		case magic == 0xfd2fb528:
			return Zstd
		case magic == 0x184d2204, magic == 0x184c2102:
			return LZ4
		case magic&0xfffffff0 != 0x184d2a50 || len(data) < 8:
			return None
		}
		skip := 8 + int64(binary.LittleEndian.Uint32(data[4:]))
		if skip > int64(len(data)) {
			return None
		}
		data = data[skip:]
	}
	return None
}

// isLZMA guesses: the format has no magic. It wants what encoders write: the
// usual properties, a dictionary of 2^n or 2^n+2^(n-1) bytes, a plausible
// size, and the zero a coded stream begins with.
func isLZMA(data []byte) bool {
	if len(data) < 18 || data[0] != 0x5d || data[13] != 0 {
		return false
	}
	dict := binary.LittleEndian.Uint32(data[1:])
	size := binary.LittleEndian.Uint64(data[5:])
	low := dict & -dict
	round := dict >= 1<<12 && (dict == low || dict == 3*low)
	return round && (size == 1<<64-1 || size < 1<<38)
}

func isProgram(data []byte) bool { return hasPrefix(data, "MZ") || hasPrefix(data, "\x7fELF") }

// maxStub is how far into a program the archive it carries is looked for.
const maxStub = 4 << 20

func selfExtracting(data []byte) []Part {
	var parts []Part
	stub := data[:min(len(data), maxStub)]
	if at := findVerified(stub, sevenzip.Magic, func(at int) bool { return isSevenZipStart(data[at:]) }); at > 0 {
		parts = append(parts, Part{SevenZip, at})
	}
	if at := findVerified(stub, rarMagic, func(at int) bool { return rar.Begins(data[at:]) }); at > 0 {
		parts = append(parts, Part{RAR, at})
	}
	return append(parts, carriedCabinets(stub)...)
}

func findVerified(data []byte, magic string, ok func(at int) bool) int {
	for from := 0; ; {
		i := bytes.Index(data[from:], []byte(magic))
		if i < 0 {
			return -1
		}
		if from += i; ok(from) {
			return from
		}
		from++
	}
}

func isSevenZipStart(data []byte) bool {
	return len(data) >= 32 && crc32.ChecksumIEEE(data[12:32]) == binary.LittleEndian.Uint32(data[8:])
}

package bench

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
)

// windowsPrograms makes PE files of half a mebibyte, size bytes in all: real
// headers and section tables, filled with the code and the constants of ELF
// programs and with the names Windows programs import.
func windowsPrograms(programs []File, size int64) ([]File, error) {
	var code, constants []byte
	for _, p := range programs {
		f, err := elf.NewFile(bytes.NewReader(p.Data))
		if err != nil {
			continue // not every file with the magic is whole
		}
		code = append(code, sectionData(f, ".text")...)
		constants = append(constants, sectionData(f, ".rodata")...)
	}
	if len(code) == 0 || len(constants) == 0 {
		return nil, errors.New("the programs hold no code or no constants")
	}
	const one = 512 << 10
	var files []File
	for i := range int(size / one) {
		text := cut(code, i, one*6/10)
		data := append([]byte(importNames()), cut(constants, i, one*3/10)...)
		files = append(files, File{fmt.Sprintf("made-up-%02d.exe", i), buildPE(uint32(i), text, data)})
	}
	return files, nil
}

func sectionData(f *elf.File, name string) []byte {
	s := f.Section(name)
	if s == nil || s.Type == elf.SHT_NOBITS {
		return nil
	}
	data, err := s.Data()
	if err != nil {
		return nil
	}
	return data
}

// cut gives the i-th piece of n bytes, going round when the source is short.
func cut(from []byte, i, n int) []byte {
	piece := make([]byte, n)
	for at := range piece {
		piece[at] = from[(i*n+at)%len(from)]
	}
	return piece
}

func importNames() string {
	var b bytes.Buffer
	for _, w := range words {
		b.WriteString(capital(w) + "File" + suffixes[len(w)%len(suffixes)] + "\x00")
	}
	b.WriteString("KERNEL32.dll\x00GetProcAddress\x00LoadLibraryA\x00VirtualAlloc\x00")
	return b.String()
}

// buildPE lays out a PE32+ file: DOS stub, file header, optional header without
// data directories, three sections. SPEC: Microsoft PE Format, "PE32+".
func buildPE(stamp uint32, text, data []byte) []byte {
	const alignment, headers, entry = 0x200, 0x400, 0x1040
	sections := []struct {
		name  string
		data  []byte
		flags uint32
	}{{".text", text, 0x60000020}, {".rdata", data, 0x40000040}, {".data", data[:len(data)/8], 0xC0000040}}

	var b bytes.Buffer
	le := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&b, binary.LittleEndian, v) // into memory: cannot fail
		}
	}
	pad := func(to int) { b.Write(make([]byte, max(0, to-b.Len()))) }

	b.WriteString("MZ")
	pad(0x3C)
	le(uint32(0x80))
	b.WriteString("This program cannot be run in DOS mode.\r\n$")
	pad(0x80)
	b.WriteString("PE\x00\x00")
	le(uint16(0x8664), uint16(len(sections)), 1_400_000_000+stamp, uint32(0), uint32(0), uint16(240), uint16(0x22))
	le(uint16(0x20B), uint16(0x000E), uint32(len(text)), uint32(len(data)), uint32(0), uint32(entry), uint32(0x1000))
	le(uint64(0x140000000), uint32(0x1000), uint32(alignment), uint16(6), uint16(0), uint32(0), uint16(6), uint16(0), uint32(0))
	le(uint32(0x200000), uint32(headers), uint32(0), uint16(3), uint16(0x8160))
	le(uint64(0x100000), uint64(0x1000), uint64(0x100000), uint64(0x1000), uint32(0), uint32(16))
	b.Write(make([]byte, 16*8)) // no data directories are filled

	offset, address := uint32(headers), uint32(0x1000)
	for _, s := range sections {
		var name [8]byte
		copy(name[:], s.name)
		raw := roundUp(uint32(len(s.data)), alignment)
		le(name, uint32(len(s.data)), address, raw, offset, uint32(0), uint32(0), uint32(0), s.flags)
		offset += raw
		address += roundUp(uint32(len(s.data)), 0x1000)
	}
	pad(headers)
	for _, s := range sections {
		b.Write(s.data)
		pad(int(roundUp(uint32(b.Len()), alignment)))
	}
	return b.Bytes()
}

func roundUp(n, to uint32) uint32 { return (n + to - 1) / to * to }

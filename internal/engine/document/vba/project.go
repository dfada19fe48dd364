package vba

import (
	"encoding/binary"
	"unicode/utf16"
)

// Project is what the stream "dir" says.
type Project struct {
	Name     string
	CodePage uint16 // Windows number of the encoding of names and source
	Modules  []Module
}

// Module is one piece of source.
type Module struct {
	Name   string
	Stream string // the stream it is in, beside "dir"
	Offset uint32 // where in that stream the compressed source begins
}

// The records that matter; the numbers are of MS-OVBA 2.3.4.2.
const (
	recordCodePage      = 0x0003
	recordName          = 0x0004
	recordVersion       = 0x0009
	recordModuleName    = 0x0019
	recordModuleStream  = 0x001a
	recordModuleOffset  = 0x0031
	recordStreamUnicode = 0x0032
	recordNameUnicode   = 0x0047
)

// ParseDir reads the decompressed stream "dir". It returns false when that
// ends early, with what came before.
func ParseDir(dir []byte) (Project, bool) {
	p := Project{CodePage: 1252}
	var m *Module
	for len(dir) >= 6 {
		id, size := binary.LittleEndian.Uint16(dir), int64(binary.LittleEndian.Uint32(dir[2:]))
		dir = dir[6:]
		if id == recordVersion {
			size = 6 // it says 4, of the first of its two fields
		}
		if size > int64(len(dir)) {
			return p, false
		}
		value := dir[:size]
		dir = dir[size:]
		if id == recordModuleName {
			p.Modules = append(p.Modules, Module{})
			m = &p.Modules[len(p.Modules)-1]
		}
		if m == nil {
			p.field(id, value)
		} else {
			m.field(id, value, p.CodePage)
		}
	}
	return p, len(dir) == 0 || m != nil
}

func (p *Project) field(id uint16, value []byte) {
	switch id {
	case recordCodePage:
		if len(value) >= 2 {
			p.CodePage = binary.LittleEndian.Uint16(value)
		}
	case recordName:
		p.Name = Text(value, p.CodePage)
	}
}

func (m *Module) field(id uint16, value []byte, page uint16) {
	switch id {
	case recordModuleName:
		m.Name = Text(value, page)
		m.Stream = m.Name
	case recordNameUnicode:
		m.Name = fromUTF16(value)
	case recordModuleStream:
		m.Stream = Text(value, page)
	case recordStreamUnicode:
		m.Stream = fromUTF16(value)
	case recordModuleOffset:
		if len(value) >= 4 {
			m.Offset = binary.LittleEndian.Uint32(value)
		}
	}
}

func fromUTF16(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}

package installertest

import (
	"encoding/binary"
	"unicode/utf16"
)

// Property is one MAPI property; the value as it stands there, without what
// fills it up.
type Property struct {
	ID, Kind uint16
	Value    []byte
}

// TNEFAttribute writes one attribute of a TNEF message: at level 1 of the
// message, at 2 of an attachment.
func TNEFAttribute(level byte, id uint32, value []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte{level}, id)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
	sum := uint16(0)
	for _, c := range value {
		sum += uint16(c)
	}
	return binary.LittleEndian.AppendUint16(append(b, value...), sum)
}

// Properties writes a list. Values of the kinds for text, bytes and objects
// are written with a count of one.
func Properties(list ...Property) []byte {
	b := u32(nil, len(list))
	for _, p := range list {
		b = binary.LittleEndian.AppendUint16(b, p.Kind)
		b = binary.LittleEndian.AppendUint16(b, p.ID)
		switch p.Kind {
		case 0x1e, 0x1f, 0x102, 0x0d:
			b = u32(b, 1, len(p.Value))
		}
		b = append(b, p.Value...)
		b = append(b, make([]byte, -len(p.Value)&3)...)
	}
	return b
}

// Unicode is a text as properties have it, with its end.
func Unicode(s string) []byte {
	var b []byte
	for _, u := range append(utf16.Encode([]rune(s)), 0) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// TNEFHead begins a message: the magic, a key and the version.
func TNEFHead() []byte {
	return append(u32(nil, 0x223e9f78), append([]byte{1, 0}, TNEFAttribute(1, 0x00089006, u32(nil, 0x10000))...)...)
}

// TNEF is a message with attachments, whose names stand in properties behind
// the data, as Outlook writes them.
func TNEF(files ...File) []byte {
	b := TNEFHead()
	for _, f := range files {
		b = append(b, TNEFAttribute(2, 0x00069002, make([]byte, 14))...)
		b = append(b, TNEFAttribute(2, 0x00018010, []byte("SHORT~1.COM\x00"))...)
		b = append(b, TNEFAttribute(2, 0x0006800f, f.Data)...)
		b = append(b, TNEFAttribute(2, 0x00069005, Properties(
			Property{ID: 0x3705, Kind: 3, Value: u32(nil, 1)}, Property{ID: 0x3707, Kind: 0x1f, Value: Unicode(f.Name)}))...)
	}
	return b
}

package authenticodetest

import (
	"crypto"
	"encoding/binary"
)

// NTAt is where the NT header of a Program lies.
const NTAt = 0x40

// Program is a PE file of headers, one section of code at 0x200 and nothing
// else, without signatures.
func Program(wide bool) []byte {
	out, le := make([]byte, 0x400), binary.LittleEndian
	copy(out, "MZ")
	le.PutUint32(out[0x3c:], NTAt)
	copy(out[NTAt:], "PE\x00\x00")
	magic, optional, extra := uint16(0x10b), NTAt+24, 0
	if wide {
		magic, extra = 0x20b, 16
	}
	le.PutUint16(out[optional:], magic)
	for at, v := range map[int]uint16{NTAt + 4: 0x14c, NTAt + 6: 1, NTAt + 20: uint16(0xe0 + extra), NTAt + 22: 0x102, optional + 40: 4, optional + 48: 4, optional + 68: 3} {
		le.PutUint16(out[at:], v)
	}
	section := optional + 0xe0 + extra
	for at, v := range map[int]uint32{
		optional + 16: 0x1000, optional + 32: 0x1000, optional + 36: 0x200, optional + 56: 0x2000, optional + 60: 0x200, optional + 92 + extra: 16,
		section + 8: 0x200, section + 12: 0x1000, section + 16: 0x200, section + 20: 0x200, section + 36: 0x60000020,
	} {
		le.PutUint32(out[at:], v)
	}
	copy(out[section:], ".text")
	for i := 0x200; i < len(out); i++ {
		out[i] = byte(i * 7)
	}
	return out
}

func nt(data []byte) int { return int(binary.LittleEndian.Uint32(data[0x3c:])) }

// DirectoryAt is where the entry of the certificate table stands.
func DirectoryAt(data []byte) int {
	if binary.LittleEndian.Uint16(data[nt(data)+24:]) == 0x20b {
		return nt(data) + 0xa8
	}
	return nt(data) + 0x98
}

// FileDigest is the digest of a program without signatures.
func FileDigest(h crypto.Hash, data []byte) []byte {
	d := DirectoryAt(data)
	return Hashed(h, data[:nt(data)+0x58], data[nt(data)+0x5c:d], data[d+8:])
}

// Attach puts a message at the end of a program.
func Attach(data, pkcs7 []byte) []byte {
	out := append([]byte{}, data...)
	d := DirectoryAt(out)
	binary.LittleEndian.PutUint32(out[d:], uint32(len(out)))
	binary.LittleEndian.PutUint32(out[d+4:], uint32(len(pkcs7)+8))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(pkcs7)+8))
	out = append(out, 0, 2, 2, 0)
	return append(out, pkcs7...)
}

// Signing is the message that signs a program.
func Signing(who *Identity, h crypto.Hash, data []byte) *Message {
	kind := TLV(0x30, OID(1, 3, 6, 1, 4, 1, 311, 2, 1, 15), TLV(0x30, []byte{3, 1, 0}))
	body := append(kind, TLV(0x30, Algorithm(DigestID(h)), TLV(4, FileDigest(h, data)))...)
	indirect := OID(1, 3, 6, 1, 4, 1, 311, 2, 1, 4)
	return &Message{Who: who, Hash: h, ContentType: indirect, Attributes: [][]byte{contentType(indirect)},
		Content: TLV(0x30, body), Signed: body}
}

package archivetest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
)

// Entry is a stored member.
type Entry struct {
	Name string
	Data []byte
}

// RARMember is a member as headers describe it.
type RARMember struct {
	Name    string
	Packed  []byte
	Size    uint32
	CRC     uint32
	Version byte // RAR 4: 20, 26, 29; RAR 5: 0, and 1 for that of RAR 7
	Packing byte // 0: stored
	Dict    byte // 64 KiB (RAR 4) or 128 KiB (RAR 5) times a power of two
	Flags   uint16
	Solid   bool
	Salt    []byte // RAR 4
	Extra   []byte // RAR 5
}

// Stored makes the RARMember that is not packed and tells the truth.
func Stored(e Entry) RARMember {
	return RARMember{Name: e.Name, Packed: e.Data, Size: uint32(len(e.Data)), CRC: crc32.ChecksumIEEE(e.Data), Version: 29}
}

// Packed makes the RARMember that unpacks to plain.
func Packed(name string, version byte, packed, plain []byte) RARMember {
	return RARMember{Name: name, Packed: packed, Size: uint32(len(plain)), CRC: crc32.ChecksumIEEE(plain), Version: version, Packing: 3, Dict: 2}
}

// RAR4 builds an archive of the older format of stored members. The flags are
// of the archive's header, as 1 for a part of several volumes, and of its end.
func RAR4(archiveFlags, endFlags uint16, entries ...Entry) []byte {
	var list []RARMember
	for _, e := range entries {
		list = append(list, Stored(e))
	}
	return RAR4Raw(archiveFlags, endFlags, list...)
}

// RAR4Raw builds an archive of the older format.
func RAR4Raw(archiveFlags, endFlags uint16, members ...RARMember) []byte {
	out := []byte("Rar!\x1a\x07\x00")
	for _, b := range RAR4Blocks(archiveFlags, endFlags, members...) {
		out = append(append(out, b[0]...), b[1]...)
	}
	return out
}

// RAR4Blocks gives the header and the data of each block of an archive.
func RAR4Blocks(archiveFlags, endFlags uint16, members ...RARMember) [][2][]byte {
	block := func(kind byte, flags uint16, body, data []byte) [2][]byte {
		h := []byte{kind}
		h = binary.LittleEndian.AppendUint16(h, flags)
		h = binary.LittleEndian.AppendUint16(h, uint16(7+len(body)))
		h = append(h, body...)
		out := binary.LittleEndian.AppendUint16(nil, uint16(crc32.ChecksumIEEE(h)))
		return [2][]byte{append(out, h...), data}
	}
	out := [][2][]byte{block(0x73, archiveFlags, make([]byte, 6), nil)}
	for _, m := range members {
		b := binary.LittleEndian.AppendUint32(nil, uint32(len(m.Packed)))
		b = binary.LittleEndian.AppendUint32(b, m.Size)
		b = append(b, 3) // Unix
		b = binary.LittleEndian.AppendUint32(b, m.CRC)
		b = binary.LittleEndian.AppendUint32(b, 0x21)
		b = append(b, m.Version, 0x30+m.Packing)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(m.Name)))
		b = binary.LittleEndian.AppendUint32(b, 0o100644)
		b = append(append(b, m.Name...), m.Salt...)
		flags := 0x8000 | m.Flags | uint16(m.Dict)<<5
		if m.Solid {
			flags |= 0x10
		}
		if m.Salt != nil {
			flags |= 0x404
		}
		out = append(out, block(0x74, flags, b, m.Packed))
	}
	return append(out, block(0x7b, 0x4000|endFlags, nil, nil))
}

// RAR5 builds an archive of the newer format of stored members. With a
// password they are encrypted with AES-256, the key derived in 2^4 rounds.
func RAR5(password string, entries ...Entry) []byte { return RAR5Rounds(password, rar5Log, entries...) }

// rar5Log is in how many rounds keys are really derived, as a power of two.
const rar5Log = 4

// RAR5Rounds is RAR5 with headers that say 2^log rounds.
func RAR5Rounds(password string, log byte, entries ...Entry) []byte {
	var list []RARMember
	for i, e := range entries {
		m := Stored(e)
		m.Version = 0
		if password != "" {
			m.Packed, m.Extra = rar5Encrypt(password, log, byte(i), e.Data)
		}
		list = append(list, m)
	}
	return RAR5Raw(list...)
}

// RAR5Raw builds an archive of the newer format.
func RAR5Raw(members ...RARMember) []byte {
	out := []byte("Rar!\x1a\x07\x01\x00")
	for _, b := range RAR5Blocks(members...) {
		out = append(append(out, b[0]...), b[1]...)
	}
	return out
}

// RAR5Blocks gives the header and the data of each block of an archive.
func RAR5Blocks(members ...RARMember) [][2][]byte {
	out := [][2][]byte{rar5Block(1, 0, []byte{0}, nil, nil)}
	for _, m := range members {
		b := []byte{4} // the checksum follows
		b = binary.AppendUvarint(b, uint64(m.Size))
		b = binary.AppendUvarint(b, 0o100644)
		b = binary.LittleEndian.AppendUint32(b, m.CRC)
		how := uint64(m.Version) | uint64(m.Packing)<<7 | uint64(m.Dict)<<10
		if m.Solid {
			how |= 0x40
		}
		b = binary.AppendUvarint(b, how)
		b = append(b, 1) // Unix
		b = binary.AppendUvarint(b, uint64(len(m.Name)))
		out = append(out, rar5Block(2, 2|byte(m.Flags), append(b, m.Name...), m.Extra, m.Packed))
	}
	return append(out, rar5Block(5, 0, []byte{0}, nil, nil))
}

func rar5Block(kind, flags byte, body, extra, data []byte) [2][]byte {
	if extra != nil {
		flags |= 1
	}
	h := []byte{kind, flags}
	if extra != nil {
		h = binary.AppendUvarint(h, uint64(len(extra)))
	}
	if flags&2 != 0 {
		h = binary.AppendUvarint(h, uint64(len(data)))
	}
	h = append(append(h, body...), extra...)
	h = append(binary.AppendUvarint(nil, uint64(len(h))), h...)
	out := binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(h))
	return [2][]byte{append(out, h...), data}
}

// rar5Encrypt gives the packed bytes and the record that describes them.
func rar5Encrypt(password string, log, seed byte, data []byte) ([]byte, []byte) {
	salt, iv := make([]byte, 16), make([]byte, 16)
	for i := range salt {
		salt[i], iv[i] = seed+byte(i), seed^byte(3*i)
	}
	keys := rar5Keys(password, salt, 1<<rar5Log)
	padded := append([]byte{}, data...)
	for len(padded)%16 != 0 {
		padded = append(padded, 0)
	}
	c, err := aes.NewCipher(keys[0])
	if err != nil {
		panic(err)
	}
	cipher.NewCBCEncrypter(c, iv).CryptBlocks(padded, padded)
	check := make([]byte, 8)
	for i, b := range keys[2] {
		check[i%8] ^= b
	}
	sum := sha256.Sum256(check)
	r := []byte{1, 0, 1, log}
	r = append(append(append(append(r, salt...), iv...), check...), sum[:4]...)
	return padded, append(binary.AppendUvarint(nil, uint64(len(r))), r...)
}

// rar5Keys is PBKDF2 that goes on for 16 rounds twice.
func rar5Keys(password string, salt []byte, rounds int) [3][]byte {
	mac := hmac.New(sha256.New, []byte(password))
	mac.Write(append(append([]byte{}, salt...), 0, 0, 0, 1))
	u := mac.Sum(nil)
	t := append([]byte{}, u...)
	var out [3][]byte
	for i, n := range []int{rounds - 1, 16, 16} {
		for range n {
			mac.Reset()
			mac.Write(u)
			u = mac.Sum(u[:0])
			for j := range t {
				t[j] ^= u[j]
			}
		}
		out[i] = append([]byte{}, t...)
	}
	return out
}

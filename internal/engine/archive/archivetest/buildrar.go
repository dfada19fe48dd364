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

// RAR4 builds an archive of the older format; more sets flags of the archive
// header, as 1 for a part of several volumes, and of the end.
func RAR4(archiveFlags, endFlags uint16, entries ...Entry) []byte {
	block := func(kind byte, flags uint16, body, data []byte) []byte {
		h := []byte{kind}
		h = binary.LittleEndian.AppendUint16(h, flags)
		h = binary.LittleEndian.AppendUint16(h, uint16(7+len(body)))
		h = append(h, body...)
		out := binary.LittleEndian.AppendUint16(nil, uint16(crc32.ChecksumIEEE(h)))
		return append(append(out, h...), data...)
	}
	out := append([]byte("Rar!\x1a\x07\x00"), block(0x73, archiveFlags, make([]byte, 6), nil)...)
	for _, e := range entries {
		b := binary.LittleEndian.AppendUint32(nil, uint32(len(e.Data)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(e.Data)))
		b = append(b, 3) // Unix
		b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(e.Data))
		b = binary.LittleEndian.AppendUint32(b, 0x21)
		b = append(b, 29, 0x30)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(e.Name)))
		b = binary.LittleEndian.AppendUint32(b, 0o100644)
		out = append(out, block(0x74, 0x8000, append(b, e.Name...), e.Data)...)
	}
	return append(out, block(0x7b, 0x4000|endFlags, nil, nil)...)
}

// RAR5 builds an archive of the newer format. With a password its members are
// encrypted with AES-256, the key derived in 2^4 rounds.
func RAR5(password string, entries ...Entry) []byte { return RAR5Rounds(password, rar5Log, entries...) }

// rar5Log is in how many rounds keys are really derived, as a power of two.
const rar5Log = 4

// RAR5Rounds is RAR5 with headers that say 2^log rounds.
func RAR5Rounds(password string, log byte, entries ...Entry) []byte {
	out := []byte("Rar!\x1a\x07\x01\x00")
	out = append(out, rar5Block(1, 0, []byte{0}, nil, nil)...)
	for i, e := range entries {
		data, extra := e.Data, []byte(nil)
		if password != "" {
			data, extra = rar5Encrypt(password, log, byte(i), e.Data)
		}
		b := []byte{4} // the checksum follows
		b = binary.AppendUvarint(b, uint64(len(e.Data)))
		b = binary.AppendUvarint(b, 0o100644)
		b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(e.Data))
		b = append(b, 0, 1) // stored, Unix
		b = binary.AppendUvarint(b, uint64(len(e.Name)))
		out = append(out, rar5Block(2, 2, append(b, e.Name...), extra, data)...)
	}
	return append(out, rar5Block(5, 0, []byte{0}, nil, nil)...)
}

func rar5Block(kind, flags byte, body, extra, data []byte) []byte {
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
	return append(append(out, h...), data...)
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

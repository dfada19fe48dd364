// Package zipcrypto writes files into zip archives under the traditional
// encryption of PKWARE's APPNOTE, section 6.1, which every unpacker knows. That
// cipher keeps nothing secret: it keeps other programs from opening, running or
// deleting by accident what is handed on under a password that all know. It
// never compresses, reads no archives, and must not be used to hide anything.
package zipcrypto

import (
	"archive/zip"
	"fmt"
	"hash/crc32"
	"io"
	"time"
)

// headerSize is how many bytes stand before the encrypted content.
const headerSize = 12

// File is one file of an archive. Its CRC-32 and size must be known before its
// bytes are written, as they stand before them.
type File struct {
	Name     string
	Modified time.Time
	CRC32    uint32
	Size     int64 // in bytes
}

// Add begins a file in an archive. Exactly File.Size bytes are then written to
// what it gives, before anything else is written to the archive. Random is read
// for eleven bytes.
func Add(archive *zip.Writer, random io.Reader, password string, f File) (io.Writer, error) {
	header := &zip.FileHeader{
		Name: f.Name, Method: zip.Store, Modified: f.Modified, Flags: 1,
		CRC32: f.CRC32, UncompressedSize64: uint64(f.Size), CompressedSize64: uint64(f.Size) + headerSize,
		CreatorVersion: 3<<8 | 20, ReaderVersion: 20, ExternalAttrs: 0o100600 << 16,
	}
	//lint:ignore SA1019 a raw header is written as it is: nobody makes these of Modified
	header.ModifiedDate, header.ModifiedTime = dosTime(f.Modified)
	raw, err := archive.CreateRaw(header)
	if err != nil {
		return nil, fmt.Errorf("zip %s: %w", f.Name, err)
	}
	w := &writer{to: raw, keys: newKeys(password)}
	var head [headerSize]byte
	if _, err := io.ReadFull(random, head[:headerSize-1]); err != nil {
		return nil, fmt.Errorf("zip %s: %w", f.Name, err)
	}
	head[headerSize-1] = byte(f.CRC32 >> 24) // tells a wrong password
	if _, err := w.Write(head[:]); err != nil {
		return nil, fmt.Errorf("zip %s: %w", f.Name, err)
	}
	return w, nil
}

// dosTime is a time as zip files have it, which a raw entry does not get from
// Modified: to two seconds, and none before 1980.
func dosTime(t time.Time) (date, clock uint16) {
	if t.Year() < 1980 || t.Year() > 2107 {
		return 1<<5 | 1, 0 // 1980-01-01: all zero would be no date
	}
	return uint16(t.Day() + int(t.Month())<<5 + (t.Year()-1980)<<9), uint16(t.Second()/2 + t.Minute()<<5 + t.Hour()<<11)
}

// writer encrypts what goes through it.
type writer struct {
	to     io.Writer
	keys   keys
	buffer []byte
}

func (w *writer) Write(p []byte) (int, error) {
	w.buffer = w.buffer[:0]
	for _, b := range p {
		w.buffer = append(w.buffer, b^w.keys.stream())
		w.keys.update(b)
	}
	return w.to.Write(w.buffer)
}

// keys is the state of the cipher.
type keys struct {
	k     [3]uint32
	table *crc32.Table
}

func newKeys(password string) keys {
	// SPEC: APPNOTE 6.1.5: the keys begin as these and take in the password.
	k := keys{[3]uint32{0x12345678, 0x23456789, 0x34567890}, crc32.MakeTable(crc32.IEEE)}
	for i := range len(password) {
		k.update(password[i])
	}
	return k
}

func (k *keys) update(b byte) {
	k.k[0] = k.crc(k.k[0], b)
	k.k[1] = (k.k[1]+k.k[0]&0xff)*134775813 + 1
	k.k[2] = k.crc(k.k[2], byte(k.k[1]>>24))
}

func (k *keys) crc(c uint32, b byte) uint32 { return k.table[byte(c)^b] ^ c>>8 }

// stream is the next byte to mix in.
func (k *keys) stream() byte {
	t := k.k[2] | 2
	return byte(t * (t ^ 1) >> 8)
}

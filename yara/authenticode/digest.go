package authenticode

import (
	"crypto"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
)

// Digest algorithms.
const (
	oidMD5    = "1.2.840.113549.2.5"
	oidSHA1   = "1.3.14.3.2.26"
	oidSHA224 = "2.16.840.1.101.3.4.2.4"
	oidSHA256 = "2.16.840.1.101.3.4.2.1"
	oidSHA384 = "2.16.840.1.101.3.4.2.2"
	oidSHA512 = "2.16.840.1.101.3.4.2.3"
)

// newDigest gives the hash of an identifier, or nil for one not known here.
func newDigest(oid string) (hash.Hash, crypto.Hash) {
	switch oid {
	case oidMD5:
		return md5.New(), crypto.MD5
	case oidSHA1:
		return sha1.New(), crypto.SHA1
	case oidSHA224:
		return sha256.New224(), crypto.SHA224
	case oidSHA256:
		return sha256.New(), crypto.SHA256
	case oidSHA384:
		return sha512.New384(), crypto.SHA384
	case oidSHA512:
		return sha512.New(), crypto.SHA512
	}
	return nil, 0
}

// sum digests the pieces, or gives nil for an unknown algorithm.
func sum(oid string, pieces ...[]byte) []byte {
	h, _ := newDigest(oid)
	if h == nil {
		return nil
	}
	for _, p := range pieces {
		h.Write(p)
	}
	return h.Sum(nil)
}

// Where the parts of the file lie that its digest leaves out, from the NT
// header.
const (
	checksumAt    = 0x58
	checksumSize  = 4
	directoryAt   = 0x98 // the security directory; 16 more in a 64-bit image
	directorySize = 8
	wideExtra     = 16
)

// digest is the Authenticode digest of the file: all up to the signatures
// without the checksum and the entry that points to them. It is nil when the
// algorithm is not known, the parts overlap or the scan was told to stop.
func (f *File) digest(oid string) []byte {
	if d, ok := f.digests[oid]; ok {
		return d
	}
	h, _ := newDigest(oid)
	directory := f.NT + directoryAt
	if f.Wide {
		directory += wideExtra
	}
	if h == nil || f.At < directory+directorySize || f.At > int64(len(f.Data)) {
		return nil
	}
	whole := f.feed(h, f.Data[:f.NT+checksumAt]) &&
		f.feed(h, f.Data[f.NT+checksumAt+checksumSize:directory]) &&
		f.feed(h, f.Data[directory+directorySize:f.At])
	if !whole {
		return nil
	}
	if f.digests == nil {
		f.digests = map[string][]byte{}
	}
	f.digests[oid] = h.Sum(nil)
	return f.digests[oid]
}

const chunk = 1 << 20

func (f *File) feed(h hash.Hash, data []byte) bool {
	for len(data) > 0 {
		if f.Stop != nil && f.Stop() {
			return false
		}
		n := min(len(data), chunk)
		h.Write(data[:n])
		data = data[n:]
	}
	return true
}

// Package hash is YARA's module hash: digests and checksums of a range of the
// scanned bytes or of a string.
//
// A range that begins outside the data is Undefined. One that ends outside is
// cut at the end in YARA 4 and Undefined in YARA-X. A digest of the same range
// is computed once in a scan. MD5 and SHA-1 are here to name known files, not
// to protect anything.
package hash

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"hash/crc32"

	"vitrine/yara/internal/module"
)

// maxKept is how many results one scan keeps.
const maxKept = 1024

type algorithm uint8

const (
	algMD5 algorithm = iota
	algSHA1
	algSHA256
	algChecksum32
	algCRC32
)

type key struct {
	algorithm    algorithm
	offset, size int64
}

// state is the receiver of one scan: the results so far.
type state struct {
	kept map[key]module.Value
}

// Module returns the module with a fresh type tree.
func Module() *module.Module {
	return &module.Module{
		Name: "hash",
		Type: module.Struct(
			function("md5", algMD5, module.KindString),
			function("sha1", algSHA1, module.KindString),
			function("sha256", algSHA256, module.KindString),
			function("checksum32", algChecksum32, module.KindInt),
			function("crc32", algCRC32, module.KindInt),
		),
		Open: func(*module.Context) any { return &state{} },
	}
}

func function(name string, a algorithm, result module.Kind) module.Field {
	return module.Function(name,
		module.Overload("ii", result, func(c *module.Context, s *state, args []module.Value) module.Value {
			return s.ofRange(c, a, args[0].Int, args[1].Int)
		}),
		module.Free("s", result, func(c *module.Context, args []module.Value) module.Value {
			return a.of(c, args[0].Bytes)
		}))
}

func (s *state) ofRange(c *module.Context, a algorithm, offset, size int64) module.Value {
	data, ok := span(c, offset, size)
	if !ok {
		return module.Undefined()
	}
	k := key{a, offset, int64(len(data))}
	if v, ok := s.kept[k]; ok {
		return v
	}
	v := a.of(c, data)
	if s.kept == nil {
		s.kept = make(map[key]module.Value)
	}
	if len(s.kept) < maxKept && v.Kind != module.KindUndefined {
		s.kept[k] = v
	}
	return v
}

// span is the range of the dialect. YARA-X knows the empty range at the end.
func span(c *module.Context, offset, size int64) ([]byte, bool) {
	if !c.YARAX {
		return c.Range(offset, size)
	}
	n := int64(len(c.Data))
	if offset < 0 || size < 0 || offset > n || size > n-offset {
		return nil, false
	}
	return c.Data[offset : offset+size], true
}

func (a algorithm) of(c *module.Context, data []byte) module.Value {
	switch a {
	case algMD5:
		return digest(c, md5.New(), data)
	case algSHA1:
		return digest(c, sha1.New(), data)
	case algSHA256:
		return digest(c, sha256.New(), data)
	case algCRC32:
		return checksum(c, crc32.NewIEEE(), data)
	}
	return checksum(c, &sum32{}, data)
}

// feed writes piece by piece so that a cancelled scan ends soon.
func feed(c *module.Context, h hash.Hash, data []byte) bool {
	for len(data) > 0 {
		if c.Cancelled() {
			return false
		}
		n := min(len(data), module.Chunk)
		h.Write(data[:n])
		data = data[n:]
	}
	return true
}

func digest(c *module.Context, h hash.Hash, data []byte) module.Value {
	if !feed(c, h, data) {
		return module.Undefined()
	}
	return module.Bytes(hex.AppendEncode(nil, h.Sum(nil)))
}

func checksum(c *module.Context, h hash.Hash32, data []byte) module.Value {
	if !feed(c, h, data) {
		return module.Undefined()
	}
	return module.Int(int64(h.Sum32()))
}

// sum32 adds up bytes modulo 2^32.
type sum32 struct{ sum uint32 }

func (s *sum32) Write(p []byte) (int, error) {
	for _, b := range p {
		s.sum += uint32(b)
	}
	return len(p), nil
}

func (s *sum32) Sum32() uint32 { return s.sum }
func (s *sum32) Reset()        { s.sum = 0 }
func (s *sum32) Size() int     { return 4 }
func (s *sum32) BlockSize() int {
	return 1
}

func (s *sum32) Sum(b []byte) []byte {
	return append(b, byte(s.sum>>24), byte(s.sum>>16), byte(s.sum>>8), byte(s.sum))
}

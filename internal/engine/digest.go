package engine

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"hash"

	"vitrine/internal/engine/hashset"
	"vitrine/internal/engine/limit"
)

// digestStep is how many bytes are hashed between two looks at the budget.
const digestStep = 1 << 20

// digests computes those of data that a list needs.
func digests(b *limit.Budget, needs hashset.Algorithms, data []byte) (*hashset.Digests, error) {
	var list []hash.Hash
	add := func(a hashset.Algorithms, make func() hash.Hash) hash.Hash {
		if needs&a == 0 {
			return nil
		}
		h := make()
		list = append(list, h)
		return h
	}
	h256, h1, h5 := add(hashset.SHA256, sha256.New), add(hashset.SHA1, sha1.New), add(hashset.MD5, md5.New)
	for len(data) > 0 {
		if err := b.Check(); err != nil {
			return nil, err
		}
		n := min(len(data), digestStep)
		for _, h := range list {
			h.Write(data[:n])
		}
		data = data[n:]
	}
	d := &hashset.Digests{}
	for _, x := range []struct {
		h   hash.Hash
		dst []byte
	}{{h256, d.SHA256[:0]}, {h1, d.SHA1[:0]}, {h5, d.MD5[:0]}} {
		if x.h != nil {
			x.h.Sum(x.dst)
		}
	}
	return d, nil
}

package hashset

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"math"
)

// names keeps every different name once: a length and the bytes. Lists of
// millions have a few thousand names, or one for each digest; both must fit.
type names struct{ blob []byte }

// bytes gives the name that begins at a place add returned.
func (n *names) bytes(at uint32) []byte {
	size, w := binary.Uvarint(n.blob[at:])
	from := int(at) + w
	return n.blob[from : from+int(size)]
}

func (n *names) at(at uint32) string { return string(n.bytes(at)) }

// index finds names already in the blob while a Set is built: a hash table of
// places, open addressing, at most half full. Zero means free, so places are
// kept plus one.
type index struct {
	seed  maphash.Seed
	table []uint32
	count int
}

// add returns the place of name, and appends it when it is new. Past 4 GiB of
// names, which only a Merge of huge lists can reach, an entry gets the first
// name rather than none.
func (x *index) add(n *names, name []byte) uint32 {
	if 2*(x.count+1) > len(x.table) {
		x.grow(n)
	}
	slot := x.slot(n, name)
	if at := x.table[slot]; at != 0 {
		return at - 1
	}
	if len(n.blob)+len(name)+binary.MaxVarintLen64 > math.MaxUint32 {
		return 0
	}
	at := uint32(len(n.blob))
	n.blob = binary.AppendUvarint(n.blob, uint64(len(name)))
	n.blob = append(n.blob, name...)
	x.table[slot] = at + 1
	x.count++
	return at
}

// slot is where name is, or where it belongs.
func (x *index) slot(n *names, name []byte) uint64 {
	mask := uint64(len(x.table) - 1)
	slot := maphash.Bytes(x.seed, name) & mask
	for x.table[slot] != 0 && !bytes.Equal(n.bytes(x.table[slot]-1), name) {
		slot = (slot + 1) & mask
	}
	return slot
}

func (x *index) grow(n *names) {
	old := x.table
	if old == nil {
		x.seed = maphash.MakeSeed()
	}
	x.table = make([]uint32, max(2*len(old), 64))
	for _, at := range old {
		if at != 0 {
			x.table[x.slot(n, n.bytes(at-1))] = at
		}
	}
}

package prefilter

import (
	"encoding/binary"
	"math/bits"
)

// filter is a Bloom filter that tests two bits of one word. The zero value is none.
type filter struct {
	words []byte // four of them each
	shift uint
}

// The size of a filter: sixteen bits and more for each window keep false
// positives near one in a hundred; 512 KiB at most leave room in the
// second-level cache.
const (
	minLogWords = 6
	maxLogWords = 17
)

// newFilter is for the hashes of windows of four bytes and more, and for those
// of three that are entered with every fourth byte there can be.
func newFilter(windows, threes []uint32) filter {
	n := len(windows) + len(threes)*foldedBytes
	if n == 0 {
		return filter{}
	}
	logWords := min(max(bits.Len(uint(n)), minLogWords), maxLogWords)
	f := filter{make([]byte, 4<<logWords), uint(32 - logWords)}
	for _, hash := range windows {
		f.add(hash)
	}
	for _, hash := range threes {
		for c := range uint32(foldedBytes) {
			f.add((hash*hashInverse | foldedByte(c)<<24) * hashMul)
		}
	}
	return f
}

// foldedBytes is how many values a folded byte can have.
const foldedBytes = 1 << 7

// foldedByte gives the values of folded bytes from 7 bits.
func foldedByte(c uint32) uint32 { return c&0x1F | c<<1&0xC0 | 0x20 }

func (f *filter) add(hash uint32) {
	word := f.words[hash>>f.shift*4:]
	binary.LittleEndian.PutUint32(word, load(word, 0)|1<<31>>(hash&31)|1<<31>>(hash>>5&31))
}

package prefilter

import "math/bits"

// filter is a Bloom filter that tests two bits of one word.
type filter struct {
	words []uint32
	shift uint
}

// The size of a filter: sixteen bits and more for each window keep false
// positives near one in a hundred; 512 KiB at most leave room in the
// second-level cache.
const (
	minLogWords = 6
	maxLogWords = 17
)

// newFilter is for windows of four bytes and more, and for those of three that
// are entered with every fourth byte there can be.
func newFilter(windows, threes []window) *filter {
	n := len(windows) + len(threes)*foldedBytes
	logWords := min(max(bits.Len(uint(n)), minLogWords), maxLogWords)
	f := &filter{make([]uint32, 1<<logWords), uint(32 - logWords)}
	for _, w := range windows {
		f.add(w.hash)
	}
	for _, w := range threes {
		for c := range uint32(foldedBytes) {
			f.add((w.hash*hashInverse | foldedByte(c)<<24) * hashMul)
		}
	}
	return f
}

// foldedBytes is how many values a folded byte can have.
const foldedBytes = 1 << 7

// foldedByte gives the values of folded bytes from 7 bits.
func foldedByte(c uint32) uint32 { return c&0x1F | c<<1&0xC0 | 0x20 }

func (f *filter) add(hash uint32) {
	f.words[hash>>f.shift] |= 1<<31>>(hash&31) | 1<<31>>(hash>>5&31)
}

// passes reports whether a window of this hash may be there.
func (f *filter) passes(hash uint32) bool {
	word := f.words[hash>>f.shift]
	return int32(word<<(hash&31)&(word<<(hash>>5&31))) < 0
}

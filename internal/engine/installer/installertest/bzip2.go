package installertest

import (
	"bytes"
	"cmp"
	"slices"
)

// bits are written highest first.
type bits struct {
	out  []byte
	hold uint64
	n    uint
}

func (w *bits) put(v uint64, n uint) {
	w.hold = w.hold<<n | v
	for w.n += n; w.n >= 8; {
		w.n -= 8
		w.out = append(w.out, byte(w.hold>>w.n))
	}
}

// bzip2Block is how many bytes a block of ours has; small, so that there are
// many.
const bzip2Block = 5000

// bzip2 packs data as installers do: blocks with a sign of one byte and without
// checksums. The codes are of 8 and 9 bits.
func bzip2(data []byte) []byte {
	var w bits
	for part := range slices.Chunk(runs(data), bzip2Block) {
		w.put(0x31, 8)
		w.block(part)
	}
	w.put(0x17, 8)
	if w.n > 0 {
		w.put(0, 8-w.n)
	}
	return w.out
}

// BZip2 packs data as the tool of that name does, as far as its reader can
// tell.
func BZip2(data []byte) []byte {
	w := bits{out: []byte("BZh9")}
	all := uint32(0)
	for part := range slices.Chunk(data, bzip2Block) {
		sum := bzip2Sum(part)
		all = all<<1 | all>>31
		all ^= sum
		w.put(0x314159, 24)
		w.put(0x265359, 24)
		w.put(uint64(sum), 32)
		w.put(0, 1)
		w.block(runs(part))
	}
	w.put(0x177245, 24)
	w.put(0x385090, 24)
	w.put(uint64(all), 32)
	w.put(0, 7)
	return w.out
}

// bzip2Sum is the CRC-32 with the bits of each byte highest first.
func bzip2Sum(data []byte) uint32 {
	sum := ^uint32(0)
	for _, c := range data {
		sum ^= uint32(c) << 24
		for range 8 {
			top := sum >> 31
			sum = sum<<1 ^ top*0x04c11db7
		}
	}
	return ^sum
}

// runs writes a count behind four equal bytes. No block may end within a run,
// which it does not as long as tests put no runs there.
func runs(data []byte) []byte {
	var out []byte
	for len(data) > 0 {
		n := 1
		for n < len(data) && n < 255 && data[n] == data[0] {
			n++
		}
		out = append(out, data[:min(n, 4)]...)
		if n >= 4 {
			out = append(out, byte(n-4))
		}
		data = data[n:]
	}
	return out
}

// block writes a block: sorted, moved to the front, runs counted.
func (w *bits) block(data []byte) {
	twice := append(bytes.Clone(data), data...)
	order := make([]int, len(data))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(bytes.Compare(twice[a:a+len(data)], twice[b:b+len(data)]), cmp.Compare(a, b))
	})
	w.put(uint64(slices.Index(order, 0)), 24)
	w.put(0xffff, 16) // all bytes are in use
	for range 16 {
		w.put(0xffff, 16)
	}
	front := make([]byte, 256)
	for i := range front {
		front[i] = byte(i)
	}
	var symbols []int
	zeros := 0
	for _, at := range order {
		c := twice[at+len(data)-1]
		i := bytes.IndexByte(front, c)
		if i == 0 {
			zeros++
			continue
		}
		symbols, zeros = append(digits(symbols, zeros), i+1), 0
		copy(front[1:i+1], front[:i])
		front[0] = c
	}
	w.symbols(append(digits(symbols, zeros), 257))
}

// digits writes a count in the two digits that are worth 1 and 2.
func digits(out []int, n int) []int {
	for ; n > 0; n = (n - 1) / 2 {
		out = append(out, (n+1)%2)
	}
	return out
}

func (w *bits) symbols(s []int) {
	w.put(2, 3) // tables
	groups := (len(s) + 49) / 50
	w.put(uint64(groups), 15)
	for range groups {
		w.put(0b10, 2) // always the other of the two
	}
	const long = 254 // symbols from here on have codes of 9 bits, others of 8
	for range 2 {
		w.put(8, 5)
		for range long {
			w.put(0, 1)
		}
		w.put(0b100, 3)
		w.put(0, 3)
	}
	for _, v := range s {
		if v < long {
			w.put(uint64(v), 8)
		} else {
			w.put(uint64(long+v), 9)
		}
	}
}

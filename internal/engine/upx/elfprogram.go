package upx

import (
	"bytes"
	"sort"

	"vitrine/internal/engine/limit"
)

// piece is a part of what came out and its place in the file.
type piece struct {
	at   uint64 // in the file
	from int    // in what came out
	size int
}

// program unpacks a program: its loaded segments first, in the order of its
// own table, then what lies between and behind them.
func (c *chain) program(i info) error {
	own, err := c.original()
	if err != nil {
		return err
	}
	var pieces []piece
	for _, s := range own.loads() {
		from := len(c.out.b)
		err = c.extent(s.size)
		pieces = append(pieces, piece{s.offset, from, len(c.out.b) - from})
		if err != nil {
			return c.arrange(pieces, err)
		}
	}
	pieces, err = c.between(own, i, pieces)
	return c.arrange(pieces, err)
}

// between adds what lies between the segments and behind them, as far as it is
// packed.
func (c *chain) between(own elfHead, i info, pieces []piece) ([]piece, error) {
	found := false
	for _, g := range own.gaps(i.file) {
		if !found && !c.findGap(g, i) {
			return pieces, damaged("what lies between the segments was not found")
		}
		found = true
		from := len(c.out.b)
		err := c.extent(g.size)
		pieces = append(pieces, piece{g.offset, from, len(c.out.b) - from})
		if err != nil {
			return pieces, err
		}
	}
	if i.file > 0 || !found && !c.findEnd() {
		return pieces, nil
	}
	from := len(c.out.b)
	err := c.rest()
	return append(pieces, piece{own.end(), from, len(c.out.b) - from}), err
}

// findEnd goes to the blocks of what lay behind the last segment, when nothing
// tells how long it was: they end with an empty one.
func (c *chain) findEnd() bool {
	for from, steps, tries := c.at, 0, 0; from+c.head <= len(c.data) && tries < maxTries; from++ {
		k, ok := c.block(c.data[from:], c.head)
		if !ok || k.packed == k.unpacked && k.method != 0 {
			continue
		}
		at := from
		for ; ok && k.filter == 0 && k.mark == 0 && k.extra == 0 && steps < len(c.data)+1<<16; steps++ {
			at += k.size + int(k.packed)
			k, ok = c.block(c.data[at:], c.head)
		}
		if at == from || !c.endHere(at) {
			continue
		}
		tries++
		if yes, _ := c.gapHere(from); yes {
			c.at = from
			return true
		}
	}
	return false
}

// endHere tells whether the blocks end at a place.
func (c *chain) endHere(at int) bool {
	return at+8 <= len(c.data) && c.order.Uint32(c.data[at:]) == 0
}

// rest unpacks blocks up to the empty one.
func (c *chain) rest() error {
	for !c.endHere(c.at) {
		if err := c.Budget.Check(); err != nil {
			return err
		}
		if _, err := c.next(); err != nil {
			return err
		}
	}
	return nil
}

// maxELFHead is more than the header and table of any program.
const maxELFHead = 64 + maxSegments*56

// original reads the header that the file had before, from the first block.
func (c *chain) original() (elfHead, error) {
	k, ok := c.block(c.data[c.at:], c.head)
	if !ok {
		return elfHead{}, damaged("the first block has impossible sizes")
	}
	method := k.method
	if c.head == oldBlockHead {
		method = c.method
	}
	p := make([]byte, min(k.unpacked, maxELFHead))
	p = p[:peek(p, c.data[c.at+k.size:][:k.packed], method)]
	own, ok := parseELF(p)
	if !ok || own.wide != c.wide || own.order != c.order {
		return own, damaged("the original header is damaged")
	}
	return own, nil
}

// end is where the last loaded segment ends.
func (h *elfHead) end() uint64 {
	end := uint64(0)
	for _, s := range h.loads() {
		end = max(end, s.end())
	}
	return end
}

// gaps are what lies between the loaded segments and behind the last, each
// after the segment before it, in the order of the table. file is the size of
// the file; when it is 0, not known, nothing is behind.
func (h *elfHead) gaps(file uint64) []segment {
	loads := h.loads()
	var gaps []segment
	for i, s := range loads {
		next := file
		for j, other := range loads {
			if i != j && other.offset >= s.end() {
				if next == 0 || other.offset < next {
					next = other.offset
				}
			}
		}
		if next > s.end() {
			gaps = append(gaps, segment{offset: s.end(), size: next - s.end()})
		}
	}
	return gaps
}

// findGap goes to the first block of the gaps. The loader lies before it, or
// behind; it differs from version to version and its size may be a lie, so the
// block is known by its size.
func (c *chain) findGap(g segment, i info) bool {
	sizes := []uint64{g.size}
	if i.block > 0 && i.block < g.size {
		sizes = append(sizes, i.block)
	}
	best, tries := len(c.data), 0
	for _, size := range sizes {
		if size>>32 != 0 {
			continue
		}
		word := make([]byte, 4)
		c.order.PutUint32(word, uint32(size))
		for at := c.at; at < best && tries < maxTries; at++ {
			n := bytes.Index(c.data[at:best], word)
			if n < 0 {
				break
			}
			at += n
			yes, tried := c.gapHere(at)
			if yes {
				best = at
			}
			if tried {
				tries++
			}
		}
	}
	if best == len(c.data) {
		return c.findGapBlocks(g)
	}
	c.at = best
	return true
}

// findGapBlocks is findGap for several blocks of a size that nothing tells:
// one behind the other, they are as long as the gap.
func (c *chain) findGapBlocks(g segment) bool {
	for from, steps := c.at, 0; from+c.head <= len(c.data); from++ {
		sum := uint64(0)
		for at := from; sum < g.size; steps++ {
			k, ok := c.block(c.data[at:], c.head)
			if !ok || k.filter != 0 || k.mark != 0 || k.extra != 0 || steps > len(c.data)+1<<16 {
				break
			}
			sum += uint64(k.unpacked)
			at += k.size + int(k.packed)
		}
		if sum == g.size {
			c.at = from
			return true
		}
	}
	return false
}

// gapHere tells whether a block of a gap is at a place: it has no filter, and
// unpacks at least to its first bytes. It tells too whether that was tried.
func (c *chain) gapHere(at int) (yes, tried bool) {
	k, ok := c.block(c.data[at:], c.head)
	if !ok || k.filter != 0 || k.mark != 0 {
		return false, false
	}
	if k.packed == k.unpacked {
		return k.method == 0 && k.extra == 0, false
	}
	method := k.method
	if c.head == oldBlockHead {
		method = c.method
	}
	if !knownMethod(method) {
		return false, false
	}
	p := make([]byte, min(k.unpacked, 256))
	return peek(p, c.data[at+k.size:][:k.packed], method) == len(p), true
}

// holes is how much of a file may be missing and taken as zeros.
const holes = 1 << 20

// arrange puts the pieces where they belong in the file. err is what ended the
// unpacking; it is given back, or a worse one.
func (c *chain) arrange(pieces []piece, err error) error {
	if limit.Final(err) || inOrder(pieces) {
		return err
	}
	sorted := append([]piece(nil), pieces...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].at < sorted[j].at })
	file := &buffer{budget: c.Budget, packed: c.out.packed, moved: true}
	for _, p := range sorted {
		if p.at > uint64(len(file.b)+holes) {
			err = worse(err, damaged("a segment at %#x lies far behind the others", p.at))
			break
		}
		from := c.out.b[p.from:][:p.size]
		if back := len(file.b) - int(p.at); back > 0 { // segments that share bytes
			n := copy(file.b[p.at:], from)
			from = from[n:]
		} else if e := file.zeros(int64(-back)); e != nil {
			err = worse(err, e)
			break
		}
		if e := file.write(from); e != nil {
			err = worse(err, e)
			break
		}
	}
	c.out.free()
	*c.out = *file
	return err
}

func inOrder(pieces []piece) bool {
	end := 0
	for _, p := range pieces {
		if p.at != uint64(end) || p.from != end {
			return false
		}
		end += p.size
	}
	return true
}

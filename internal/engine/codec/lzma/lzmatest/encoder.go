// Package lzmatest writes LZMA streams for tests: the caller says which
// symbols, so that a test can build what no compressor would, such as a
// thousand million zeros in a few bytes or a match at the far end of a
// dictionary. It finds no matches itself and is used by tests only.
package lzmatest

import "encoding/binary"

const probInit = 1 << 10

type lengths struct {
	choice, choice2 uint16
	low, mid        [16][8]uint16
	high            [256]uint16
}

// Encoder writes one stream. The zero value is not usable: see New.
type Encoder struct {
	Out []byte // the coded bytes; whole after Close

	lc, lp, pb uint
	low        uint64
	rng        uint32
	cache      byte
	cacheSize  int64

	history    []byte
	keep       int
	total      int64
	state      uint32
	rep        [4]uint32
	isMatch    [192]uint16
	isRep      [12]uint16
	isRepG0    [12]uint16
	isRepG1    [12]uint16
	isRepG2    [12]uint16
	isRep0Long [192]uint16
	slots      [4][64]uint16
	special    [128]uint16
	align      [16]uint16
	match, rem lengths
	literal    []uint16
}

// New makes an Encoder for lc, lp and pb. It remembers the last keep bytes,
// which is how far matches may reach.
func New(lc, lp, pb uint, keep int) *Encoder {
	e := &Encoder{lc: lc, lp: lp, pb: pb, keep: keep, rng: 0xffffffff, cacheSize: 1}
	e.literal = make([]uint16, 0x300<<(lc+lp))
	for _, p := range [][]uint16{e.isMatch[:], e.isRep[:], e.isRepG0[:], e.isRepG1[:], e.isRepG2[:],
		e.isRep0Long[:], e.special[:], e.align[:], e.literal, e.match.high[:], e.rem.high[:],
		e.slots[0][:], e.slots[1][:], e.slots[2][:], e.slots[3][:]} {
		fill(p)
	}
	for _, l := range []*lengths{&e.match, &e.rem} {
		l.choice, l.choice2 = probInit, probInit
		for i := range l.low {
			fill(l.low[i][:])
			fill(l.mid[i][:])
		}
	}
	return e
}

func fill(p []uint16) {
	for i := range p {
		p[i] = probInit
	}
}

// Properties is the byte that describes lc, lp and pb.
func (e *Encoder) Properties() byte { return byte(e.lc + 9*(e.lp+5*e.pb)) }

// Header is that of a .lzma file; size is negative for a stream with an end
// marker.
func (e *Encoder) Header(dict uint32, size int64) []byte {
	h := binary.LittleEndian.AppendUint32([]byte{e.Properties()}, dict)
	return binary.LittleEndian.AppendUint64(h, uint64(size))
}

// Total is how many bytes the stream decodes to.
func (e *Encoder) Total() int64 { return e.total }

func (e *Encoder) shiftLow() {
	if uint32(e.low) < 0xff000000 || e.low>>32 != 0 {
		carry := byte(e.low >> 32)
		for {
			e.Out = append(e.Out, e.cache+carry)
			e.cache = 0xff
			if e.cacheSize--; e.cacheSize == 0 {
				break
			}
		}
		e.cache = byte(e.low >> 24)
	}
	e.cacheSize++
	e.low = uint64(uint32(e.low) << 8)
}

func (e *Encoder) bit(p *uint16, b uint32) {
	bound := (e.rng >> 11) * uint32(*p)
	if b == 0 {
		e.rng = bound
		*p += (2048 - *p) >> 5
	} else {
		e.low += uint64(bound)
		e.rng -= bound
		*p -= *p >> 5
	}
	for e.rng < 1<<24 {
		e.rng <<= 8
		e.shiftLow()
	}
}

func (e *Encoder) tree(probs []uint16, n uint, v uint32) {
	m := uint32(1)
	for i := n; i > 0; i-- {
		b := v >> (i - 1) & 1
		e.bit(&probs[m], b)
		m = m<<1 | b
	}
}

func (e *Encoder) reverse(probs []uint16, n uint, v uint32) {
	m := uint32(1)
	for i := range n {
		b := v >> i & 1
		e.bit(&probs[m], b)
		m = m<<1 | b
	}
}

func (e *Encoder) direct(n uint, v uint32) {
	for i := n; i > 0; i-- {
		e.rng >>= 1
		if v>>(i-1)&1 == 1 {
			e.low += uint64(e.rng)
		}
		for e.rng < 1<<24 {
			e.rng <<= 8
			e.shiftLow()
		}
	}
}

func (e *Encoder) length(l *lengths, posState, v uint32) {
	switch {
	case v < 8:
		e.bit(&l.choice, 0)
		e.tree(l.low[posState][:], 3, v)
	case v < 16:
		e.bit(&l.choice, 1)
		e.bit(&l.choice2, 0)
		e.tree(l.mid[posState][:], 3, v-8)
	default:
		e.bit(&l.choice, 1)
		e.bit(&l.choice2, 1)
		e.tree(l.high[:], 8, v-16)
	}
}

func (e *Encoder) at(dist int) byte {
	if dist > len(e.history) {
		return 0
	}
	return e.history[len(e.history)-dist]
}

func (e *Encoder) remember(c byte) {
	if len(e.history) >= 2*e.keep {
		e.history = append(e.history[:0], e.history[len(e.history)-e.keep:]...)
	}
	e.history = append(e.history, c)
	e.total++
}

func (e *Encoder) posState() uint32 { return uint32(e.total) & (1<<e.pb - 1) }

// Literal codes one byte.
func (e *Encoder) Literal(c byte) {
	e.bit(&e.isMatch[e.state*16+e.posState()], 0)
	ctx := (uint32(e.total)&(1<<e.lp-1))<<e.lc + uint32(e.at(1))>>(8-e.lc)
	probs := e.literal[0x300*ctx : 0x300*(ctx+1)]
	if e.state < 7 {
		e.tree(probs, 8, uint32(c))
	} else {
		e.matched(probs, uint32(e.at(int(e.rep[0])+1)), c)
	}
	switch {
	case e.state < 4:
		e.state = 0
	case e.state < 10:
		e.state -= 3
	default:
		e.state -= 6
	}
	e.remember(c)
}

func (e *Encoder) matched(probs []uint16, match uint32, c byte) {
	m, offset := uint32(1), uint32(0x100)
	for i := 7; i >= 0; i-- {
		match <<= 1
		b := uint32(c) >> i & 1
		e.bit(&probs[offset+match&offset+m], b)
		m = m<<1 | b
		offset &= ^(match ^ (b << 8))
	}
}

func (e *Encoder) next(literal, other uint32) {
	if e.state < 7 {
		e.state = literal
	} else {
		e.state = other
	}
}

// Match codes n bytes, 2 to 273, from dist before.
func (e *Encoder) Match(dist, n int) {
	ps := e.posState()
	e.bit(&e.isMatch[e.state*16+ps], 1)
	e.bit(&e.isRep[e.state], 0)
	e.length(&e.match, ps, uint32(n-2))
	e.distance(n-2, uint32(dist-1))
	e.rep = [4]uint32{uint32(dist - 1), e.rep[0], e.rep[1], e.rep[2]}
	e.next(7, 10)
	e.copy(dist, n)
}

func (e *Encoder) distance(length int, d uint32) {
	slots := e.slots[min(length, 3)][:]
	if d < 4 {
		e.tree(slots, 6, d)
		return
	}
	top := uint(31)
	for d>>top == 0 {
		top--
	}
	n := top - 1
	slot := uint32(top)<<1 | d>>n&1
	e.tree(slots, 6, slot)
	base := (2 | slot&1) << n
	if slot < 14 {
		e.reverse(e.special[base-slot:], n, d-base)
		return
	}
	e.direct(n-4, (d-base)>>4)
	e.reverse(e.align[:], 4, (d-base)&15)
}

// Rep codes n bytes, 2 to 273, from the distance used which times ago, 0 to 3.
func (e *Encoder) Rep(which, n int) {
	ps := e.posState()
	e.bit(&e.isMatch[e.state*16+ps], 1)
	e.bit(&e.isRep[e.state], 1)
	if which == 0 {
		e.bit(&e.isRepG0[e.state], 0)
		e.bit(&e.isRep0Long[e.state*16+ps], 1)
	} else {
		e.bit(&e.isRepG0[e.state], 1)
		e.bit(&e.isRepG1[e.state], uint32(min(which-1, 1)))
		if which > 1 {
			e.bit(&e.isRepG2[e.state], uint32(which-2))
		}
	}
	d := e.rep[which]
	copy(e.rep[1:which+1], e.rep[:which])
	e.rep[0] = d
	e.length(&e.rem, ps, uint32(n-2))
	e.next(8, 11)
	e.copy(int(d)+1, n)
}

// ShortRep codes one byte from the last distance.
func (e *Encoder) ShortRep() {
	ps := e.posState()
	e.bit(&e.isMatch[e.state*16+ps], 1)
	e.bit(&e.isRep[e.state], 1)
	e.bit(&e.isRepG0[e.state], 0)
	e.bit(&e.isRep0Long[e.state*16+ps], 0)
	e.next(9, 11)
	e.copy(int(e.rep[0])+1, 1)
}

func (e *Encoder) copy(dist, n int) {
	for range n {
		e.remember(e.at(dist))
	}
}

// End codes the end marker.
func (e *Encoder) End() {
	ps := e.posState()
	e.bit(&e.isMatch[e.state*16+ps], 1)
	e.bit(&e.isRep[e.state], 0)
	e.length(&e.match, ps, 0)
	e.distance(0, 0xffffffff)
}

// Close writes the last bytes and returns all.
func (e *Encoder) Close() []byte {
	for range 5 {
		e.shiftLow()
	}
	return e.Out
}

// Bytes codes data as literals.
func (e *Encoder) Bytes(data []byte) {
	for _, c := range data {
		e.Literal(c)
	}
}

// Zeros codes n zero bytes, at least 4, in about n/4000 bytes. Nothing else may
// have been coded before.
func (e *Encoder) Zeros(n int64) {
	e.Literal(0)
	e.Literal(0)
	e.Match(1, int(min(n-2, 273)))
	for left := n - e.total; left > 1; left = n - e.total {
		e.repZeros(uint32(min(left, 273)))
	}
	if e.total < n {
		e.Literal(0)
	}
}

// repZeros is Rep of the last distance without the copy: what it would copy
// are zeros behind zeros.
func (e *Encoder) repZeros(n uint32) {
	ps := e.posState()
	e.bit(&e.isMatch[e.state*16+ps], 1)
	e.bit(&e.isRep[e.state], 1)
	e.bit(&e.isRepG0[e.state], 0)
	e.bit(&e.isRep0Long[e.state*16+ps], 1)
	e.length(&e.rem, ps, n-2)
	e.next(8, 11)
	e.total += int64(n)
}

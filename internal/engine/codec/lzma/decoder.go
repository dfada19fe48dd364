package lzma

import "errors"

const (
	states     = 12
	posStates  = 16
	litStates  = 7 // states below follow a literal
	minMatch   = 2
	alignBits  = 4
	endMarker  = 0xffffffff
	literalLen = 0x300
)

// lengths codes the length of a match, less two.
type lengths struct {
	choice, choice2 prob
	low, mid        [posStates][8]prob
	high            [256]prob
}

func (l *lengths) reset() {
	l.choice, l.choice2 = probInit, probInit
	for i := range l.low {
		resetProbs(l.low[i][:])
		resetProbs(l.mid[i][:])
	}
	resetProbs(l.high[:])
}

func (l *lengths) decode(c *rangeCoder, posState uint32) int {
	if c.bit(&l.choice) == 0 {
		return int(c.tree(l.low[posState][:], 3))
	}
	if c.bit(&l.choice2) == 0 {
		return 8 + int(c.tree(l.mid[posState][:], 3))
	}
	return 16 + int(c.tree(l.high[:], 8))
}

// properties are lc, lp and pb of a stream.
type properties struct{ lc, lp, pb uint }

func parseProperties(b byte) (properties, error) {
	if b >= 9*5*5 {
		return properties{}, errors.New("lzma: properties byte out of range")
	}
	v := uint(b)
	return properties{lc: v % 9, lp: v / 9 % 5, pb: v / 45}, nil
}

func (p properties) literals() int { return literalLen << (p.lc + p.lp) }

// decoder is the model of a stream.
type decoder struct {
	rc  rangeCoder
	win window

	props   properties
	state   uint32
	rep     [4]uint32 // the last distances, less one
	pending int       // bytes of a match not yet written
	ended   bool      // an end marker was met

	isMatch    [states * posStates]prob
	isRep      [states]prob
	isRepG0    [states]prob
	isRepG1    [states]prob
	isRepG2    [states]prob
	isRep0Long [states * posStates]prob
	slots      [4][64]prob
	special    [128]prob
	align      [1 << alignBits]prob
	match, rem lengths
	literal    []prob
}

// reset puts the model to its beginning; the window stays.
func (d *decoder) reset() {
	d.state, d.rep, d.pending, d.ended = 0, [4]uint32{}, 0, false
	for _, p := range [][]prob{d.isMatch[:], d.isRep[:], d.isRepG0[:], d.isRepG1[:], d.isRepG2[:],
		d.isRep0Long[:], d.special[:], d.align[:], d.literal} {
		resetProbs(p)
	}
	for i := range d.slots {
		resetProbs(d.slots[i][:])
	}
	d.match.reset()
	d.rem.reset()
}

// run decodes until the window is written up to limit, or an end marker.
func (d *decoder) run(limit int) error {
	d.finishMatch(limit)
	for d.win.pos < limit {
		if err := d.rc.ensure(); err != nil {
			return err
		}
		posState := uint32(d.win.written) & (1<<d.props.pb - 1)
		if d.rc.bit(&d.isMatch[d.state*posStates+posState]) == 0 {
			d.literalByte()
			continue
		}
		if err := d.matchOrRep(posState); err != nil {
			return err
		}
		if d.ended {
			d.rc.finish()
			return d.rc.ensure()
		}
		d.finishMatch(limit)
	}
	if d.rc.pos > d.rc.end {
		return d.rc.ensure()
	}
	return nil
}

func (d *decoder) finishMatch(limit int) {
	if n := min(d.pending, limit-d.win.pos); n > 0 {
		d.win.repeat(int(d.rep[0])+1, n)
		d.pending -= n
	}
}

func (d *decoder) literalByte() {
	prev := uint32(d.win.at(1))
	low := uint32(d.win.written) & (1<<d.props.lp - 1)
	ctx := low<<d.props.lc + prev>>(8-d.props.lc)
	probs := d.literal[literalLen*ctx : literalLen*(ctx+1)]
	if d.state < litStates {
		d.win.put(byte(d.rc.tree(probs, 8)))
	} else {
		d.win.put(d.rc.matched(probs, uint32(d.win.at(int(d.rep[0])+1))))
	}
	switch {
	case d.state < 4:
		d.state = 0
	case d.state < 10:
		d.state -= 3
	default:
		d.state -= 6
	}
}

// after is the state that follows: one of two, by whether a literal came last.
func (d *decoder) after(literal, other uint32) {
	if d.state < litStates {
		d.state = literal
	} else {
		d.state = other
	}
}

// matchOrRep decodes a match and leaves it in pending.
func (d *decoder) matchOrRep(posState uint32) error {
	if d.rc.bit(&d.isRep[d.state]) == 0 {
		d.rep[3], d.rep[2], d.rep[1] = d.rep[2], d.rep[1], d.rep[0]
		n := d.match.decode(&d.rc, posState)
		d.after(7, 10)
		d.rep[0] = d.distance(n)
		if d.rep[0] == endMarker {
			d.ended = true
			return nil
		}
		d.pending = n + minMatch
	} else if d.shortRep(posState) {
		d.after(9, 11)
		d.pending = 1
	} else {
		d.pending = d.rem.decode(&d.rc, posState) + minMatch
		d.after(8, 11)
	}
	if !d.win.reaches(int(d.rep[0]) + 1) {
		return errDistance
	}
	return nil
}

// shortRep chooses which of the last distances is repeated; true for a single
// byte of the last one.
func (d *decoder) shortRep(posState uint32) bool {
	if d.rc.bit(&d.isRepG0[d.state]) == 0 {
		return d.rc.bit(&d.isRep0Long[d.state*posStates+posState]) == 0
	}
	which := 1
	if d.rc.bit(&d.isRepG1[d.state]) == 1 {
		which = 2 + int(d.rc.bit(&d.isRepG2[d.state]))
	}
	dist := d.rep[which]
	copy(d.rep[1:which+1], d.rep[:which])
	d.rep[0] = dist
	return false
}

func (d *decoder) distance(length int) uint32 {
	slot := d.rc.tree(d.slots[min(length, 3)][:], 6)
	if slot < 4 {
		return slot
	}
	n := uint(slot>>1 - 1)
	dist := (2 | slot&1) << n
	if slot < 14 {
		return dist + d.rc.reverse(d.special[dist-slot:], n)
	}
	dist += d.rc.direct(n-alignBits) << alignBits
	return dist + d.rc.reverse(d.align[:], alignBits)
}

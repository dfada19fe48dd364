package rar

// undoAudio undoes RAR 3's filter of sound: each channel is predicted from its
// last three differences, whose weights follow what would have been better.
func undoAudio(dst, src []byte, channels int) {
	at := 0
	for c := range channels {
		var p audioChannel
		for i := c; i < len(dst); i += channels {
			dst[i] = p.next(int(int8(src[at])))
			at++
		}
	}
}

type audioChannel struct {
	last    int // byte, 0 to 255
	delta   int // of the last two, -128 to 127
	d       [3]int
	k       [3]int
	missed  [7]int
	decoded int
}

// next takes a stored difference and gives the byte.
func (p *audioChannel) next(stored int) byte {
	p.d[2] = p.d[1]
	p.d[1] = p.delta - p.d[0]
	p.d[0] = p.delta
	guess := 8*p.last + p.k[0]*p.d[0] + p.k[1]*p.d[1] + p.k[2]*p.d[2]
	b := byte(guess>>3 - stored)

	miss := stored << 3
	for i, v := range [7]int{0, -p.d[0], p.d[0], -p.d[1], p.d[1], -p.d[2], p.d[2]} {
		p.missed[i] += abs(miss + v)
	}
	p.delta = int(int8(int(b) - p.last))
	p.last = int(b)
	if p.decoded&0x1f == 0 {
		p.adapt()
	}
	p.decoded++
	return b
}

// adapt moves the weight whose change would have missed least.
func (p *audioChannel) adapt() {
	best := 0
	for i, m := range p.missed {
		if m < p.missed[best] {
			best = i
		}
	}
	p.missed = [7]int{}
	if best == 0 {
		return
	}
	k := &p.k[(best-1)/2]
	if best%2 == 1 {
		if *k >= -16 {
			*k--
		}
	} else if *k < 16 {
		*k++
	}
}

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}

package ppmd

// symbol decodes one symbol in the current context, or in shorter ones as long
// as an escape is coded.
func (d *Decoder) symbol() int {
	m := &d.model
	d.nextStamp()
	if n := m.numStats(m.min); n != 1 {
		if s, done := d.among(n); done {
			return s
		}
	} else {
		s := one(m.min)
		p := d.binaryProb(s)
		v := uint32(*p)
		mean := (v + 1<<(periodBits-2)) >> periodBits
		if !d.bit(v) {
			*p = uint16(v + 1<<intBits - mean)
			return d.binaryFound(s)
		}
		v -= mean
		*p = uint16(v)
		escape := [16]uint8{25, 14, 9, 7, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2}
		m.initEsc = uint32(escape[v>>10])
		m.mask[m.sym(s)] = m.stamp
		m.prevOK = 0
	}
	for {
		masked := m.numStats(m.min)
		for m.numStats(m.min) == masked {
			m.orderFall++
			if m.min = m.suffix(m.min); m.min == 0 {
				return endSymbol
			}
		}
		if s, done := d.unmasked(masked); done {
			return s
		}
	}
}

// nextStamp unmasks all symbols.
func (m *model) nextStamp() {
	if m.stamp++; m.stamp == 0 {
		m.mask, m.stamp = [256]byte{}, 1
	}
}

// among decodes in a context of n symbols. done is false for an escape.
func (d *Decoder) among(n uint32) (symbol int, done bool) {
	m := &d.model
	s := m.stats(m.min)
	sum := m.sum(m.min)
	count := d.threshold(sum)
	high := m.freq(s)
	if count < high {
		d.decode(0, high)
		m.found = s
		b := int(m.sym(s))
		m.foundFirst()
		return b, true
	}
	m.prevOK = 0
	for range n - 1 {
		s += stateSize
		f := m.freq(s)
		if high += f; high > count {
			d.decode(high-f, f)
			m.found = s
			b := int(m.sym(s))
			m.foundLater()
			return b, true
		}
	}
	if count >= sum {
		return badSymbol, true
	}
	m.highBits = highBit(m.sym(m.found))
	d.decode(high, sum-high)
	for range n {
		m.mask[m.sym(s)] = m.stamp
		s -= stateSize
	}
	return 0, false
}

// highBit is 8 for the bytes of texts and above.
func highBit(b byte) uint32 {
	if b >= 0x40 {
		return 8
	}
	return 0
}

func (m *model) binaryProb(s ref) *uint16 {
	m.highBits = highBit(m.sym(m.found))
	at := m.prevOK + classOf(m.numStats(m.suffix(m.min))) + m.highBits +
		2*highBit(m.sym(s)) + uint32(m.runLength)>>26&0x20
	return &m.binary[m.freq(s)-1][at]
}

// classOf sorts contexts by how many symbols they have.
func classOf(n uint32) uint32 {
	switch {
	case n == 1:
		return 0
	case n == 2:
		return 2
	case n <= 11:
		return 4
	}
	return 6
}

func (m *model) binaryFound(s ref) int {
	m.found = s
	b := int(m.sym(s))
	if f := m.freq(s); f < 128 {
		m.setFreq(s, f+1)
	}
	m.prevOK = 1
	m.runLength++
	m.nextContext()
	return b
}

// unmasked decodes among the symbols not ruled out yet. done is false for an
// escape.
func (d *Decoder) unmasked(masked uint32) (symbol int, done bool) {
	m := &d.model
	n := int(m.numStats(m.min) - masked)
	high := uint32(0)
	s := m.stats(m.min)
	for i := 0; i < n; s += stateSize {
		if m.mask[m.sym(s)] != m.stamp {
			high += m.freq(s)
			m.candidates[i] = s
			i++
		}
	}
	e, esc := m.escape(masked)
	sum := high + esc
	count := d.threshold(sum)
	if count < high {
		at, i := uint32(0), 0
		for {
			s = m.candidates[i]
			if at += m.freq(s); at > count {
				break
			}
			i++
		}
		d.decode(at-m.freq(s), m.freq(s))
		e.hit()
		m.found = s
		b := int(m.sym(s))
		m.foundMasked()
		return b, true
	}
	if count >= sum {
		return badSymbol, true
	}
	d.decode(high, sum-high)
	e.sum += uint16(sum)
	for _, s := range m.candidates[:n] {
		m.mask[m.sym(s)] = m.stamp
	}
	return 0, false
}

func (e *see) hit() {
	if e.shift < periodBits {
		if e.count--; e.count == 0 {
			e.sum <<= 1
			e.count = 3 << e.shift
			e.shift++
		}
	}
}

// escape estimates the frequency of another escape.
func (m *model) escape(masked uint32) (*see, uint32) {
	n := m.numStats(m.min)
	if n == 256 {
		return &m.dummy, 1
	}
	left := n - masked
	at := above(m.numStats(m.suffix(m.min))-n, left) + 2*above(11*n, m.sum(m.min)) + 4*above(masked, left) + m.highBits
	e := &m.see[seeClass(left)][at]
	r := uint32(e.sum >> e.shift)
	e.sum -= uint16(r)
	return e, max(r, 1)
}

// seeClass sorts by the number of symbols left: one by one at first, then in
// steps that grow by one.
func seeClass(left uint32) int {
	left--
	if left < 3 {
		return int(left)
	}
	class, step := 3, uint32(1)
	for i := uint32(3); ; class++ {
		if i += step; left < i {
			return class
		}
		step++
	}
}

func (m *model) nextContext() {
	if next := m.succ(m.found); m.orderFall == 0 && next > m.text {
		m.min, m.max = next, next
		return
	}
	m.update()
}

// foundFirst, foundLater and foundMasked count a symbol of a context of many:
// its first, another one, and one found after an escape.
func (m *model) foundFirst() {
	s := m.found
	f := m.freq(s)
	m.prevOK = above(2*f, m.sum(m.min))
	m.runLength += int32(m.prevOK)
	m.setSum(m.min, m.sum(m.min)+4)
	m.setFreq(s, f+4)
	if f+4 > maxFreq {
		m.rescale()
	}
	m.nextContext()
}

func (m *model) foundLater() {
	s := m.found
	m.setFreq(s, m.freq(s)+4)
	m.setSum(m.min, m.sum(m.min)+4)
	if m.freq(s) > m.freq(s-stateSize) {
		m.swap(s, s-stateSize)
		m.found = s - stateSize
		if m.freq(m.found) > maxFreq {
			m.rescale()
		}
	}
	m.nextContext()
}

func (m *model) foundMasked() {
	f := m.freq(m.found) + 4
	m.setSum(m.min, m.sum(m.min)+4)
	m.setFreq(m.found, f)
	if f > maxFreq {
		m.rescale()
	}
	m.runLength = m.initRun
	m.update()
}

// rescale halves the frequencies of the context and sorts by them.
func (m *model) rescale() {
	stats := m.stats(m.min)
	s := m.found
	for ; s != stats; s -= stateSize {
		m.swap(s, s-stateSize)
	}
	esc := m.sum(m.min) - m.freq(s)
	adder := uint32(0)
	if m.orderFall != 0 {
		adder = 1
	}
	m.setFreq(s, (m.freq(s)+4+adder)>>1)
	sum := m.freq(s)
	n := m.numStats(m.min)
	for range n - 1 {
		s += stateSize
		esc -= m.freq(s)
		m.setFreq(s, (m.freq(s)+adder)>>1)
		sum += m.freq(s)
		for t := s; t != stats && m.freq(t) > m.freq(t-stateSize); t -= stateSize {
			m.swap(t, t-stateSize)
		}
	}
	if m.freq(s) == 0 && m.dropUnused(s, n, &esc) {
		return
	}
	m.setSum(m.min, sum+esc-esc>>1)
	m.found = m.stats(m.min)
}

// dropUnused removes the symbols at the end whose frequency has become 0. It
// returns true when one symbol only is left.
func (m *model) dropUnused(s ref, n uint32, esc *uint32) bool {
	gone := uint32(0)
	for ; m.freq(s) == 0; s -= stateSize {
		gone++
	}
	*esc += gone
	stats := m.stats(m.min)
	m.put16(m.min, n-gone)
	if n-gone == 1 {
		f := m.freq(stats)
		for {
			f -= f >> 1
			if *esc >>= 1; *esc <= 1 {
				break
			}
		}
		m.setFreq(stats, f)
		var only [stateSize]byte
		copy(only[:], m.mem[stats:])
		m.insert(stats, m.list((n+1)/2))
		copy(m.mem[one(m.min):], only[:])
		m.found = one(m.min)
		return true
	}
	if from, to := (n+1)/2, (n-gone+1)/2; from != to {
		m.put32(m.min+4, m.shrink(stats, from, to))
	}
	return false
}

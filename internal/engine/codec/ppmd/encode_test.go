package ppmd

// encoder is the other side of Decoder: the same model, and range coders that
// write. It shares the model's code; what it shows is that the coders and the
// ways through a symbol fit. That the model is the right one is shown by
// archives of 7-Zip.
type encoder struct {
	model
	rar   bool
	out   []byte
	low   uint64
	rng   uint32
	cache byte
	size  int64
}

func newEncoder(order int, memory uint32, rar bool) *encoder {
	e := &encoder{rar: rar, rng: 0xffffffff, size: 1}
	e.allocate(memory)
	e.begin(order)
	return e
}

func (e *encoder) shift() {
	if uint32(e.low) < 0xff000000 || e.low>>32 != 0 {
		carry := byte(e.low >> 32)
		for {
			e.out = append(e.out, e.cache+carry)
			e.cache = 0xff
			if e.size--; e.size == 0 {
				break
			}
		}
		e.cache = byte(e.low >> 24)
	}
	e.size++
	e.low = uint64(uint32(e.low) << 8)
}

func (e *encoder) interval(start, size, total uint32) {
	e.rng /= total
	e.part(start*e.rng, size*e.rng)
}

func (e *encoder) part(start, rng uint32) {
	e.low += uint64(start)
	e.rng = rng
	if !e.rar {
		for e.rng < topValue {
			e.rng <<= 8
			e.shift()
		}
		return
	}
	low := uint32(e.low)
	for {
		if low^(low+e.rng) >= topValue {
			if e.rng >= bottom {
				break
			}
			e.rng = -low & (bottom - 1)
		}
		e.out = append(e.out, byte(low>>24))
		low <<= 8
		e.rng <<= 8
	}
	e.low = uint64(low)
}

func (e *encoder) flush() []byte {
	if e.rar {
		for i := range 4 {
			e.out = append(e.out, byte(uint32(e.low)>>(24-8*i)))
		}
		return e.out
	}
	for range 5 {
		e.shift()
	}
	return e.out
}

// symbol codes a byte, or with -1 the end.
func (e *encoder) symbol(target int) {
	m := &e.model
	m.nextStamp()
	if n := m.numStats(m.min); n != 1 {
		if e.among(n, target) {
			return
		}
	} else if e.binarySymbol(target) {
		return
	}
	for {
		masked := m.numStats(m.min)
		for m.numStats(m.min) == masked {
			m.orderFall++
			if m.min = m.suffix(m.min); m.min == 0 {
				return
			}
		}
		if e.unmasked(masked, target) {
			return
		}
	}
}

func (e *encoder) binarySymbol(target int) bool {
	m := &e.model
	s := one(m.min)
	p := m.binaryProb(s)
	v := uint32(*p)
	mean := (v + 1<<(periodBits-2)) >> periodBits
	unit := e.rng >> binBits
	if int(m.sym(s)) == target {
		*p = uint16(v + 1<<intBits - mean)
		e.part(0, unit*v)
		m.binaryFound(s)
		return true
	}
	rest := e.rng - unit*v
	if e.rar {
		rest = unit * (1<<binBits - v)
	}
	e.part(unit*v, rest)
	v -= mean
	*p = uint16(v)
	m.initEsc = uint32([16]uint8{25, 14, 9, 7, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2}[v>>10])
	m.mask[m.sym(s)] = m.stamp
	m.prevOK = 0
	return false
}

func (e *encoder) among(n uint32, target int) bool {
	m := &e.model
	s, sum, low := m.stats(m.min), m.sum(m.min), uint32(0)
	for i := range n {
		f := m.freq(s)
		if int(m.sym(s)) == target {
			e.interval(low, f, sum)
			m.found = s
			if i == 0 {
				m.foundFirst()
			} else {
				m.prevOK = 0
				m.foundLater()
			}
			return true
		}
		low += f
		s += stateSize
	}
	m.prevOK = 0
	m.highBits = highBit(m.sym(m.found))
	e.interval(low, sum-low, sum)
	for range n {
		s -= stateSize
		m.mask[m.sym(s)] = m.stamp
	}
	return false
}

func (e *encoder) unmasked(masked uint32, target int) bool {
	m := &e.model
	n := int(m.numStats(m.min) - masked)
	high, at, hit := uint32(0), uint32(0), ref(0)
	s := m.stats(m.min)
	for i := 0; i < n; s += stateSize {
		if m.mask[m.sym(s)] == m.stamp {
			continue
		}
		if int(m.sym(s)) == target {
			at, hit = high, s
		}
		high += m.freq(s)
		m.candidates[i] = s
		i++
	}
	x, esc := m.escape(masked)
	sum := high + esc
	if hit != 0 {
		e.interval(at, m.freq(hit), sum)
		x.hit()
		m.found = hit
		m.foundMasked()
		return true
	}
	e.interval(high, esc, sum)
	x.sum += uint16(sum)
	for _, s := range m.candidates[:n] {
		m.mask[m.sym(s)] = m.stamp
	}
	return false
}

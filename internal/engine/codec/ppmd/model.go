package ppmd

const (
	maxFreq    = 124
	intBits    = 7
	periodBits = 7
	binBits    = 14
)

// see estimates how often an escape follows.
type see struct {
	sum   uint16
	shift uint8
	count uint8
}

// model predicts each byte by the ones before it.
type model struct {
	heap
	order      int
	min, max   ref // contexts: the one to decode in, and the longest
	found      ref // symbol decoded last
	orderFall  int
	initEsc    uint32
	prevOK     uint32 // the last symbol was the likely one
	runLength  int32
	initRun    int32
	highBits   uint32
	binary     [128][64]uint16
	see        [25][16]see
	dummy      see
	mask       [256]byte // symbols already ruled out have the current stamp
	stamp      byte
	candidates [256]ref
}

// Symbols and contexts by their places.
func (m *model) sym(s ref) byte          { return m.mem[s] }
func (m *model) freq(s ref) uint32       { return uint32(m.mem[s+1]) }
func (m *model) setFreq(s ref, f uint32) { m.mem[s+1] = byte(f) }
func (m *model) succ(s ref) ref          { return m.u32(s + 2) }
func (m *model) setSucc(s, to ref)       { m.put32(s+2, to) }
func (m *model) numStats(c ref) uint32   { return m.u16(c) }
func (m *model) sum(c ref) uint32        { return m.u16(c + 2) }
func (m *model) setSum(c ref, v uint32)  { m.put16(c+2, v) }
func (m *model) stats(c ref) ref         { return m.u32(c + 4) }
func (m *model) suffix(c ref) ref        { return m.u32(c + 8) }
func one(c ref) ref                      { return c + 2 } // the only symbol of a context

func (m *model) copyState(to, from ref) { copy(m.mem[to:to+stateSize], m.mem[from:from+stateSize]) }

func (m *model) swap(a, b ref) {
	var t [stateSize]byte
	copy(t[:], m.mem[a:])
	m.copyState(a, b)
	copy(m.mem[b:], t[:])
}

func (m *model) begin(order int) {
	m.order = order
	m.dummy = see{shift: periodBits, count: 64}
	m.mask, m.stamp = [256]byte{}, 0
	m.restart()
}

// restart empties the model, at the start and whenever memory is full.
func (m *model) restart() {
	m.clear()
	m.orderFall = m.order
	m.initRun = -int32(min(m.order, 12)) - 1
	m.runLength, m.prevOK = m.initRun, 0
	m.hiUnit -= unit
	m.min, m.max = m.hiUnit, m.hiUnit
	m.found = m.loUnit
	m.loUnit += 256 / 2 * unit
	m.put16(m.min, 256)
	m.setSum(m.min, 257)
	m.put32(m.min+4, m.found)
	m.put32(m.min+8, 0)
	for i := range uint32(256) {
		s := m.found + i*stateSize
		m.mem[s], m.mem[s+1] = byte(i), 1
		m.setSucc(s, 0)
	}
	esc := [8]uint32{0x3cdd, 0x1f3f, 0x59bf, 0x48f3, 0x64a1, 0x5abc, 0x6632, 0x6051}
	for i := range m.binary {
		for k := range m.binary[i] {
			m.binary[i][k] = uint16(1<<binBits - esc[k&7]/uint32(i+2))
		}
	}
	for i := range m.see {
		for k := range m.see[i] {
			m.see[i][k] = see{uint16(5*i+10) << (periodBits - 4), periodBits - 4, 4}
		}
	}
}

// find gives the place of a symbol that a context has.
func (m *model) find(c ref, sym byte) ref {
	if m.numStats(c) == 1 {
		return one(c)
	}
	s := m.stats(c)
	for m.sym(s) != sym {
		s += stateSize
	}
	return s
}

// successors makes the contexts that follow the symbol found, from the longest
// down to where one is known. skip leaves out the longest. It returns 0 when
// memory is full.
func (m *model) successors(skip bool) ref {
	var open [MaxOrder]ref
	n := 0
	c := m.min
	branch := m.succ(m.found)
	if !skip {
		open[n] = m.found
		n++
	}
	for m.suffix(c) != 0 {
		c = m.suffix(c)
		s := m.find(c, m.sym(m.found))
		if next := m.succ(s); next != branch {
			c = next
			break
		}
		open[n] = s
		n++
	}
	if n == 0 {
		return c
	}
	sym := m.mem[branch]
	freq := m.childFreq(c, sym)
	for n > 0 {
		child := m.allocContext()
		if child == 0 {
			return 0
		}
		n--
		m.put16(child, 1)
		m.mem[child+2], m.mem[child+3] = sym, byte(freq)
		m.put32(child+4, branch+1)
		m.put32(child+8, c)
		m.setSucc(open[n], child)
		c = child
	}
	return c
}

// childFreq is the frequency a symbol begins with below context c.
func (m *model) childFreq(c ref, sym byte) uint32 {
	s := m.find(c, sym)
	if m.numStats(c) == 1 {
		return m.freq(s)
	}
	cf := m.freq(s) - 1
	s0 := m.sum(c) - m.numStats(c) - cf
	switch {
	case 2*cf > s0:
		return 1 + (2*cf+3*s0-1)/(2*s0)
	case 5*cf > s0:
		return 2
	}
	return 1
}

// update learns the symbol found and goes on to the next context.
func (m *model) update() {
	next := m.succ(m.found)
	if m.freq(m.found) < maxFreq/4 && m.suffix(m.min) != 0 {
		m.raise(m.suffix(m.min))
	}
	if m.orderFall == 0 {
		c := m.successors(true)
		if c == 0 {
			m.restart()
			return
		}
		m.min, m.max = c, c
		m.setSucc(m.found, c)
		return
	}
	m.mem[m.text] = m.sym(m.found)
	m.text++
	succ := m.text
	if m.text >= m.unitsStart {
		m.restart()
		return
	}
	if next != 0 {
		if next <= succ {
			if next = m.successors(false); next == 0 {
				m.restart()
				return
			}
		}
		m.orderFall--
		if m.orderFall == 0 {
			succ = next
			if m.max != m.min {
				m.text--
			}
		}
	} else {
		m.setSucc(m.found, succ)
		next = m.min
	}
	if !m.addToAll(succ) {
		m.restart()
		return
	}
	m.min, m.max = next, next
}

// raise counts the symbol found in the next shorter context too.
func (m *model) raise(c ref) {
	s := m.find(c, m.sym(m.found))
	if m.numStats(c) == 1 {
		if f := m.freq(s); f < 32 {
			m.setFreq(s, f+1)
		}
		return
	}
	if s != m.stats(c) && m.freq(s) >= m.freq(s-stateSize) {
		m.swap(s, s-stateSize)
		s -= stateSize
	}
	if f := m.freq(s); f < maxFreq-9 {
		m.setFreq(s, f+2)
		m.setSum(c, m.sum(c)+2)
	}
}

// addToAll adds the symbol found to the contexts longer than the one it was
// found in. It returns false when memory is full.
func (m *model) addToAll(succ ref) bool {
	ns := m.numStats(m.min)
	foundFreq := m.freq(m.found)
	s0 := m.sum(m.min) - ns - (foundFreq - 1)
	for c := m.max; c != m.min; c = m.suffix(c) {
		n := m.numStats(c)
		if !m.widen(c, n, ns) {
			return false
		}
		sum := m.sum(c)
		cf := 2 * foundFreq * (sum + 6)
		sf := s0 + sum
		if cf < 6*sf {
			cf = 1 + above(cf, sf) + atLeast(cf, 4*sf)
			m.setSum(c, sum+3)
		} else {
			cf = 4 + atLeast(cf, 9*sf) + atLeast(cf, 12*sf) + atLeast(cf, 15*sf)
			m.setSum(c, sum+cf)
		}
		s := m.stats(c) + n*stateSize
		m.setSucc(s, succ)
		m.mem[s], m.mem[s+1] = m.sym(m.found), byte(cf)
		m.put16(c, n+1)
	}
	return true
}

func above(a, b uint32) uint32 {
	if a > b {
		return 1
	}
	return 0
}

func atLeast(a, b uint32) uint32 {
	if a >= b {
		return 1
	}
	return 0
}

// widen makes room in context c, of n symbols, for one more.
func (m *model) widen(c ref, n, ns uint32) bool {
	if n == 1 {
		s := m.allocUnits(0)
		if s == 0 {
			return false
		}
		m.copyState(s, one(c))
		f := m.freq(s)
		if f < maxFreq/4-1 {
			f *= 2
		} else {
			f = maxFreq - 4
		}
		m.setFreq(s, f)
		m.put32(c+4, s)
		m.setSum(c, f+m.initEsc+above(ns, 3))
		return true
	}
	if n&1 == 0 {
		units := n / 2
		if i := m.list(units); i != m.list(units+1) {
			at := m.allocUnits(i + 1)
			if at == 0 {
				return false
			}
			old := m.stats(c)
			m.copyUnits(at, old, units)
			m.insert(old, i)
			m.put32(c+4, at)
		}
	}
	sum := m.sum(c)
	m.setSum(c, sum+above(ns, 2*n)+2*(atLeast(ns, 4*n)&atLeast(8*n, sum)))
	return true
}

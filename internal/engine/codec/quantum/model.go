package quantum

const (
	maxSymbols  = 64
	step        = 8    // what a symbol gains when it comes
	maxTotal    = 3800 // more is halved
	firstSorts  = 4    // halvings until the first sorting
	nextSorts   = 50
	maxMadeUp   = 48 // bits behind the end that the coder may look at
	codeBits    = 16
	codeHighest = 1 << 15
	codeSecond  = 1 << 14
)

// model has the symbols of one kind and how often they came, as sums from the
// last to each.
type model struct {
	n      int
	sorts  int // halvings until the next sorting
	symbol [maxSymbols]byte
	sum    [maxSymbols + 1]uint16 // the one behind the last is 0
}

// reset makes a model of n symbols from first on, all equally likely.
func (m *model) reset(first, n int) {
	m.n, m.sorts = n, firstSorts
	for i := range n {
		m.symbol[i] = byte(first + i)
		m.sum[i] = uint16(n - i)
	}
	m.sum[n] = 0
}

// count adds to the symbol at place i.
func (m *model) count(i int) {
	for ; i >= 0; i-- {
		m.sum[i] += step
	}
	if m.sum[0] > maxTotal {
		m.halve()
	}
}

func (m *model) halve() {
	if m.sorts--; m.sorts > 0 {
		for i := m.n - 1; i >= 0; i-- {
			m.sum[i] = max(m.sum[i]>>1, m.sum[i+1]+1)
		}
		return
	}
	m.sorts = nextSorts
	for i := range m.n { // from sums to counts
		m.sum[i] = (m.sum[i] - m.sum[i+1] + 1) >> 1
	}
	// The order of equals counts: it must be this way of sorting.
	for i := 0; i < m.n-1; i++ {
		for j := i + 1; j < m.n; j++ {
			if m.sum[i] < m.sum[j] {
				m.sum[i], m.sum[j] = m.sum[j], m.sum[i]
				m.symbol[i], m.symbol[j] = m.symbol[j], m.symbol[i]
			}
		}
	}
	for i := m.n - 1; i >= 0; i-- {
		m.sum[i] += m.sum[i+1]
	}
}

// coder is the arithmetic decoder of one frame.
type coder struct {
	data            []byte
	pos             int // in bits
	low, high, code uint32
}

func (c *coder) begin(data []byte) {
	*c = coder{data: data, high: 1<<codeBits - 1}
	c.code = c.bits(codeBits)
}

// bits gives n bits as they lie; behind the end they are zeros.
func (c *coder) bits(n uint) uint32 {
	v := uint32(0)
	for range n {
		v <<= 1
		if i := c.pos >> 3; i < len(c.data) {
			v |= uint32(c.data[i]>>(7-c.pos&7)) & 1
		}
		c.pos++
	}
	return v
}

// ended tells whether more was read than there can be.
func (c *coder) ended() bool { return c.pos > 8*len(c.data)+maxMadeUp }

// decode gives the next symbol of a model.
func (c *coder) decode(m *model) int {
	width := c.high - c.low + 1
	total := uint32(m.sum[0])
	at := ((c.code-c.low+1)*total - 1) / width
	i := 0
	for i < m.n-1 && uint32(m.sum[i+1]) > at {
		i++
	}
	symbol := int(m.symbol[i])
	c.high = c.low + uint32(m.sum[i])*width/total - 1
	c.low += uint32(m.sum[i+1]) * width / total
	m.count(i)
	c.normalise()
	return symbol
}

// normalise shifts out the bits that are settled.
func (c *coder) normalise() {
	for {
		if (c.low^c.high)&codeHighest != 0 {
			if c.low&codeSecond == 0 || c.high&codeSecond != 0 {
				return
			}
			c.code ^= codeSecond
			c.low &= codeSecond - 1
			c.high |= codeSecond
		}
		c.low = c.low << 1 & (1<<codeBits - 1)
		c.high = (c.high<<1 | 1) & (1<<codeBits - 1)
		c.code = (c.code<<1 | c.bits(1)) & (1<<codeBits - 1)
	}
}

package math

import (
	"math"

	"vitrine/yara/internal/module"
)

// histogram counts bytes by their value.
type histogram struct {
	counts [256]uint64
	total  uint64
	value  func(byte) float64
	failed bool // the scan was told to stop
}

// maxKept is how many histograms one scan keeps.
const maxKept = 32

type span struct{ offset, size int64 }

// state is the receiver of one scan: the histograms computed so far.
type state struct {
	kept map[span]*histogram
}

// histogram counts a range of the data, or fails where there is none.
func (s *state) histogram(c *module.Context, offset, size int64) *histogram {
	data, ok := c.Range(offset, size)
	if !ok {
		return nil
	}
	key := span{offset, int64(len(data))}
	if h := s.kept[key]; h != nil {
		return h
	}
	h := countBytes(c, data)
	if h.failed {
		return nil
	}
	if s.kept == nil {
		s.kept = make(map[span]*histogram)
	}
	if len(s.kept) < maxKept {
		s.kept[key] = h
	}
	return h
}

func (s *state) all(c *module.Context) *histogram {
	if len(c.Data) == 0 {
		return &histogram{value: unsigned}
	}
	return s.histogram(c, 0, int64(len(c.Data)))
}

func countBytes(c *module.Context, data []byte) *histogram {
	h := &histogram{value: unsigned, total: uint64(len(data))}
	for len(data) > 0 {
		if h.failed = c.Cancelled(); h.failed {
			break
		}
		n := min(len(data), module.Chunk)
		for _, b := range data[:n] {
			h.counts[b]++
		}
		data = data[n:]
	}
	return h
}

func countString(c *module.Context, s []byte) *histogram {
	h := countBytes(c, s)
	h.value = ofString(c)
	return h
}

func withRange(c *module.Context, s *state, args []module.Value, of func(*histogram) module.Value) module.Value {
	if h := s.histogram(c, args[0].Int, args[1].Int); h != nil {
		return of(h)
	}
	return module.Undefined()
}

// number makes a float; not-a-number, as of the mean of nothing, is Undefined.
func number(f float64) module.Value {
	if math.IsNaN(f) {
		return module.Undefined()
	}
	return module.Float(f)
}

// entropy is Shannon's, in bits per byte.
func entropy(h *histogram) module.Value {
	e := 0.0
	for _, n := range h.counts {
		if n != 0 {
			x := float64(n) / float64(h.total)
			e -= float64(x * math.Log2(x))
		}
	}
	return number(e)
}

func mean(h *histogram) module.Value {
	sum := 0.0
	for i, n := range h.counts {
		sum += float64(h.value(byte(i)) * float64(n))
	}
	return number(sum / float64(h.total))
}

func deviation(h *histogram, mean float64) module.Value {
	sum := 0.0
	for i, n := range h.counts {
		if n != 0 {
			sum += float64(math.Abs(h.value(byte(i))-mean) * float64(n))
		}
	}
	return number(sum / float64(h.total))
}

func deviationOfRange(c *module.Context, s *state, args []module.Value) module.Value {
	return withRange(c, s, args, func(h *histogram) module.Value { return deviation(h, args[2].Float) })
}

// deviationOfString adds byte by byte, as YARA 4 does, so that the sum is
// rounded alike.
func deviationOfString(c *module.Context, _ *state, args []module.Value) module.Value {
	if c.YARAX {
		return deviation(countString(c, args[0].Bytes), args[1].Float)
	}
	sum := 0.0
	for _, b := range args[0].Bytes {
		sum += math.Abs(signed(b) - args[1].Float)
	}
	return number(sum / float64(len(args[0].Bytes)))
}

// of answers for one byte value, given as the first argument.
func of(c *module.Context, h *histogram, b int64, answer func(n, total uint64) module.Value) module.Value {
	if h == nil || b < 0 || b > 255 {
		return module.Undefined()
	}
	return answer(h.counts[b], h.total)
}

func count(n, _ uint64) module.Value { return module.Int(int64(n)) }

// share divides in single precision, as YARA 4 does.
func share(c *module.Context) func(n, total uint64) module.Value {
	if c.YARAX {
		return func(n, total uint64) module.Value { return number(float64(n) / float64(total)) }
	}
	return func(n, total uint64) module.Value { return number(float64(float32(n) / float32(total))) }
}

func countInRange(c *module.Context, s *state, args []module.Value) module.Value {
	return of(c, s.histogram(c, args[1].Int, args[2].Int), args[0].Int, count)
}

func countAll(c *module.Context, s *state, args []module.Value) module.Value {
	return of(c, s.all(c), args[0].Int, count)
}

func shareOfRange(c *module.Context, s *state, args []module.Value) module.Value {
	return of(c, s.histogram(c, args[1].Int, args[2].Int), args[0].Int, share(c))
}

func shareOfAll(c *module.Context, s *state, args []module.Value) module.Value {
	return of(c, s.all(c), args[0].Int, share(c))
}

// mode is the most frequent byte, the smaller one of two.
func mode(c *module.Context, h *histogram) module.Value {
	if h == nil || (c.YARAX && h.total == 0) {
		return module.Undefined()
	}
	best := 0
	for i, n := range h.counts {
		if n > h.counts[best] {
			best = i
		}
	}
	return module.Int(int64(best))
}

func modeOfRange(c *module.Context, s *state, args []module.Value) module.Value {
	return mode(c, s.histogram(c, args[0].Int, args[1].Int))
}

func modeOfAll(c *module.Context, s *state, _ []module.Value) module.Value {
	return mode(c, s.all(c))
}

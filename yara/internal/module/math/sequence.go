package math

import (
	"math"

	"vitrine/yara/internal/module"
)

// uncorrelated is the answer where all bytes are equal and the coefficient
// would divide by zero.
const uncorrelated = -100000

// serialCorrelation is how much a byte depends on the one before it, the last
// being taken as the one before the first (Knuth, section 3.3.2 K).
func serialCorrelation(c *module.Context, data []byte, value func(byte) float64) module.Value {
	var products, sum, squares, last float64
	for i, b := range data {
		if i%module.Chunk == 0 && c.Cancelled() {
			return module.Undefined()
		}
		x := value(b)
		products += float64(last * x)
		sum += x
		squares += float64(x * x)
		last = x
	}
	if len(data) > 0 {
		products += float64(last * value(data[0]))
	}
	n := float64(len(data))
	divisor := float64(n*squares) - float64(sum*sum)
	if divisor == 0 {
		return module.Float(uncorrelated)
	}
	return number((float64(n*products) - float64(sum*sum)) / divisor)
}

// monteCarloPi takes six bytes as a point of a square and counts those inside
// the circle; the answer is how far the estimate of pi is off, as a fraction.
func monteCarloPi(c *module.Context, data []byte, value func(byte) float64) module.Value {
	const side = 1<<24 - 1
	points, inside := 0, 0
	for i := 0; i+6 <= len(data); i += 6 {
		if points%(module.Chunk/6) == 0 && c.Cancelled() {
			return module.Undefined()
		}
		x, y := coordinate(data[i:i+3], value), coordinate(data[i+3:i+6], value)
		points++
		// YARA-X leaves the circle's edge out.
		if d := float64(x*x) + float64(y*y); d < side*side || (d == side*side && !c.YARAX) {
			inside++
		}
	}
	if points == 0 {
		return module.Undefined()
	}
	pi := 4 * (float64(inside) / float64(points))
	return number(math.Abs((pi - math.Pi) / math.Pi))
}

func coordinate(b []byte, value func(byte) float64) float64 {
	x := 0.0
	for _, c := range b {
		// A negative byte becomes an unsigned 32-bit number in YARA 4.
		v := value(c)
		if v < 0 {
			v += 1 << 32
		}
		x = float64(x*256) + v
	}
	return x
}

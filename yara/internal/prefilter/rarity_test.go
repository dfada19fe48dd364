package prefilter

import (
	"math"
	"testing"
)

// Frequencies are whole numbers of units, and none is so near to the middle
// between two that the last bit of a power, which processors compute differently,
// could decide to which it is rounded.
func TestFrequenciesAreExact(t *testing.T) {
	for quarters := range frequencies {
		for v, f := range frequencies[quarters] {
			units := f * frequencyUnit
			if units != math.Trunc(units) || units < 1 || units > frequencyUnit {
				t.Errorf("%d quarters of %d: %v units", quarters, v, units)
			}
			power := math.Exp2(float64((v-255)*quarters)/(8*windowLen)) * frequencyUnit
			if apart := math.Abs(power - math.Trunc(power) - 0.5); apart < 1.0/1024 {
				t.Errorf("%d quarters of %d: %v is %v from the middle", quarters, v, power, apart)
			}
		}
	}
}

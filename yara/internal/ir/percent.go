package ir

import "math"

// NeedPercent gives how many of total things are percent of them or more; 0
// when any number is, total+1 when none is.
//
// YARA 4 divides first, in floating point, so 29 of 50 are not 58% to it;
// YARA-X multiplies first.
func NeedPercent(percent, total int64, yarax bool) int64 {
	switch {
	case yarax:
		need := math.Ceil(float64(total) * float64(percent) / 100)
		return int64(max(min(need, 1<<62), -1))
	case percent <= 0:
		return 0
	case percent > 100:
		return total + 1
	}
	need := max(int64(float64(total)*float64(percent)/100)-1, 0)
	for float64(need)/float64(total)*100 < float64(percent) {
		need++
	}
	return need
}

//go:build !amd64

package prefilter

func hasVector() bool { return false }

// probeVector is never called where hasVector says no.
func probeVector(masks, data []byte, keep uint32, bloom []uint32, shift uint) {
	panic("no vector unit")
}

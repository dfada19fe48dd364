//go:build !amd64

package prefilter

func hasVector() bool { return false }

// The functions below are never called where hasVector says no.

func probeFour(m, data []byte, f *filter)             { panic("no vector unit") }
func probeLong(m, data []byte, length int, f *filter) { panic("no vector unit") }

func probePairs(m []uint32, data []byte, f *pairFilter) { panic("no vector unit") }

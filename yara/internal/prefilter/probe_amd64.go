package prefilter

import "golang.org/x/sys/cpu"

// hasVector reports whether this machine has what probeVector needs.
func hasVector() bool { return cpu.X86.HasAVX2 }

// probeVector probes the windows at every fourth byte of len(masks) groups at
// the beginning of data, which must hold them all.
func probeVector(masks, data []byte, keep uint32, bloom []uint32, shift uint) {
	if len(masks) > 0 {
		_ = data[len(masks)*groupLen-1]
		probeAVX2(&masks[0], &data[0], len(masks), keep, &bloom[0], uint64(shift))
	}
}

//go:noescape
func probeAVX2(dst *byte, src *byte, groups int, keep uint32, bloom *uint32, shift uint64)

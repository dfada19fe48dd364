package prefilter

import "golang.org/x/sys/cpu"

// hasVector reports whether this machine has what the functions below need.
func hasVector() bool { return cpu.X86.HasAVX2 }

// probeFour probes the windows of four bytes at every fourth byte of len(m)
// groups at the beginning of data, which must hold them all.
func probeFour(m, data []byte, f *filter) {
	_ = data[len(m)*groupLen-1]
	probeFourAVX2(&m[0], &data[0], len(m), &f.words[0], uint64(f.shift))
}

// probeLong is probeFour for windows of more bytes. The last begins in the
// groups and ends behind them.
func probeLong(m, data []byte, length int, f *filter) {
	_ = data[len(m)*groupLen+length-windowLen-1]
	probeLongAVX2(&m[0], &data[0], len(m), &f.words[0], uint64(f.shift), length-windowLen)
}

// probePairs gives a bit for each byte of len(m) groups at the beginning of
// data. The last pair begins in the groups and ends behind them.
func probePairs(m []uint32, data []byte, f *pairFilter) {
	_ = data[len(m)*groupLen]
	probePairsAVX2(&m[0], &data[0], len(m), f)
}

//go:noescape
func probeFourAVX2(dst, src *byte, groups int, words *byte, shift uint64)

//go:noescape
func probeLongAVX2(dst, src *byte, groups int, words *byte, shift uint64, second int)

//go:noescape
func probePairsAVX2(dst *uint32, src *byte, groups int, tables *pairFilter)

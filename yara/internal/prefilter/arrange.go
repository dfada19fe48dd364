package prefilter

import (
	"cmp"
	"math"
	"slices"
)

// window says where one literal is looked for.
type window struct {
	literal uint32 // its index
	hash    uint32
	shape   int
	back    uint8 // distance from the first byte of the part to the window
	beside  int8  // distance from the window to the bytes checked with it
	part
}

// part is what of a literal is compared: size bytes behind skip others.
type part struct {
	skip uint16
	size uint8
}

// arrange chooses the windows of literals, and gives them by shape, by hash, and
// by literal.
func arrange(literals []Literal) []window {
	all := make([]window, 0, 4*len(literals)) // the most there can be of them
	for i := range literals {
		l := &literals[i]
		k, at := l.shape()
		skip, size := l.part(k, at)
		for o := range shapes[k].stride {
			w := window{literal: uint32(i), hash: shapes[k].hash(l.Bytes, at+o), shape: k, back: uint8(at + o - skip), part: part{uint16(skip), uint8(size)}}
			w.beside = l.beside(&w)
			all = append(all, w)
		}
	}
	slices.SortStableFunc(all, func(a, b window) int {
		return cmp.Or(cmp.Compare(a.shape, b.shape), cmp.Compare(a.hash, b.hash))
	})
	return all
}

// shape chooses the shape of a literal and the slice of it to look for: the
// widest stride it is long enough for, unless a single window of it is so much
// rarer that probing everywhere for that costs less.
func (l *Literal) shape() (k, at int) {
	last := short
	at, lastRate := l.rarest(last)
	for k := short + 1; k <= single && lastRate > frequent; k++ {
		if i, rate := l.rarest(k); rate < lastRate {
			last, at, lastRate = k, i, rate
		}
	}
	if at, rate := l.rarest(long); at >= 0 && (rate < rareEnough || rate < muchRarer*lastRate) {
		return long, at
	}
	return last, at
}

// A slice that passes once in 2^14 positions is rare enough in any case; one
// that passes more often is looked for by a single window where that passes
// sixteen times less often. One that passes more often than once in 256, such
// as four zeros, is worse than one of less than four bytes may be.
const (
	rareEnough = 1.0 / (1 << 14)
	muchRarer  = 16
	frequent   = 1.0 / (1 << 8)
)

// maxSkip bounds what may be left out of a literal in front.
const maxSkip = 1 << 15

// rarest gives the offset of the slice of a literal, long enough for a shape,
// that is likely to pass a filter least often, and how often that is, per
// position of the data; -1 where the literal has no such slice.
func (l *Literal) rarest(k int) (at int, rate float64) {
	s := shapes[k]
	at, rate = -1, math.Inf(1)
	for i := 0; i+s.span() <= len(l.Bytes) && i < maxSkip; i++ {
		if !l.whole(i, s.span()) {
			continue
		}
		sum := 0.0
		for o := range s.stride {
			sum += s.frequency(l.Bytes[i+o:])
		}
		if sum /= float64(s.stride); sum < rate {
			at, rate = i, sum
		}
	}
	return at, rate
}

// frequency estimates how often a window occurs: no more often than any four
// bytes of it.
func (s shape) frequency(b []byte) float64 {
	if s.length < windowLen {
		return tinyFrequency(b[:s.length])
	}
	least := math.Inf(1)
	for i := 0; i+windowLen <= s.length; i++ {
		least = min(least, frequency(b[i:]))
	}
	return least
}

// part cuts a long literal to MaxLiteral bytes around the slice at an offset.
func (l *Literal) part(k, at int) (skip, size int) {
	if len(l.Bytes) <= MaxLiteral {
		return 0, len(l.Bytes)
	}
	skip = min(max(at-(MaxLiteral-shapes[k].span())/2, 0), len(l.Bytes)-MaxLiteral)
	return skip, MaxLiteral
}

// beside chooses the bytes to check with a window: of those that share least
// with it the rarest.
func (l *Literal) beside(w *window) int8 {
	best, beside := math.Inf(1), int8(nothingBeside)
	length := shapes[w.shape].length
	for i := 0; i+windowLen <= int(w.size); i++ {
		at := int(w.skip) + i
		from := i - int(w.back)
		apart := min(max(from+windowLen-length, -from), windowLen) // bytes of the check outside of the window
		if apart <= 0 || !l.whole(at, windowLen) {
			continue
		}
		if rate := partFrequency(l.Bytes[at:], apart); rate < best {
			best, beside = rate, int8(from)
		}
	}
	return beside
}

package pattern

import "slices"

// This file measures patterns as libyara does in order to give the same
// warnings about slow strings. The search itself goes by rarity.

const (
	qualityWindow = 4  // bytes of the longest text that libyara looks for
	slowBelow     = 38 // points
)

// Slow tells whether YARA warns that the string may slow down scanning, since
// it has no text worth searching for. Of a pattern that was split each link
// counts: ask for all of them.
func (n *Node) Slow() bool { return n.quality() < slowBelow }

// maskedByte is a byte of which the bits in mask are known.
type maskedByte struct{ val, mask byte }

// quality gives the points of the best text in a pattern: where there are
// alternatives the worst of them counts.
func (n *Node) quality() int {
	var r qualityRun
	r.walk(n)
	r.flush()
	return r.best
}

// qualityRun slides a window over bytes that follow one another.
type qualityRun struct {
	window []maskedByte
	best   int
}

func (r *qualityRun) walk(n *Node) {
	switch n.kind {
	case kLiteral:
		for _, c := range n.lit {
			r.push(maskedByte{c, 0xFF})
		}
	case kAny, kNotLF:
		r.push(maskedByte{})
	case kConcat:
		for _, s := range n.sub {
			r.walk(s)
		}
	case kAlternate:
		r.flush()
		least := n.sub[0].quality()
		for _, s := range n.sub[1:] {
			least = min(least, s.quality())
		}
		r.best = max(r.best, least)
	case kRepeat:
		if !n.sub[0].anyByte() {
			r.times(n.sub[0], min(n.min, qualityWindow))
		}
		r.flush()
	default:
		if n.kind == kMasked && !n.not {
			r.push(maskedByte{n.val, n.mask})
			return
		}
		r.flush()
	}
}

// times walks a repeated node as often as the window has room. Nodes with
// repetitions or alternatives inside are walked once: nested ones would take
// exponential time.
func (r *qualityRun) times(n *Node, times int) {
	if n.branches() || slices.ContainsFunc(n.sub, (*Node).branches) {
		times = min(times, 1)
	}
	for range times {
		r.walk(n)
	}
}

func (n *Node) branches() bool { return n.kind == kRepeat || n.kind == kAlternate }

func (r *qualityRun) push(b maskedByte) {
	if len(r.window) == qualityWindow {
		r.best = max(r.best, windowPoints(r.window))
		r.window = append(r.window[:0], r.window[1:]...)
	}
	r.window = append(r.window, b)
}

func (r *qualityRun) flush() {
	r.best = max(r.best, windowPoints(r.window))
	r.window = r.window[:0]
}

// windowPoints rates the known part of a window.
func windowPoints(w []maskedByte) int {
	for len(w) > 0 && w[0].mask == 0 {
		w = w[1:]
	}
	for len(w) > 0 && w[len(w)-1].mask == 0 {
		w = w[:len(w)-1]
	}
	known, unknown := 0, 0
	for _, b := range w {
		switch b.mask {
		case 0xFF:
			known++
		case 0:
			unknown++
		}
	}
	if len(w) > 1 && unknown >= known {
		w = w[:1]
	}
	return points(w)
}

func points(w []maskedByte) int {
	sum := 0
	var seen Set
	for _, b := range w {
		switch b.mask {
		case 0xFF:
			sum += bytePoints(b.val)
			seen.add(b.val)
		case 0:
			sum -= 10
		default:
			sum += 4
		}
	}
	if seen.Len() == 1 && runsInFiles(seen.bytes()[0]) {
		return sum - 10*len(w)
	}
	return sum + 2*seen.Len()
}

func bytePoints(c byte) int {
	switch {
	case c == 0 || c == ' ' || c == 0xCC || c == 0xFF:
		return 12
	case isLetter(c):
		return 18
	}
	return 20
}

func runsInFiles(c byte) bool {
	return c == 0 || c == ' ' || c == 0x90 || c == 0xCC || c == 0xFF
}

package pattern

import "bytes"

// Straight programs are one path of bytes, masks, classes, jumps of fixed
// length and assertions. They are most hex strings, and need no threads.

func (p *Program) forwardStraight(data []byte, at, stop int) (end int, ok, cut bool) {
	for i := range p.Insts {
		in := &p.Insts[i]
		switch in.Op {
		case OpMatch:
			return at, true, false
		case OpAssert:
			if !holds(look(in.Val), in.Mask != 0, data, at) {
				return 0, false, false
			}
		case OpText:
			text := p.Text[in.X : in.X+in.Y]
			if stop-at < len(text) {
				return 0, false, stop < len(data) && bytes.HasPrefix(text, data[at:stop])
			}
			if string(data[at:at+len(text)]) != string(text) {
				return 0, false, false
			}
			at += len(text)
		case OpSkip:
			if stop-at < int(in.X) {
				return 0, false, stop < len(data)
			}
			at += int(in.X)
		default:
			if at >= stop {
				return 0, false, stop < len(data)
			}
			if !p.matches(in, data[at]) {
				return 0, false, false
			}
			at++
		}
	}
	return 0, false, false
}

func (p *Program) backwardStraight(data []byte, at, stop int) (start int, ok, cut bool) {
	for i := range p.Insts {
		in := &p.Insts[i]
		switch in.Op {
		case OpMatch:
			return at, true, false
		case OpAssert:
			if !holds(look(in.Val), in.Mask != 0, data, at) {
				return 0, false, false
			}
		case OpText:
			text := p.Text[in.X : in.X+in.Y]
			if at-stop < len(text) {
				return 0, false, stop > 0 && bytes.HasSuffix(text, data[stop:at])
			}
			if string(data[at-len(text):at]) != string(text) {
				return 0, false, false
			}
			at -= len(text)
		case OpSkip:
			if at-stop < int(in.X) {
				return 0, false, stop > 0
			}
			at -= int(in.X)
		default:
			if at <= stop {
				return 0, false, stop > 0
			}
			if !p.matches(in, data[at-1]) {
				return 0, false, false
			}
			at--
		}
	}
	return 0, false, false
}

func (p *Program) searchStraight(data []byte) bool {
	for at := p.nextFirst(data, 0); at <= len(data); at = p.nextFirst(data, at+1) {
		if _, ok, _ := p.forwardStraight(data, at, len(data)); ok {
			return true
		}
	}
	return false
}

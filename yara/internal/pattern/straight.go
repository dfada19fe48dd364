package pattern

import "bytes"

// Straight programs are one path of bytes, masks, classes, jumps of fixed
// length and assertions. They are most hex strings, and need no threads. From
// their first gap on see reach.

func (m *Machine) forwardStraight(p *Program, data []byte, at, stop int) (end int, ok, cut bool) {
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
		case OpGap:
			return m.forwardReach(p, i, data, at, stop)
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

// backwardStraight gives what it finds in m.starts.
func (m *Machine) backwardStraight(p *Program, data []byte, at, stop int) (cut bool) {
	m.starts = m.starts[:0]
	for i := range p.Insts {
		in := &p.Insts[i]
		switch in.Op {
		case OpMatch:
			m.starts = append(m.starts, at)
			return false
		case OpAssert:
			if !holds(look(in.Val), in.Mask != 0, data, at) {
				return false
			}
		case OpText:
			text := p.Text[in.X : in.X+in.Y]
			if at-stop < len(text) {
				return stop > 0 && bytes.HasSuffix(text, data[stop:at])
			}
			if string(data[at-len(text):at]) != string(text) {
				return false
			}
			at -= len(text)
		case OpSkip:
			if at-stop < int(in.X) {
				return stop > 0
			}
			at -= int(in.X)
		case OpGap:
			return m.backwardReach(p, i, data, at, stop)
		default:
			if at <= stop {
				return stop > 0
			}
			if !p.matches(in, data[at-1]) {
				return false
			}
			at--
		}
	}
	return false
}

func (m *Machine) searchStraight(p *Program, data []byte) bool {
	for at := p.nextFirst(data, 0); at <= len(data); at = p.nextFirst(data, at+1) {
		if _, ok, _ := m.forwardStraight(p, data, at, len(data)); ok {
			return true
		}
	}
	return false
}

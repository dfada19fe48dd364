package pattern

import "slices"

// Lead gives up to limit bytes that every match of the program begins with, or
// ends with when Reverse, in the order of the data, as values and the bits of
// each that are known.
func (p *Program) Lead(limit int) (value, known []byte) {
	l := lead{value: make([]byte, 0, limit), known: make([]byte, 0, limit)}
	if p.Insts != nil {
		for i := 0; l.take(p, p.Insts[i]); i++ {
		}
	} else {
		r := codeReader{left: p.code}
		for more := true; more; {
			op, run := r.run()
			for ; run > 0 && more; run-- {
				more = l.take(p, r.inst(op, 0))
			}
		}
	}
	if p.Reverse {
		slices.Reverse(l.value)
		slices.Reverse(l.known)
	}
	return l.value, l.known
}

type lead struct{ value, known []byte }

// take adds what an instruction says of the next bytes. It is false at the
// first that may go several ways, and when there is no more room.
func (l *lead) take(p *Program, in Inst) bool {
	switch in.Op {
	case OpByte:
		l.put(in.Val, 0xFF)
	case OpMask:
		l.put(in.Val, in.Mask)
	case OpAny, OpClass, OpNotMask:
		l.put(0, 0)
	case OpSkip:
		for range min(int(in.X), cap(l.value)) {
			l.put(0, 0)
		}
	case OpText:
		text := p.Text[in.X : in.X+in.Y]
		for i := range text {
			c := text[i]
			if p.Reverse {
				c = text[len(text)-1-i]
			}
			l.put(c, 0xFF)
		}
	case OpAssert: // takes no byte
	default:
		return false
	}
	return len(l.value) < cap(l.value)
}

func (l *lead) put(value, known byte) {
	if len(l.value) < cap(l.value) {
		l.value, l.known = append(l.value, value), append(l.known, known)
	}
}

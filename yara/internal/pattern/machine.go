package pattern

import (
	"bytes"
	"math"
)

// Machine runs programs. It holds nothing but scratch memory, which grows to
// what the largest program needs and is then reused. The zero value is ready.
// A Machine must not be used by two goroutines at once.
type Machine struct {
	// Stop, when set, is asked after every stopEvery steps of threads; true
	// ends the run at hand, which then reports that it was cut.
	Stop func() bool

	mark      []uint32 // by instruction: the generation that last listed it
	gen       uint32
	cur, next []uint32 // threads, the preferred first
	stack     []uint32
	starts    []int    // Backward: what it found
	possible  []uint64 // All: one bit per offset of a block
	run       reach
	places    []uint64 // of run
	spent     int      // Forward: threads stepped, by programs with branches
	steps     int      // threads stepped since Stop was asked
}

// stopEvery is well under a millisecond of work.
const stopEvery = 1 << 14

// halted counts steps and asks Stop when it is time.
func (m *Machine) halted(steps int) bool {
	if m.steps += steps; m.steps < stopEvery {
		return false
	}
	m.steps = 0
	return m.Stop != nil && m.Stop()
}

// Forward matches a program at data[at], which must not be before 0 or after
// the end, and gives the end of the preferred match: greedy quantifiers take
// as much as they can, lazy ones as little, of alternatives the first.
//
// It looks at no more than limit bytes from at on (and at one character
// around for \b); limit <= 0 means all. cut tells that a longer or preferred
// match might have been found without the limit.
func (m *Machine) Forward(p *Program, data []byte, at, limit int) (end int, ok, cut bool) {
	stop := len(data)
	if limit > 0 && limit < stop-at {
		stop = at + limit
	}
	if at < stop && !p.First.Has(data[at]) {
		return 0, false, false
	}
	p = p.ready()
	if p.Straight {
		return m.forwardStraight(p, data, at, stop)
	}
	return m.forwardBranches(p, data, at, stop)
}

func (m *Machine) forwardBranches(p *Program, data []byte, at, stop int) (end int, ok, cut bool) {
	m.prepare(p)
	cur, next := m.add(p, m.cur[:0], 0, data, at), m.next[:0]
	m.spent = 0
	for pos := at; len(cur) > 0; pos++ {
		if len(cur) == 1 {
			ran := p.run(cur[0], data, pos, stop)
			m.spent += ran
			if pos += ran; ran > 0 {
				m.advance()
				cur = m.add(p, cur[:0], cur[0]+uint32(ran), data, pos)
			}
		}
		m.spent += len(cur)
		if m.halted(len(cur)) {
			cut = true
			break
		}
		m.advance()
		next = next[:0]
		for _, pc := range cur {
			in := &p.Insts[pc]
			if in.Op == OpMatch {
				end, ok = pos, true
				if p.Longest {
					continue
				}
				break // the threads behind are less preferred
			}
			if pos == stop {
				cut = stop < len(data)
			} else if p.matches(in, data[pos]) {
				next = m.step(p, next, pc+1, data, pos+1)
			}
		}
		cur, next = next, cur
	}
	m.cur, m.next = cur, next
	return end, ok, cut
}

// run tells for how many bytes a lone thread at pc goes straight on.
func (p *Program) run(pc uint32, data []byte, pos, stop int) int {
	n := 0
	for pos+n < stop {
		in := &p.Insts[int(pc)+n]
		if in.Op > OpNotMask || !p.matches(in, data[pos+n]) {
			break
		}
		n++
	}
	return n
}

// Backward runs a reverse program from data[at] towards the start and then
// yields every start of a match that ends at at, each once, the nearest first,
// until yield returns false. yield may use the Machine, but not for Backward.
// It looks at no more than limit bytes before at; limit <= 0 means all. cut
// tells that the limit may have hidden a start.
func (m *Machine) Backward(p *Program, data []byte, at, limit int, yield func(start int) bool) (cut bool) {
	stop := 0
	if limit > 0 && at-limit > 0 {
		stop = at - limit
	}
	if at > stop && !p.First.Has(data[at-1]) {
		return false
	}
	p = p.ready()
	if p.Straight {
		cut = m.backwardStraight(p, data, at, stop)
	} else {
		cut = m.backwardBranches(p, data, at, stop)
	}
	for _, start := range m.starts {
		if !yield(start) {
			break
		}
	}
	return cut
}

func (m *Machine) backwardBranches(p *Program, data []byte, at, stop int) (cut bool) {
	m.prepare(p)
	m.starts = m.starts[:0]
	cur, next := m.add(p, m.cur[:0], 0, data, at), m.next[:0]
	for pos := at; len(cur) > 0; pos-- {
		if m.halted(len(cur)) {
			cut = true
			break
		}
		m.advance()
		next = next[:0]
		for _, pc := range cur {
			in := &p.Insts[pc]
			switch {
			case in.Op == OpMatch:
				m.starts = append(m.starts, pos)
			case pos == stop:
				cut = stop > 0
			case p.matches(in, data[pos-1]):
				next = m.step(p, next, pc+1, data, pos-1)
			}
		}
		cur, next = next, cur
	}
	m.cur, m.next = cur, next
	return cut
}

// prepare makes room for the program's threads and starts a new generation.
func (m *Machine) prepare(p *Program) {
	n := len(p.Insts)
	if len(m.mark) < n {
		m.mark = make([]uint32, n)
		m.cur, m.next = make([]uint32, 0, n), make([]uint32, 0, n)
		m.stack = make([]uint32, 0, n)
		m.gen = 0
	}
	m.advance()
}

// advance starts a new generation; the marks are wiped before numbers repeat.
func (m *Machine) advance() {
	if m.gen == math.MaxUint32 {
		clear(m.mark)
		m.gen = 0
	}
	m.gen++
}

// step is add, quicker where the instruction takes a byte.
func (m *Machine) step(p *Program, list []uint32, pc uint32, data []byte, at int) []uint32 {
	if p.Insts[pc].Op > OpNotMask {
		return m.add(p, list, pc, data, at)
	}
	if m.mark[pc] != m.gen {
		m.mark[pc] = m.gen
		list = append(list, pc)
	}
	return list
}

// add lists the thread at pc, following everything that takes no byte; at is
// the place it has reached. An instruction is listed once per generation, so
// the first and preferred way to it counts.
func (m *Machine) add(p *Program, list []uint32, pc uint32, data []byte, at int) []uint32 {
	stack := m.stack[:0]
	for {
		for m.mark[pc] != m.gen {
			m.mark[pc] = m.gen
			in := &p.Insts[pc]
			switch in.Op {
			case OpSplit:
				stack = append(stack, in.Y)
				pc = in.X
				continue
			case OpJump:
				pc = in.X
				continue
			case OpAssert:
				if holds(look(in.Val), in.Mask != 0, data, at) {
					pc++
					continue
				}
			default:
				list = append(list, pc)
			}
			break
		}
		if len(stack) == 0 {
			return list
		}
		pc = stack[len(stack)-1]
		stack = stack[:len(stack)-1]
	}
}

// Search tells whether the program matches anywhere in data.
func (m *Machine) Search(p *Program, data []byte) bool {
	p = p.ready()
	switch {
	case p.Anchored:
		_, ok, _ := m.Forward(p, data, 0, 0)
		return ok
	case p.Literal != nil && !p.NoCase:
		return bytes.Contains(data, p.Literal)
	case p.Straight:
		return m.searchStraight(p, data)
	}
	return m.searchBranches(p, data)
}

func (m *Machine) searchBranches(p *Program, data []byte) bool {
	m.prepare(p)
	cur, next := m.cur[:0], m.next[:0]
	for pos := 0; pos <= len(data); pos++ {
		if len(cur) == 0 {
			pos = p.nextFirst(data, pos)
		}
		if p.canStart(data, pos) {
			cur = m.add(p, cur, 0, data, pos)
		}
		if m.halted(1 + len(cur)) {
			return false
		}
		m.advance()
		next = next[:0]
		for _, pc := range cur {
			in := &p.Insts[pc]
			if in.Op == OpMatch {
				return true
			}
			if pos < len(data) && p.matches(in, data[pos]) {
				next = m.step(p, next, pc+1, data, pos+1)
			}
		}
		cur, next = next, cur
	}
	return false
}

// canStart tells whether the next byte allows a match to start at pos.
func (p *Program) canStart(data []byte, pos int) bool {
	if pos >= len(data) {
		return pos == len(data) && p.MinLen == 0
	}
	return p.First.Has(data[pos])
}

// nextFirst gives the next offset where a match can start; past the end there
// is none.
func (p *Program) nextFirst(data []byte, pos int) int {
	for pos <= len(data) && !p.canStart(data, pos) {
		pos++
	}
	return pos
}

package search

import "sync/atomic"

// Patterns are the patterns of a set, by number. The zero value has none.
type Patterns struct {
	list []*Pattern
	lazy *lazy // instead of list
}

// lazy makes each pattern when it is first asked for: most never are.
type lazy struct {
	made []atomic.Pointer[Pattern]
	make func(id int32) *Pattern
}

// Made gives patterns that were made before.
func Made(list ...*Pattern) Patterns { return Patterns{list: list} }

// Lazy gives n patterns that are made when they are asked for, perhaps twice
// when they are asked for at once. make never gives nil.
func Lazy(n int, make func(id int32) *Pattern) Patterns {
	return Patterns{lazy: newLazy(n, make)}
}

func newLazy(n int, of func(id int32) *Pattern) *lazy {
	return &lazy{make([]atomic.Pointer[Pattern], n), of}
}

// Len is the number of patterns.
func (p Patterns) Len() int {
	if p.lazy != nil {
		return len(p.lazy.made)
	}
	return len(p.list)
}

// At gives a pattern, always the same one.
func (p Patterns) At(id int32) *Pattern {
	if p.lazy == nil {
		return p.list[id]
	}
	if known := p.lazy.made[id].Load(); known != nil {
		return known
	}
	p.lazy.made[id].CompareAndSwap(nil, p.lazy.make(id))
	return p.lazy.made[id].Load()
}

// Append adds a pattern to those that were made before.
func (p *Patterns) Append(one *Pattern) { p.list = append(p.list, one) }

// Cut leaves the first n of those that were made before.
func (p *Patterns) Cut(n int) { p.list = p.list[:n] }

// Trim gives back room that is not needed.
func (p *Patterns) Trim() { p.list = append(make([]*Pattern, 0, len(p.list)), p.list...) }

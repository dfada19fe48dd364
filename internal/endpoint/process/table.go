package process

import (
	"container/list"
	"sync"

	"vitrine/internal/endpoint/event"
)

// Key is one process, for as long as the machine runs.
type Key struct {
	PID   int
	Start uint64 // clock ticks since boot
}

// Table remembers who processes were after they have ended, for those who learn
// of their deeds late. It is bounded: the one seen longest ago goes first. It
// may be used by any number of goroutines.
type Table struct {
	mu    sync.Mutex
	most  int
	order *list.List // of *record, oldest first
	by    map[Key]*list.Element
	last  map[int]*list.Element // the youngest process of a number
}

type record struct {
	key Key
	who event.Process
}

// NewTable makes a table of at most most processes; 0 means 8192.
func NewTable(most int) *Table {
	if most <= 0 {
		most = 8192
	}
	return &Table{most: most, order: list.New(), by: map[Key]*list.Element{}, last: map[int]*list.Element{}}
}

// Put remembers a process, or what it has become: the program that it runs now.
func (t *Table) Put(k Key, p event.Process) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e, ok := t.by[k]; ok {
		e.Value.(*record).who = p
		t.order.MoveToBack(e)
		return
	}
	e := t.order.PushBack(&record{k, p})
	t.by[k] = e
	if old, ok := t.last[k.PID]; !ok || old.Value.(*record).key.Start <= k.Start {
		t.last[k.PID] = e
	}
	if t.order.Len() > t.most {
		t.drop(t.order.Front())
	}
}

// Get gives the process of this number and start.
func (t *Table) Get(k Key) (event.Process, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return found(t.by[k])
}

// Latest gives the youngest known process of this number. It may be another
// than the one that has the number now.
func (t *Table) Latest(pid int) (event.Process, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return found(t.last[pid])
}

// Len is how many processes are remembered.
func (t *Table) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.order.Len()
}

func found(e *list.Element) (event.Process, bool) {
	if e == nil {
		return event.Process{}, false
	}
	return e.Value.(*record).who, true
}

func (t *Table) drop(e *list.Element) {
	r := t.order.Remove(e).(*record)
	delete(t.by, r.key)
	if t.last[r.key.PID] == e {
		delete(t.last, r.key.PID)
	}
}

package daemon

import (
	"slices"
	"sync"
)

// owned is the scanners that the guard lets do their work. The first are started
// before there is a guard. The zero value is ready.
type owned struct {
	mu   sync.Mutex
	own  func(pid int) (release func(), err error)
	held map[int]func()
}

// by says who lets them, and which run already.
func (o *owned) by(own func(int) (func(), error), pids []int) {
	o.mu.Lock()
	o.own, o.held = own, map[int]func(){}
	o.mu.Unlock()
	for _, pid := range pids {
		o.started(pid)
	}
}

// started is told of each process before it opens anything.
func (o *owned) started(pid int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.own == nil {
		return
	}
	if release := o.held[pid]; release != nil { // it had the number of one that has ended
		release()
		delete(o.held, pid)
	}
	if release, err := o.own(pid); err == nil { // or it has ended already
		o.held[pid] = release
	}
}

// ended lets go of all but those that run.
func (o *owned) ended(running []int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for pid, release := range o.held {
		if !slices.Contains(running, pid) {
			release()
			delete(o.held, pid)
		}
	}
}

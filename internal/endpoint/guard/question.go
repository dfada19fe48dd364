package guard

import (
	"os"
	"sync"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/fanotify"
	"vitrine/internal/endpoint/process"
	"vitrine/internal/endpoint/verdict"
)

// subject is a file that is to be looked at, and who has touched it. Its
// descriptors are its own until close.
type subject struct {
	event fanotify.Event
	id    verdict.File
	class Class
	path  string // empty: not yet asked for
	file  *os.File
	who   *event.Process // nil: not yet looked at

	refused bool // whoever wanted to run it was refused without a verdict

	root   *os.File        // that path is seen from; nil: the guard's own
	handle *process.Handle // who did it, when the event holds no pidfd; nil: nothing but a number
}

// open makes the descriptor a file for scanners and keepers.
func (s *subject) open() *os.File {
	if s.file == nil {
		s.file = os.NewFile(uintptr(s.event.FD), "guarded")
		s.event.FD = -1
	}
	return s.file
}

func (s *subject) close() {
	if s.file != nil {
		_ = s.file.Close() // it was only read
	}
	if s.root != nil {
		_ = s.root.Close()
	}
	if s.handle != nil {
		_ = s.handle.Close()
	}
	s.event.Close()
}

// answers is what a question has got.
type answers int

const (
	unanswered answers = iota
	claimed            // a verdict is about to be given, and nobody else may answer
	allowed
	denied
)

// question is a subject whose opener waits. It is answered once: under its
// lock, and before its descriptor is closed, because the kernel knows the
// question by the descriptor's number.
type question struct {
	subject
	number int // of the descriptor when the question came
	asked  time.Time

	mu    sync.Mutex
	given answers
	stop  func() bool // the timer's; nil: there is none
}

// claim makes sure that nobody else answers; false: somebody has.
func (q *question) claim() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.given != unanswered {
		return false
	}
	q.given = claimed
	q.halt()
	return true
}

// answer responds, unless somebody else has answered or claimed to; false then.
// mine is for who has claimed.
func (q *question) answer(l Listener, allow, mine bool) (bool, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.given != unanswered && (q.given != claimed || !mine) {
		return false, nil
	}
	q.given = denied
	if allow {
		q.given = allowed
	}
	q.halt()
	return true, l.Respond(q.number, allow)
}

// halt stops the timer. Holding the lock.
func (q *question) halt() {
	if q.stop != nil {
		q.stop()
	}
}

// passed reports whether the opener was let through.
func (q *question) passed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.given == allowed
}

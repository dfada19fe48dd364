package gap

import (
	"sync"

	"vitrine/internal/endpoint/verdict"
)

// Saw tells what happened while the protection was off: a file was executed, or
// written and closed. The path is as it was at that moment, in raw bytes. It
// never blocks.
func (s *Switch) Saw(path string, f verdict.File) {
	if !s.acting.Load() {
		s.journal.add(path, f)
	}
}

// Missed tells that something may have happened that Saw was not told of: the
// kernel dropped events, or a mount could not be watched for a while.
func (s *Switch) Missed() {
	if !s.acting.Load() {
		s.journal.miss()
	}
}

// journal is what happened while the guard only looked on. It is in memory: if
// the guard ends before it is used, change times have to do.
type journal struct {
	mu     sync.Mutex
	most   int
	seen   map[file]string
	missed bool // it does not hold all
}

type file struct{ dev, ino uint64 }

func (j *journal) reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seen, j.missed = map[file]string{}, false
}

func (j *journal) add(path string, f verdict.File) {
	j.mu.Lock()
	defer j.mu.Unlock()
	key := file{f.Dev, f.Ino}
	if _, known := j.seen[key]; !known && len(j.seen) >= j.most {
		j.missed = true
		return
	}
	if j.seen == nil {
		j.seen = map[file]string{}
	}
	j.seen[key] = path
}

func (j *journal) miss() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.missed = true
}

// take gives what was seen, and whether that is all that happened.
func (j *journal) take() (seen map[file]string, all bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	seen, all = j.seen, !j.missed
	j.seen, j.missed = nil, false
	return seen, all
}

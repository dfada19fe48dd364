package worker

import (
	"os"
	"slices"
	"time"

	"vitrine/internal/endpoint/verdict"
)

// job is one file to be looked into, for all who wait for it.
type job struct {
	id    uint64
	file  verdict.File
	class Class
	name  string
	open  []*os.File // of those who wait; the last closes it when it has gone
	begun time.Time  // zero: it is in the queue

	unsent int // how often it could not be handed over

	done    chan struct{}
	verdict verdict.Verdict // once done is closed
	err     error
}

// finish tells everybody.
func (j *job) finish(v verdict.Verdict, err error) {
	j.verdict, j.err = v, err
	close(j.done)
}

// queue holds the jobs that wait and those under way. It belongs to the pool's lock.
type queue struct {
	waiting [classes][]*job
	known   map[verdict.File]*job // waiting or under way
}

// settled is how old the last change of a file must be for two scans of it to be
// one: the clock of changes stands still for some milliseconds at a time.
const settled = 50 * time.Millisecond

// join finds a job that the same answer holds for, and makes it as urgent as the
// most urgent who waits.
func (q *queue) join(f verdict.File, class Class, file *os.File) *job {
	j := q.known[f]
	switch {
	case j == nil:
		return nil
	case !j.begun.IsZero() && j.begun.Sub(time.Unix(0, f.Ctime)) < settled:
		return nil
	}
	j.open = append(j.open, file)
	if j.begun.IsZero() && class < j.class {
		q.remove(j)
		j.class = class
		q.waiting[class] = append(q.waiting[class], j)
	}
	return j
}

func (q *queue) add(j *job) {
	q.waiting[j.class] = append(q.waiting[j.class], j)
	if q.known == nil {
		q.known = map[verdict.File]*job{}
	}
	q.known[j.file] = j
}

// take gives the most urgent job; nil: none that may be done now.
func (q *queue) take(background bool, now time.Time) *job {
	for class := range q.waiting {
		if Class(class) == Background && !background || len(q.waiting[class]) == 0 {
			continue
		}
		j := q.waiting[class][0]
		q.waiting[class] = slices.Delete(q.waiting[class], 0, 1)
		j.begun = now
		return j
	}
	return nil
}

// remove takes a waiting job out of its line.
func (q *queue) remove(j *job) {
	q.waiting[j.class] = slices.DeleteFunc(q.waiting[j.class], func(other *job) bool { return other == j })
}

// forget drops a job that is done, or that nobody waits for.
func (q *queue) forget(j *job) {
	if q.known[j.file] == j {
		delete(q.known, j.file)
	}
}

// leave is said by one who waits no longer. A job that nobody waits for is dropped
// if it has not begun.
func (q *queue) leave(j *job, file *os.File) {
	if i := slices.Index(j.open, file); i >= 0 {
		j.open = slices.Delete(j.open, i, i+1)
	}
	if len(j.open) == 0 && j.begun.IsZero() {
		q.remove(j)
		q.forget(j)
	}
}

// fail ends all jobs that wait.
func (q *queue) fail(err error) {
	for class := range q.waiting {
		for _, j := range q.waiting[class] {
			q.forget(j)
			j.finish(verdict.Verdict{}, err)
		}
		q.waiting[class] = nil
	}
}

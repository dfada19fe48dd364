package worker

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/endpoint/verdict"
)

// at is a fixed time; files of these tests changed an hour before.
var at = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

func numbered(n int) verdict.File {
	return verdict.File{Ino: uint64(n), Ctime: at.Add(-time.Hour).UnixNano()}
}

func queued(n int, class Class) *job {
	return &job{id: uint64(n), file: numbered(n), class: class, open: []*os.File{nil}, done: make(chan struct{})}
}

// drain takes all jobs and gives their numbers.
func drain(q *queue, background bool) (ids []uint64) {
	for j := q.take(background, at); j != nil; j = q.take(background, at) {
		ids = append(ids, j.id)
	}
	return ids
}

func TestQueueGoesByClass(t *testing.T) {
	var q queue
	for n, class := range []Class{Background, Write, Open, Exec, Background, Exec, Write} {
		q.add(queued(n, class))
	}
	if got := drain(&q, false); !slices.Equal(got, []uint64{3, 5, 2, 1, 6}) {
		t.Errorf("without a worker to spare: %v", got)
	}
	if got := drain(&q, true); !slices.Equal(got, []uint64{0, 4}) {
		t.Errorf("what was left: %v", got)
	}
}

// Who asks for a file that waits joins it, and it gets as urgent as the most urgent.
func TestQueueJoins(t *testing.T) {
	var q queue
	first, other := queued(1, Background), queued(2, Write)
	q.add(first)
	q.add(other)
	mine := &os.File{}
	if j := q.join(numbered(1), Exec, mine); j != first || j.class != Exec || len(j.open) != 2 {
		t.Errorf("got %+v", j)
	}
	if j := q.join(numbered(2), Background, mine); j != other || j.class != Write {
		t.Errorf("got %+v", j)
	}
	if j := q.join(numbered(3), Exec, mine); j != nil {
		t.Errorf("another file: %+v", j)
	}
	if got := drain(&q, true); !slices.Equal(got, []uint64{1, 2}) {
		t.Errorf("the order: %v", got)
	}
	// A scan under way holds for a file that had not changed right before it.
	if j := q.join(numbered(1), Exec, mine); j != first {
		t.Errorf("under way: %+v", j)
	}
	fresh := queued(4, Exec)
	fresh.file.Ctime = at.Add(-settled / 2).UnixNano()
	q.add(fresh)
	drain(&q, true)
	if j := q.join(fresh.file, Exec, mine); j != nil {
		t.Errorf("under way, changed right before: %+v", j)
	}
	q.forget(first)
	if j := q.join(numbered(1), Exec, mine); j != nil {
		t.Errorf("done: %+v", j)
	}
}

// A job that nobody waits for is dropped, unless it has begun.
func TestQueueLeaves(t *testing.T) {
	var q queue
	a, b := &os.File{}, &os.File{}
	j := queued(1, Write)
	j.open = []*os.File{a}
	q.add(j)
	q.join(j.file, Write, b)
	q.leave(j, a)
	if len(q.waiting[Write]) != 1 {
		t.Error("it was dropped while somebody waits")
	}
	q.leave(j, b)
	if len(q.waiting[Write]) != 0 || len(q.known) != 0 {
		t.Error("it was not dropped")
	}
	begun := queued(2, Write)
	begun.open = []*os.File{a}
	q.add(begun)
	drain(&q, true)
	q.leave(begun, a)
	if q.known[begun.file] != begun {
		t.Error("one under way was forgotten")
	}
}

func TestQueueFails(t *testing.T) {
	var q queue
	jobs := []*job{queued(1, Exec), queued(2, Background)}
	for _, j := range jobs {
		q.add(j)
	}
	q.fail(ErrClosed)
	for _, j := range jobs {
		if <-j.done; !errors.Is(j.err, ErrClosed) {
			t.Errorf("%d: %v", j.id, j.err)
		}
	}
	if drain(&q, true) != nil || len(q.known) != 0 {
		t.Error("something is left")
	}
}

func TestPoison(t *testing.T) {
	p := newPoison(time.Minute)
	f := numbered(1)
	if _, ok := p.why(f, at); ok {
		t.Error("a file that nobody died of")
	}
	now := at
	for _, want := range []time.Duration{time.Minute, 8 * time.Minute, time.Hour, time.Hour} {
		p.add(f, "crashed", now)
		if why, ok := p.why(f, now.Add(want-1)); !ok || !strings.Contains(why, "crashed") {
			t.Errorf("after %v: %q", want-1, why)
		}
		if _, ok := p.why(f, now.Add(want)); ok {
			t.Errorf("it is not tried again after %v", want)
		}
		now = now.Add(want)
	}
	p.fine(f)
	if p.add(f, "x", now); p.files[f].wait != time.Minute {
		t.Errorf("after it came through once: %+v", p.files[f])
	}
}

func TestPoisonIsBounded(t *testing.T) {
	p := newPoison(time.Minute)
	for n := range maxPoisoned + 100 {
		p.add(numbered(n), "x", at)
	}
	if len(p.files) > maxPoisoned {
		t.Errorf("%d files", len(p.files))
	}
	later := at.Add(2*time.Minute + longest)
	p.add(numbered(-1), "x", later)
	if len(p.files) != 1 {
		t.Errorf("%d files are left after all was over", len(p.files))
	}
}

// When no scanner runs and none can be started, a verdict comes all the same.
func TestNoScannerRuns(t *testing.T) {
	f := start(t, func(c *Config) { c.Workers, c.Idle, c.Wait = 1, 1, 20*time.Millisecond })
	f.write("rules.yar", "rule {")
	f.scan("poison", "CRASH", Exec)
	v := f.scan("x", malware, Exec)
	if v.State != verdict.Failed || !strings.Contains(v.Why, "no scanner runs") {
		t.Errorf("%+v", v)
	}
	f.write("rules.yar", ruleText)
	f.until("a scanner", idle)
	if v := f.scan("x", malware, Exec); v.State != verdict.Malicious {
		t.Errorf("%+v", v)
	}
}

func TestMemoryOf(t *testing.T) {
	if m := MemoryOf("/proc", os.Getpid()); m.Resident <= 0 || m.Private <= 0 || m.Proportional > m.Resident {
		t.Errorf("%+v", m)
	}
	if m := MemoryOf("/proc", 1<<30); m != (Memory{}) {
		t.Errorf("nobody: %+v", m)
	}
}

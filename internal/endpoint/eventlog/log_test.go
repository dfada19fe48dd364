package eventlog

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"vitrine/internal/endpoint/event"
)

// memory is a keeper that keeps lines in memory, and fails when told to.
type memory struct {
	mu     sync.Mutex
	lines  []Line
	fail   error
	closed bool
	hold   chan struct{} // if set, Keep waits for it
	began  chan struct{} // and says that it does
}

func (m *memory) Keep(l Line) error {
	if m.hold != nil {
		m.began <- struct{}{}
		<-m.hold
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.lines = append(m.lines, l)
	return nil
}

func (m *memory) Sync() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fail
}

func (m *memory) Close() error {
	m.closed = true
	return nil
}

func (m *memory) setFail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

func (m *memory) text() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, l := range m.lines {
		out = append(out, string(l.Event.Kind)+" "+l.Event.Message)
	}
	return strings.Join(out, "\n")
}

func fixed() time.Time { return at }

func say(message string) event.Event {
	return event.Event{Kind: event.Change, Severity: event.Info, Message: message}
}

func TestLog(t *testing.T) {
	one, two := &memory{}, &memory{}
	l := New(Options{Keepers: []Named{{"one", one}, {"two", two}}, Now: fixed, Run: "r"})
	f := l.Follow(16)
	for i := range 5 {
		l.Emit(say(fmt.Sprint("event ", i)))
	}
	l.Emit(event.Event{ID: "mine", Time: at.Add(-time.Hour), Kind: event.Detection, Actions: []event.Action{event.Blocked}, Message: "found"})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l.Emit(say("too late"))
	l.Close()
	if one.text() != two.text() || !strings.HasPrefix(one.text(), "change event 0\nchange event 1") || len(one.lines) != 6 || !one.closed {
		t.Errorf("kept %s", one.text())
	}
	ids := map[string]bool{}
	for line := range f.Lines() {
		ids[line.Event.ID] = true
		if line.Event.Time.IsZero() || !strings.Contains(string(line.JSON), line.Event.Message) {
			t.Errorf("followed %+v", line)
		}
	}
	if len(ids) != 6 || !ids["mine"] || len(l.Recent()) != 6 {
		t.Errorf("ids %v", ids)
	}
	if s := l.Stats(); s.Kept != 6 || s.Dropped != 0 || s.Kinds["change"] != 5 || s.Actions["blocked"] != 1 || len(s.Broken) != 0 {
		t.Errorf("stats %+v", s)
	}
	if _, open := <-l.Follow(1).Lines(); open {
		t.Error("a log that has ended is followed")
	}
}

// TestEmitNeverWaits: the keeper hangs, and those who tell go on.
func TestEmitNeverWaits(t *testing.T) {
	m := &memory{hold: make(chan struct{}), began: make(chan struct{}, 1000)}
	l := New(Options{Keepers: []Named{{"m", m}}, Now: fixed, Size: 4})
	l.Emit(say("first"))
	<-m.began // the keeper hangs in it
	for i := range 10 {
		l.Emit(say(fmt.Sprint("then ", i)))
	}
	if s := l.Stats(); s.Dropped != 6 {
		t.Errorf("stats %+v", s)
	}
	close(m.hold)
	l.Close()
	want := "change first\nchange then 0\nchange then 1\nchange then 2\nchange then 3\nlost 6 events were dropped: they came faster than they could be kept"
	if got := m.text(); got != want {
		t.Errorf("got\n%s", got)
	}
	if last := m.lines[len(m.lines)-1].Event; last.Count != 6 || last.Severity != event.High {
		t.Errorf("told %+v", last)
	}
}

// TestOutage: what one keeper does not take the others get, and when it works
// again all are told what is missing.
func TestOutage(t *testing.T) {
	bad, good := &memory{fail: errors.New("disk full")}, &memory{}
	tick := make(chan time.Time)
	l := New(Options{Keepers: []Named{{"the file", bad}, {"good", good}}, Now: fixed, Tick: tick})
	l.Emit(say("a"))
	l.Emit(say("b"))
	wait(l, 2)
	tick <- at
	if s := l.Stats(); len(s.Broken) != 1 || s.Broken[0] != "the file: disk full" {
		t.Errorf("stats %+v", s)
	}
	bad.setFail(nil)
	tick <- at
	l.Close()
	want := "lost the file works again after 0s; 2 events are missing there: disk full"
	if bad.text() != want || good.text() != "change a\nchange b\n"+want {
		t.Errorf("bad:\n%s\ngood:\n%s", bad.text(), good.text())
	}
	if s := l.Stats(); len(s.Broken) != 0 || s.Dropped != 0 {
		t.Errorf("stats %+v", s)
	}
}

// wait returns when n events have been kept.
func wait(l *Log, n int64) {
	f := l.Follow(100)
	defer f.Leave()
	for l.Stats().Kept < n {
		<-f.Lines()
	}
}

func TestRecentIsARing(t *testing.T) {
	l := New(Options{Now: fixed, Recent: 3})
	for i := range 5 {
		l.Emit(say(fmt.Sprint(i)))
	}
	l.Close()
	var got []string
	for _, line := range l.Recent() {
		got = append(got, line.Event.Message)
	}
	if strings.Join(got, "") != "234" {
		t.Errorf("got %v", got)
	}
}

func TestSlowFollower(t *testing.T) {
	l := New(Options{Now: fixed})
	slow, left := l.Follow(1), l.Follow(1)
	left.Leave()
	left.Leave()
	for i := range 4 {
		l.Emit(say(fmt.Sprint(i)))
	}
	l.Close()
	if line := <-slow.Lines(); line.Event.Message != "0" || slow.Lost() != 3 || slow.Lost() != 0 {
		t.Errorf("got %+v", line.Event)
	}
	if _, open := <-left.Lines(); open {
		t.Error("one who left still follows")
	}
	slow.Leave()
}

func TestAtOnce(t *testing.T) {
	m := &memory{}
	l := New(Options{Keepers: []Named{{"m", m}}, Now: time.Now, Size: 4096})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 100 {
				l.Emit(say(fmt.Sprint(i)))
				if i%10 == 0 {
					l.Stats()
					l.Follow(1).Leave()
				}
			}
		})
	}
	wg.Wait()
	l.Close()
	ids := map[string]bool{}
	for _, line := range m.lines {
		ids[line.Event.ID] = true
	}
	if len(ids) != 800 {
		t.Errorf("%d different ids of 800", len(ids))
	}
}

func BenchmarkEmit(b *testing.B) {
	l := New(Options{Now: time.Now, Size: 1 << 16})
	defer l.Close()
	e := full(event.Detection)
	for b.Loop() {
		l.Emit(e)
	}
}

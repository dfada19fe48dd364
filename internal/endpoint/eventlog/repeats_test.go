package eventlog

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vitrine/internal/endpoint/event"
)

func blocked(path string) event.Event {
	return event.Event{
		Kind: event.Detection, Severity: event.High, Actions: []event.Action{event.Blocked}, Message: path + " was blocked",
		File: &event.File{Path: path}, Process: &event.Process{PID: 7, UID: 1000, Exe: "/bin/sh"},
	}
}

// TestRepeats: a loop is told together, and nothing else is pushed out by it.
func TestRepeats(t *testing.T) {
	m := &memory{}
	now := make(chan time.Time, 1)
	now <- at
	clock := func() time.Time { c := <-now; now <- c; return c }
	tick := make(chan time.Time)
	l := New(Options{Keepers: []Named{{"m", m}}, Now: clock, Tick: tick, Size: 1 << 16})
	for range 5000 {
		l.Emit(blocked("/tmp/a"))
	}
	l.Emit(blocked("/tmp/b"))
	for i := range 30 {
		l.Emit(say("change")) // people's own doing is told each time
		l.Emit(event.Event{Kind: event.Network, Connection: &event.Connection{Address: "192.0.2.1", Port: i}, Message: "refused"})
	}
	wait(l, alike+1+60)
	tick <- at
	if got := strings.Count(m.text(), "/tmp/a"); got != alike {
		t.Errorf("%d told one by one", got)
	}
	<-now
	now <- at.Add(together)
	tick <- at
	wait(l, alike+1+60+1)
	last := m.lines[len(m.lines)-1].Event
	if last.Count != 5000-alike || last.Duration != together || last.Message != "/tmp/a was blocked (4980 more of these within 1m0s)" || last.Process.PID != 7 {
		t.Errorf("told %+v", last)
	}
	l.Emit(blocked("/tmp/a")) // still going on
	l.Emit(blocked("/tmp/a"))
	l.Close()
	last = m.lines[len(m.lines)-1].Event
	if last.Count != 2 || strings.Count(m.text(), "/tmp/a") != alike+2 {
		t.Errorf("at the end: %+v", last)
	}
	if s := l.Stats(); s.Kinds["detection"] != 5003 || s.Actions["blocked"] != 5003 || s.Kinds["network"] != 30 || s.Kept != alike+1+60+2 {
		t.Errorf("stats %+v", s)
	}
}

func TestRepeatsForget(t *testing.T) {
	r := repeats{}
	for i := range maxAlikes + 10 {
		e := blocked(fmt.Sprint("/tmp/", i))
		if r.silence(&e, at) {
			t.Fatal("the first of its kind was not told")
		}
	}
	if len(r) != maxAlikes {
		t.Errorf("%d are remembered", len(r))
	}
	if out := r.due(at.Add(together), false); len(out) != 0 || len(r) != 0 {
		t.Errorf("told %d, remembered %d", len(out), len(r))
	}
}

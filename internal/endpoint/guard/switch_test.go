package guard

import (
	"sync"
	"testing"

	"vitrine/internal/endpoint/verdict"
)

// madeSwitch is a Switch that a test turns.
type madeSwitch struct {
	mu     sync.Mutex
	off    bool
	saw    []string
	missed int
}

func (s *madeSwitch) turn(off bool) { s.mu.Lock(); s.off = off; s.mu.Unlock() }

func (s *madeSwitch) Acting() bool { s.mu.Lock(); defer s.mu.Unlock(); return !s.off }

func (s *madeSwitch) Saw(path string, _ verdict.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saw = append(s.saw, path)
}

func (s *madeSwitch) Missed() { s.mu.Lock(); s.missed++; s.mu.Unlock() }

func TestSwitchedOff(t *testing.T) {
	w := &madeSwitch{off: true}
	m := run(t, func(c *Config) { c.Switch, c.Quarantine = w, true })
	evil := m.file("evil", bad)
	if !m.answer(m.ask(evil, execAsk)) {
		t.Error("refused, although it is switched off")
	}
	if n := m.scanner.scans(evil); n != 0 || len(w.saw) != 1 || w.saw[0] != evil {
		t.Errorf("scanned %d times, told of %q", n, w.saw)
	}
	w.turn(false)
	if m.answer(m.ask(evil, execAsk)) {
		t.Error("let through, although it is switched on")
	}
}

// A verdict that comes after the switch was turned changes nothing any more.
func TestSwitchedOffMeanwhile(t *testing.T) {
	w := &madeSwitch{}
	m := run(t, func(c *Config) { c.Switch, c.Quarantine = w, true })
	evil := m.file("evil", bad)
	release := m.scanner.holdUp()
	defer release()
	fd := m.ask(evil, execAsk)
	until(t, "it is scanned", func() bool { return m.scanner.busyNow() == 1 })
	w.turn(true)
	release()
	m.answer(fd)
	until(t, "it is told", func() bool { return m.Stats().Detections == 1 })
	if m.Stats().Kept != 0 {
		t.Error("taken away, although it is switched off")
	}
}

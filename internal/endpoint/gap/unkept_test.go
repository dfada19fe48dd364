package gap

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUnkept: a machine whose disk takes nothing is protected all the same, it is
// told, and what was to be kept is kept as soon as it can be.
func TestUnkept(t *testing.T) {
	m := newMachine(t)
	c := m.config()
	blocked := filepath.Join(t.TempDir(), "state")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil { // no folder, also for root
		t.Fatal(err)
	}
	c.Dir = filepath.Join(blocked, "gap")
	s, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	stop := m.run(s)
	st := m.until(s, Degraded)
	if !s.Acting() || s.Unkept() == nil || len(st.Problems) != 1 || !strings.Contains(st.Problems[0], "not known until when the guard ran") {
		t.Errorf("acting %t, %v, %q", s.Acting(), s.Unkept(), st.Problems)
	}
	if err := s.Off("because", "me", 0); err == nil || !s.Acting() {
		t.Errorf("switched off without a note of it: %v", err)
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for s.Status().State != Protected {
		m.ring()
	}
	stop()
	if err := s.Unkept(); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"switch.json", "alive.json"} {
		if _, err := os.Stat(filepath.Join(c.Dir, name)); err != nil {
			t.Error(err)
		}
	}
}

// TestOpenRefuses: what no switch can work without.
func TestOpenRefuses(t *testing.T) {
	m := newMachine(t)
	for _, c := range []Config{{Dir: m.dir}, {Examiner: m}} {
		if _, err := Open(c); err == nil {
			t.Errorf("%+v", c)
		}
	}
}

package machine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/cli/term"
)

// A command without a ticker draws when it begins with a file, not too soon, not
// too often, and never so wide that a ^C would wrap.
func TestMeterDrawsByItself(t *testing.T) {
	s := newStage(40)
	now := began
	s.env.Now = func() time.Time { return now }
	var m meter
	m.start(s.env, "scanning", false)
	for _, c := range []struct {
		after time.Duration
		drawn bool
	}{{0, false}, {200 * time.Millisecond, false}, {150 * time.Millisecond, true}, {50 * time.Millisecond, false}, {60 * time.Millisecond, true}} {
		now = now.Add(c.after)
		s.errs.Reset()
		m.progress.Add(1 << 20)
		m.begin("/a/path/that/is/longer/than/the/terminal/is/wide")
		line := strings.TrimSuffix(strings.TrimPrefix(s.errs.String(), "\r"), "\x1b[K")
		if (line != "") != c.drawn || c.drawn && !strings.HasPrefix(line, "scanning ") || term.Columns(line) > 40-3 {
			t.Errorf("after %v: %q", now.Sub(began), line)
		}
	}
	m.start(s.env, "scanning", true)
	s.errs.Reset()
	if m.begin("x"); s.errs.Len() > 0 {
		t.Errorf("quiet: %q", s.errs.String())
	}
}

// What was measured before an interrupt is not lost.
func TestProfileInterrupted(t *testing.T) {
	dir := t.TempDir()
	rules := filepath.Join(dir, "r.yar")
	if err := os.WriteFile(rules, []byte("rule r { condition: true }"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(term.ErrInterrupted)
	s := newStage(0)
	err := runRulesProfile(ctx, s.env, profileOptions{}, rules, []string{dir})
	if !errors.Is(err, term.ErrInterrupted) || !strings.Contains(s.out.String(), "1 rule, 0 files") {
		t.Errorf("%v\n%s%s", err, s.out.String(), s.errs.String())
	}
}

package eventlog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/endpoint/config"
)

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	c := config.Default().Events
	c.File, c.Metrics, c.Desktop = filepath.Join(dir, "log", "events.jsonl"), filepath.Join(dir, "v.prom"), true
	os.WriteFile(filepath.Join(dir, "log"), nil, 0o600) // a file in the folder's place: the log starts all the same
	tick := make(chan time.Time)
	l, missing := Open(Start{
		Config: c, Now: fixed, Tick: tick, Journal: filepath.Join(dir, "none"),
		Metrics: func() []byte { return []byte("m\n") }, Exec: func([]string) error { return nil },
	})
	if len(missing) == 0 || missing[0].Feature != "journal" || missing[0].Part != "events" || missing[0].Degrades {
		t.Errorf("missing %+v", missing)
	}
	l.Emit(say("early"))
	wait(l, 1)
	if s := l.Stats(); len(s.Broken) != 1 || !strings.HasPrefix(s.Broken[0], c.File) {
		t.Errorf("stats %+v", s)
	}
	os.Remove(filepath.Join(dir, "log"))
	tick <- at
	l.Emit(say("late"))
	tick <- at
	if text, _ := os.ReadFile(c.Metrics); string(text) != "m\n" {
		t.Errorf("metrics %q", text)
	}
	l.Close()
	got, _ := messages(t, c.File, 0, Filter{})
	if !strings.Contains(got, c.File+" works again after 0s; 1 events are missing there") || !strings.HasSuffix(got, "late") {
		t.Errorf("kept %s", got)
	}
}

func TestOpenNothing(t *testing.T) {
	l, missing := Open(Start{Now: fixed})
	l.Emit(say("only remembered"))
	l.Close()
	if len(missing) != 0 || len(l.Recent()) != 1 {
		t.Errorf("missing %+v, recent %+v", missing, l.Recent())
	}
}

package machine

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"vitrine/internal/cli/machine/scanreport"
	"vitrine/internal/cli/machine/sweep"
	"vitrine/internal/cli/ruleset"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/files"
	"vitrine/internal/engine"
	"vitrine/internal/engine/limit"
	"vitrine/yara"
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// stage is a world in which tests turn the clock and press the keys.
type stage struct {
	env    term.Env
	out    bytes.Buffer
	errs   bytes.Buffer
	tick   chan time.Time
	ask    chan<- os.Signal
	listen chan bool // closed once SIGUSR1 is listened to
}

func newStage(columns int) *stage {
	s := &stage{tick: make(chan time.Time), listen: make(chan bool)}
	s.env = term.Env{
		Stdin: strings.NewReader(""), Stdout: &s.out, Stderr: &s.errs,
		Now:       func() time.Time { return began.Add(2 * time.Second) },
		LookupEnv: func(string) (string, bool) { return "", false },
		Width:     func(stream any) (int, bool) { return columns, columns > 0 && stream == io.Writer(&s.errs) },
		Tick:      func(time.Duration) (<-chan time.Time, func()) { return s.tick, func() {} },
		Notify: func(c chan<- os.Signal, signals ...os.Signal) func() {
			if slices.Contains(signals, os.Signal(syscall.SIGUSR1)) {
				s.ask = c
				close(s.listen)
			}
			return func() {}
		},
	}
	return s
}

func (s *stage) desk(o scanOptions) *desk {
	if o.format == "" {
		o.format = "text"
	}
	d := newDesk(s.env, o, &prepared{set: &ruleset.Set{}})
	d.progress.Started = began
	return d
}

func shown(path string, findings ...string) sweep.Outcome {
	o := sweep.Outcome{Item: sweep.Item{Entry: files.Entry{Path: path}}, Shown: true}
	o.Seen.Size, o.Report.Objects, o.Report.Bytes = 10, 1, 10
	for _, name := range findings {
		o.Report.Findings = append(o.Report.Findings, engine.Finding{Name: name, Rule: &yara.RuleMatch{Rule: &yara.Rule{Name: name}}})
	}
	return o
}

// The progress line appears after 300 ms, gives way to what is told, and is
// gone at the end.
func TestProgressLine(t *testing.T) {
	s := newStage(44)
	d := s.desk(scanOptions{})
	outcomes := make(chan sweep.Outcome)
	done := make(chan error)
	go func() { done <- d.serve(outcomes, func() {}) }()
	s.tick <- began.Add(299 * time.Millisecond)
	d.progress.Begin("/some/where/deep/down/the/tree/file")
	d.progress.Add(1 << 20)
	s.tick <- began.Add(time.Second)
	outcomes <- shown("bad", "rule_a")
	s.tick <- began.Add(2 * time.Second)
	close(outcomes)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	want := "\rscanning 1  1.0 MiB  1.0 MiB/s  …ree/file\x1b[K" + "\r\x1b[K" + "\rscanning 1  1.0 MiB  512 KiB/s  …ree/file\x1b[K" + "\r\x1b[K"
	if s.errs.String() != want {
		t.Errorf("stderr\n%q\nwant\n%q", s.errs.String(), want)
	}
	if s.out.String() != "bad: rule_a FOUND\n" {
		t.Errorf("stdout %q", s.out.String())
	}
}

func TestNoProgressLine(t *testing.T) {
	for name, prepare := range map[string]func(*stage, *scanOptions){
		"no terminal": func(s *stage, _ *scanOptions) { s.env.Width = func(any) (int, bool) { return 0, false } },
		"quiet":       func(_ *stage, o *scanOptions) { o.quiet = true },
		"dumb":        func(s *stage, _ *scanOptions) { s.env.LookupEnv = func(string) (string, bool) { return "dumb", true } },
	} {
		s, o := newStage(80), scanOptions{}
		prepare(s, &o)
		d := s.desk(o)
		outcomes := make(chan sweep.Outcome)
		done := make(chan error)
		go func() { done <- d.serve(outcomes, func() {}) }()
		s.tick <- began.Add(time.Hour)
		close(outcomes)
		if err := <-done; err != nil || s.errs.Len() > 0 {
			t.Errorf("%s: %q, %v", name, s.errs.String(), err)
		}
	}
}

func TestProgressOnDemand(t *testing.T) {
	s := newStage(0)
	d := s.desk(scanOptions{})
	d.progress.Add(5)
	outcomes := make(chan sweep.Outcome)
	done := make(chan error)
	go func() { done <- d.serve(outcomes, func() {}) }()
	<-s.listen
	s.ask <- syscall.SIGUSR1
	s.tick <- began // the signal was there first or comes next; either way serve is alive
	for len(s.ask) > 0 {
		s.tick <- began
	}
	close(outcomes)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if want := "vitrine: scanning 1  5 B  2 B/s\n"; s.errs.String() != want {
		t.Errorf("stderr %q, want %q", s.errs.String(), want)
	}
}

// When stdout is lost the sweep is stopped, and what still comes is not written.
func TestLostStdout(t *testing.T) {
	s := newStage(0)
	s.env.Stdout = fullDisk{}
	d := s.desk(scanOptions{})
	outcomes := make(chan sweep.Outcome, 3)
	outcomes <- shown("a", "r")
	outcomes <- shown("b", "r")
	stops := 0
	err := d.serve(outcomes, func() {
		if stops++; stops == 1 {
			close(outcomes)
		}
	})
	if !errors.Is(err, syscall.ENOSPC) || stops == 0 {
		t.Errorf("%v, stopped %d times", err, stops)
	}
	if err := d.end(err, false); term.Exit(err) != term.CouldNot {
		t.Errorf("%v", err)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestEnd(t *testing.T) {
	found := func(d *desk) { d.tally.Findings++ }
	missing := func(d *desk) { d.tally.Unread.Add("missing") }
	cut := func(d *desk) { d.tally.Incomplete.Add("size") }
	for _, c := range []struct {
		name        string
		happened    []func(*desk)
		strict      bool
		interrupted bool
		code        term.Code
	}{
		{"clean", nil, false, false, 0},
		{"clean, strict", nil, true, false, 0},
		{"found", []func(*desk){found}, false, false, 1},
		{"found, strict", []func(*desk){found}, true, false, 1},
		{"unread", []func(*desk){missing}, false, false, 2},
		{"found and unread", []func(*desk){found, missing}, false, false, 1},
		{"found and unread, strict", []func(*desk){found, missing}, true, false, 2},
		{"incomplete", []func(*desk){cut}, false, false, 0},
		{"incomplete, strict", []func(*desk){cut}, true, false, 2},
		{"interrupted", []func(*desk){found, missing}, true, true, 130},
	} {
		s := newStage(0)
		d := s.desk(scanOptions{strict: c.strict})
		for _, happen := range c.happened {
			happen(d)
		}
		if got := term.Exit(d.end(nil, c.interrupted)); got != c.code {
			t.Errorf("%s: code %d, want %d", c.name, got, c.code)
		}
		if !strings.Contains(s.errs.String(), "\nNothing left this machine.\n") {
			t.Errorf("%s: summary %q", c.name, s.errs.String())
		}
	}
}

// What the summary says of data that left comes from the ledger.
func TestSummaryAsksTheLedger(t *testing.T) {
	s := newStage(0)
	d := s.desk(scanOptions{})
	d.ledger = busyLedger{}
	if err := d.end(nil, false); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.errs.String(), "\nLeft this machine: sample.submit to lab (2.0 KiB).\n") {
		t.Errorf("%q", s.errs.String())
	}
}

type busyLedger struct{}

func (busyLedger) Departures() []scanreport.Departure {
	return []scanreport.Departure{{Flow: "sample.submit", To: "lab", Bytes: 2048}}
}

func TestTally(t *testing.T) {
	problem := &files.Problem{Op: "open", Reason: files.Vanished, Err: os.ErrNotExist}
	entry := func(kind files.Kind, err *files.Problem) sweep.Outcome {
		return sweep.Outcome{Item: sweep.Item{Entry: files.Entry{Path: "p\n", Kind: kind, Err: err}}}
	}
	seen := func(s files.Seen) sweep.Outcome { return sweep.Outcome{Seen: s} }
	limited := shown("z")
	limited.Report.Incomplete = []engine.Incomplete{{Path: []string{"m"}, Reason: limit.Encrypted, Detail: "d"}}
	limited.Report.Allowed = true
	large := shown("big")
	large.Seen.TooLarge = true
	notShown := seen(files.Seen{TooLarge: true, Size: 9})
	changed := shown("log")
	changed.Seen.Changed = true
	var tl tally
	var notes []string
	for _, o := range []sweep.Outcome{
		entry(files.Unread, problem), entry(files.Symlink, nil), entry(files.Excluded, nil),
		seen(files.Seen{Kind: files.Unread, Problem: problem}), seen(files.Seen{Kind: files.Special}),
		shown("bad", "a", "b"), shown("clean"), limited, large, notShown, changed,
	} {
		for _, e := range tl.add(o) {
			notes = append(notes, scanreport.Note(e))
		}
	}
	if tl.Files != 5 || tl.Bytes != 50 || tl.Findings != 2 || tl.Infected != 1 || tl.Allowed != 1 ||
		tl.Unread.Total() != 2 || tl.Skipped.Total() != 3 || tl.Incomplete.Total() != 4 {
		t.Errorf("%+v", tl)
	}
	want := []string{
		`open p\n: vanished before it was read`, "open : vanished before it was read", "", "", "z!m: incomplete: encrypted: d",
		"big: incomplete: size: only the start was scanned: it does not fit into --max-memory or --max-filesize",
		": incomplete: size: not scanned: 9 B are more than --max-filesize", "log: incomplete: changed: the file changed while it was scanned",
	}
	if !slices.Equal(notes, want) {
		t.Errorf("notes\n%q\nwant\n%q", notes, want)
	}
}

func TestPlaces(t *testing.T) {
	got := places([]yara.StringMatch{{Name: "$a", Offset: 3, Data: make([]byte, 100)}})
	if len(got) != 1 || got[0].Length != 100 || len(got[0].Data) != excerpt || got[0].Offset != 3 || got[0].String != "$a" {
		t.Errorf("%+v", got)
	}
}

func TestShellWord(t *testing.T) {
	for in, want := range map[string]string{"rules/a-b.yar": "rules/a-b.yar", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$x": "'$x'"} {
		if got := shellWord(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

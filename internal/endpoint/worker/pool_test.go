package worker

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/sandbox"
	"vitrine/internal/endpoint/verdict"
	"vitrine/internal/endpoint/wire"
)

func itoa(n int) string { return strconv.Itoa(n) }

const malware = "something with MALWARE-OF-THIS-TEST in it"

func TestVerdicts(t *testing.T) {
	f := start(t, func(c *Config) { c.MaxSize = 3 << 20 })
	v := f.scan("clean", "nothing", Exec)
	if v.State != verdict.Clean || v.Size != 7 || v.Objects != 1 || v.Rules != f.Rules() || v.Took <= 0 || v.Why != "" {
		t.Errorf("clean: %+v", v)
	}
	v = f.scan("bad", malware, Open)
	if v.State != verdict.Malicious || len(v.Findings) != 1 || v.Findings[0].Name != "made_up" || len(v.SHA256) != 64 {
		t.Errorf("malware: %+v", v)
	}
	v = f.scan("mapped", strings.Repeat("x", 2<<20)+malware, Write)
	if v.State != verdict.Malicious || v.Size != 2<<20+int64(len(malware)) {
		t.Errorf("malware in a large file: %+v", v)
	}
	if v = f.scan("large", strings.Repeat("x", 3<<20+1), Background); v.State != verdict.Incomplete || v.Why == "" {
		t.Errorf("a file that is too large: %+v", v)
	}
	if v = f.scan("empty", "", Background); v.State != verdict.Clean {
		t.Errorf("an empty file: %+v", v)
	}
	if s := f.Status(); s.Scans != 5 || s.Failures != 0 || s.Count != 1 || s.Workers[0].Memory.Proportional <= 0 {
		t.Errorf("status: %+v", s)
	}
}

// A file is looked into from its start, wherever its reader is.
func TestOffset(t *testing.T) {
	f := start(t, nil)
	file, err := os.Open(f.write("bad", malware))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Seek(30, 0); err != nil {
		t.Fatal(err)
	}
	v, err := f.Scan(t.Context(), Job{File: file, Class: Open})
	if err != nil || v.State != verdict.Malicious {
		t.Errorf("%+v, %v", v, err)
	}
	if at, _ := file.Seek(0, 1); at != 30 {
		t.Errorf("its reader is at %d now", at)
	}
}

// A large file is mapped; what happens when it is cut off under it happens behind
// all walls, too.
func TestCutOffWhileItIsMapped(t *testing.T) {
	slowStart(t)
	f := start(t, nil)
	cut := false
	for round := 0; !cut && round < 20; round++ {
		path := f.write("slow"+itoa(round), "SLOW"+strings.Repeat("x", 3<<20))
		wait := f.again(t.Context(), path, Exec)
		f.until("a scanner at work", func(s Status) bool { return count(s, "busy") == 1 })
		<-time.After(time.Duration(round) * 5 * time.Millisecond) // until it is mapped
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		v, err := wait()
		cut = v.State == verdict.Incomplete && strings.Contains(v.Why, "changed")
		if err != nil || !cut && v.Size != 0 { // it may have been cut off before anybody looked
			t.Errorf("%+v, %v", v, err)
		}
	}
	if s := f.status(); restarts(s) != 0 || !cut {
		t.Errorf("cut off in time: %v; status: %+v", cut, s)
	}
}

func TestNoFile(t *testing.T) {
	f := start(t, nil)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if v, err := f.Scan(t.Context(), Job{File: r, Class: Open}); err != nil || v.State != verdict.Failed {
		t.Errorf("a pipe: %+v, %v", v, err)
	}
	r.Close()
	if v, err := f.Scan(t.Context(), Job{File: r, Class: Open}); err != nil || v.State != verdict.Failed {
		t.Errorf("a closed file: %+v, %v", v, err)
	}
	blind, err := os.OpenFile(f.write("x", "x"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer blind.Close()
	if v, err := f.Scan(t.Context(), Job{File: blind, Class: Open}); err != nil || v.State != verdict.Failed {
		t.Errorf("a file that is not open for reading: %+v, %v", v, err)
	}
}

// A scanner that dies of a file costs that file and that process, once.
func TestCrash(t *testing.T) {
	f := start(t, func(c *Config) { c.Workers = 1 })
	pid := f.status().Workers[0].PID
	v := f.scan("poison", "CRASH", Exec)
	if v.State != verdict.Failed || !strings.Contains(v.Why, "made to crash") {
		t.Errorf("the file: %+v", v)
	}
	if v := f.scan("other", malware, Exec); v.State != verdict.Malicious {
		t.Errorf("the next file: %+v", v)
	}
	s := f.until("a new scanner", idle)
	if s.Workers[0].PID == pid || s.Workers[0].Restarts != 1 || s.Poisoned != 1 || s.Failures != 1 {
		t.Errorf("status: %+v", s)
	}
	var again []func() (verdict.Verdict, error)
	for range 5 {
		again = append(again, f.again(t.Context(), filepath.Join(f.dir, "poison"), Exec))
	}
	for _, wait := range again {
		if v, err := wait(); err != nil || v.State != verdict.Failed || !strings.Contains(v.Why, "not tried again") {
			t.Errorf("the file once more: %+v, %v", v, err)
		}
	}
	if s := f.status(); restarts(s) != 1 {
		t.Errorf("a scanner has died of it again: %+v", s)
	}
	told := f.events.of(event.Worker)
	if len(told) != 2 || told[0].File == nil || told[0].File.Path != "poison" {
		t.Errorf("told: %+v", told)
	}
	// In another state it is another file.
	if v := f.scan("poison", "harmless now", Exec); v.State != verdict.Clean {
		t.Errorf("the file when it has changed: %+v", v)
	}
}

func TestScannerThatNeverEnds(t *testing.T) {
	f := start(t, func(c *Config) {
		c.Grace = 100 * time.Millisecond
		c.MaxTime, c.Deadlines[Exec] = time.Minute, 400*time.Millisecond
	})
	v := f.scan("loop", "LOOP", Exec)
	if v.State != verdict.Failed || v.Why != "a scanner gave no answer within 500ms" {
		t.Errorf("%+v", v)
	}
	if s := f.until("a new scanner", idle); restarts(s) != 1 {
		t.Errorf("status: %+v", s)
	}
}

func TestScannerThatEatsMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector needs more memory than scanners have")
	}
	f := start(t, func(c *Config) { c.Memory = 96 << 20 })
	v := f.scan("eat", "EAT", Write)
	if v.State != verdict.Failed || !strings.Contains(v.Why, "memory") {
		t.Errorf("%+v", v)
	}
	if v := f.scan("other", malware, Exec); v.State != verdict.Malicious {
		t.Errorf("the next file: %+v", v)
	}
}

func TestKilledInTheMiddle(t *testing.T) {
	f := start(t, nil)
	wait := f.later(t.Context(), "slow", "SLOW "+malware, Write)
	s := f.until("a scanner at work", func(s Status) bool { return count(s, "busy") == 1 })
	for _, w := range s.Workers {
		if w.State == "busy" {
			if err := unix.Kill(w.PID, unix.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	// It was not the file that has killed it.
	if v, err := wait(); err != nil || v.State != verdict.Malicious {
		t.Errorf("%+v, %v", v, err)
	}
	if s := f.until("a new scanner", idle); s.Poisoned != 0 || restarts(s) != 1 {
		t.Errorf("status: %+v", s)
	}
}

// Scanners that are killed while they wait cost no file.
func TestKilledWhileIdle(t *testing.T) {
	slowStart(t)
	f := start(t, nil)
	for round := range 5 {
		for _, pid := range f.Pids() {
			if err := unix.Kill(pid, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
				t.Fatal(err)
			}
		}
		if v := f.scan("bad"+itoa(round), malware, Exec); v.State != verdict.Malicious {
			t.Errorf("%+v", v)
		}
		f.until("new scanners", idle)
	}
	if s := f.status(); s.Failures != 0 || s.Poisoned != 0 {
		t.Errorf("status: %+v", s)
	}
}

func TestHostileScanners(t *testing.T) {
	slowStart(t)
	for how, want := range map[string]string{
		"garbage": "not to be trusted", "oversized": "not to be trusted", "other id": "was not asked", "other rules": "by other rules",
		"silent exit": "exit code 0",
	} {
		t.Run(how, func(t *testing.T) {
			f := start(t, func(c *Config) {
				c.Env = []string{"HOSTILE=" + how}
				c.Walls = []string{sandbox.Rlimits} // that test knows how to send more than it may
			})
			v := f.scan("x", "x", Exec)
			if v.State != verdict.Failed || !strings.Contains(v.Why, want) {
				t.Errorf("%+v", v)
			}
			f.until("a new scanner", idle)
		})
	}
}

// While rules are loaded anew there is always somebody to ask.
func TestReloadUnderLoad(t *testing.T) {
	f := start(t, nil)
	f.until("all scanners", idle)
	before, pids := f.Rules(), f.Pids()
	path := f.write("bad", malware)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for ctx.Err() == nil {
				v, err := f.again(context.WithoutCancel(ctx), path, Exec)()
				if err != nil || v.State != verdict.Malicious {
					t.Errorf("%+v, %v", v, err)
				}
			}
		})
	}
	for round := range 3 {
		f.write("rules.yar", ruleText+"\n// "+itoa(round))
		if err := f.Reload(t.Context()); err != nil {
			t.Error(err)
		}
	}
	cancel()
	wg.Wait()
	if f.Rules() == before {
		t.Error("the identity of the rules is what it was")
	}
	s := f.until("all scanners", idle)
	for _, w := range s.Workers {
		if slices.Contains(pids, w.PID) || w.Restarts != 0 {
			t.Errorf("an old scanner: %+v", w)
		}
	}
	f.until("the old ones to end", func(Status) bool { return len(f.Pids()) == 2 })
	if len(f.events.of(event.Change)) != 3 {
		t.Errorf("told: %+v", f.events.of(event.Change))
	}
}

// Every process is told of, also those that come later.
func TestStarted(t *testing.T) {
	told := make(chan int, 100)
	f := start(t, func(c *Config) { c.Workers, c.Idle, c.Started = 1, 1, func(pid int) { told <- pid } })
	if pid := <-told; !slices.Equal(f.Pids(), []int{pid}) {
		t.Errorf("told of %d, there is %v", pid, f.Pids())
	}
	if err := f.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if pid := <-told; !slices.Contains(f.Pids(), pid) {
		t.Errorf("told of %d, there is %v", pid, f.Pids())
	}
}

// Rules that cannot be loaded change nothing.
func TestReloadOfBrokenRules(t *testing.T) {
	f := start(t, nil)
	f.until("all scanners", idle)
	before, pids := f.Rules(), f.Pids()
	f.write("rules.yar", "rule {")
	err := f.Reload(t.Context())
	if err == nil || !strings.Contains(err.Error(), "load rules") {
		t.Errorf("got %v", err)
	}
	f.until("the same scanners", func(Status) bool { return len(f.Pids()) == 2 })
	slices.Sort(pids)
	now := f.Pids()
	slices.Sort(now)
	if f.Rules() != before || !slices.Equal(now, pids) {
		t.Errorf("rules %s, before %s; scanners %v, before %v", f.Rules(), before, now, pids)
	}
	if v := f.scan("bad", malware, Exec); v.State != verdict.Malicious {
		t.Errorf("%+v", v)
	}
}

// What one scanner finds changed when it starts again, the others load as well.
func TestRulesChangeUnasked(t *testing.T) {
	f := start(t, nil)
	f.until("all scanners", idle)
	before := f.Rules()
	f.write("rules.yar", ruleText+" // another")
	f.scan("poison", "CRASH", Exec)
	f.until("other rules", func(s Status) bool {
		return s.Rules != before && idle(s) && len(f.Pids()) == 2 && len(f.events.of(event.Change)) > 0
	})
	for range 4 {
		if v := f.scan("bad", malware, Exec); v.Rules != f.Rules() {
			t.Errorf("a scanner has other rules: %+v", v)
		}
	}
}

func TestNoRules(t *testing.T) {
	p, err := New(t.Context(), Config{Rules: wire.Rules{Paths: []string{"/no/such/rules"}}})
	if err == nil {
		p.Close()
		t.Fatal("no error")
	}
	if _, err := New(t.Context(), Config{Workers: -1}); err == nil {
		t.Error("fewer than no scanners: no error")
	}
	if _, err := New(t.Context(), Config{Program: "/no/such/program"}); err == nil {
		t.Error("no program: no error")
	}
}

func TestClose(t *testing.T) {
	f := start(t, func(c *Config) { c.Workers = 1 })
	pids := f.Pids()
	busy := f.later(t.Context(), "loop", "LOOP", Write)
	f.until("a scanner at work", func(s Status) bool { return count(s, "busy") == 1 })
	waits := f.later(t.Context(), "other", "x", Write)
	f.until("a job that waits", func(s Status) bool { return s.Queued == 1 })
	f.Close()
	for _, wait := range []func() (verdict.Verdict, error){busy, waits} {
		if v, err := wait(); !errors.Is(err, ErrClosed) {
			t.Errorf("%+v, %v", v, err)
		}
	}
	for _, pid := range pids {
		if alive(pid) {
			t.Errorf("scanner %d is still there", pid)
		}
	}
	file, err := os.Open(f.rules)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := f.Scan(t.Context(), Job{File: file}); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed pool: %v", err)
	}
	if err := f.Reload(t.Context()); err == nil {
		t.Error("a closed pool loads rules")
	}
	f.Close()
}

func TestContext(t *testing.T) {
	f := start(t, func(c *Config) { c.Workers = 1 })
	f.later(t.Context(), "loop", "LOOP", Write)
	f.until("a scanner at work", func(s Status) bool { return count(s, "busy") == 1 })
	ctx, cancel := context.WithCancel(t.Context())
	wait := f.later(ctx, "other", "x", Exec)
	f.until("a job that waits", func(s Status) bool { return s.Queued == 1 })
	cancel()
	if _, err := wait(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	f.until("nothing that waits", func(s Status) bool { return s.Queued == 0 })
}

// A scheduled scan leaves one worker to those who stand still.
func TestBackgroundLeavesOne(t *testing.T) {
	f := start(t, nil)
	first := f.later(t.Context(), "a", "SLOW", Background)
	second := f.later(t.Context(), "b", "SLOW", Background)
	f.until("one at work, one waiting", func(s Status) bool { return count(s, "busy") == 1 && s.Queued == 1 })
	if v := f.scan("c", malware, Exec); v.State != verdict.Malicious {
		t.Errorf("%+v", v)
	}
	for _, wait := range []func() (verdict.Verdict, error){first, second} {
		if v, err := wait(); err != nil || v.State != verdict.Clean {
			t.Errorf("%+v, %v", v, err)
		}
	}
}

// Many who ask for one file at once are one scan.
func TestOneScanForMany(t *testing.T) {
	f := start(t, nil)
	path := f.write("slow", "SLOW "+malware)
	var waits []func() (verdict.Verdict, error)
	for range 8 {
		waits = append(waits, f.again(t.Context(), path, Exec))
	}
	for _, wait := range waits {
		if v, err := wait(); err != nil || v.State != verdict.Malicious {
			t.Errorf("%+v, %v", v, err)
		}
	}
	if s := f.status(); s.Scans != 1 {
		t.Errorf("%d scans", s.Scans)
	}
}

// The walls stand, and what is missing is told.
func TestWallsAreTold(t *testing.T) {
	slowStart(t)
	f := start(t, func(c *Config) { c.Walls = []string{sandbox.Landlock} })
	f.scan("x", "x", Exec) // who serves has told
	s := f.Status()
	if s.Sandbox.Has(sandbox.Landlock) || !s.Sandbox.Has(sandbox.Rlimits) || !s.Sandbox.Has(sandbox.ParentEnd) {
		t.Errorf("the report: %+v", s.Sandbox)
	}
	told := 0
	for _, e := range f.events.of(event.Degraded) {
		if strings.Contains(e.Message, "without landlock") {
			told++
		}
	}
	if told == 0 || told > 2 { // while rules are loaded, and after
		t.Errorf("told %d times: %+v", told, f.events.of(event.Degraded))
	}
}

// Scanners that are not needed rest, and start when they are.
func TestRest(t *testing.T) {
	slowStart(t)
	f := start(t, func(c *Config) { c.Workers, c.Idle, c.Linger = 3, 1, 20*time.Millisecond })
	one := func(s Status) bool { return count(s, "idle") == 1 && count(s, "resting") == 2 && len(f.Pids()) == 1 }
	f.until("one that waits", one)
	first := f.status().Workers[0].PID
	var waits []func() (verdict.Verdict, error)
	f.until("all at work", func(s Status) bool {
		if s.Queued < 2 {
			waits = append(waits, f.later(t.Context(), "a"+itoa(len(waits)), "SLOW "+malware, Exec))
		}
		return count(s, "busy") == 3
	})
	waits = append(waits, f.later(t.Context(), "b", malware, Background))
	for _, wait := range waits {
		if v, err := wait(); err != nil || v.State != verdict.Malicious {
			t.Errorf("%+v, %v", v, err)
		}
	}
	s := f.until("one that waits again", one)
	if restarts(s) != 0 {
		t.Errorf("status: %+v", s)
	}
	// A scheduled scan starts a second, so that one is left.
	if v := f.scan("c", malware, Background); v.State != verdict.Malicious {
		t.Errorf("%+v", v)
	}
	f.write("rules.yar", ruleText+" ")
	if err := f.Reload(t.Context()); err != nil {
		t.Error(err)
	}
	f.until("one that waits with other rules", one)
	if v := f.scan("d", malware, Exec); v.Rules != f.Rules() || slices.Contains(f.Pids(), first) {
		t.Errorf("%+v", v)
	}
	if told := f.events.of(event.Worker); len(told) != 0 {
		t.Errorf("told: %+v", told)
	}
}

func TestClassNames(t *testing.T) {
	for class, want := range map[Class]string{Exec: "exec", Open: "open", Write: "write", Background: "background", classes: "unknown"} {
		if class.String() != want {
			t.Errorf("%d: %s", class, class)
		}
	}
}

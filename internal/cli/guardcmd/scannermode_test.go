package guardcmd

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/cli/quarry"
	"vitrine/internal/cli/ruleset"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/sandbox"
	"vitrine/internal/endpoint/verdict"
	"vitrine/internal/endpoint/wire"
	"vitrine/internal/endpoint/worker"
	"vitrine/internal/engine"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// TestMain is the scanner when a test has started this program as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == worker.Mode {
		env := term.System()
		root := &cobra.Command{Use: "vitrine"}
		root.AddCommand(newScannerMode(env))
		os.Exit(int(term.Run(context.Background(), env, root, os.Args[1:])))
	}
	os.Exit(m.Run())
}

// samples are the files that every format is shown by.
const samples = "../../../testdata/samples"

func pool(t *testing.T, c worker.Config) *worker.Pool {
	t.Helper()
	if os.Geteuid() == 0 {
		c.User = "vitrine-scanner"
	}
	c.Workers = max(c.Workers, 1)
	p, err := worker.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func scanPath(t *testing.T, p *worker.Pool, path string) verdict.Verdict {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	v, err := p.Scan(t.Context(), worker.Job{File: file, Name: path, Class: worker.Open})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Behind all walls a scanner finds what the engine finds without any.
func TestScannerFindsAsMuch(t *testing.T) {
	set, err := ruleset.Load(ruleset.Config{Builtin: quarry.Builtin()})
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(engine.Config{Rules: set.Rules})
	if err != nil {
		t.Fatal(err)
	}
	w, err := e.NewWorker()
	if err != nil {
		t.Fatal(err)
	}
	p := pool(t, worker.Config{Rules: wire.Rules{Builtin: true}, Memory: memory(1 << 30)})
	names, err := filepath.Glob(samples + "/*")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d samples, %v", len(names), err)
	}
	found := 0
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		report, v := w.Scan(t.Context(), data), scanPath(t, p, name)
		if len(v.Findings) != len(report.Findings) || v.Objects != report.Objects {
			t.Errorf("%s: %+v; without walls %d findings in %d objects", name, v, len(report.Findings), report.Objects)
			continue
		}
		for i, f := range report.Findings {
			if v.Findings[i].Name != f.Name || !slices.Equal(v.Findings[i].Path, f.Path) {
				t.Errorf("%s: %+v, without walls %+v", name, v.Findings[i], f)
			}
		}
		found += len(v.Findings)
	}
	if found == 0 {
		t.Error("nothing was found at all")
	}
	if s := p.Status(); s.Failures != 0 || s.Count != set.Identity.Count || os.Geteuid() == 0 && len(s.Sandbox.Missing()) > 0 && !raceOrCgo(s.Sandbox) {
		t.Errorf("status: %+v", s)
	}
}

// raceOrCgo tells whether all that is missing is for how this test was built.
func raceOrCgo(r sandbox.Report) bool {
	for _, p := range r.Missing() {
		if !strings.Contains(p.Detail, "cgo") {
			return false
		}
	}
	return true
}

// memory is a limit, but none for programs that need much more than they use.
func memory(bytes int64) int64 {
	if raceEnabled {
		return 0
	}
	return bytes
}

func put(t *testing.T, dir, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	aRule   = `rule a_rule { strings: $a = "find me" condition: $a }`
	another = `include "more/b.yar"`
	more    = `rule b_rule { strings: $a = "me too" condition: $a }`
	digest  = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae" // of "foo"
)

// Rules that only root may read are read, with what they include, and lists too.
func TestScannerLoadsWhatRootOwns(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "rules", "more"), 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "rules/more/b.yar", more, 0o600)
	c := worker.Config{Rules: wire.Rules{
		Paths:     []string{put(t, dir, "rules/a.yar", another+"\n"+aRule, 0o600)},
		Hashes:    []string{put(t, dir, "hashes", digest+" listed\n", 0o600)},
		Passwords: put(t, dir, "passwords", "secret\n", 0o600),
	}}
	p := pool(t, c)
	s := p.Status()
	if s.Count != 2 || s.Hashes != 1 || len(s.Warnings) != 0 {
		t.Errorf("status: %+v", s)
	}
	for text, want := range map[string]string{"please find me": "a_rule", "and me too": "b_rule", "foo": "listed"} {
		if v := scanPath(t, p, put(t, dir, "file", text, 0o600)); len(v.Findings) != 1 || v.Findings[0].Name != want {
			t.Errorf("%q: %+v", text, v)
		}
	}
	if v := scanPath(t, p, put(t, dir, "file", "nothing", 0o600)); v.State != verdict.Clean {
		t.Errorf("%+v", v)
	}
}

// Everything that is loaded is in the identity.
func TestScannerIdentity(t *testing.T) {
	dir := t.TempDir()
	rules := put(t, dir, "a.yar", aRule, 0o644)
	list := put(t, dir, "list", digest+" listed\n", 0o644)
	seen := map[string]string{}
	for name, c := range map[string]worker.Config{
		"rules":     {Rules: wire.Rules{Paths: []string{rules}}},
		"hashes":    {Rules: wire.Rules{Paths: []string{rules}, Hashes: []string{list}}},
		"allow":     {Rules: wire.Rules{Paths: []string{rules}, Allow: []string{list}}},
		"passwords": {Rules: wire.Rules{Paths: []string{rules}, Passwords: list}},
		"limits":    {Rules: wire.Rules{Paths: []string{rules}}, MaxSize: 1 << 20},
	} {
		identity := pool(t, c).Rules()
		if other, twice := seen[identity]; twice || len(identity) != 64 {
			t.Errorf("%s and %s have one identity: %s", name, other, identity)
		}
		seen[identity] = name
	}
	if identity := pool(t, worker.Config{Rules: wire.Rules{Paths: []string{rules}}}).Rules(); seen[identity] != "rules" {
		t.Error("the same rules have another identity")
	}
}

// Rules that cannot be loaded leave those of the program, and a warning; when they
// are loaded anew, what there is stays.
func TestScannerWithBrokenRules(t *testing.T) {
	dir := t.TempDir()
	rules := put(t, dir, "a.yar", "rule {", 0o644)
	p := pool(t, worker.Config{Rules: wire.Rules{Paths: []string{rules}, Hashes: []string{dir + "/gone"}}})
	s := p.Status()
	if s.Count < 100 || len(s.Warnings) < 4 || !strings.Contains(s.Warnings[0], "a.yar:1:") {
		t.Errorf("status: %+v", s)
	}
	err := p.Reload(t.Context())
	if err == nil || !strings.Contains(err.Error(), "a.yar:1:") {
		t.Errorf("loaded anew: %v", err)
	}
	put(t, dir, "a.yar", aRule, 0o644)
	put(t, dir, "gone", digest+"\n", 0o644)
	if err := p.Reload(t.Context()); err != nil {
		t.Error(err)
	}
	if s := p.Status(); s.Count != 1 || len(s.Warnings) != 0 {
		t.Errorf("status: %+v", s)
	}
}

// Rules are compiled once: scanners that start later have the very same, whatever
// has become of their files.
func TestScannersShareWhatIsCompiled(t *testing.T) {
	dir := t.TempDir()
	rules := put(t, dir, "a.yar", aRule, 0o644)
	p := pool(t, worker.Config{Rules: wire.Rules{Paths: []string{rules}}})
	before, pids := p.Rules(), p.Pids()
	put(t, dir, "a.yar", "rule {", 0o644)
	for _, pid := range pids {
		if err := unix.Kill(pid, unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	v := scanPath(t, p, put(t, dir, "file", "please find me", 0o600))
	if v.State != verdict.Malicious || v.Findings[0].Name != "a_rule" || v.Rules != before {
		t.Errorf("%+v", v)
	}
	s := p.Status()
	if s.Rules != before || s.Count != 1 || len(s.Warnings) != 0 || slices.Equal(p.Pids(), pids) {
		t.Errorf("status: %+v", s)
	}
	put(t, dir, "a.yar", aRule+" // other", 0o644)
	if err := p.Reload(t.Context()); err != nil || p.Rules() == before {
		t.Errorf("loaded anew: %v, %s", err, p.Rules())
	}
}

func TestScannerModeByHand(t *testing.T) {
	c := newScannerMode(term.Env{})
	if !c.Hidden {
		t.Error("it is not hidden")
	}
	if err := c.RunE(c, nil); err == nil || !strings.Contains(err.Error(), "started by the guard") {
		t.Errorf("got %v", err)
	}
}

// TestScannerMemory says what a scanner takes; VITRINE_RULES names rules to load.
func TestScannerMemory(t *testing.T) {
	name := os.Getenv("VITRINE_RULES")
	if name == "" {
		t.Skip("VITRINE_RULES names no rules")
	}
	p := pool(t, worker.Config{Rules: wire.Rules{Paths: []string{name}}, Workers: 4, Idle: 4, Memory: memory(1 << 30)})
	show := func(when string) {
		for _, w := range p.Status().Workers {
			t.Logf("%s: resident %d, proportional %d, private %d KiB", when, w.Memory.Resident>>10, w.Memory.Proportional>>10, w.Memory.Private>>10)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	loading := func(w worker.WorkerStatus) bool { return w.Memory.Resident == 0 || w.State != "idle" }
	for slices.ContainsFunc(p.Status().Workers, loading) {
		if ctx.Err() != nil {
			t.Fatal("not all scanners have started")
		}
		runtime.Gosched()
	}
	show("loaded")
	for range 20 {
		scanPath(t, p, "/bin/bash")
	}
	show("after 20 times bash")
}

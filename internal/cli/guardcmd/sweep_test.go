package guardcmd

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitrine/internal/cli/clitest"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/durable/durabletest"
	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/local"
	"vitrine/internal/endpoint/sweep"
	"vitrine/internal/endpoint/verdict"

	"github.com/spf13/cobra"
)

// sweeper is a guard that does nothing but sweep.
type sweeper struct {
	t              *testing.T
	dir            string
	terminal       bool
	stdout, stderr string
}

type sweepScanner struct{}

func (sweepScanner) Scan(_ context.Context, name string, _ *os.File) (verdict.Verdict, error) {
	switch {
	case strings.Contains(name, "bad"):
		return verdict.Verdict{State: verdict.Malicious, Findings: []verdict.Finding{{Name: "Test"}}}, nil
	case strings.Contains(name, "dead"):
		return verdict.Verdict{State: verdict.Failed, Why: "a scanner died"}, nil
	}
	return verdict.Verdict{State: verdict.Clean}, nil
}

func newSweeper(t *testing.T) *sweeper {
	t.Helper()
	s := &sweeper{t: t, dir: t.TempDir()}
	for _, name := range []string{"bad/x", "clean/y", "dead/z", "odd/\xff"} {
		path := filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// guarded runs a Runner behind a socket.
func (s *sweeper) guarded() {
	s.t.Helper()
	r, err := sweep.Open(sweep.Config{Scanner: sweepScanner{}, Dir: durabletest.Dir(s.t), Machine: sweep.Machine{Root: s.dir}})
	if err != nil {
		s.t.Fatal(err)
	}
	l, err := local.Listen(filepath.Join(s.dir, "guard.sock"), 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	server := &control.Server{Verbs: r.Verbs()}
	go func() { ended <- server.Serve(ctx, l) }()
	go func() { ended <- r.Run(ctx) }()
	s.t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				s.t.Error(err)
			}
		}
	})
}

func (s *sweeper) run(want term.Code, args ...string) {
	s.t.Helper()
	var out, errs bytes.Buffer
	env := term.System()
	env.Stdout, env.Stderr = &out, &errs
	env.Width = func(any) (int, bool) { return 60, s.terminal }
	env.LookupEnv = func(string) (string, bool) { return "", false }
	root := &cobra.Command{Use: "vitrine"}
	root.AddCommand(newSweep(env))
	page.Install(root)
	args = append([]string{"sweep"}, args...)
	got := term.Run(context.Background(), env, root, append(args, "--socket", filepath.Join(s.dir, "guard.sock")))
	s.stdout, s.stderr = out.String(), errs.String()
	if got != want {
		s.t.Errorf("%q ended with %d, not %d: %s%s", args, got, want, s.stdout, s.stderr)
	}
}

func (s *sweeper) says(stream string, want ...string) {
	s.t.Helper()
	for _, part := range want {
		if !strings.Contains(stream, part) {
			s.t.Errorf("%q is not in:\n%s", part, stream)
		}
	}
}

func (s *sweeper) document(name string) {
	s.t.Helper()
	schema, err := clitest.Load("../../../docs/spec/cli/vitrine." + name + ".v1.json")
	if err != nil {
		s.t.Fatal(err)
	}
	v, err := clitest.Decode(s.stdout)
	if err != nil {
		s.t.Fatalf("%v: %s", err, s.stdout)
	}
	if problem := schema.Check(v); problem != "" {
		s.t.Errorf("%s: %s\n%s", name, problem, s.stdout)
	}
}

// TestSweepCommands: 0 clean, 1 found, 2 not all could be read.
func TestSweepCommands(t *testing.T) {
	s := newSweeper(t)
	s.run(term.CouldNot, "list")
	s.says(s.stderr, "not running", "hint: systemctl start")
	s.guarded()
	s.run(term.Yes, "list")
	s.says(s.stdout, "no sweeps")
	s.run(term.Yes, s.dir+"/clean", "--wait")
	s.says(s.stdout, "sweep 1 (paths): done; 1 file, 0 found, 0 incomplete, 0 not read")
	s.terminal = true
	s.run(term.No, s.dir+"/bad", s.dir+"/clean", "--wait")
	s.says(s.stdout, "2 files, 1 found")
	s.terminal = false
	s.run(term.CouldNot, s.dir+"/dead", "--wait")
	s.says(s.stdout, "1 not read")
	for _, slip := range []string{s.dir + "/not there", "quik", ""} {
		s.run(term.CouldNot, slip)
		s.says(s.stderr, "there is no such file or folder")
	}
	s.run(term.Yes, s.dir+"/odd", "--wait", "--json")
	s.document("sweep")
	s.run(term.Yes, "quick", "--wait", "--json") // there is nothing on this machine but what the test made
	s.document("sweep")
	s.run(term.CouldNot, "full", "--wait") // not even a list of mounts
	s.says(s.stdout, "failed", "mountinfo")
	s.run(term.Yes, "list")
	s.says(s.stdout, "quick", s.dir+`/odd`, s.dir+"/bad "+s.dir+"/clean", "failed")
	s.run(term.Yes, "list", "--json")
	s.document("sweep.list")
	s.run(term.No, "stop")
	s.says(s.stderr, "no sweep is running")
	s.run(term.No, "stop", "99")
	s.run(term.CouldNot, "stop", "1", "2")
	s.run(term.CouldNot)
	s.run(term.CouldNot, "quick", "x")
	t.Chdir(s.dir)
	s.run(term.Yes, "clean")
	s.says(s.stdout, "(paths): waiting")
	s.run(term.Yes, "list")
	s.says(s.stdout, s.dir+"/clean")
}

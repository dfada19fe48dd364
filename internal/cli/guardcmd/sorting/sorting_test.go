package sorting

import (
	"os"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/endpoint/quarantine/kinds"
	"vitrine/internal/endpoint/sandbox"
	"vitrine/internal/endpoint/scanner"
	"vitrine/internal/endpoint/wire"
	"vitrine/internal/endpoint/worker"
	"vitrine/internal/engine"
	"vitrine/yara"
)

// The scanners of these tests are this test's own program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == worker.Mode {
		if err := scan(); err != nil {
			os.Stderr.WriteString("vitrine: " + err.Error() + "\n")
			os.Exit(2)
		}
		return
	}
	os.Exit(m.Run())
}

// scan is a scanner in its sandbox, as the product's, with the rules of one file.
func scan() error {
	guard := wire.Open(3)
	setup, compiled, err := guard.Setup()
	if err != nil {
		return err
	}
	_ = compiled.Close() // one file of rules is not worth keeping
	report := sandbox.Loading(sandbox.Config{Without: setup.Walls}, setup.Rules.Files())
	text, err := os.ReadFile(setup.Rules.Paths[0])
	if err != nil {
		return guard.Ready(wire.Ready{Error: err.Error()})
	}
	rules, err := yara.Compile(string(text))
	if err != nil {
		return guard.Ready(wire.Ready{Error: err.Error()})
	}
	e, err := engine.New(engine.Config{Rules: rules})
	if err != nil {
		return err
	}
	ready := wire.Ready{Rules: strings.Repeat("ab", 32), Count: rules.Len(), Sandbox: append(report, sandbox.Final(sandbox.Config{Without: setup.Walls})...)}
	if os.Getenv("WARN") != "" {
		ready.Warnings = []string{"others are used instead"}
	}
	if err := guard.Ready(ready); err != nil {
		return err
	}
	return scanner.Serve(guard, scanner.Config{Engine: e, Rules: ready.Rules, Limits: setup.Limits})
}

func memory(t *testing.T, content string) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.WriteString(content); err != nil {
		t.Fatal(err)
	}
	return f
}

// config is of a scanner as the machine's are: of an account of its own, if this
// is root.
func config() worker.Config {
	c := worker.Config{}
	if os.Geteuid() == 0 {
		c.User = "nobody"
	}
	return c
}

func TestSorting(t *testing.T) {
	var pids []int
	s := New(config(), func(p []int) { pids = append(pids, p...) })
	for content, want := range map[string][]string{
		"a letter to somebody\n":                            {"text"},
		"#!/bin/sh\necho x\n":                               nil,
		"\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 100): nil,
		"%PDF-1.4\n%\xff\xff\x00\n":                         {"pdf"},
		strings.Repeat("\x00\x01\x02", 100):                 {"unknown"},
	} {
		got, err := s.Documents(t.Context(), memory(t, content))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%.20q: %q, %v", content, got, err)
		}
	}
	if len(pids) != 5 {
		t.Errorf("told of %v", pids)
	}
}

// Other rules than those would find no document.
func TestOtherRules(t *testing.T) {
	c := config()
	c.Env = []string{"WARN=1"}
	if got, err := New(c, nil).Documents(t.Context(), memory(t, "a letter")); err == nil {
		t.Errorf("sorted by other rules: %q", got)
	}
	c.Program = "/nonexistent"
	if got, err := New(c, nil).Documents(t.Context(), memory(t, "a letter")); err == nil {
		t.Errorf("sorted by nobody: %q", got)
	}
	var _ kinds.Scanner = alone{}
}

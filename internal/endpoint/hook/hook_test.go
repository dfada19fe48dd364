package hook_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/hook"
)

// TestMain is the program that executes the commands, too.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == hook.Mode {
		fmt.Fprintln(os.Stderr, hook.Main(os.Args[2:]))
		os.Exit(2)
	}
	os.Exit(m.Run())
}

// start runs a hook until the test ends; what goes wrong comes out of the channel.
func start(t *testing.T, c hook.Config) (*hook.Hook, <-chan error) {
	t.Helper()
	failed := make(chan error, 16)
	c.Failed = func(err error) { failed <- err }
	h, err := hook.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { h.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return h, failed
}

// The command fails on purpose, after it has written: that says when to look.
func TestCommandGetsTheEvent(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	h, failed := start(t, hook.Config{Argv: []string{"/bin/sh", "-c", `cat >"$0.new" && env >>"$0.new" && mv "$0.new" "$0" && exit 3`, out}})
	h.Emit(event.Event{Kind: event.Sweep, Message: "not wanted"})
	h.Emit(event.Event{Kind: event.Detection, Message: "found", File: &event.File{Path: "/tmp/$(touch x);\n"}})
	if err := <-failed; !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v", err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	line, env, _ := strings.Cut(string(text), "\n")
	var e event.Event
	if err := json.Unmarshal([]byte(line), &e); err != nil || e.Kind != event.Detection || e.File.Path != "/tmp/$(touch x);\n" {
		t.Errorf("got %s: %v", line, err)
	}
	if !strings.Contains(env, "VITRINE_EVENT=detection\n") || strings.Contains(env, "touch") || strings.Contains(env, "HOME=") {
		t.Errorf("environment:\n%s", env)
	}
}

func TestCommandThatNeverEnds(t *testing.T) {
	h, failed := start(t, hook.Config{Argv: []string{"/bin/sh", "-c", "echo working; sleep 100"}, Timeout: 50 * time.Millisecond})
	h.Emit(event.Event{Kind: event.Network})
	if err := <-failed; !strings.Contains(err.Error(), "not done after 50ms: working") {
		t.Errorf("got %v", err)
	}
}

func TestCommandTooSlow(t *testing.T) {
	h, err := hook.New(hook.Config{Argv: []string{"/bin/true"}, Queue: 2}) // nobody runs it
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		h.Emit(event.Event{Kind: event.Detection})
	}
	if got := h.Dropped(); got != 3 {
		t.Errorf("%d dropped, want 3", got)
	}
}

func TestValidate(t *testing.T) {
	for _, argv := range [][]string{nil, {""}, {"notify-send"}, {"./x"}} {
		if _, err := hook.New(hook.Config{Argv: argv}); err == nil {
			t.Errorf("%q was taken", argv)
		}
	}
}

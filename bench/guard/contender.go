package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// contender is a way to protect the place, or none.
type contender struct {
	name  string
	start func(ctx context.Context) (*running, error)
}

// running is a contender at work.
type running struct {
	commands []*exec.Cmd // the first is the one that answers the kernel
	log      string
}

func contenders(p place) []contender {
	all := []contender{
		{"none", func(context.Context) (*running, error) { return &running{}, nil }},
		{"vitrine", func(ctx context.Context) (*running, error) { return p.vitrine(ctx, "") }},
		{"vitrine-open", func(ctx context.Context) (*running, error) { return p.vitrine(ctx, p.mount) }},
	}
	if _, err := exec.LookPath("clamonacc"); err == nil {
		all = append(all, contender{"clamonacc", p.clamonacc})
	}
	return all
}

// marker is what the database finds, put together here so that this file is none.
const marker = "vitrine-bench" + "-marker-01"

// vitrine starts the guard; open is a folder whose opens wait, or nothing.
func (p place) vitrine(ctx context.Context, open string) (*running, error) {
	quoted := func(words ...string) string {
		for i, w := range words {
			words[i] = fmt.Sprintf("%q", w)
		}
		return "[" + strings.Join(words, ", ") + "]"
	}
	opens, rules := "[]", "[]"
	if open != "" {
		opens = quoted(open)
	}
	if p.rules != "" {
		rules = quoted(p.rules)
	}
	dir, err := os.MkdirTemp(p.work, "vitrine-")
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf(`[protection]
paths = %s
open = %s
[scanner]
rules = %s
builtin = false
clamav = %q
state = %q
[quarantine]
dir = %q
[control]
socket = %q
[events]
file = %q
journal = false
[state]
dir = %q
`, quoted(p.mount), opens, rules, filepath.Join(p.work, "db"), dir+"/chain", dir+"/quarantine", dir+"/guard.sock", dir+"/events.jsonl", dir+"/state")
	config := filepath.Join(dir, "vitrine.toml")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	r := &running{log: filepath.Join(dir, "log")}
	if err := r.run(p.program, "guard", "--config", config); err != nil {
		return nil, err
	}
	return r, r.ready(ctx, p)
}

// clamonacc starts clamd and the program that asks it, with blocking on.
func (p place) clamonacc(ctx context.Context) (*running, error) {
	dir, err := os.MkdirTemp(p.work, "clam-")
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("LocalSocket %s/clamd.sock\nDatabaseDirectory %s\nForeground yes\nUser root\nOnAccessIncludePath %s\nOnAccessPrevention yes\nOnAccessMaxFileSize 100M\nOnAccessExcludeUname clamav\n",
		dir, filepath.Join(p.work, "db"), p.mount)
	config := filepath.Join(dir, "clamd.conf")
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return nil, err
	}
	daemon := &running{log: filepath.Join(dir, "clamd.log")}
	if err := daemon.run("clamd", "-c", config); err != nil {
		return nil, err
	}
	if err := until(ctx, 60*time.Second, func() bool { _, err := os.Stat(dir + "/clamd.sock"); return err == nil }); err != nil {
		daemon.stop()
		return nil, fmt.Errorf("clamd: %w", err)
	}
	r := &running{log: filepath.Join(dir, "clamonacc.log")}
	if err := r.run("clamonacc", "-c", config, "-F", "--fdpass"); err != nil {
		daemon.stop()
		return nil, err
	}
	r.commands = append(r.commands, daemon.commands...)
	return r, r.ready(ctx, p)
}

// run starts a program that is ended with its whole group.
func (r *running) run(name string, args ...string) error {
	log, err := os.Create(r.log)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	r.commands = append(r.commands, cmd)
	return nil
}

// ready waits until a marked file is refused to be executed or read: only then
// does the contender protect anything.
func (r *running) ready(ctx context.Context, p place) error {
	name := filepath.Join(p.mount, "marked")
	err := until(ctx, 60*time.Second, func() bool {
		os.Remove(name) // what is refused is refused to be written to as well
		if os.WriteFile(name, []byte("#!/bin/sh\n# "+marker+"\n"), 0o755) != nil {
			return false
		}
		limit, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		cmd := exec.CommandContext(limit, name)
		return errors.Is(cmd.Run(), syscall.EPERM)
	})
	os.Remove(name)
	if err != nil {
		text, _ := os.ReadFile(r.log)
		r.stop()
		return fmt.Errorf("does not refuse what is marked: %w\n%s", err, text[:min(len(text), 2000)])
	}
	return nil
}

// stop ends it, and whatever it has started.
func (r *running) stop() {
	for _, cmd := range r.commands {
		_ = cmd.Process.Signal(syscall.SIGCONT)
		_ = cmd.Process.Signal(syscall.SIGTERM)
		end := time.AfterFunc(10*time.Second, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
		_ = cmd.Wait()
		end.Stop()
	}
}

// until asks again and again.
func until(ctx context.Context, limit time.Duration, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

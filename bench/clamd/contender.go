package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"vitrine/internal/cli/guardcmd/clamdfront"
	"vitrine/internal/endpoint/clamd"
	"vitrine/internal/endpoint/local"
	"vitrine/internal/endpoint/verdict"
	"vitrine/internal/endpoint/wire"
	"vitrine/internal/endpoint/worker"
)

// marker is what the signature finds, put together here so that this file is none.
const marker = "vitrine-bench" + "-marker-01"

// signatures writes the database that both load: one signature of bytes, and
// digests of files that there are not.
func signatures(dir string, hashes int) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "bench.ndb"), fmt.Appendf(nil, "Bench.Marker:0:*:%x\n", marker), 0o644); err != nil {
		return err
	}
	var b strings.Builder
	for i := range hashes {
		fmt.Fprintf(&b, "%x:%d:Bench.Digest-%d\n", sha256.Sum256(fmt.Append(nil, i)), 1000+i%100000, i)
	}
	return os.WriteFile(filepath.Join(dir, "bench.hsb"), []byte(b.String()), 0o644)
}

// pool is scanners as the broker wants them.
type pool struct{ *worker.Pool }

func (p pool) Scan(ctx context.Context, name string, f *os.File) (verdict.Verdict, error) {
	return p.Pool.Scan(ctx, worker.Job{File: f, Name: name, Class: worker.Open})
}

// vitrine starts scanners and the process in front of them, as the guard does.
func vitrine(ctx context.Context, work, db string, progress io.Writer) (socket string, stop func(), err error) {
	stop = func() {}
	program := filepath.Join(work, "vitrine")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, "vitrine/cmd/vitrine")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", stop, fmt.Errorf("build: %w: %s", err, out)
	}
	ctx, cancel := context.WithCancel(ctx)
	p, err := worker.New(ctx, worker.Config{User: "nobody", Rules: wire.Rules{ClamAV: []string{db}}, Program: program})
	if err != nil {
		cancel()
		return "", stop, err
	}
	front := clamdfront.Front{
		Socket: filepath.Join(work, "vitrine.sock"), User: "nobody", Program: program, Broker: clamd.Broker{Scanner: pool{p}},
		Settings: clamdfront.Settings{MaxStream: 1 << 20, Idle: time.Minute},
		Line:     func(line string) { fmt.Fprintln(progress, "vitrine:", line) },
	}
	ended := make(chan error, 1)
	go func() { ended <- front.Run(ctx) }()
	stop = func() {
		cancel()
		<-ended
		p.Close()
	}
	return front.Socket, stop, answers(ctx, front.Socket)
}

// clamav starts ClamAV's daemon, which writes each stream to a file: in /tmp, as
// it does where nobody has configured anything else, or in memory.
func clamav(ctx context.Context, work, db, temporary string) (socket string, stop func(), err error) {
	dir, err := os.MkdirTemp(temporary, "vitrine-bench-clamd-")
	if err != nil {
		return "", func() {}, err
	}
	stop = func() { _ = os.RemoveAll(dir) } // a folder of ours
	name := strings.ReplaceAll(temporary, "/", "-")
	socket = filepath.Join(work, "clamd"+name+".sock")
	config := filepath.Join(work, "clamd"+name+".conf")
	text := fmt.Sprintf("DatabaseDirectory %s\nLocalSocket %s\nForeground yes\nStreamMaxLength 1M\nMaxThreads 10\nIdleTimeout 60\nTemporaryDirectory %s\nLogFile %s/clamd%s.log\nUser root\n", db, socket, dir, work, name)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return "", stop, err
	}
	cmd := exec.CommandContext(ctx, "clamd", "--config-file="+config)
	if err := cmd.Start(); err != nil {
		return "", stop, err
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		_ = os.RemoveAll(dir)
	}
	return socket, stop, answers(ctx, socket)
}

// answers waits until a server answers, and finds what it has to find: one that
// lets everything pass would be fast.
func answers(ctx context.Context, socket string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		got, err := once(socket, []byte("x"+marker))
		if err == nil && strings.Contains(got, "Bench.Marker") && strings.Contains(got, "FOUND") {
			return nil
		}
		if err == nil && got != "" {
			return fmt.Errorf("it does not find the signature: %q", got)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return errors.Join(errors.New("it does not answer"), err)
		}
	}
}

func once(socket string, data []byte) (string, error) {
	c, err := local.Dial(socket)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if _, err := c.Write(request("zINSTREAM\x00", data)); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(c)
	return string(answer), err
}

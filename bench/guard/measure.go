package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// column is what was measured of one contender.
type column struct {
	name     string
	open     time.Duration // of an open and close of a file seen before; the least
	exec     quantiles     // of a program never seen before
	again    quantiles     // of the same programs once more
	build    time.Duration
	memory   int64 // PSS of all its processes, in bytes
	killed   time.Duration
	stopped  time.Duration // until an opener goes on after the guard was stopped
	released bool
}

type quantiles struct{ p50, p99 time.Duration }

func quantilesOf(all []time.Duration) quantiles {
	slices.Sort(all)
	return quantiles{all[len(all)/2], all[len(all)*99/100]}
}

// one measures a contender in every way.
func one(ctx context.Context, o options, p place, c contender, progress io.Writer) (column, error) {
	col := column{name: c.name}
	r, err := c.start(ctx)
	if err != nil {
		return col, err
	}
	defer func() { r.stop() }()
	files, err := p.files()
	if err != nil {
		return col, err
	}
	for round := range o.rounds {
		fmt.Fprint(progress, " open")
		each, err := opens(files)
		if err != nil {
			return col, err
		}
		fmt.Fprint(progress, " exec")
		programs, err := p.programs(round)
		if err != nil {
			return col, err
		}
		first, err := execs(ctx, programs)
		if err != nil {
			return col, err
		}
		again, err := execs(ctx, programs)
		if err != nil {
			return col, err
		}
		col.least(round == 0, each, first, again)
		if o.build {
			fmt.Fprint(progress, " build")
			took, err := p.buildStd(ctx)
			if err != nil {
				return col, err
			}
			if col.build == 0 || took < col.build {
				col.build = took
			}
		}
	}
	col.memory = r.memory()
	if len(r.commands) > 0 {
		fmt.Fprint(progress, " faults")
		r, err = col.faults(ctx, p, r, c.start)
	}
	return col, err
}

// least keeps the better round, so that a neighbour's work does not count.
func (c *column) least(first bool, open time.Duration, exec, again quantiles) {
	if first || open < c.open {
		c.open = open
	}
	if first || exec.p99 < c.exec.p99 {
		c.exec = exec
	}
	if first || again.p99 < c.again.p99 {
		c.again = again
	}
}

// files makes 1,000 files of 16 KiB.
func (p place) files() ([]string, error) {
	dir := filepath.Join(p.mount, "files")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	var names []string
	for i := range 1000 {
		name := filepath.Join(dir, fmt.Sprintf("f%04d", i))
		if err := os.WriteFile(name, noise(uint64(i), 16<<10), 0o644); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// noise is bytes that hold nothing, the same for the same seed.
func noise(seed uint64, n int) []byte {
	r, b := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), 1}), make([]byte, n)
	_, _ = r.Read(b)
	return b
}

// opens gives the time of one open and close, of 50,000, after every file was opened once.
func opens(files []string) (time.Duration, error) {
	pass := func() error {
		for _, name := range files {
			fd, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
			if err != nil {
				return fmt.Errorf("open %s: %w", name, err)
			}
			_ = syscall.Close(fd)
		}
		return nil
	}
	if err := pass(); err != nil {
		return 0, err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	begin := time.Now()
	for range 50 {
		if err := pass(); err != nil {
			return 0, err
		}
	}
	return time.Since(begin) / time.Duration(50*len(files)), nil
}

// programs makes 200 programs of 1 MiB, each with bytes of its own.
func (p place) programs(round int) ([]string, error) {
	base, err := os.ReadFile("/bin/true")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(p.mount, "programs")
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	var names []string
	for i := range 200 {
		name := filepath.Join(dir, fmt.Sprintf("p%04d", i))
		body := append(slices.Clone(base), noise(uint64(1_000_000+1000*round+i), 1<<20-len(base))...)
		if err := os.WriteFile(name, body, 0o755); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// execs runs each program once; the time is until it has ended.
func execs(ctx context.Context, programs []string) (quantiles, error) {
	var all []time.Duration
	for _, name := range programs {
		begin := time.Now()
		if err := exec.CommandContext(ctx, name).Run(); err != nil {
			return quantiles{}, fmt.Errorf("run %s: %w", name, err)
		}
		all = append(all, time.Since(begin))
	}
	return quantilesOf(all), nil
}

// buildStd builds the standard library from a copy of Go on the watched file
// system, with nothing kept from before.
func (p place) buildStd(ctx context.Context) (time.Duration, error) {
	goroot := filepath.Join(p.mount, "go")
	if _, err := os.Stat(goroot); err != nil {
		out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
		if err != nil {
			return 0, err
		}
		if err := exec.CommandContext(ctx, "cp", "-r", strings.TrimSpace(string(out)), goroot).Run(); err != nil {
			return 0, fmt.Errorf("copy Go: %w", err)
		}
	}
	cache := filepath.Join(p.mount, "cache")
	if err := os.RemoveAll(cache); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(goroot, "bin", "go"), "build", "std")
	cmd.Env = append(os.Environ(), "GOROOT="+goroot, "GOCACHE="+cache, "GOTMPDIR="+p.mount, "GOFLAGS=", "GOTOOLCHAIN=local", "CGO_ENABLED=0")
	cmd.Dir = goroot
	begin := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build std: %w: %s", err, out)
	}
	return time.Since(begin), nil
}

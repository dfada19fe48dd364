package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// memory is the share of memory (PSS) of the processes and all they have started.
func (r *running) memory() int64 {
	var sum int64
	for _, cmd := range r.commands {
		for _, pid := range family(cmd.Process.Pid) {
			sum += pss(pid)
		}
	}
	return sum
}

// family is a process and all that come from it.
func family(pid int) []int {
	all := []int{pid}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, t := range tasks {
		text, _ := os.ReadFile(t)
		for _, child := range strings.Fields(string(text)) {
			if n, err := strconv.Atoi(child); err == nil {
				all = append(all, family(n)...)
			}
		}
	}
	return all
}

func pss(pid int) int64 {
	file, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	defer file.Close()
	for s := bufio.NewScanner(file); s.Scan(); {
		if rest, ok := strings.CutPrefix(s.Text(), "Pss:"); ok {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10
		}
	}
	return 0
}

// mostHeld is how long an opener is waited for.
const mostHeld = 15 * time.Second

// faults measures how soon an opener goes on when the one that answers is stopped,
// and when one is killed that was stopped a moment before, so that somebody waits.
// The contender is gone afterwards.
func (c *column) faults(ctx context.Context, p place, r *running, again func(context.Context) (*running, error)) (*running, error) {
	programs, err := p.programs(1000)
	if err != nil {
		return r, err
	}
	if err := r.commands[0].Process.Signal(syscall.SIGSTOP); err != nil {
		return r, err
	}
	c.stopped, c.released = held(ctx, programs[0], nil)
	r.stop()
	if r, err = again(ctx); err != nil {
		return &running{}, err
	}
	answers := r.commands[0].Process
	if err := answers.Signal(syscall.SIGSTOP); err != nil {
		return r, err
	}
	c.killed, _ = held(ctx, programs[1], func() { _ = answers.Kill() })
	return r, nil
}

// held runs a program and says how long it was kept, from the fault on if there
// is one. False: it had to be killed.
func held(ctx context.Context, name string, fault func()) (time.Duration, bool) {
	ctx, cancel := context.WithTimeout(ctx, mostHeld)
	defer cancel()
	begin, done := time.Now(), make(chan error, 1)
	go func() { done <- exec.CommandContext(ctx, name).Run() }()
	if fault != nil {
		time.Sleep(300 * time.Millisecond) // by then it waits in the kernel
		begin = time.Now()
		fault()
	}
	err := <-done
	return time.Since(begin), err == nil
}

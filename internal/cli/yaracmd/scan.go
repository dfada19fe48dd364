package yaracmd

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"vitrine/internal/cli/term"
	"vitrine/yara"
)

// session is the scanning part of a call.
type session struct {
	*call
	rules  *yara.Rules
	data   map[string][]byte // for modules, by name
	many   bool              // the target is a directory or a list: -c names the files
	total  atomic.Int64      // rules that matched, for -l
	failed atomic.Bool       // something was not scanned; stderr tells
	stop   context.CancelFunc
}

// scan scans the target: a list, a directory or a file.
func (c *call) scan(ctx context.Context, rules *yara.Rules, data map[string][]byte, target string) error {
	s := &session{call: c, rules: rules, data: data}
	isDir := isDir(target)
	s.many = isDir || c.options.ScanList
	switch {
	case isDir && c.options.ScanList:
		return c.fail("error: --scan-list wants a file with paths, %s is a directory", target)
	case !s.many && missing(target) && strings.Trim(target, "0123456789") == "":
		return c.fail("error: no file %s; the memory of processes is not scanned yet", target)
	}
	// Until here a signal simply ends the process: rules may come from a
	// terminal, where waiting for them is all there is to interrupt.
	ctx, release := c.env.Interrupt(ctx, os.Interrupt, syscall.SIGTERM)
	defer release()
	run, stop := context.WithCancel(ctx)
	defer stop()
	s.stop = stop
	if c.options.Timeout > 0 {
		var cancel context.CancelFunc
		run, cancel = context.WithTimeout(run, time.Duration(c.options.Timeout)*time.Second)
		defer cancel()
	}
	if err := s.start(run, target, isDir); err != nil {
		return err
	}
	return s.outcome(ctx, run)
}

func missing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// outcome says how it went. ctx is the caller's, run that with the timeout.
func (s *session) outcome(ctx, run context.Context) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(run.Err(), context.DeadlineExceeded):
		return s.fail("error: timed out after %d seconds; not everything was scanned", s.options.Timeout)
	case s.failed.Load():
		return term.ErrReported
	}
	return nil
}

// start runs the workers and feeds them. It returns when all is scanned.
func (s *session) start(ctx context.Context, target string, isDir bool) error {
	n := 1
	if s.many {
		n = s.options.threads()
	}
	workers := make([]*worker, n)
	for i := range workers {
		w, err := s.newWorker()
		if err != nil {
			return s.fail("error: %v", err)
		}
		workers[i] = w
	}
	paths := make(chan string, 64)
	var done sync.WaitGroup
	for _, w := range workers {
		done.Go(func() { w.work(ctx, paths) })
	}
	s.feed(ctx, paths, target, isDir)
	close(paths)
	done.Wait()
	return nil
}

// feed sends the paths of the files to scan.
func (s *session) feed(ctx context.Context, paths chan<- string, target string, isDir bool) {
	w := &walker{
		options: &s.options,
		trouble: s.unread,
		visit: func(path string) {
			select {
			case paths <- path:
			case <-ctx.Done():
			}
		},
		skipped: func(path string, size int64) {
			s.warn("skipping %s (%d bytes): not smaller than %d bytes", path, size, s.options.SkipLarger)
		},
	}
	switch {
	case isDir:
		w.dir(ctx, target, nil)
	case s.options.ScanList:
		if err := w.list(ctx, target); err != nil {
			s.failed.Store(true)
			s.tell("error: %v", err)
		}
	default:
		w.visit(target)
	}
}

// unread tells that a file or directory was not scanned.
func (s *session) unread(path string, err error) {
	s.failed.Store(true)
	s.tell("error scanning %s: %v", path, err)
}

// full reports whether -l is reached.
func (s *session) full() bool {
	limit := s.options.MaxRules
	return limit > 0 && s.total.Load() >= limit
}

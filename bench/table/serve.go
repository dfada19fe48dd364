package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/bench"
)

// engine is what the child process measures of ours.
type engine interface {
	// compile compiles the rules once more and drops them.
	compile() error
	// scanner makes a function that scans; each belongs to one goroutine.
	scanner(flags int) (func(data []byte) (bench.Verdict, error), error)
	keeper
}

// keeper writes the compiled rules, and reads them and drops them.
type keeper interface {
	save(path string) (int64, error)
	reload(path string) error
}

// withOffsets is the flag that asks for every match of every string.
const withOffsets = 1

// server answers the protocol that bench/peer/peer.c describes, so that our
// engine is measured in a process of its own as the others are.
type server struct {
	engine   engine
	in       *bufio.Reader
	out      io.Writer
	files    [][]byte
	scanners map[int]func([]byte) (bench.Verdict, error) // by flags
}

func serve(e engine, in io.Reader, out io.Writer) error {
	s := &server{engine: e, in: bufio.NewReader(in), out: out, scanners: map[int]func([]byte) (bench.Verdict, error){}}
	for {
		line, err := s.in.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = s.answer(strings.TrimSuffix(line, "\n"))
		}
		if err != nil {
			return err
		}
	}
}

func (s *server) answer(line string) error {
	command, rest, _ := strings.Cut(line, " ")
	switch command {
	case "compile":
		return s.timed(s.engine.compile)
	case "reload":
		return s.timed(func() error { return s.engine.reload(rest) })
	case "save":
		size, err := s.engine.save(rest)
		fmt.Fprintln(s.out, size)
		return err
	case "load":
		return s.load(rest)
	case "scan":
		return s.scan(rest)
	case "all":
		return s.all(rest)
	case "peak":
		peak, err := peakMemory()
		fmt.Fprintln(s.out, peak)
		return err
	}
	return fmt.Errorf("unknown command %q", line)
}

// timed answers with the nanoseconds of some work.
func (s *server) timed(work func() error) error {
	begin := time.Now()
	err := work()
	fmt.Fprintln(s.out, time.Since(begin).Nanoseconds())
	return err
}

func (s *server) load(size string) error {
	var n int
	if _, err := fmt.Sscan(size, &n); err != nil || n < 0 {
		return fmt.Errorf("load %q: not a size", size)
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(s.in, data); err != nil {
		return err
	}
	s.files = append(s.files, data)
	_, err := fmt.Fprintln(s.out, len(s.files)-1)
	return err
}

func (s *server) scan(arguments string) error {
	files, flags, err := s.run(arguments)
	if err != nil {
		return err
	}
	scan := s.scanners[flags]
	if scan == nil {
		if scan, err = s.engine.scanner(flags); err != nil {
			return err
		}
		s.scanners[flags] = scan
	}
	runtime.LockOSThread() // whose time is counted
	defer runtime.UnlockOSThread()
	out := bufio.NewWriter(s.out)
	for _, data := range files {
		begin := used()
		v, err := scan(data)
		taken := used() - begin
		if err != nil {
			return err
		}
		fmt.Fprintln(out, taken.Nanoseconds(), v.Count, v.Sum)
	}
	return out.Flush()
}

// used is what this thread has used of the processor: a busy machine spoils less of
// it than of the time that passes.
func used() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err) // every Linux has it
	}
	return time.Duration(t.Nano())
}

// run reads FIRST COUNT NUMBER and gives those files.
func (s *server) run(arguments string) (files [][]byte, number int, err error) {
	var first, count int
	_, err = fmt.Sscan(arguments, &first, &count, &number)
	if err != nil || first < 0 || count < 0 || first+count > len(s.files) {
		return nil, 0, fmt.Errorf("%q: no such files", arguments)
	}
	return s.files[first : first+count], number, nil
}

// all lets threads scan a run of files, one taking the next as it gets free.
func (s *server) all(arguments string) error {
	files, threads, err := s.run(arguments)
	if err != nil {
		return err
	}
	scanners := make([]func([]byte) (bench.Verdict, error), threads)
	for t := range scanners {
		if scanners[t], err = s.engine.scanner(0); err != nil {
			return err
		}
	}
	return s.timed(func() error {
		var next atomic.Int64
		failed := make([]error, threads)
		var wait sync.WaitGroup
		for t := range threads {
			wait.Go(func() { failed[t] = share(scanners[t], files, &next) })
		}
		wait.Wait()
		return errors.Join(failed...)
	})
}

func share(scan func([]byte) (bench.Verdict, error), files [][]byte, next *atomic.Int64) error {
	for {
		i := int(next.Add(1)) - 1
		if i >= len(files) {
			return nil
		}
		if _, err := scan(files[i]); err != nil {
			return err
		}
	}
}

// peakMemory is the most the process held so far.
func peakMemory() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, rest, ok := strings.Cut(string(status), "VmHWM:")
	var kilobytes int64
	if !ok {
		return 0, errors.New("no VmHWM in /proc/self/status")
	}
	_, err = fmt.Sscan(rest, &kilobytes)
	return kilobytes * 1024, err
}

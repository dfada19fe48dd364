package guard

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"testing"
	"time"

	"vitrine/internal/endpoint/watchdog"

	"golang.org/x/sys/unix"
)

// TestMain is this test program in its other modes, too.
func TestMain(m *testing.M) {
	modes := map[string]func() error{"guard": guardMode, "watchdog": watchdogMode, "mapping": mappingMode, "memory": memoryMode, "sleep": sleepMode, "opener": openerMode, "lease": leaseMode}
	mode, ok := modes[os.Getenv("VITRINE_TEST_MODE")]
	if !ok {
		os.Exit(m.Run())
	}
	if err := mode(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// guardMode guards and never gets a verdict. Descriptor 3, when there is one,
// takes its beats.
func guardMode() error {
	s := newScanner()
	s.holdUp()
	c := Config{Scanner: s, Cache: noCache{}, Sink: &madeSink{}, Mounts: mine{source: os.Getenv("VITRINE_TEST_SOURCE")}, ExecDeadline: time.Hour, LateLimit: time.Hour, BeatEvery: 10 * time.Millisecond}
	pulse := os.NewFile(3, "pulse")
	c.Beat = func() { _, _ = pulse.Write([]byte{1}) } // without one it fails, and that is fine
	g, err := New(c)
	if err != nil {
		return err
	}
	go func() {
		for ready := false; !ready; {
			guarded, _, _ := g.Coverage()
			ready = len(guarded) > 0
			time.Sleep(time.Millisecond) // between two looks
		}
		fmt.Print("ready")
	}()
	return g.Run(context.Background())
}

func watchdogMode() error {
	how, err := watchdog.Watch(os.NewFile(3, "beats"), os.NewFile(4, "guard"), 300*time.Millisecond)
	fmt.Println(how)
	return err
}

// mappingMode overwrites the end of a file through a shared mapping that
// outlives its descriptor.
func mappingMode() error {
	path, text := os.Getenv("VITRINE_TEST_PATH"), os.Getenv("VITRINE_TEST_TEXT")
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	mapped, err := unix.Mmap(int(file.Fd()), 0, int(info.Size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	file.Close()
	copy(mapped[len("#!/bin/sh\n# "):], text)
	return unix.Munmap(mapped)
}

// memoryMode becomes this program again, run from a file in memory, with text
// behind it, once it is told to.
func memoryMode() error {
	if _, err := os.Stdin.Read(make([]byte, 1)); err != nil {
		return err
	}
	body, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	fd, err := unix.MemfdCreate("hidden", unix.MFD_CLOEXEC)
	if err != nil {
		return err
	}
	file := os.NewFile(uintptr(fd), "hidden")
	if _, err := file.Write(append(body, os.Getenv("VITRINE_TEST_TEXT")...)); err != nil {
		return err
	}
	return unix.Exec(fmt.Sprintf("/proc/self/fd/%d", fd), os.Args, []string{"VITRINE_TEST_MODE=sleep"})
}

func sleepMode() error {
	time.Sleep(time.Hour)
	return nil
}

func openPIDFD(pid int) (*os.File, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "guard"), nil
}

// leaseMode holds a lease on a file: nobody opens it without the kernel's asking
// first. It never gives it back.
func leaseMode() error {
	file, err := os.OpenFile(os.Getenv("VITRINE_TEST_PATH"), os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	signal.Ignore(unix.SIGIO)
	if _, err := unix.FcntlInt(file.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		return err
	}
	fmt.Print("ready")
	return sleepMode()
}

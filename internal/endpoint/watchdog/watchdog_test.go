package watchdog

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// limit is long enough for beats to come in time on a machine with much to do.
const limit = 800 * time.Millisecond

// guard is a process to be watched, and its pidfd.
func guard(t *testing.T) (*exec.Cmd, *os.File) {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	fd, err := unix.PidfdOpen(cmd.Process.Pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	pidfd := os.NewFile(uintptr(fd), "guard")
	t.Cleanup(func() { pidfd.Close() })
	return cmd, pidfd
}

func pulse(t *testing.T) (*Pulse, *os.File) {
	t.Helper()
	p, beats, err := NewPulse()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		beats.Close()
	})
	return p, beats
}

type result struct {
	how Outcome
	err error
}

func watching(beats, pidfd *os.File, limit time.Duration) <-chan result {
	done := make(chan result, 1)
	go func() {
		how, err := Watch(beats, pidfd, limit)
		done <- result{how, err}
	}()
	return done
}

func TestHangingGuardIsKilled(t *testing.T) {
	cmd, pidfd := guard(t)
	p, beats := pulse(t)
	if err := p.Beat(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if r := <-watching(beats, pidfd, 50*time.Millisecond); r.err != nil || r.how != Killed {
		t.Errorf("%v, %v", r.how, r.err)
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the guard ended with %v", err)
	}
}

func TestBeatingGuardLives(t *testing.T) {
	cmd, pidfd := guard(t)
	p, beats := pulse(t)
	done := watching(beats, pidfd, limit)
	for range slices + 3 { // each time a part of the limit passes in silence
		if err := p.Beat(); err != nil {
			t.Fatal(err)
		}
		select {
		case r := <-done:
			t.Fatalf("ended: %v, %v", r.how, r.err)
		case <-time.After(limit / 4):
		}
	}
	cmd.Process.Kill()
	if r := <-done; r.err != nil || r.how != Ended {
		t.Errorf("%v, %v", r.how, r.err)
	}
	beats.Close()
	if err := p.Beat(); !errors.Is(err, ErrNobody) {
		t.Errorf("a beat for nobody: %v", err)
	}
}

func TestPulseThatIsClosed(t *testing.T) {
	cmd, pidfd := guard(t)
	p, beats := pulse(t)
	done := watching(beats, pidfd, limit)
	p.Close()
	if r := <-done; r.err != nil || r.how != Released {
		t.Errorf("%v, %v", r.how, r.err)
	}
	if err := cmd.Process.Signal(unix.Signal(0)); err != nil {
		t.Errorf("the guard was killed: %v", err)
	}
	if err := p.Beat(); err == nil {
		t.Error("a beat of a closed pulse")
	}
}

// A watchdog that does not read must not hold the guard's reader.
func TestBeatNeverWaits(t *testing.T) {
	p, _ := pulse(t)
	for range 1 << 17 { // more than a pipe holds
		if err := p.Beat(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWatchRefuses(t *testing.T) {
	_, pidfd := guard(t)
	_, beats := pulse(t)
	if _, err := Watch(beats, pidfd, time.Millisecond); err == nil {
		t.Error("a limit that kills at once")
	}
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := Watch(file, file, limit); err == nil {
		t.Error("a file is no guard")
	}
	for _, o := range []Outcome{Ended, Released, Killed} {
		if o.String() == "" {
			t.Error("an outcome without words")
		}
	}
}

package process

import (
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// executions listens, or skips where the kernel does not tell.
func executions(t *testing.T) *Execs {
	t.Helper()
	e, err := ListenExecs()
	if err != nil {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatalf("%v, and nothing may be skipped here", err)
		}
		t.Skip(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func TestExecutionsAreTold(t *testing.T) {
	e := executions(t)
	if err := e.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	cmd := sleeper(t)
	for {
		pids, _, err := e.Next()
		if err != nil {
			t.Fatalf("process %d was not told: %v", cmd.Process.Pid, err)
		}
		if slices.Contains(pids, cmd.Process.Pid) {
			break
		}
	}
	if err := e.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		for {
			if _, _, err := e.Next(); err != nil {
				done <- err
				return
			}
		}
	}()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, os.ErrClosed) {
		t.Errorf("ended with %v", err)
	}
}

func TestExecutionsThatAreTooMany(t *testing.T) {
	e := executions(t)
	if err := e.file.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := setSmallBuffer(e); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do for j in 1 2 3 4 5; do /bin/true; done; done").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for {
		_, lost, err := e.Next()
		if err != nil {
			t.Fatalf("nothing was lost: %v", err)
		}
		if lost {
			return
		}
	}
}

// told is one message as the kernel sends it.
func told(what, pid uint32) []byte {
	b := request(make([]uint32, 10))
	binary.NativeEndian.PutUint32(b[36:], what)
	binary.NativeEndian.PutUint32(b[36+16:], 1)
	binary.NativeEndian.PutUint32(b[36+20:], pid)
	return b
}

func TestParseExecs(t *testing.T) {
	if got := parseExecs(slices.Concat(told(eventExec, 7), told(1, 8), told(eventExec, 9))); !slices.Equal(got, []int{7, 9}) {
		t.Errorf("got %v", got)
	}
	whole := told(eventExec, 7)
	other := slices.Clone(whole)
	other[16] = 9
	long := slices.Clone(whole)
	long[0] = 200
	short := slices.Clone(whole)
	short[0] = 8
	for _, b := range [][]byte{nil, whole[:10], whole[:len(whole)-1], other, long, short, request([]uint32{1})} {
		if got := parseExecs(b); len(got) != 0 {
			t.Errorf("%x: %v", b, got)
		}
	}
}

func FuzzParseExecs(f *testing.F) {
	f.Add(told(eventExec, 7))
	f.Add(slices.Concat(told(1, 8), told(eventExec, 9), []byte{1, 2, 3}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := parseExecs(b); len(got)*(connectorBytes+execBytes) > len(b) {
			t.Fatalf("%d in %d bytes", len(got), len(b))
		}
	})
}

func setSmallBuffer(e *Execs) error {
	conn, err := e.file.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 1) })
	return errors.Join(err, failed)
}

package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/endpoint/event"

	"golang.org/x/sys/unix"
)

// sleeper is a process that does nothing until the test ends.
func sleeper(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd
}

func TestLook(t *testing.T) {
	cmd := sleeper(t)
	var got event.Process
	for end := time.Now().Add(10 * time.Second); got.Comm != "sleep" && time.Now().Before(end); { // it becomes sleep in a moment
		var err error
		if got, err = (Proc{}).Look(cmd.Process.Pid); err != nil {
			t.Fatal(err)
		}
	}
	path, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		t.Fatal(err)
	}
	if got.PID != cmd.Process.Pid || got.PPID != os.Getpid() || got.UID != uint32(os.Getuid()) || got.Comm != "sleep" || got.Exe != path ||
		!slices.Equal(got.Argv, []string{"sleep", "1000"}) {
		t.Errorf("got %+v", got)
	}
	if age := time.Since(got.Started); age < -time.Minute || age > time.Minute {
		t.Errorf("it began %v ago", age)
	}
}

func TestHandleIsOneProcess(t *testing.T) {
	cmd := sleeper(t)
	h, err := Open(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	again, err := h.Again()
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if p, err := (Proc{}).LookHeld(again); err != nil || p.PID != cmd.Process.Pid {
		t.Errorf("%+v, %v", p, err)
	}
	if !h.Alive() {
		t.Error("it is not alive")
	}
	if err := again.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if err := h.Signal(0); !errors.Is(err, ErrEnded) || h.Alive() {
		t.Errorf("after its end: %v", err)
	}
	if _, err := (Proc{}).LookHeld(h); !errors.Is(err, ErrEnded) {
		t.Errorf("after its end: %v", err)
	}
	if _, err := Open(cmd.Process.Pid); !errors.Is(err, ErrEnded) {
		t.Errorf("after its end: %v", err)
	}
	// Its number has become another's: a made-up /proc says so.
	proc := Proc{t.TempDir()}
	if err := os.Symlink(fmt.Sprintf("/proc/%d", os.Getpid()), filepath.Join(proc.Root, fmt.Sprint(h.PID))); err != nil {
		t.Fatal(err)
	}
	if p, err := proc.LookHeld(h); !errors.Is(err, ErrEnded) {
		t.Errorf("another process is taken for it: %+v, %v", p, err)
	}
}

func TestEach(t *testing.T) {
	cmd := sleeper(t)
	found := 0
	err := Proc{}.Each(t.Context(), func(r Running) bool {
		if r.PID != cmd.Process.Pid {
			return true
		}
		found++
		p, ok := r.Program()
		var st unix.Stat_t
		if err := unix.Stat(fmt.Sprintf("/proc/%d/exe", r.PID), &st); err != nil {
			t.Fatal(err)
		}
		if !ok || p.Dev != uint64(st.Dev) || p.Ino != st.Ino || p.Unlinked || p.Memory || p.Path == "" {
			t.Errorf("program %+v, %v", p, ok)
		}
		file, err := r.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		h, err := r.Handle()
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		k, err := r.Key()
		start, err2 := Proc{}.Start(r.PID)
		if err != nil || err2 != nil || k != (Key{r.PID, start}) || start == 0 {
			t.Errorf("key %+v, start %d, %v, %v", k, start, err, err2)
		}
		root, err := r.Root()
		if err != nil || r.MountNamespace() == 0 {
			t.Errorf("root %v, namespace %d", err, r.MountNamespace())
		}
		root.Close()
		return false
	})
	if err != nil || found != 1 {
		t.Errorf("found %d times, %v", found, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (Proc{}).Each(ctx, func(Running) bool { return true }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := (Proc{"/nowhere"}).Each(t.Context(), func(Running) bool { return true }); err == nil {
		t.Error("no /proc is no error")
	}
}

func TestProgramWithoutAName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gone")
	body, err := os.ReadFile("/bin/sleep")
	if err != nil {
		t.Skip(err)
	}
	if err := os.WriteFile(path, body, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	Proc{}.Visit(cmd.Process.Pid, func(r Running) bool {
		if p, ok := r.Program(); !ok || !p.Unlinked || p.Memory || !strings.HasSuffix(p.Path, "/gone (deleted)") {
			t.Errorf("program %+v, %v", p, ok)
		}
		return true
	})
}

// made is a /proc with one process in it.
func made(t *testing.T, files map[string]string) Proc {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, "7")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Proc{root}
}

const madeStat = "7 (a) b (c) S 3 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 250 1 1 1"

func TestLookAtStrangeProcesses(t *testing.T) {
	long := strings.Repeat("x\x00", 10_000)
	p := made(t, map[string]string{"stat": madeStat, "cmdline": long, "status": "Name:\ta\nUid:\t5\t6\t7\t8\n", "cgroup": ""})
	if err := os.WriteFile(filepath.Join(p.Root, "stat"), []byte("cpu 1\nbtime 1000\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := p.Look(7)
	if err != nil || got.Comm != "a) b (c" || got.PPID != 3 || got.UID != 5 || len(got.Argv) != maxArgs || !got.Started.Equal(time.Unix(1002, 5e8)) {
		t.Errorf("got %+v, %v", got, err)
	}
	bare := made(t, map[string]string{"stat": madeStat})
	if got, err := bare.Look(7); err != nil || got.UID != ^uint32(0) || got.Argv != nil || !got.Started.IsZero() {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := made(t, map[string]string{"stat": "nonsense"}).Look(7); !errors.Is(err, errMalformed) {
		t.Error(err)
	}
	if _, err := bare.Look(8); !errors.Is(err, ErrEnded) {
		t.Error(err)
	}
}

func TestParseStat(t *testing.T) {
	s, err := parseStat([]byte(madeStat))
	if err != nil || s != (stat{"a) b (c", 'S', 3, 250}) {
		t.Errorf("got %+v, %v", s, err)
	}
	for _, text := range []string{"", "7 a S 3", "7 )a( S", "7 (a)", "7 (a) S 3 4", strings.Replace(madeStat, " 250 ", " x ", 1), strings.Replace(madeStat, " S 3 ", " S x ", 1), strings.Replace(madeStat, " S 3 ", " SS 3 ", 1)} {
		if s, err := parseStat([]byte(text)); !errors.Is(err, errMalformed) {
			t.Errorf("%q: %+v, %v", text, s, err)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte(madeStat))
	f.Add([]byte("1 () S"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := parseStat(text); err == nil && len(s.comm) > len(text) {
			t.Fatalf("%+v", s)
		}
		container(text)
	})
}

func TestContainer(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	for text, want := range map[string]string{
		"0::/system.slice/docker-" + id + ".scope\n":                                  id,
		"12:cpu:/\n0::/kubepods/besteffort/pod1/" + id + "\n":                         id,
		"0::/user.slice/libpod-" + id + ".scope/container\n":                          id,
		"0::/machine/outer-" + strings.Repeat("a", 64) + ".scope/docker-" + id + "\n": id,
		"0::/user.slice/user-0.slice/session-1.scope\n":                               "",
		"0::/" + id[:63] + "\n":                                                       "",
		"0::/../x-y-z-" + id + "evil\n":                                               "",
		"garbage":                                                                     "",
	} {
		if got := container([]byte(text)); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestTable(t *testing.T) {
	table := NewTable(2)
	put := func(pid int, start uint64, comm string) {
		table.Put(Key{pid, start}, event.Process{PID: pid, Comm: comm})
	}
	put(1, 10, "a")
	put(1, 20, "b")
	put(1, 10, "a2") // seen again: the other one is older now
	if p, ok := table.Latest(1); !ok || p.Comm != "b" {
		t.Errorf("latest %+v", p)
	}
	put(2, 30, "c")
	if _, ok := table.Get(Key{1, 20}); ok || table.Len() != 2 {
		t.Errorf("kept more than it may: %d", table.Len())
	}
	if p, ok := table.Get(Key{1, 10}); !ok || p.Comm != "a2" {
		t.Errorf("got %+v", p)
	}
	if _, ok := table.Latest(1); ok {
		t.Error("the latest is the one that was dropped")
	}
	if NewTable(0).most < 1000 {
		t.Error("a table by default holds next to nothing")
	}
}

package sweep

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/local"
	"vitrine/internal/endpoint/verdict"
)

// TestPlaces: what starts by itself, what units and ld.so.preload name, and
// where people keep what they got; and not what a user wrote into a unit.
func TestPlaces(t *testing.T) {
	root := t.TempDir()
	write(t, root, map[string]string{
		"etc/passwd":                            "root:x:0:0::/su:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\nnobody:x:1:1::/:/bin/sh\nodd\n",
		"etc/systemd/system/a.service":          "[Service]\nExecStart=-/opt/a/run --flag\nExecStartPre=+\"/opt/a/pre\"\nExecStop=relative\nExecReload=/opt/%i/x\n",
		"etc/systemd/system/b.service.d/o.conf": "[Service]\n ExecStartPost = /opt/missing\n",
		"etc/systemd/system/w.service":          "ExecStart=/opt/secret\n",
		"etc/ld.so.preload":                     "/opt/lib/x.so:/opt/lib/y.so # why\n",
		"opt/a/run":                             "", "opt/a/pre": "", "opt/lib/x.so": "", "opt/lib/y.so": "", "opt/secret": "",
		"etc/cron.d/job": "", "etc/cron.weekly/job": "", "lib/modules/6.1/updates/m.ko": "", "lib/modules/6.1/kernel/m.ko": "",
		"home/anna/Downloads/x": "", "home/anna/Téléchargements/x": "", "home/anna/.bashrc": "", "home/anna/Documents/x": "",
		"su/.ssh/authorized_keys": "", "tmp/x": "", "dev/shm/x": "",
	})
	if err := os.Chmod(filepath.Join(root, "etc/systemd/system/w.service"), 0o666); err != nil { // anybody may have written this
		t.Fatal(err)
	}
	got := Machine{Root: root}.Places()
	for i := range got {
		got[i] = strings.TrimPrefix(got[i], root)
	}
	slices.Sort(got)
	want := []string{
		"/dev/shm", "/etc/cron.d", "/etc/cron.weekly", "/etc/ld.so.preload", "/etc/systemd/system", "/home/anna/.bashrc", "/home/anna/Downloads", "/home/anna/Téléchargements",
		"/lib/modules/6.1/updates", "/opt/a/pre", "/opt/a/run", "/opt/lib/x.so", "/opt/lib/y.so", "/su/.ssh/authorized_keys", "/tmp",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestFileSystems: each local file system once, and no others.
func TestFileSystems(t *testing.T) {
	root := t.TempDir()
	write(t, root, map[string]string{"proc/self/mountinfo": `20 1 8:1 / / rw - ext4 /dev/sda1 rw
21 20 0:5 / /proc rw - proc proc rw
22 20 8:1 /srv/x /x rw - ext4 /dev/sda1 rw
23 20 8:2 / /home rw - xfs /dev/sda2 rw
24 20 8:2 / /again rw - xfs /dev/sda2 rw
25 20 0:30 / /net rw - nfs4 server:/ rw
26 20 0:31 / /fuse rw - fuse.sshfs server: rw
27 20 0:32 / /var/lib/docker/overlay2/a/merged rw - overlay overlay rw,lowerdir=/l
28 20 0:33 / /tmp rw - tmpfs tmpfs rw
29 20 0:34 /@ /btrfs rw - btrfs /dev/sdb rw
30 20 0:34 /@/sub /btrfs2 rw - btrfs /dev/sdb rw
31 20 0:34 /@home /btrfs3 rw - btrfs /dev/sdb rw
`})
	got, err := Machine{Root: root}.FileSystems()
	for i := range got {
		got[i] = strings.TrimPrefix(got[i], root)
	}
	if want := []string{"/", "/home", "/tmp", "/btrfs", "/btrfs3"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if _, err := (Machine{Root: t.TempDir()}).FileSystems(); err == nil {
		t.Error("without a list of mounts there are file systems")
	}
}

// TestPrograms: what this very test and its child run is found, also after it was
// deleted.
func TestPrograms(t *testing.T) {
	if _, err := os.Stat("/proc/self/exe"); err != nil {
		t.Skip("there is no /proc")
	}
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("there is no sleep to run")
	}
	data, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, append(data, "marked by the test"...), 0o755); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(path, "100")
	if err := child.Start(); err != nil {
		t.Skipf("a program in a temporary folder cannot be run: %v", err)
	}
	defer child.Wait()
	defer child.Process.Kill()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	seen, marked := map[string]int{}, 0
	Machine{}.Programs(context.Background(), func(target Target) bool {
		seen[target.Path]++
		if !strings.HasPrefix(target.Path, path) {
			return true
		}
		f, err := target.Open()
		if err != nil {
			t.Error(err)
			return true
		}
		defer f.Close()
		if got, err := io.ReadAll(f); err == nil && strings.HasSuffix(string(got), "by the test") && target.PID == child.Process.Pid {
			marked++
		}
		return true
	})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if seen[self] != 1 || marked != 1 {
		t.Errorf("this test %d times, its deleted child %d times", seen[self], marked)
	}
	n := 0
	Machine{}.Programs(context.Background(), func(Target) bool { n++; return false })
	if n != 1 {
		t.Errorf("went on for %d after it was told to stop", n)
	}
}

func TestExecutable(t *testing.T) {
	for line, want := range map[string]string{
		"7f00-7f10 r-xp 00001000 fd:01 123                        /usr/lib/a b.so":    "/usr/lib/a b.so",
		"7f00-7f10 r--p 00001000 fd:01 123                        /usr/lib/x.so":      "",
		"7f00-7f10 r-xp 00000000 00:00 0                          [vdso]":             "",
		"7f00-7f10 r-xp 00000000 00:01 9                          /memfd:x (deleted)": "/memfd:x (deleted)",
		"": "", "a b c d e f": "", "7f r-xp": "",
	} {
		if _, _, got, _ := executable(line); got != want {
			t.Errorf("%q: %q", line, got)
		}
	}
}

// TestQuick: the quick profile holds the places and what the configuration adds.
func TestQuick(t *testing.T) {
	root, s := t.TempDir(), &fake{}
	write(t, root, map[string]string{"etc/cron.d/job": "bad", "tmp/x": "clean", "more/y": "clean", "other/z": "clean", "proc/self/mountinfo": "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"})
	c := config(t, s)
	c.Machine, c.Quick = Machine{Root: root}, []string{root + "/more", root + "/not there"}
	r := open(t, c)
	during(t, r, func() {
		for profile, want := range map[Profile]Counts{Quick: {Files: 3, Bytes: 13, Found: 1}, Full: {Files: 5, Bytes: 54, Found: 1}} {
			st, err := r.Start(Request{Profile: profile})
			if err != nil {
				t.Fatal(err)
			}
			if got := over(t, r, st.ID); got.State != Done || got.Counts != want {
				t.Errorf("%s: %+v, want %+v", profile, got, want)
			}
		}
	})
}

// TestRescan: it never waits, and what does not fit becomes everything.
func TestRescan(t *testing.T) {
	root, s := t.TempDir(), &fake{}
	write(t, root, map[string]string{"a/x": "clean", "proc/self/mountinfo": "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"})
	c := config(t, s)
	c.Machine = Machine{Root: root}
	r := open(t, c)
	r.Rescan(root+"/a", "the kernel dropped events")
	for range maxRescans + 5 {
		r.Rescan(root+"/a", "again")
	}
	during(t, r, func() {
		seen := map[Profile]bool{}
		for !seen[Full] || !seen[Paths] {
			for _, st := range r.List() {
				seen[st.Profile] = true
				over(t, r, st.ID)
			}
		}
	})
	if all := r.List(); all[0].By != "the kernel dropped events" {
		t.Errorf("%+v", all)
	}
}

// TestVerbs: over the guard's socket.
func TestVerbs(t *testing.T) {
	dir, s := t.TempDir(), &fake{}
	write(t, dir, map[string]string{"a": "bad"})
	r := open(t, config(t, s))
	ctx, cancel := context.WithCancel(context.Background())
	socket := filepath.Join(dir, "s")
	l, err := local.Listen(socket, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	server := control.Server{Verbs: r.Verbs()}
	go func() { ended <- server.Serve(ctx, l) }()
	defer func() { cancel(); <-ended }()
	client, err := control.Dial(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	during(t, r, func() {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		got, err := control.All[Status](ctx, client, "sweep.start", StartArgs{Profile: Paths, Paths: []Path{Path(dir + "/a")}, Wait: true})
		if err != nil || len(got) == 0 || got[len(got)-1].State != Done || got[len(got)-1].Found != 1 || !strings.HasPrefix(got[0].By, "uid ") {
			t.Errorf("%+v, %v", got, err)
		}
		if all, err := control.All[Status](ctx, client, "sweep.list", nil); err != nil || len(all) != 1 {
			t.Errorf("%+v, %v", all, err)
		}
		for verb, args := range map[string]any{"sweep.stop": StopArgs{}, "sweep.start": StartArgs{Profile: "odd"}, "sweep.list": nil} {
			_, err := control.All[Status](ctx, client, verb, args)
			if (err == nil) != (verb == "sweep.list") {
				t.Errorf("%s: %v", verb, err)
			}
		}
	})
}

// TestStopAnswers: who stops a sweep that runs hears that it has ended.
func TestStopAnswers(t *testing.T) {
	dir, s := t.TempDir(), &fake{}
	write(t, dir, map[string]string{"a": "clean", "b": "clean"})
	at, next := make(chan string), make(chan bool)
	s.at = func(name string) error { at <- name; <-next; return nil }
	r := open(t, config(t, s))
	during(t, r, func() {
		id := start(t, r, dir)
		<-at
		answers := make(chan Status, 2)
		ended := make(chan error)
		go func() {
			ended <- r.answerStop(t.Context(), control.Call{Reply: func(v any) error { answers <- v.(Status); return nil }})
		}()
		for halted := false; !halted; {
			r.mu.Lock()
			halted = r.sweeps[0].halt
			r.mu.Unlock()
			runtime.Gosched()
		}
		close(next)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if got := <-answers; got.ID != id || got.State != Stopped || len(answers) != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// TestOpenFails: why, without the path that stands beside it already.
func TestOpenFails(t *testing.T) {
	_, err := os.Open("\x00")
	x := &Examiner{Scanner: &fake{}}
	for _, err := range []error{err, errors.New("invalid argument")} {
		got, failed := x.Examine(t.Context(), Target{Path: "/a", Open: func() (*os.File, error) { return nil, err }})
		if failed != nil || got.State != verdict.Failed || got.Why != "open: invalid argument" {
			t.Errorf("%+v, %v", got, failed)
		}
	}
}

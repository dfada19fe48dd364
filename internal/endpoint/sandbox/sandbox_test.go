package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The walls cannot be taken down again, so they are tried from inside another
// process: this test's own program, started with a request in its environment.
const probeEnv = "VITRINE_SANDBOX_PROBE"

func TestMain(m *testing.M) {
	if text := os.Getenv(probeEnv); text != "" {
		probe(text)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// request is what the other process is to do.
type request struct {
	Without []string
	Load    []string // Loading with these paths, if not nil, before Final
	Only    bool     // Loading only
	File    string   // held open before any wall is up
	Beside  string   // beside it, never named
	Try     []string // what to try; nil: all there is

	nobody bool // run as nobody, with LoadingCaps
}

// result is what it came to.
type result struct {
	Report Report
	Tried  map[string]string // what was tried: the error, or "done"
}

func run(t *testing.T, r request) result {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{probeEnv + "=" + string(text)}
	if r.nobody {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}, AmbientCaps: LoadingCaps()}
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var res result
	if err := json.Unmarshal(out, &res); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return res
}

func probe(text string) {
	var r request
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		panic(err)
	}
	held, err := os.Open(r.File)
	if err != nil {
		panic(err)
	}
	res := result{Tried: map[string]string{}}
	c := Config{Without: r.Without}
	if r.Load != nil {
		res.Report = append(res.Report, Loading(c, r.Load)...)
	}
	if !r.Only {
		res.Report = append(res.Report, Final(c)...)
	}
	for name, try := range attempts(r, held) {
		if r.Try != nil && !slices.Contains(r.Try, name) {
			continue
		}
		res.Tried[name] = "done"
		if err := try(); err != nil {
			res.Tried[name] = err.Error()
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(res); err != nil {
		panic(err)
	}
}

// attempts are what a scanner that was taken over would try, and what an honest
// one has to be able to do ("may …").
func attempts(r request, held *os.File) map[string]func() error {
	socket := func(domain, kind int) func() error {
		return func() error {
			_, err := unix.Socket(domain, kind, 0)
			return err
		}
	}
	call := func(number uintptr, args ...uintptr) func() error {
		args = append(args, make([]uintptr, 6)...)
		return func() error {
			if _, _, errno := unix.RawSyscall6(number, args[0], args[1], args[2], args[3], args[4], args[5]); errno != 0 {
				return errno
			}
			return nil
		}
	}
	open := func(name string, flags int) func() error {
		return func() error {
			_, err := unix.Open(name, flags, 0o600)
			return err
		}
	}
	return map[string]func() error{
		"open":        open(r.File, unix.O_RDONLY),
		"open beside": open(r.Beside, unix.O_RDONLY),
		"open proc":   open("/proc/self/status", unix.O_RDONLY),
		"reopen held": open(fmt.Sprintf("/proc/self/fd/%d", held.Fd()), unix.O_RDONLY),
		"create":      open(r.Beside+".new", unix.O_WRONLY|unix.O_CREAT),
		"write":       open(r.File, unix.O_WRONLY),
		"unlink":      func() error { return unix.Unlink(r.Beside) },
		"tcp":         socket(unix.AF_INET, unix.SOCK_STREAM),
		"udp":         socket(unix.AF_INET, unix.SOCK_DGRAM),
		"tcp6":        socket(unix.AF_INET6, unix.SOCK_STREAM),
		"unix":        socket(unix.AF_UNIX, unix.SOCK_STREAM),
		"netlink":     socket(unix.AF_NETLINK, unix.SOCK_RAW),
		"packet":      socket(unix.AF_PACKET, unix.SOCK_RAW),
		"pair":        func() error { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err },
		"execve":      func() error { return unix.Exec("/bin/true", []string{"true"}, nil) },
		"fork":        func() error { _, err := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{}); return err },
		"clone":       call(unix.SYS_CLONE, uintptr(unix.SIGCHLD)),
		"clone3":      call(unix.SYS_CLONE3),
		"unshare":     func() error { return unix.Unshare(unix.CLONE_NEWUSER) },
		"ptrace":      func() error { return unix.PtraceAttach(os.Getppid()) },
		"bpf":         call(unix.SYS_BPF),
		"kill":        func() error { return unix.Kill(os.Getppid(), 0) },
		"tgkill":      func() error { return unix.Tgkill(os.Getppid(), os.Getppid(), 0) },
		"read other":  call(unix.SYS_PROCESS_VM_READV, uintptr(os.Getppid())),
		"sendmsg":     func() error { return unix.Sendmsg(1, []byte("x"), nil, nil, 0) },
		"userfault":   call(unix.SYS_USERFAULTFD),
		"io_uring":    call(unix.SYS_IO_URING_SETUP, 1),
		"mount":       func() error { return unix.Mount("none", "/mnt", "tmpfs", 0, "") },
		"keyctl":      call(unix.SYS_KEYCTL),
		"ioctl":       func() error { _, err := unix.IoctlGetInt(1, unix.TIOCINQ); return err },
		"nofile":      func() error { return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 4096, Max: 4096}) },
		"code": func() error {
			_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
			return err
		},
		"shared": func() error {
			_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ, unix.MAP_SHARED|unix.MAP_ANON)
			return err
		},
		"become code": func() error {
			b, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
			if err != nil {
				return err
			}
			return unix.Mprotect(b, unix.PROT_READ|unix.PROT_EXEC)
		},

		"may read held": func() error {
			b := make([]byte, 4)
			_, err := held.ReadAt(b, 0)
			return err
		},
		"may map held": func() error {
			b, err := unix.Mmap(int(held.Fd()), 0, 4096, unix.PROT_READ, unix.MAP_PRIVATE)
			if err == nil && string(b[:4]) != "held" {
				err = io.ErrUnexpectedEOF
			}
			return err
		},
		"may run goroutines": goroutines,
	}
}

// goroutines has the runtime do all it does by itself: threads, timers, collecting.
func goroutines() error {
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			runtime.LockOSThread() // a thread each, which ends with it
			b := make([]byte, 1<<20)
			b[0] = 1
			time.Sleep(time.Millisecond)
			runtime.KeepAlive(b)
		})
	}
	wg.Wait()
	debug.FreeOSMemory()
	return nil
}

// honest lists what must go on working behind every wall.
func honest(name string) bool { return strings.HasPrefix(name, "may ") }

func places(t *testing.T) request {
	t.Helper()
	dir := t.TempDir()
	r := request{File: filepath.Join(dir, "held"), Beside: filepath.Join(dir, "beside")}
	for _, name := range []string{r.File, r.Beside} {
		if err := os.WriteFile(name, []byte("held by the process"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func needs(t *testing.T, r Report, names ...string) {
	t.Helper()
	for _, name := range names {
		if !r.Has(name) && name == Capabilities && withCgo {
			continue
		}
		if !r.Has(name) {
			why := fmt.Sprintf("this machine lacks %s: %+v", name, r)
			if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
				t.Fatal(why)
			}
			t.Skip(why)
		}
	}
}

func TestNothingIsLeft(t *testing.T) {
	r := places(t)
	res := run(t, r)
	needs(t, res.Report, Landlock, Seccomp, NoNewPrivs, Capabilities, NotDumpable, Rlimits)
	for name, what := range res.Tried {
		if honest(name) != (what == "done") {
			t.Errorf("%s: %s", name, what)
		}
	}
	for _, name := range []string{"open", "open beside", "open proc", "reopen held", "create"} {
		if res.Tried[name] != unix.EACCES.Error() {
			t.Errorf("%s: %s, want %v", name, res.Tried[name], unix.EACCES)
		}
	}
	if res.Tried["clone3"] != unix.ENOSYS.Error() {
		t.Errorf("clone3: %s, want that it is unknown", res.Tried["clone3"])
	}
}

// Without Landlock the filter holds all the same.
func TestWithoutLandlock(t *testing.T) {
	r := places(t)
	r.Without, r.Load = []string{Landlock}, []string{r.File}
	res := run(t, r)
	needs(t, res.Report, Seccomp)
	if res.Report.Has(Landlock) || len(res.Report.Missing()) == 0 || res.Report.Missing()[0].Without == "" {
		t.Errorf("the report does not say what is missing: %+v", res.Report)
	}
	for name, what := range res.Tried {
		if honest(name) != (what == "done") {
			t.Errorf("%s: %s", name, what)
		}
	}
}

// Landlock alone: it shuts files, and not what it knows nothing of.
func TestLandlockAlone(t *testing.T) {
	r := places(t)
	r.Without = []string{Seccomp}
	r.Only, r.Load = true, []string{r.File}
	r.Try = []string{"open", "open beside", "create", "write", "open proc", "udp"}
	res := run(t, r)
	needs(t, res.Report, Landlock)
	for name, want := range map[string]string{
		"open": "done", "open beside": unix.EACCES.Error(), "create": unix.EACCES.Error(), "write": unix.EACCES.Error(),
		"open proc": unix.EACCES.Error(), "udp": "done",
	} {
		if res.Tried[name] != want {
			t.Errorf("%s: %s, want %s", name, res.Tried[name], want)
		}
	}
}

func TestLoadingReadsItsPathsOnly(t *testing.T) {
	r := places(t)
	if withCgo {
		t.Skip("built with cgo, as for the race detector: the filter comes in the end")
	}
	r.Only, r.Load = true, []string{r.File, "/no/such/rules"}
	res := run(t, r)
	needs(t, res.Report, Landlock, Seccomp)
	allowed := []string{"open", "reopen held"}
	for name, what := range res.Tried {
		may := honest(name) || slices.Contains(allowed, name)
		if name == "fork" || name == "nofile" {
			continue // fork: execve in the child is refused; nofile: what is put up in Final
		}
		if may != (what == "done") {
			t.Errorf("%s: %s", name, what)
		}
	}
	if res.Tried["open beside"] != unix.EACCES.Error() {
		t.Errorf("a file that was not named was opened: %s", res.Tried["open beside"])
	}
}

// A process that was given the right to read everything for its rules has it for
// these only, and afterwards not at all.
func TestFilesOfRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatal("not run as root")
		}
		t.Skip("needs root: it becomes somebody else")
	}
	r := places(t)
	for _, name := range []string{r.File, r.Beside} {
		if err := os.Chmod(name, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.nobody, r.Load = true, []string{r.File}
	r.Try = []string{"open", "open beside", "write"}
	r.Only = true
	res := run(t, r)
	needs(t, res.Report, Landlock)
	if res.Tried["open"] != "done" || res.Tried["open beside"] == "done" || res.Tried["write"] == "done" {
		t.Errorf("while rules are loaded: %v", res.Tried)
	}
	r.Only = false
	if res = run(t, r); res.Tried["open"] == "done" {
		t.Error("the file can still be opened in the end")
	}
	// Without Landlock there is nothing to hold the right in bounds: it goes at once.
	r.Only, r.Without = true, []string{Landlock}
	if res = run(t, r); !withCgo && res.Tried["open"] == "done" {
		t.Error("everything can be opened without Landlock")
	}
}

func TestReport(t *testing.T) {
	r := Report{{Name: Landlock, InForce: true}, missing(Seccomp, "none", "all")}
	if r.String() != "without seccomp" || !r.Has(Landlock) || r.Has(Seccomp) || r.Has(Rlimits) || len(r.Missing()) != 1 {
		t.Errorf("%s: %+v", r, r.Missing())
	}
	if s := (Report{{Name: Landlock, InForce: true}}).String(); s != "complete" {
		t.Errorf("got %q", s)
	}
}

// The program of the filter is what the kernel takes, on both architectures: no
// jump leads out of it, and it ends everywhere.
func TestFilterIsSound(t *testing.T) {
	for name, list := range map[string][]call{"loading": loadingCalls(), "final": finalCalls()} {
		p := assemble(list, 4711)
		if len(p) > unix.BPF_MAXINSNS {
			t.Errorf("%s: %d instructions", name, len(p))
		}
		for i, in := range p {
			if in.Code&7 == unix.BPF_JMP && i+1+int(max(in.Jt, in.Jf)) >= len(p) {
				t.Errorf("%s: instruction %d jumps out", name, i)
			}
		}
		if last := p[len(p)-1]; last.Code != end || last.K&unix.SECCOMP_RET_ACTION != unix.SECCOMP_RET_ERRNO {
			t.Errorf("%s: it ends with %+v", name, last)
		}
	}
}

package clamdfront

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vitrine/internal/endpoint/clamd"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/local"
	"vitrine/internal/endpoint/verdict"

	"github.com/spf13/pflag"
)

// TestMain is the other process when a Front starts this program as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == Mode {
		var s Settings
		flags := pflag.NewFlagSet(Mode, pflag.ExitOnError)
		s.Flags(flags)
		_ = flags.Parse(os.Args[2:])
		err := Answer(context.Background(), s, func(text string) { fmt.Fprintln(os.Stderr, text) })
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// eicar is the test file of the antivirus industry, put together here so that
// this source is not one.
func eicar() []byte {
	return []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}` + "$" + `EICAR-STANDARD-` + `ANTIVIRUS-TEST-FILE!` + "$" + `H+H*`)
}

type fake struct{}

func (fake) Scan(_ context.Context, _ string, f *os.File) (verdict.Verdict, error) {
	data, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<30))
	if err != nil {
		return verdict.Verdict{}, err
	}
	if bytes.Contains(data, eicar()) {
		return verdict.Verdict{State: verdict.Malicious, Findings: []verdict.Finding{{Name: "Eicar-Test"}}}, nil
	}
	return verdict.Verdict{State: verdict.Clean}, nil
}

type sink struct {
	mu     sync.Mutex
	events []event.Event
}

func (s *sink) Emit(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
}

// front runs a Front until the end of the test; pids gets the number of each
// process that it starts.
func front(t *testing.T) (socket string, pids chan int) {
	t.Helper()
	if os.Geteuid() != 0 {
		skip(t, "only root starts a process as another user")
	}
	dir, err := os.MkdirTemp("", "front")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	pids = make(chan int, 10)
	socket = filepath.Join(dir, "s")
	f := Front{
		Socket: socket, Settings: Settings{MaxStream: 1 << 20, Idle: time.Minute, Version: "Vitrine 1"}, User: "nobody",
		Broker: clamd.Broker{Scanner: fake{}, Sink: &sink{}}, Line: func(line string) { t.Log("process:", line) },
		Own: func(pid int) (func(), error) { pids <- pid; return func() {}, nil },
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket stays: %v", err)
		}
	})
	return socket, pids
}

func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

func ask(t *testing.T, socket, request string) string {
	t.Helper()
	c, err := local.Dial(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := c.Write([]byte(request)); err != nil && !errors.Is(err, syscall.EPIPE) {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		return err.Error()
	}
	return string(answer)
}

// TestFront: the process answers as another user, cannot read what root alone
// may, and is there again after it was killed.
func TestFront(t *testing.T) {
	socket, pids := front(t)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"open": 0o644, "closed": 0o600} {
		if err := os.WriteFile(filepath.Join(dir, name), eicar(), mode); err != nil {
			t.Fatal(err)
		}
	}
	pid := <-pids
	if got := ask(t, socket, "zVERSION\x00"); got != "Vitrine 1\x00" {
		t.Fatalf("%q", got)
	}
	if got := ask(t, socket, "zSCAN "+dir+"/open\x00"); got != dir+"/open: Eicar-Test FOUND\x00" {
		t.Errorf("%q", got)
	}
	if got := ask(t, socket, "zSCAN "+dir+"/closed\x00"); got != dir+"/closed: Access denied. ERROR\x00" {
		t.Errorf("%q", got)
	}
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^Uid:\s+[1-9]`).Match(status) || !strings.Contains(string(status), "NoNewPrivs:\t1") || !strings.Contains(string(status), "CapEff:\t0000000000000000") {
		t.Errorf("it runs with\n%s", status)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if again := <-pids; again == pid {
		t.Error("the same process again")
	}
	if got := ask(t, socket, "zPING\x00"); got != "PONG\x00" {
		t.Errorf("after it was killed: %q", got)
	}
}

// TestClamdscan: ClamAV's own client takes our answers for clamd's.
func TestClamdscan(t *testing.T) {
	program, err := exec.LookPath("clamdscan")
	if err != nil {
		skip(t, "there is no clamdscan (Debian's package of that name)")
	}
	socket, _ := front(t)
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range map[string][]byte{"bad.com": eicar(), "clean": []byte("hello"), "sub/bad.com": eicar()} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(t.TempDir(), "clamd.conf")
	if err := os.WriteFile(config, []byte("LocalSocket "+socket+"\nStreamMaxLength 1M\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, mode := range [][]string{nil, {"--stream"}, {"--fdpass"}, {"--multiscan"}, {"--multiscan", "--fdpass"}, {"--multiscan", "--stream"}, {"--allmatch"}} {
		for _, c := range []struct {
			path  string
			code  int
			found int
		}{{"clean", 0, 0}, {"bad.com", 1, 1}, {".", 1, 2}} {
			args := append([]string{"--config-file=" + config, "--no-summary"}, mode...)
			out, err := exec.Command(program, append(args, filepath.Join(dir, c.path))...).CombinedOutput()
			var exit *exec.ExitError
			code := 0
			if errors.As(err, &exit) {
				code = exit.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(out), "bad.com: Eicar-Test FOUND"); code != c.code || (n != c.found && !(n == 1 && contains(mode, "--allmatch"))) {
				t.Errorf("clamdscan %v %s: %d\n%s", mode, c.path, code, out)
			}
		}
	}
	version, err := exec.Command(program, "--config-file="+config, "--version").CombinedOutput()
	if err != nil || !strings.Contains(string(version), "Vitrine 1") {
		t.Errorf("--version: %s, %v", version, err)
	}
	cmd := exec.Command(program, "--config-file="+config, "--no-summary", "-")
	cmd.Stdin = bytes.NewReader(eicar())
	if out, _ := cmd.CombinedOutput(); !strings.Contains(string(out), "stream: Eicar-Test FOUND") {
		t.Errorf("standard input: %s", out)
	}
}

func contains(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}

// TestNotStarted: called by hand it says so.
func TestNotStarted(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(self, Mode).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "started by the guard") {
		t.Errorf("%v: %s", err, out)
	}
}

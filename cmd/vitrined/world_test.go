package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vitrine/internal/chain/installed"
	"vitrine/internal/chain/log"
	"vitrine/internal/chain/operator/operatortest"
	"vitrine/internal/chain/web"
	"vitrine/internal/chain/witness"
	"vitrine/internal/cli/chaincmd"
	"vitrine/internal/cli/guardcmd"
	"vitrine/internal/cli/machine"
	"vitrine/internal/cli/term"
	"vitrine/internal/durable"
	"vitrine/internal/durable/durabletest"
	"vitrine/proof"

	"github.com/rogpeppe/go-internal/testscript"
)

// worldCommands are what scripts can do to the world around the programs.
func worldCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"service": newService, "log": switchLog, "witness": switchWitness, "witnessed": witnessed, "fork": fork,
		"publish": publish, "mirror": mirror, "serve": serve, "clock": clock,
		"twin": twin, "policy": changedPolicy, "exits": exits, "powercuts": powercuts, "evidence": evidence,
	}
}

// stage is the testing.TB of what a script starts. Its Cleanup is the script's
// own end, and may be called by any goroutine.
type stage struct {
	testing.TB
	ts *testscript.TestScript

	mu  sync.Mutex
	end []func()
}

func (s *stage) Helper()           {}
func (s *stage) Fatal(args ...any) { s.ts.Fatalf("%s", fmt.Sprint(args...)) }
func (s *stage) Cleanup(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end = append(s.end, f)
}

func (s *stage) finish() {
	s.mu.Lock()
	list := s.end
	s.mu.Unlock()
	for i := len(list) - 1; i >= 0; i-- {
		list[i]()
	}
}

// company is an operator at work: log and witnesses run in this process, with a
// clock that the script sets.
type company struct {
	*operatortest.World
	stage   *stage
	offset  atomic.Int64 // of the clock, in nanoseconds
	handler atomic.Pointer[http.Handler]
}

type companyKey struct{}

// companyOf is the company of a script. Setup makes it, and service fills it.
func companyOf(ts *testscript.TestScript) *company { return ts.Value(companyKey{}).(*company) }

// newService starts an operator: its folder is op, and its site is at $LOG.
func newService(ts *testscript.TestScript, _ bool, _ []string) {
	c := companyOf(ts)
	c.stage = &stage{ts: ts}
	ts.Defer(c.stage.finish)
	c.World = operatortest.New(c.stage, func() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) })
	ts.Check(os.Symlink(c.Folder.Dir, ts.MkAbs("op")))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*c.handler.Load()).ServeHTTP(w, r) }))
	c.stage.Cleanup(server.Close)
	ts.Setenv("LOG", server.URL)
	c.serve(ts)
}

func (c *company) serve(ts *testscript.TestScript) {
	root, err := os.OpenRoot(c.Folder.Site())
	ts.Check(err)
	c.stage.Cleanup(func() { root.Close() })
	h := log.Static(root)
	if c.Log != nil {
		h = log.Handler(c.Log, root)
	}
	c.handler.Store(&h)
}

// switchLog (start|stop) runs the log, or leaves its folder alone.
func switchLog(ts *testscript.TestScript, _ bool, args []string) {
	c := companyOf(ts)
	if args[0] == "start" {
		c.Start(c.stage)
	} else {
		c.Stop(c.stage)
	}
	c.serve(ts)
}

// fork makes the operator and its witnesses begin a second history.
func fork(ts *testscript.TestScript, _ bool, _ []string) {
	c := companyOf(ts)
	c.Fork(c.stage)
	c.serve(ts)
}

// switchWitness (on|off) N… cuts witnesses off, or brings them back.
func switchWitness(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args[1:] {
		companyOf(ts).Witnesses[number(ts, name)-1].Off.Store(args[0] == "off")
	}
}

// witnessed COUNT SIZE asks the witnesses how much of the log they have seen: so
// many must have seen that much. Which of them depends on who answers first.
func witnessed(ts *testscript.TestScript, _ bool, args []string) {
	p, err := companyOf(ts).Folder.Policy()
	ts.Check(err)
	seen := map[string]int{}
	for _, w := range p.Witnesses {
		at, err := web.New(w.URL, 0)
		ts.Check(err)
		data, err := at.Fetch(context.Background(), witness.OriginHash(p.Origin())+"/checkpoint", proof.MaxNote)
		if err != nil {
			continue // it is off, or has seen nothing
		}
		got, _, err := proof.OpenCheckpoint(data, p.Log.Verifier)
		ts.Check(err)
		seen[fmt.Sprint(got.Size)]++
	}
	if seen[args[1]] < number(ts, args[0]) {
		ts.Fatalf("by size, so many witnesses have seen that: %v", seen)
	}
}

func number(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	return n
}

// publish [FLAG…] publishes the rules of the folder rules, with what every
// publication must say.
func publish(ts *testscript.TestScript, neg bool, args []string) {
	all := append([]string{
		"publish", "rules", "--dir", "op", "--log", ts.Getenv("LOG"), "--delay", "0s", "--repo", "https://example.org/rules",
		"--commit", strings.Repeat("0123456789", 4), "--review", "maintainers",
	}, args...)
	expect(ts, map[bool]int{true: 2}[neg], ts.Exec("vitrined", append(all, "rules")...))
}

// mirror FOLDER copies the site as it is now.
func mirror(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.CopyFS(ts.MkAbs(args[0]), os.DirFS(companyOf(ts).Folder.Site())))
}

// serve VARIABLE FOLDER [PATH [stuck]] serves a folder over HTTP. Files with PATH in
// their path never end; stuck ones never begin, and the file stuck appears.
func serve(ts *testscript.TestScript, _ bool, args []string) {
	root, err := os.OpenRoot(ts.MkAbs(args[1]))
	ts.Check(err)
	files := log.Static(root)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(args) < 3 || !strings.Contains(r.URL.Path, args[2]) {
			files.ServeHTTP(w, r)
			return
		}
		if len(args) > 3 {
			os.WriteFile(ts.MkAbs("stuck"), nil, 0o644)
			<-r.Context().Done()
			return
		}
		for {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	}))
	ts.Defer(func() { server.Close(); root.Close() })
	ts.Setenv(args[0], server.URL)
}

// clock DURATION sets the clock of everybody to that much after the true time.
func clock(ts *testscript.TestScript, _ bool, args []string) {
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	ts.Setenv("FAKETIME", args[0])
	companyOf(ts).offset.Store(int64(d))
}

// twin NAME goes on with a copy of the machine, so that one thing happens to it
// and not another; without a name, with the machine itself.
func twin(ts *testscript.TestScript, _ bool, args []string) {
	state := ts.MkAbs("state")
	if len(args) > 0 {
		copied := filepath.Join(ts.MkAbs("twins"), args[0])
		ts.Check(os.CopyFS(copied, os.DirFS(state)))
		state = copied
	}
	ts.Setenv("VITRINE_STATE", state)
}

// changedPolicy PATTERN REPLACEMENT makes the folder trust, with the operator's
// root and a policy that is changed.
func changedPolicy(ts *testscript.TestScript, _ bool, args []string) {
	text, err := substitute([]byte(ts.ReadFile("op/trust/policy.txt")), args[0], args[1])
	ts.Check(err)
	trust := ts.MkAbs("trust")
	ts.Check(os.MkdirAll(trust, 0o755))
	ts.Check(os.WriteFile(filepath.Join(trust, "policy.txt"), text, 0o644))
	ts.Check(os.WriteFile(filepath.Join(trust, "root.json"), []byte(ts.ReadFile("op/trust/root.json")), 0o644))
}

// exits CODE PROGRAM ARG… runs a program and looks at its exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	expect(ts, number(ts, args[0]), ts.Exec(args[1], args[2:]...))
}

func expect(ts *testscript.TestScript, want int, err error) {
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		ts.Fatalf("%v", err)
	}
	got := 0
	if ended != nil {
		got = ended.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, expected %d", got, want)
	}
}

// evidence STATE checks that a machine has kept two notes that the log signed
// and that are not the same.
func evidence(ts *testscript.TestScript, _ bool, args []string) {
	p, err := companyOf(ts).Folder.Policy()
	ts.Check(err)
	files, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "evidence", "*", "*"))
	ts.Check(err)
	if len(files) != 2 {
		ts.Fatalf("evidence: %v", files)
	}
	seen := map[string]bool{}
	for _, name := range files {
		c, _, err := proof.OpenCheckpoint([]byte(ts.ReadFile(name)), p.Log.Verifier)
		ts.Check(err)
		seen[c.Text()] = true
	}
	if len(seen) != 2 {
		ts.Fatalf("the notes say the same")
	}
}

// powercuts BEFORE AFTER ARG… updates a machine from the same state again and
// again, with the power going before the first write of a file, before the second,
// and so on. Each time one of the two bundles must be in use (0 for those that
// come with the program), and the next update must succeed. It prints how often.
// The program runs in this process: it is many times.
func powercuts(ts *testscript.TestScript, _ bool, args []string) {
	state := ts.Getenv("VITRINE_STATE")
	for n := 0; ; n++ {
		after := ts.MkAbs(fmt.Sprint("after-cut-", args[0], "-", n))
		if _, err := os.Stat(state); err == nil {
			ts.Check(os.CopyFS(after, os.DirFS(state)))
		}
		update := append([]string{"update", "--state", after}, args[2:]...)
		disk, gone := unreliable(n)
		code, said := vitrine(ts, disk, update...)
		if !gone() {
			if code != term.Yes {
				ts.Fatalf("without a cut: exit code %d: %s", code, said)
			}
			fmt.Fprintf(ts.Stdout(), "%d cuts\n", n)
			return
		}
		checkCut(ts, n, after, args[0], args[1])
		code, said = vitrine(ts, durable.Disk{}, update...)
		if code != term.Yes || !strings.Contains(said, "core: bundle "+args[1]+" ") {
			ts.Fatalf("after cut %d the next update: exit code %d: %s", n, code, said)
		}
	}
}

// checkCut looks at what is in use after a cut, and scans with it. The rules that
// come with the program are compiled for each scan: one scan with them is enough.
func checkCut(ts *testscript.TestScript, n int, state, before, after string) {
	rules, err := installed.Dir{Path: state}.Rules()
	ts.Check(err)
	if len(rules) == 0 && before == "0" && n > 0 {
		return
	}
	code, said := vitrine(ts, durable.Disk{}, "scan", "--state", state, ts.MkAbs("clean.txt"))
	if got := inUse(said); code != term.Yes || got != before && got != after {
		ts.Fatalf("after cut %d: exit code %d, bundle %s: %s", n, code, got, said)
	}
}

// vitrine runs the program on a disk, and gives what it wrote.
func vitrine(ts *testscript.TestScript, disk durable.Disk, args ...string) (term.Code, string) {
	var said bytes.Buffer
	env := term.System()
	env.Stdout, env.Stderr = &said, &said
	for i, a := range args {
		if a == "--trust" {
			args[i+1] = ts.MkAbs(args[i+1])
		}
	}
	code := machine.Run(context.Background(), env, args, append(chaincmd.Commands(env, disk), guardcmd.Commands(env)...)...)
	return code, said.String()
}

// unreliable is a disk whose power goes before the write of a file, counted from
// 0. Gone takes from it what was not safe, and says whether the power went.
func unreliable(at int) (disk durable.Disk, gone func() bool) {
	cut := &durabletest.PowerCut{At: 1 << 30}
	writes := 0
	disk.Trace = func(op durable.Op) error {
		if op.Kind == durable.Rename {
			if writes == at {
				cut.At = cut.Steps
			}
			writes++
		}
		return cut.Disk().Trace(op)
	}
	return disk, func() bool {
		cut.Lose(at%2 == 0)
		return cut.Steps > cut.At
	}
}

// inUse is the bundle of core that a scan said it used, or 0.
func inUse(said string) string {
	if m := regexp.MustCompile(`(?m)^rules: core bundle (\d+),`).FindStringSubmatch(said); m != nil {
		return m[1]
	}
	return "0"
}

// setUp gives a script what all need: rules to publish, and a file to scan.
func setUp(e *testscript.Env) error {
	e.Values[companyKey{}] = &company{}
	e.Setenv("OP", filepath.Join(e.WorkDir, "op"))
	rules := filepath.Join(e.WorkDir, "rules")
	return errors.Join(os.MkdirAll(rules, 0o755),
		os.WriteFile(filepath.Join(rules, "worm.yar"), []byte(wormRule), 0o644),
		os.WriteFile(filepath.Join(e.WorkDir, "clean.txt"), []byte("nothing to see here\n"), 0o644))
}

const wormRule = `rule made_up_worm { strings: $a = "this is the made-up worm" condition: uint16(0) == 0x5a4d and $a }
`

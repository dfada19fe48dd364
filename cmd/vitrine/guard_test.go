package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// Scripts whose names begin with guard_ run the guard for real: as root, on file
// systems and in network namespaces of their own.

// tmpfs DIR mounts a file system of memory, until the script ends.
func tmpfs(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(unix.Mount("vitrine-test", dir, "tmpfs", 0, "size=256m,mode=755"))
	ts.Defer(func() {
		if unix.Unmount(dir, 0) != nil {
			_ = unix.Unmount(dir, unix.MNT_DETACH)
		}
	})
}

// configure FILE... replaces $NAME in files by what the script's environment has.
func configure(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		text := os.Expand(ts.ReadFile(name), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

// xattr FILE NAME [VALUE] prints an extended attribute, or sets it.
func xattr(ts *testscript.TestScript, neg bool, args []string) {
	name := ts.MkAbs(args[0])
	if len(args) == 3 {
		ts.Check(unix.Setxattr(name, args[1], []byte(args[2]), 0))
		return
	}
	value := make([]byte, 4096)
	n, err := unix.Getxattr(name, args[1], value)
	ts.Check(err)
	_, err = ts.Stdout().Write(value[:n])
	ts.Check(err)
}

// entry NAME PATH sets a variable to the id of what was taken from a path last.
func entry(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(ts.Exec("vitrine", "quarantine", "list", "--config", "guard.toml"))
	id := ""
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		if fields := strings.Fields(line); len(fields) > 0 && strings.HasSuffix(strings.TrimSpace(line), ts.MkAbs(args[1])) {
			id = fields[0]
		}
	}
	if id == "" {
		ts.Fatalf("nothing was taken from %s", args[1])
	}
	ts.Setenv(args[0], id)
}

// patience is how long a script waits for what must happen soon: these machines
// may be busy.
const patience = 60 * time.Second

// await COMMAND ARG... runs a command again and again until it succeeds; ! await,
// until it fails. Its output is that of the last run.
func await(ts *testscript.TestScript, neg bool, args []string) {
	end := time.Now().Add(patience)
	for {
		err := ts.Exec(args[0], args[1:]...)
		if (err == nil) != neg {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s: still so after %s: %v", strings.Join(args, " "), patience, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// guarding is a guard that a script has started.
type guarding struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// end asks it to end; one that does not is killed, and that is said.
func (g *guarding) end() error {
	_ = g.cmd.Process.Signal(unix.SIGTERM)
	select {
	case <-g.done:
		return nil
	case <-time.After(20 * time.Second):
		_ = g.cmd.Process.Kill()
		<-g.done
		return errors.New("the guard did not end by itself")
	}
}

// theGuard is under what name a script keeps its guard.
type theGuard struct{}

// guard CONFIG [THROUGH...] starts the guard, by another program if one is named,
// waits until it protects, and has it ended with the script at the latest. What it
// prints goes to guard.log.
func guard(ts *testscript.TestScript, neg bool, args []string) {
	log, err := os.OpenFile(ts.MkAbs("guard.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	ts.Check(err)
	defer log.Close()
	argv := slices.Concat(args[1:], []string{filepath.Join(strings.Split(ts.Getenv("PATH"), ":")[0], "vitrine"), "guard", "--config", ts.MkAbs(args[0])})
	g := &guarding{cmd: exec.Command(argv[0], argv[1:]...), done: make(chan struct{})}
	g.cmd.Dir = ts.MkAbs(".")
	g.cmd.Stdout, g.cmd.Stderr = log, log
	ts.Check(g.cmd.Start())
	go func() { _ = g.cmd.Wait(); close(g.done) }()
	ts.Value(theGuard{}).(*guards).set(g)
	ts.Defer(func() {
		err := g.end()
		text, _ := os.ReadFile(log.Name())
		ts.Logf("the guard said (%v):\n%s", err, text)
	})
	end := time.Now().Add(patience)
	for ts.Exec("vitrine", "status", "--config", args[0]) != nil {
		select {
		case <-g.done:
			ts.Fatalf("the guard has ended")
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(end) {
			ts.Fatalf("not protected after %s", patience)
		}
	}
}

// guards is the guard of one script.
type guards struct{ now *guarding }

func (g *guards) set(now *guarding) { g.now = now }

// stopguard ends the guard.
func stopguard(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(ts.Value(theGuard{}).(*guards).now.end())
}

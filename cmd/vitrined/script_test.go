package main

import (
	"context"
	"flag"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vitrine/internal/cli/chaincmd"
	"vitrine/internal/cli/clitest"
	"vitrine/internal/cli/guardcmd"
	"vitrine/internal/cli/machine"
	"vitrine/internal/cli/service"
	"vitrine/internal/cli/term"
	"vitrine/internal/durable"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write expected output into the scripts instead of comparing")

// TestMain lets the test binary be both programs, with a clock that a script can
// set: FAKETIME is added to the true time.
func TestMain(m *testing.M) {
	// Scripts wait for witnesses more than they compute.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){
		"vitrined": func() {
			signal.Ignore(syscall.SIGPIPE)
			os.Exit(int(service.Run(context.Background(), world(), os.Args[1:])))
		},
		"vitrine": func() {
			signal.Ignore(syscall.SIGPIPE)
			env := world()
			os.Exit(int(machine.Run(context.Background(), env, os.Args[1:], append(chaincmd.Commands(env, durable.Disk{}), guardcmd.Commands(env)...)...)))
		},
		"evil": evilMain,
	})
}

// world is the real world at another time.
func world() term.Env {
	env := term.System()
	if offset, err := time.ParseDuration(os.Getenv("FAKETIME")); err == nil {
		env.Now = func() time.Time { return time.Now().Add(offset) }
	}
	return env
}

// TestScript tells the life of a service and of machines that follow it, as
// stories in testdata/script.
func TestScript(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the programs: each room has tests of its own")
	}
	witness := filepath.Join(t.TempDir(), "vitrine-witness")
	build(t, witness, "../vitrine-witness")
	commands := worldCommands()
	maps.Copy(commands, map[string]func(*testscript.TestScript, bool, []string){
		"port": port, "gocache": goCache, "answers": answers, "flip": flip, "glob": glob, "smuggle": smuggle, "appears": appears, "conforms": clitest.Conforms("../../docs/spec/cli"),
	})
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", filepath.Dir(witness)+string(os.PathListSeparator)+e.Getenv("PATH"))
			e.Setenv("VITRINE_STATE", filepath.Join(e.WorkDir, "state"))
			e.Setenv("HOME", e.WorkDir)
			return setUp(e)
		},
		Cmds: commands,
	})
}

// port NAME… sets variables to addresses nobody listens at.
func port(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		defer l.Close() // not before all are chosen
		ts.Setenv(name, l.Addr().String())
	}
}

// answers ADDRESS… waits until somebody answers HTTP at each.
func answers(ts *testscript.TestScript, _ bool, args []string) {
	for _, address := range args {
		if !answered(address) {
			ts.Fatalf("nobody answers at %s", address)
		}
	}
}

// flip FILE changes one bit in the middle of a file.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	data := []byte(ts.ReadFile(args[0]))
	data[len(data)/2] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o644))
}

// glob VAR PATTERN sets a variable to the one file that fits a pattern.
func glob(ts *testscript.TestScript, _ bool, args []string) {
	found, err := filepath.Glob(ts.MkAbs(args[1]))
	ts.Check(err)
	if len(found) != 1 {
		ts.Fatalf("%d files fit %s", len(found), args[1])
	}
	ts.Setenv(args[0], found[0])
}

func answered(address string) bool {
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if answer, err := http.Get("http://" + address + "/"); err == nil {
			answer.Body.Close()
			return true
		}
	}
	return false
}

func build(t *testing.T, to, pkg string) {
	t.Helper()
	if out, err := goBuild(to, pkg); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, strings.TrimSpace(string(out)))
	}
}

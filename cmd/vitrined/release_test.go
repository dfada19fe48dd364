package main

import (
	"os/exec"
	"runtime"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// goCache sets $MACHINE to this machine's architecture, and $GOCACHE to the build cache of whoever runs the tests: with one of
// its own a script would compile the standard library first.
func goCache(ts *testscript.TestScript, _ bool, _ []string) {
	out, err := exec.Command("go", "env", "GOCACHE").Output()
	ts.Check(err)
	ts.Setenv("MACHINE", runtime.GOARCH)
	ts.Setenv("GOCACHE", strings.TrimSpace(string(out)))
}

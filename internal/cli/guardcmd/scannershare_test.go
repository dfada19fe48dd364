package guardcmd

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"vitrine/internal/endpoint/verdict"
	"vitrine/internal/endpoint/wire"
	"vitrine/internal/endpoint/worker"
	"vitrine/yara"

	"golang.org/x/sys/unix"
)

// vyr is a file of compiled rules.
func vyr(t *testing.T, dir, name, source string) string {
	t.Helper()
	rules, err := yara.Compile(source)
	if err != nil {
		t.Fatal(err)
	}
	data, err := rules.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return put(t, dir, name, string(data), 0o600)
}

// checkMapping looks whether the scanners have the shared rules mapped, which only root
// can see.
func checkMapping(t *testing.T, name string, p *worker.Pool, want bool) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	for _, pid := range p.Pids() {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
		if is := strings.Contains(string(text), "/memfd:vitrine-rules"); err != nil || is != want {
			t.Errorf("%s: mapped: %v, %v", name, is, err)
		}
	}
}

// next ends all scanners, and gives the verdict of those that come after.
func next(t *testing.T, p *worker.Pool, file string) verdict.Verdict {
	t.Helper()
	for _, pid := range p.Pids() {
		if err := unix.Kill(pid, unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	return scanPath(t, p, file)
}

// The first scanner and those that come later use one copy of the rules, of whatever
// kind they were; but several compiled files are loaded by each, as they lie.
func TestScannersMapTheirRules(t *testing.T) {
	dir := t.TempDir()
	file := put(t, dir, "file", "please find me", 0o600)
	one, two := vyr(t, dir, "one.vyr", aRule), vyr(t, dir, "two.vyr", more)
	list := put(t, dir, "list", digest+"\n", 0o600)
	for name, c := range map[string]struct {
		rules  wire.Rules
		shared bool
	}{
		"sources":        {wire.Rules{Paths: []string{put(t, dir, "a.yar", aRule, 0o600)}, Hashes: []string{list}}, true},
		"compiled":       {wire.Rules{Paths: []string{one}, Hashes: []string{list}}, true},
		"two compiled":   {wire.Rules{Paths: []string{one, two}}, false},
		"with built in":  {wire.Rules{Builtin: true, Paths: []string{one}}, false},
		"no rules":       {wire.Rules{Hashes: []string{list}}, false},
		"built in alone": {wire.Rules{Builtin: true}, true},
	} {
		p := pool(t, worker.Config{Rules: c.rules})
		before := p.Status()
		for _, when := range []func(*testing.T, *worker.Pool, string) verdict.Verdict{scanPath, next} { // by the first, by a later one
			v := when(t, p, file)
			checkMapping(t, name, p, c.shared)
			if found := c.rules.Paths != nil; found != (v.State == verdict.Malicious) || v.Rules != before.Rules {
				t.Errorf("%s: %+v", name, v)
			}
		}
		if after := p.Status(); after.Count != before.Count || after.Rules != before.Rules || len(after.Warnings) > 0 {
			t.Errorf("%s: %+v, before %+v", name, after, before)
		}
	}
}

// What was compiled already is the same for all, whatever becomes of its file, until
// it is loaded anew.
func TestScannersKeepACompiledFile(t *testing.T) {
	dir := t.TempDir()
	name := vyr(t, dir, "rules.vyr", aRule)
	file := put(t, dir, "file", "please find me", 0o600)
	p := pool(t, worker.Config{Rules: wire.Rules{Paths: []string{name}}})
	before := p.Rules()
	if err := os.Truncate(name, 20); err != nil {
		t.Fatal(err)
	}
	if v := next(t, p, file); v.State != verdict.Malicious || v.Rules != before {
		t.Errorf("%+v", v)
	}
	if p.Reload(t.Context()) == nil || p.Rules() != before {
		t.Error("half a file was loaded")
	}
	vyr(t, dir, "rules.vyr", more)
	if err := p.Reload(t.Context()); err != nil || p.Rules() == before {
		t.Errorf("loaded anew: %v", err)
	}
}

// A file that cannot be written to, or may change, leaves a scanner what it has read.
func TestArmWithoutSharedMemory(t *testing.T) {
	dir := t.TempDir()
	setup := wire.Setup{Rules: wire.Rules{Paths: []string{put(t, dir, "a.yar", aRule, 0o600)}}}
	want, err := arm(setup, nil)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(put(t, dir, "plain", "", 0o600))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if a, err := arm(setup, file); err != nil || a.ready.Compiled != "" || a.ready.Rules != want.ready.Rules {
		t.Errorf("nowhere to write to: %+v, %v", a, err)
	}
	unsealed, err := wire.NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer unsealed.Close()
	setup.Compiled = &wire.Compiled{SHA256: strings.Repeat("0", 64), Count: 9}
	if a, err := arm(setup, unsealed); err != nil || a.ready.Count != 1 || a.ready.Rules != want.ready.Rules {
		t.Errorf("what may change: %+v, %v", a, err)
	}
	if info, err := unsealed.Stat(); err != nil || info.Size() != 0 {
		t.Errorf("something was written to what was given: %v, %v", info, err)
	}
}

// Without memory for all, contents are read.
func TestHoldReads(t *testing.T) {
	data, err := (&arming{}).hold(bytes.NewReader([]byte("rules")))
	if err != nil || string(data) != "rules" {
		t.Errorf("%q, %v", data, err)
	}
}

package vitrine

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// mostExposed is systemd's own measure of how much a unit may do, in tenths of 10.
// 25 is what "safe" may become before somebody has to say why; the guard's unit says
// why, point by point, in guardsPoints.
var mostExposed = map[string]string{"vitrine-guard.service": "49", "": "25"}

const (
	guardsUnit   = "packaging/systemd/vitrine-guard.service"
	guardsPoints = "docs/design/005-the-guards-unit.md"
	// measuredBy is the version of systemd whose points that page lists: another one
	// may look at other settings.
	measuredBy = "systemd 252"
)

// systemdAnalyze runs it; its standard output, and what it says on both.
func systemdAnalyze(t *testing.T, args ...string) (out []byte, all string, err error) {
	t.Helper()
	path, err := exec.LookPath("systemd-analyze")
	if err != nil {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatal("systemd-analyze is not installed")
		}
		t.Skip("systemd-analyze is not installed")
	}
	var errs strings.Builder
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	cmd.Stderr = &errs
	out, err = cmd.Output()
	return out, string(out) + errs.String(), err
}

func units(t *testing.T, kinds string) []string {
	t.Helper()
	found, err := filepath.Glob("packaging/systemd/*." + kinds)
	if err != nil || len(found) < 4 {
		t.Fatalf("%d units found: %v", len(found), err)
	}
	return found
}

// TestUnitsAreHardened: what we hand out for systemd gives each program the
// folder and the sockets it needs and nothing else.
func TestUnitsAreHardened(t *testing.T) {
	for _, unit := range units(t, "service") {
		limit, ok := mostExposed[filepath.Base(unit)]
		if !ok {
			limit = mostExposed[""]
		}
		if _, all, err := systemdAnalyze(t, "security", "--offline=true", "--threshold="+limit, "--no-pager", "./"+unit); err != nil {
			t.Errorf("%s: %v\n%s", unit, err, all)
		}
	}
}

// TestGuardsPointsHaveReasons: what the guard's unit leaves open is exactly what
// its page gives reasons for.
func TestGuardsPointsHaveReasons(t *testing.T) {
	version, _, err := systemdAnalyze(t, "--version")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(version), measuredBy+" ") {
		t.Skipf("the points are those of %s", measuredBy)
	}
	out, all, err := systemdAnalyze(t, "security", "--offline=true", "--json=short", "--no-pager", "./"+guardsUnit)
	if err != nil {
		t.Fatalf("%v\n%s", err, all)
	}
	var points []struct{ Name, Exposure string }
	if err := json.Unmarshal(out, &points); err != nil {
		t.Fatal(err)
	}
	reasons := reasonsOf(t)
	for _, p := range points {
		given, ok := reasons[p.Name]
		delete(reasons, p.Name)
		switch {
		case p.Exposure != "" && !ok:
			t.Errorf("%s leaves %s open (%s), for which %s has no reason", guardsUnit, p.Name, p.Exposure, guardsPoints)
		case p.Exposure != given:
			t.Errorf("%s: %s is worth %q, and the page says %q", guardsPoints, p.Name, p.Exposure, given)
		}
	}
	for name := range reasons {
		t.Errorf("%s gives a reason for %s, which systemd does not know", guardsPoints, name)
	}
	if _, _, err := systemdAnalyze(t, "security", "--offline=true", "--threshold=48", "--no-pager", "./"+guardsUnit); err == nil {
		t.Errorf("%s is less exposed than its limit of %s: lower it", guardsUnit, mostExposed[filepath.Base(guardsUnit)])
	}
}

// reasonsOf reads the page's list: what each point is worth.
func reasonsOf(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(guardsPoints)
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^- `([^`]+)` \\(([0-9.]+)\\): \\S").FindAllStringSubmatch(string(text), -1) {
		if reasons[m[1]] != "" {
			t.Errorf("%s lists %s twice", guardsPoints, m[1])
		}
		reasons[m[1]] = m[2]
	}
	if len(reasons) == 0 {
		t.Fatalf("%s: no points found", guardsPoints)
	}
	return reasons
}

// TestUnitsVerify has systemd read every unit, in a tree that holds the programs
// they start.
func TestUnitsVerify(t *testing.T) {
	root := t.TempDir()
	args := []string{"verify", "--root=" + root, "--man=no", "--recursive-errors=no"}
	for _, unit := range append(units(t, "service"), units(t, "timer")...) {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		at := "usr/lib/systemd/system/" + filepath.Base(unit)
		place(t, filepath.Join(root, at), text, 0o644)
		for _, program := range regexp.MustCompile(`(?m)^Exec\w+=[-+!@:]*(/\S+)`).FindAllSubmatch(text, -1) {
			place(t, filepath.Join(root, string(program[1])), []byte("#!/bin/sh\n"), 0o755)
		}
		args = append(args, "/"+at)
	}
	if _, all, err := systemdAnalyze(t, args...); err != nil || all != "" {
		t.Errorf("systemd-analyze verify: %v\n%s", err, all)
	}
	place(t, filepath.Join(root, "usr/lib/systemd/system/vitrine-guard.service"), []byte("[Service]\nExecStart=/usr/bin/vitrine\nProtectHom=yes\n"), 0o644)
	if _, all, err := systemdAnalyze(t, args...); err == nil && all == "" {
		t.Error("a setting that does not exist is not seen")
	}
}

func place(t *testing.T, path string, text []byte, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, mode); err != nil {
		t.Fatal(err)
	}
}

package guardcmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/condition"
	"vitrine/internal/endpoint/gap"
)

func TestStatus(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*condition.Condition)
		want   term.Code
		says   []string
	}{
		{"protected", func(*condition.Condition) {}, term.Yes, []string{"protected\n", "guard      v1, process 12, since ", "last off   never", "scanners   2 of 2 running as nobody", "looks for  1,204 rules", "rules      those that come"}},
		{"report", func(g *condition.Condition) { g.Mode = "report" }, term.No, []string{"report only\n"}},
		{"degraded", func(g *condition.Condition) {
			g.Scanner.Alive = 1
			g.Missing = []condition.Missing{{Part: "guard", Feature: "FAN_X", Uncovered: "this and that\x1b"}}
			g.Network = condition.Network{Enabled: true, Backends: []string{"bpf", "nft"}, Indicators: 3, Blocked: 2, Uncovered: []string{"raw sockets"}}
			g.Clamd = condition.Clamd{Enabled: true, Sessions: 1}
		}, term.No, []string{"degraded\n  1 of 2 scanners are running\n", "network    bpf and nft; 3 indicators, 2 refused", "clamd      1 client", "not covered\n", `guard, without FAN_X: this and that\x1b`, "network: raw sockets"}},
		{"off", func(g *condition.Condition) {
			g.Switch = &condition.Switch{Since: deskTime, Until: deskTime.Add(2 * time.Hour), Reason: "restore", By: "uid 0"}
		}, term.No, []string{"off since ", ", for 1h00m now, until ", ", by uid 0: restore\n"}},
		{"closing", func(g *condition.Condition) {
			g.Closing = &condition.Closing{Step: "scanning", Suspects: 9, Scanned: 3}
			g.LastGap = &condition.Gap{Began: deskTime.Add(-time.Hour), Ended: deskTime, Why: "off", Reason: "backup", Looked: 3, Found: 1}
		}, term.No, []string{"closing\n", "closing    scanning: 3 of 9 suspects", "last off   until ", "1h00m ago, for 1h00m (switched off: backup)", "3 files looked at because of it, 1 file of malware"}},
		{"sweep", func(g *condition.Condition) {
			g.Sweep, g.Quarantine = condition.Sweep{Running: "quick", Files: 5}, condition.Quarantine{Files: 2, Bytes: 1024, Limit: 2048}
			g.Watch = condition.Watch{Mounts: 3, Timeouts: 1, Allowed: 1}
			g.LastGap = &condition.Gap{Ended: deskTime, Why: "first", Complete: true}
		}, term.Yes, []string{"watched    3 file systems", "1 not answered in time", "1 file allowed", "ago (before the guard first ran)", "quarantine 2 files, 1.0 KiB of 2.0 KiB", "sweep      quick is running: 5 files"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t)
			c.change(&d.guard)
			d.guarded()
			d.run(c.want, "status")
			d.says(d.stdout, c.says...)
			d.run(c.want, "status", "--json")
			d.conforms("status.v2")
			d.run(c.want, "status", "--metrics")
			d.says(d.stdout, "# TYPE vitrine_state gauge", "vitrine_scanners ")
		})
	}
}

func TestStatusWithoutGuard(t *testing.T) {
	d := newDesk(t)
	d.run(term.No, "status")
	d.says(d.stdout, "off\n  the guard is not running: nothing is stopped\n", "guard      not running; systemctl start", "rules      ")
	d.run(term.No, "status", "--json")
	d.conforms("status.v2")
	d.says(d.stdout, `"guard": null`)
	d.run(term.No, "status", "--metrics")
	d.says(d.stdout, `vitrine_state{state="off"} 1`)
	d.run(term.Yes, "status", "--rules")
	d.says(d.stdout, "in order\nrules ")
	d.run(term.Yes, "status", "--rules", "--json")
	d.conforms("status.v2")
}

// TestStatusOfUnreadableRules: what the guard says is told all the same.
func TestStatusOfUnreadableRules(t *testing.T) {
	d := newDesk(t).guarded()
	state := filepath.Join(d.dir, "file")
	os.WriteFile(state, nil, 0o600)
	d.run(term.No, "status", "--state", state)
	d.says(d.stdout, "degraded\n  the installed rules cannot be looked at: ", "guard      v1")
	d.run(term.No, "status", "--state", state, "--json")
	d.conforms("status.v2")
	d.run(term.CouldNot, "status", "--state", state, "--rules")
}

// TestStatusColours: the word stands there with and without a colour.
func TestStatusColours(t *testing.T) {
	d := newDesk(t).guarded()
	d.run(term.Yes, "status", "--color", "always")
	d.says(d.stdout, "\x1b[32mprotected\x1b[0m")
	d.guard.Mode = "report"
	d.run(term.No, "status", "--color", "always")
	d.says(d.stdout, "\x1b[33mreport only\x1b[0m")
}

// TestApart: flags that do not go together, in words.
func TestApart(t *testing.T) {
	d := newDesk(t)
	for _, args := range [][]string{{"status", "--json", "--metrics"}, {"status", "--rules", "--metrics"}, {"config", "--default", "--running"}, {"config", "--default", "--json"}} {
		d.run(term.CouldNot, args...)
		d.says(d.stderr, args[1]+" and ", " do not go together\nhint: vitrine "+args[0]+" --help")
	}
}

// TestStatusOfABrokenConfiguration: it cannot be told where to ask.
func TestStatusOfABrokenConfiguration(t *testing.T) {
	d := newDesk(t)
	os.WriteFile(d.file, []byte("x = 1\n"), 0o600)
	d.run(term.CouldNot, "status")
	d.says(d.stderr, "x is not a key")
}

func TestProtect(t *testing.T) {
	d := newDesk(t).guarded()
	d.run(term.No, "protect", "off", "--reason", "r")
	d.says(d.stderr, "it stands that way already")
	d.toggle = []gap.Status{{State: gap.Off, Since: deskTime, Until: deskTime.Add(time.Hour), Reason: "r", By: "uid 0", Open: []gap.Gap{{From: deskTime, Why: gap.SwitchedOff, Reason: "r"}}}}
	d.run(term.Yes, "protect", "off", "--reason", "r", "--for", "1d")
	d.says(d.stdout, "off\n", "nothing is stopped since ", ", until ", ": r\n")
	if strings.Contains(d.stdout, "looked at because of it") {
		t.Errorf("a gap that has only begun is over: %s", d.stdout)
	}
	d.run(term.Yes, "protect", "off", "--reason", "r", "--json")
	d.conforms("protect.v1")

	over := gap.Gap{From: deskTime, To: deskTime.Add(time.Minute), Why: gap.SwitchedOff, Closed: deskTime.Add(2 * time.Minute), Counts: gap.Counts{Scanned: 4, Found: 1, Unread: 2}}
	d.toggle = []gap.Status{
		{State: gap.Closing, Work: &gap.Work{Step: "scanning", Counts: gap.Counts{Suspects: 4, Scanned: 1}}, Open: []gap.Gap{over}},
		{State: gap.Protected, Gaps: []gap.Gap{over}},
	}
	d.width = 80
	d.run(term.Yes, "protect", "on")
	d.says(d.stderr, "scanning: 1 of 4 looked at, 0 found")
	d.says(d.stdout, "protected\nwithout protection from ", "for 1m00s; 4 files looked at because of it, 1 found, 2 not wholly looked at\n")
	d.run(term.Yes, "protect", "on", "--json")
	d.conforms("protect.v1")
	d.toggle[1].Gaps = []gap.Gap{{From: deskTime, To: deskTime, Why: gap.First}}
	d.run(term.Yes, "protect", "on")
	d.says(d.stdout, ", before the guard first ran; 0 files looked at because of it")
	d.toggle = d.toggle[:1]
	d.run(term.Yes, "protect", "on", "--no-wait")
	d.run(term.No, "protect", "on")
	d.toggle[0].State, d.toggle[0].Problems = gap.Degraded, []string{"no scanner"}
	d.run(term.No, "protect", "on")
	if !strings.Contains(d.stdout, "degraded\n  no scanner\n") {
		t.Errorf("got %s", d.stdout)
	}
}

package condition

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// well is a guard with nothing to complain of.
func well() Condition {
	return Condition{
		Mode: "block", Scanner: Scanner{Workers: 2, Alive: 2}, Rules: Rules{Identity: "ab"},
		Missing: []Missing{{Feature: "FAN_REPORT_PIDFD", Uncovered: "nothing"}},
		LastGap: &Gap{Complete: true},
		Network: Network{Enabled: true, Backends: []string{"bpf"}},
	}
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(*Condition)
		state   State
		problem string
	}{
		{"well", func(*Condition) {}, Protected, ""},
		{"report", func(c *Condition) { c.Mode = "report" }, ReportOnly, ""},
		{"report and worse", func(c *Condition) { c.Mode, c.Scanner.Alive = "report", 0 }, Degraded, "no scanner is running"},
		{"off and worse", func(c *Condition) { c.Switch, c.Scanner.Alive = &Switch{}, 1 }, Off, "1 of 2 scanners"},
		{"missing", func(c *Condition) { c.Missing[0].Degrades = true }, Degraded, "the kernel has no FAN_REPORT_PIDFD: nothing"},
		{"unwatched", func(c *Condition) { c.Watch.Unwatched = []string{"/srv"} }, Degraded, "/srv is not watched"},
		{"gap", func(c *Condition) { c.LastGap = &Gap{Ended: time.Unix(0, 0)} }, Degraded, "until 1970-01-01T00:00:00Z"},
		{"closing", func(c *Condition) { c.LastGap, c.Closing = &Gap{}, &Closing{} }, StillClosing, ""},
		{"no gap", func(c *Condition) { c.LastGap = nil }, Protected, ""},
		{"network", func(c *Condition) { c.Network.Backends = nil }, Degraded, "no connection is refused"},
		{"sandbox", func(c *Condition) { c.Scanner.Weak = []string{"landlock"} }, Degraded, "without landlock"},
		{"rules", func(c *Condition) { c.Rules.Identity = "" }, Degraded, "no rules"},
		{"events", func(c *Condition) { c.Events.Broken = []string{"disk full"} }, Degraded, "not recorded: disk full"},
		{"told", func(c *Condition) { c.Problem("%d things", 3) }, Degraded, "3 things"},
	} {
		got := well()
		c.change(&got)
		got.Judge()
		if got.State != c.state || !strings.Contains(strings.Join(got.Problems, "\n"), c.problem) || (c.problem == "") != (len(got.Problems) == 0) {
			t.Errorf("%s: %s, %q", c.name, got.State, got.Problems)
		}
	}
}

func TestNoNull(t *testing.T) {
	var c Condition
	c.Judge()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	got := string(text)
	for _, may := range []string{"off", "closing", "last_gap"} {
		got = strings.ReplaceAll(got, `"`+may+`":null`, "")
	}
	if strings.Contains(got, "null") {
		t.Errorf("a list is null: %s", got)
	}
}

package condition

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestMetrics(t *testing.T) {
	c := well()
	c.Version = "v1\n\"\\"
	c.Started = time.Unix(1700000000, 500e6)
	c.LastGap = &Gap{Began: time.Unix(100, 0), Ended: time.Unix(160, 0), Complete: true}
	c.Events = Events{Kinds: map[string]int64{"network": 2, "detection": 3}, Actions: map[string]int64{"blocked": 4}, Dropped: 5}
	c.Watch.Scanned = 1234567890123
	c.Judge()
	got := string(c.Metrics())
	for _, want := range []string{
		`vitrine_info{version="v1\n\"\\"} 1`, `vitrine_state{state="protected"} 1`, `vitrine_state{state="off"} 0`, "vitrine_start_time_seconds 1700000000.5",
		"vitrine_last_unprotected_duration_seconds 60", `vitrine_events_total{kind="detection"} 3` + "\n" + `vitrine_events_total{kind="network"} 2`,
		`vitrine_actions_total{action="blocked"} 4`, "vitrine_events_dropped_total 5", "vitrine_scans_total 1234567890123", `vitrine_rules{identity="ab"} 0`,
		"# TYPE vitrine_blocked_total counter",
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	line := regexp.MustCompile(`^(# (HELP|TYPE) vitrine_[a-z_]+ .+|vitrine_[a-z_]+(\{[a-z]+="([^"\\]|\\.)*"\})? -?[0-9.]+)$`)
	families := map[string]bool{}
	for text := range strings.SplitSeq(strings.TrimSuffix(got, "\n"), "\n") {
		if !line.MatchString(text) {
			t.Errorf("no such line in the format: %s", text)
		}
		if name, ok := strings.CutPrefix(text, "# TYPE "); ok {
			if families[name] {
				t.Errorf("%s twice", name)
			}
			families[name] = true
		}
	}
}

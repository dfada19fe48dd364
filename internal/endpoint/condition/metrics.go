package condition

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Metrics writes the condition in Prometheus' text format (version 0.0.4). Times
// are in seconds since 1970, durations in seconds, sizes in bytes.
func (c Condition) Metrics() []byte {
	m := &metrics{}
	m.one("info", "gauge", "Which program runs. Always 1.", 1, "version", c.Version)
	for _, s := range []State{Protected, ReportOnly, StillClosing, Degraded, Off} {
		m.one("state", "gauge", "1 for the state the protection is in.", truth(c.State == s), "state", string(s))
	}
	m.one("problems", "gauge", "Reasons for being degraded.", float64(len(c.Problems)))
	m.one("start_time_seconds", "gauge", "When the guard began to watch.", seconds(c.Started))
	if c.LastGap != nil {
		m.one("last_unprotected_time_seconds", "gauge", "When the last time without protection ended.", seconds(c.LastGap.Ended))
		m.one("last_unprotected_duration_seconds", "gauge", "How long it was.", c.LastGap.Ended.Sub(c.LastGap.Began).Seconds())
	}
	c.watch(m)
	c.parts(m)
	m.each("events_total", "counter", "Events by kind.", "kind", c.Events.Kinds)
	m.each("actions_total", "counter", "What was done in events.", "action", c.Events.Actions)
	m.one("events_dropped_total", "counter", "Events that came too fast to be kept.", float64(c.Events.Dropped))
	m.one("events_broken", "gauge", "Places events should go to and cannot.", float64(len(c.Events.Broken)))
	return m.b.Bytes()
}

func (c Condition) watch(m *metrics) {
	w := c.Watch
	m.one("mounts_watched", "gauge", "File systems that are watched.", float64(w.Mounts))
	m.one("mounts_unwatched", "gauge", "File systems that should be watched and cannot.", float64(len(w.Unwatched)))
	m.one("accesses_total", "counter", "Accesses the kernel told of.", float64(w.Seen))
	m.one("scans_total", "counter", "Files looked into.", float64(w.Scanned))
	m.one("cached_total", "counter", "Accesses answered without a scan.", float64(w.Cached))
	m.one("blocked_total", "counter", "Accesses refused.", float64(w.Blocked))
	m.one("found_total", "counter", "Files with malware.", float64(w.Found))
	m.one("timeouts_total", "counter", "Verdicts that did not come in time.", float64(w.Timeouts))
	m.one("overflows_total", "counter", "Times the kernel dropped accesses.", float64(w.Overflows))
}

func (c Condition) parts(m *metrics) {
	m.one("scanners", "gauge", "Scanners that run.", float64(c.Scanner.Alive))
	m.one("scanners_wanted", "gauge", "Scanners that should run.", float64(c.Scanner.Workers))
	m.one("scanners_busy", "gauge", "Scanners that look into a file.", float64(c.Scanner.Busy))
	m.one("scans_waiting", "gauge", "Files that wait for a scanner.", float64(c.Scanner.Waiting))
	m.one("scanner_restarts_total", "counter", "Scanners that died and were replaced.", float64(c.Scanner.Restarts))
	m.one("rules", "gauge", "Rules in use.", float64(c.Rules.Count), "identity", c.Rules.Identity)
	m.one("quarantine_files", "gauge", "Files in the quarantine.", float64(c.Quarantine.Files))
	m.one("quarantine_bytes", "gauge", "Their size.", float64(c.Quarantine.Bytes))
	m.one("network_enabled", "gauge", "1 if connections are refused.", truth(c.Network.Enabled))
	m.one("network_indicators", "gauge", "Addresses, networks and names that are refused.", float64(c.Network.Indicators))
	m.one("network_blocked_total", "counter", "Connections and names refused.", float64(c.Network.Blocked))
	m.one("clamd_sessions", "gauge", "Clients at the clamd socket.", float64(c.Clamd.Sessions))
	m.one("clamd_scans_total", "counter", "Files looked into for them.", float64(c.Clamd.Scanned))
	m.one("sweep_end_time_seconds", "gauge", "When the last sweep ended.", seconds(c.Sweep.Ended))
}

// metrics writes families; those of one name must follow each other.
type metrics struct {
	b    bytes.Buffer
	last string
}

// one writes a sample; labels are name, value, name, value.
func (m *metrics) one(name, kind, help string, value float64, labels ...string) {
	name = "vitrine_" + name
	if name != m.last {
		fmt.Fprintf(&m.b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
		m.last = name
	}
	m.b.WriteString(name)
	for i := 0; i+1 < len(labels); i += 2 {
		m.b.WriteString(string("{,"[min(i, 1)]) + labels[i] + "=" + labelValue(labels[i+1]))
	}
	if len(labels) > 0 {
		m.b.WriteByte('}')
	}
	m.b.WriteString(" " + strconv.FormatFloat(value, 'f', -1, 64) + "\n")
}

func (m *metrics) each(name, kind, help, label string, counts map[string]int64) {
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		m.one(name, kind, help, float64(counts[k]), label, k)
	}
}

// labelValue quotes a value: a backslash, a quote and a newline are escaped, and
// nothing else is.
func labelValue(s string) string {
	var b bytes.Buffer
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '\\', '"':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

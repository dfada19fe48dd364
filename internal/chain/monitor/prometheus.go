package monitor

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Prometheus is the report in the text format that a node exporter collects.
func (out *Report) Prometheus() []byte {
	m := &metrics{}
	m.begin("vitrine_monitor_run_timestamp_seconds", "When the monitor last ran.")
	m.time(out.Time)
	m.begin("vitrine_monitor_result", "1 for what the last run came to.")
	for _, result := range []string{Well, Alarm, Unknown} {
		m.value(truth(out.Result == result), "result", result)
	}
	m.begin("vitrine_monitor_alarms", "Alarms of the last run.")
	m.value(int64(len(out.Alarms)))
	m.begin("vitrine_monitor_unknown", "What the last run could not find out.")
	m.value(int64(len(out.Unknown)))
	m.begin("vitrine_monitor_entry_alarms", "Alarms about entries, of all runs.")
	m.value(out.Earlier)
	m.begin("vitrine_monitor_forked", "1 if there is evidence of two histories.")
	m.value(truth(out.Evidence != ""))
	out.logMetrics(m)
	out.chainMetrics(m)
	return m.b.Bytes()
}

func (out *Report) logMetrics(m *metrics) {
	m.begin("vitrine_log_entries", "Entries of the log.")
	m.value(out.Size, "log", out.Log)
	if out.Fresh != nil {
		m.begin("vitrine_log_witnessed_timestamp_seconds", "When a quorum of witnesses last signed.")
		m.time(*out.Fresh, "log", out.Log)
	}
	m.begin("vitrine_log_entries_by_type", "Entries of the log, by what they are.")
	for _, kind := range slices.Sorted(maps.Keys(out.Types)) {
		m.value(out.Types[kind], "type", kind)
	}
	m.begin("vitrine_mirror_entries", "Entries that a mirror shows.")
	for _, s := range out.Mirrors {
		m.value(s.Size, "site", s.Site)
	}
	m.begin("vitrine_mirror_whole", "1 if what a mirror shows is whole.")
	for _, s := range out.Mirrors {
		m.value(truth(s.Whole), "site", s.Site)
	}
	m.begin("vitrine_witness_entries", "Entries that a witness has cosigned.")
	for _, w := range out.Witnesses {
		m.value(w.Size, "witness", w.Name)
	}
}

func (out *Report) chainMetrics(m *metrics) {
	m.begin("vitrine_chain_serial", "Number of the last entry of a chain.")
	for _, c := range out.Chains {
		m.value(c.Serial, "chain", c.Chain)
	}
	m.begin("vitrine_release_matches", "Rebuilders who got the same bytes.")
	for _, r := range out.Releases {
		m.value(int64(len(r.Matches)), "version", r.Version)
	}
	m.begin("vitrine_release_mismatches", "Rebuilders who got other bytes.")
	for _, r := range out.Releases {
		m.value(int64(len(r.Mismatches)), "version", r.Version)
	}
	m.begin("vitrine_metadata_expires_timestamp_seconds", "When the metadata of a role expire.")
	for _, e := range out.Expiry {
		m.time(e.Expires, "role", e.Role)
	}
}

// metrics writes gauges.
type metrics struct {
	b    bytes.Buffer
	name string
}

func (m *metrics) begin(name, help string) {
	m.name = name
	fmt.Fprintf(&m.b, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
}

func (m *metrics) time(t time.Time, labels ...string) { m.value(t.Unix(), labels...) }

// value writes a sample. Labels are names and values in turn.
func (m *metrics) value(n int64, labels ...string) {
	m.b.WriteString(m.name)
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	for i := 0; i+1 < len(labels); i += 2 {
		separator := ","
		if i == 0 {
			separator = "{"
		}
		fmt.Fprintf(&m.b, `%s%s="%s"`, separator, labels[i], escape.Replace(labels[i+1]))
	}
	if len(labels) > 0 {
		m.b.WriteByte('}')
	}
	fmt.Fprintf(&m.b, " %d\n", n)
}

func truth(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

package guardcmd

import (
	"fmt"
	"strings"
	"time"

	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/condition"
)

// print says all for people: the state first, then why, then the parts.
func (s *statusReport) print(env term.Env, paint term.Paint) error {
	var b strings.Builder
	roles := map[condition.State]term.Role{condition.Protected: term.Good, inOrder: term.Good, condition.Off: term.Bad, condition.Degraded: term.Bad}
	role, known := roles[s.State]
	if !known {
		role = term.Warn
	}
	fmt.Fprintf(&b, "%s%s\n", paint.Word(role, string(s.State)), s.since(env.Now()))
	for _, p := range s.Problems {
		fmt.Fprintf(&b, "  %s\n", term.Clean(p))
	}
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s %s\n", name, term.Clean(fmt.Sprintf(format, args...)))
	}
	if s.Guard != nil {
		guardRows(s.Guard, env.Now(), row)
	} else if s.State == condition.Off {
		row("guard", "not running; systemctl start vitrine-guard, or vitrine guard, starts it")
	}
	s.rows(row)
	if s.Guard != nil {
		notCovered(&b, s.Guard)
	}
	_, err := env.Stdout.Write([]byte(b.String()))
	return err
}

// since is since when and until when protection is switched off.
func (s *statusReport) since(now time.Time) string {
	if s.Guard == nil || s.Guard.Switch == nil {
		return ""
	}
	o := s.Guard.Switch
	text := fmt.Sprintf(" since %s, for %s now", clock(o.Since), term.Elapsed(now.Sub(o.Since)))
	if !o.Until.IsZero() {
		text += ", until " + clock(o.Until)
	}
	return text + fmt.Sprintf(", by %s: %s", term.Clean(o.By), term.Clean(o.Reason))
}

func clock(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

func guardRows(g *condition.Condition, now time.Time, row func(name, format string, args ...any)) {
	row("guard", "%s, process %d, since %s", g.Version, g.PID, clock(g.Started))
	w := g.Watch
	row("watched", "%s, %s seen, %s scanned, %s blocked, %s of malware", term.Plural(int64(w.Mounts), "file system", "file systems"),
		term.Plural(w.Seen, "access", "accesses"), term.Count(w.Scanned), term.Count(w.Blocked), term.Plural(w.Found, "file", "files"))
	if w.Timeouts > 0 || w.Overflows > 0 {
		row("", "%s not answered in time, %s of the kernel's queue", term.Count(w.Timeouts), term.Plural(w.Overflows, "overflow", "overflows"))
	}
	if w.Allowed > 0 || w.Excluded > 0 {
		row("", "%s allowed, %s left out", term.Plural(int64(w.Allowed), "file", "files"), term.Plural(int64(w.Excluded), "pattern", "patterns"))
	}
	gapRows(g, now, row)
	s := g.Scanner
	row("scanners", "%d of %d running as %s, %d busy, %s waiting, %s", s.Alive, s.Workers, s.User, s.Busy, term.Count(int64(s.Waiting)), term.Plural(s.Restarts, "restart", "restarts"))
	row("looks for", "%s and %s, %.16s", term.Plural(int64(g.Rules.Count), "rule", "rules"), term.Plural(int64(g.Rules.Digests), "hash", "hashes"), g.Rules.Identity)
	row("quarantine", "%s, %s%s", term.Plural(int64(g.Quarantine.Files), "file", "files"), term.Bytes(g.Quarantine.Bytes), ofLimit(g.Quarantine.Limit))
	partRows(g, row)
}

func ofLimit(limit int64) string {
	if limit == 0 {
		return ""
	}
	return " of " + term.Bytes(limit)
}

// gapRows says when the machine was last unprotected.
func gapRows(g *condition.Condition, now time.Time, row func(name, format string, args ...any)) {
	if c := g.Closing; c != nil {
		row("closing", "%s: %s of %s looked at, %s of malware %s", c.Step, term.Count(c.Scanned), term.Plural(c.Suspects, "suspect", "suspects"), term.Plural(c.Found, "file", "files"), c.Why)
	}
	l := g.LastGap
	if l == nil {
		row("last off", "never, as far as is known")
		return
	}
	why := map[string]string{"off": "switched off", "stopped": "the guard was stopped", "crash": "the guard had ended unexpectedly", "first": "before the guard first ran"}[l.Why]
	if l.Reason != "" {
		why += ": " + l.Reason
	}
	length := ", for " + term.Elapsed(l.Ended.Sub(l.Began))
	if l.Why == "first" || l.Began.IsZero() {
		length = ""
	}
	row("last off", "until %s, %s ago%s (%s)", clock(l.Ended), term.Elapsed(now.Sub(l.Ended)), length, why)
	row("", "%s looked at because of it, %s of malware", term.Plural(l.Looked, "file", "files"), term.Plural(l.Found, "file", "files"))
}

func partRows(g *condition.Condition, row func(name, format string, args ...any)) {
	if n := g.Network; n.Enabled {
		row("network", "%s; %s, %s refused", strings.Join(n.Backends, " and "), term.Plural(int64(n.Indicators), "indicator", "indicators"), term.Count(n.Blocked))
	} else {
		row("network", "not guarded")
	}
	if c := g.Clamd; c.Enabled {
		row("clamd", "%s now, %s scanned, %s of malware", term.Plural(int64(c.Sessions), "client", "clients"), term.Count(c.Scanned), term.Plural(c.Found, "file", "files"))
	}
	switch s := g.Sweep; {
	case s.Running != "":
		row("sweep", "%s is running: %s, %s of malware", s.Running, term.Plural(s.Files, "file", "files"), term.Plural(s.Found, "file", "files"))
	case s.Last != "":
		row("sweep", "%s ended %s: %s, %s of malware", s.Last, clock(s.Ended), term.Plural(s.Files, "file", "files"), term.Plural(s.Found, "file", "files"))
	}
	e := g.Events
	where := e.File
	if where == "" {
		where = "in no file"
	}
	row("events", "%s, %s, %s dropped", term.Count(e.Written), where, term.Count(e.Dropped))
}

// notCovered says what this machine cannot do.
func notCovered(b *strings.Builder, g *condition.Condition) {
	if len(g.Missing)+len(g.Network.Uncovered) == 0 {
		return
	}
	b.WriteString("not covered\n")
	for _, m := range g.Missing {
		fmt.Fprintf(b, "  %s, without %s: %s\n", term.Clean(m.Part), term.Clean(m.Feature), term.Clean(m.Uncovered))
	}
	for _, text := range g.Network.Uncovered {
		fmt.Fprintf(b, "  network: %s\n", term.Clean(text))
	}
}

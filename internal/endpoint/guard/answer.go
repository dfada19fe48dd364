package guard

import (
	"fmt"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/verdict"
)

// This file is what is done with a question off the reader: its scan, its
// deadline, and what the verdict means for who asked.

// resolve scans and answers.
func (g *Guard) resolve(q *question) {
	if g.own.child(q.event.PID, g.config.Processes) { // a scanner that starts cannot wait for one
		g.stats.own.Add(1)
		g.reply(q, true)
		return
	}
	v := g.look(&q.subject)
	switch {
	case v.State == verdict.Malicious:
		g.refuse(q, v)
	case v.State == verdict.Clean:
		g.quiet(&q.subject, v)
		g.reply(q, true)
	case g.ctx.Err() != nil: // the guard ends
		g.reply(q, true)
	default:
		g.reply(q, true)
		g.uncertain(&q.subject, v)
	}
}

// overdue is the timer's: it answers without a verdict. The scan goes on, and
// its verdict is carried out when it comes.
func (g *Guard) overdue(q *question, path string, id verdict.File) {
	allow := g.onTimeout(q.class)
	waited := g.clock.Now().Sub(q.asked)
	class, pid := q.class, q.event.PID
	if !g.reply(q, allow) {
		return
	}
	g.stats.timeouts.Add(1)
	g.giveUp(g.clock.Now())
	e := event.Event{
		Kind: event.Timeout, Severity: event.Medium, Duration: waited,
		File: &event.File{Path: path, ID: id, Size: id.Size}, Process: &event.Process{PID: pid},
		Actions: []event.Action{event.Allowed}, Rules: g.config.Scanner.Rules(),
		Message: fmt.Sprintf("no verdict on %s after %v (%s): it was let through", path, waited.Round(time.Millisecond), class),
	}
	if !allow {
		e.Severity, e.Actions = event.High, []event.Action{event.Blocked}
		e.Message = fmt.Sprintf("no verdict on %s after %v (%s): it was refused", path, waited.Round(time.Millisecond), class)
	}
	g.emit(e)
}

// refuse gives the answer that malware gets, and has the rest done. When a timer
// was faster, who asked is killed instead.
func (g *Guard) refuse(q *question, v verdict.Verdict) {
	var done []event.Action
	switch mine := q.claim(); {
	case mine && g.config.Report:
		g.decide(q, true)
	case mine:
		// Who asks is looked at while it still waits: refused, it may end at once.
		g.identify(&q.subject)
		g.decide(q, false)
		g.stats.blocked.Add(1)
		done = append(done, event.Blocked)
	case q.passed():
		g.identify(&q.subject)
	default:
		done = append(done, event.Blocked)
	}
	g.act(&q.subject, v, done, q.class == Exec && q.passed())
}

// decide answers a question that was claimed.
func (g *Guard) decide(q *question, allow bool) {
	first, err := q.answer(g.kernel.Listener, allow, true)
	g.replied(q, first, err)
}

// uncertain tells that a file was not, or not wholly, looked at.
func (g *Guard) uncertain(s *subject, v verdict.Verdict) {
	g.stats.uncertain.Add(1)
	g.unsure.put(s.id)
	severity := event.Low
	if v.State == verdict.Failed {
		severity = event.Medium
	}
	g.identify(s)
	g.emit(event.Event{
		Kind: event.Incomplete, Severity: severity, Actions: []event.Action{event.Allowed},
		File: fileOf(s, v), Process: s.who, Findings: v.Findings, Rules: v.Rules, Duration: v.Took,
		Message: fmt.Sprintf("%s was not wholly looked at: %s", s.path, v.Why),
	})
}

func fileOf(s *subject, v verdict.Verdict) *event.File {
	return &event.File{Path: s.path, ID: s.id, Size: s.id.Size, Hash: v.SHA256}
}

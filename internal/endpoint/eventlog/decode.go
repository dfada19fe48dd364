package eventlog

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/verdict"
	"vitrine/internal/spelling"
)

// Decode reads a line that Encode has written. Every name has its bytes back.
func Decode(text []byte) (event.Event, error) {
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		return event.Event{}, fmt.Errorf("read an event: %w", err)
	}
	if r.Metadata.LogName != "vitrine" || r.Metadata.EventCode == "" {
		return event.Event{}, fmt.Errorf("read an event: it is not one of vitrine's")
	}
	var d decoder
	e := d.event(&r)
	if d.err != nil {
		return event.Event{}, fmt.Errorf("read an event: %w", d.err)
	}
	return e, nil
}

// decoder keeps the first error.
type decoder struct{ err error }

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

func (d *decoder) raw(s string) string {
	out, err := spelling.Unescape(s)
	d.fail(err)
	return out
}

func (d *decoder) raws(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, d.raw(s))
	}
	return out
}

func (d *decoder) time(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	d.fail(err)
	return t
}

func (d *decoder) event(r *record) event.Event {
	r.takeBack()
	u := &r.Unmapped
	e := event.Event{
		ID: r.Metadata.UID, Time: d.time(u.TimeNS), Kind: event.Kind(r.Metadata.EventCode), Severity: event.Severity(r.SeverityID),
		Rules: u.Rules, Quarantine: u.Quarantine, Duration: u.Duration, Count: u.Count, Message: r.Message,
	}
	for _, a := range u.Actions {
		e.Actions = append(e.Actions, event.Action(a))
	}
	for _, f := range u.Findings {
		e.Findings = append(e.Findings, verdict.Finding{Name: d.raw(f.Name), Path: d.raws(f.Path), Digest: f.Digest})
	}
	who, what := r.who()
	e.Process = d.process(who, u)
	e.File = d.file(what, u.FileID)
	e.Connection = d.connection(r)
	return e
}

// takeBack undoes putOther.
func (r *record) takeBack() {
	o := r.Unmapped.Other
	if o == nil {
		return
	}
	if o.File != nil {
		r.File = o.File
	}
	if o.Query != nil {
		r.Query = o.Query
	}
	if o.Endpoint != nil {
		r.DstEndpoint = o.Endpoint
	}
	if o.Connection != nil {
		r.Connection = o.Connection
	}
}

// who gives the process and the file, which stand where the class has them.
func (r *record) who() (*process, *file) {
	p, f := (*process)(nil), r.File
	if r.Actor != nil {
		p = r.Actor.Process
	}
	if len(r.Evidences) > 0 {
		p, f = r.Evidences[0].Process, r.Evidences[0].File
	}
	return p, f
}

func (d *decoder) process(p *process, u *unmapped) *event.Process {
	if p == nil {
		return nil
	}
	out := &event.Process{PID: p.PID, Comm: d.raw(p.Name), Exe: d.raw(p.Path), Argv: d.raws(u.Argv), Started: d.time(u.Started)}
	if p.Parent != nil {
		out.PPID = p.Parent.PID
	}
	if p.Container != nil {
		out.Container = d.raw(p.Container.UID)
	}
	if p.User != nil {
		uid, err := strconv.ParseUint(p.User.UID, 10, 32)
		d.fail(err)
		out.UID = uint32(uid)
	}
	return out
}

func (d *decoder) file(f *file, id *fileID) *event.File {
	if f == nil {
		return nil
	}
	out := &event.File{Path: d.raw(f.Path), Size: f.Size}
	if id != nil {
		out.ID = verdict.File{Dev: id.Dev, Ino: id.Ino, Size: id.Size, Mtime: id.MtimeNS, Ctime: id.CtimeNS}
	}
	for _, h := range f.Hashes {
		if h.AlgorithmID == 3 {
			out.Hash = h.Value
		}
	}
	return out
}

func (d *decoder) connection(r *record) *event.Connection {
	if r.Connection == nil || r.Unmapped.Indicator == nil {
		return nil
	}
	i := r.Unmapped.Indicator
	c := &event.Connection{Protocol: r.Connection.ProtocolName, Indicator: d.raw(i.Text), List: d.raw(i.List), By: i.By}
	switch r.Connection.DirectionID {
	case 2:
		c.Direction = "out"
	case 3:
		c.Direction = "forward"
	}
	if r.DstEndpoint != nil {
		c.Address, c.Port, c.Name = r.DstEndpoint.IP, r.DstEndpoint.Port, d.raw(r.DstEndpoint.Hostname)
	}
	if r.Query != nil {
		c.Name = d.raw(r.Query.Hostname)
	}
	return c
}

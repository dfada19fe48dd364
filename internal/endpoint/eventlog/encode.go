package eventlog

import (
	"encoding/json"
	"path"
	"strconv"
	"strings"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/spelling"
)

// Product is what records say of the program and the machine.
type Product struct {
	Version  string // of the program
	Hostname string
}

// Encode gives an event as one line, without its newline.
func Encode(e event.Event, p Product) ([]byte, error) {
	return json.Marshal(recordOf(&e, p))
}

func recordOf(e *event.Event, p Product) *record {
	c := classOf(e)
	vitrine := product{Name: "vitrine", VendorName: "vitrine", Version: p.Version}
	r := &record{
		Time: e.Time.UnixMilli(), ClassUID: c.uid, ClassName: c.name, CategoryUID: c.uid / 1000,
		ActivityID: c.activity, ActivityName: c.activityName, TypeUID: c.uid*100 + c.activity,
		SeverityID: int(e.Severity), Message: oneLine(e.Message),
		Device: &device{Hostname: spelling.Escape(p.Hostname)},
		Metadata: metadata{
			Version: OCSF, Product: vitrine, UID: e.ID, EventCode: string(e.Kind), LogName: "vitrine", LogVersion: "1",
			Profiles: []string{"host", "security_control"},
		},
		Unmapped: unmapped{TimeNS: stamp(e.Time), Actions: texts(e.Actions), Rules: e.Rules, Quarantine: e.Quarantine, Duration: e.Duration, Count: e.Count},
	}
	r.DispositionID, r.Disposition, r.ActionID, r.Action = outcome(e.Actions)
	r.IsAlert = e.Kind == event.Detection || e.Severity >= event.High
	r.putProcess(e)
	r.putFile(e)
	r.putConnection(e.Connection)
	r.putFindings(e)
	r.putRequired(e, vitrine)
	r.putOther()
	return r
}

// putProcess puts who did it where its class wants it.
func (r *record) putProcess(e *event.Event) {
	if e.Process == nil {
		return
	}
	p := &process{
		PID: e.Process.PID, Name: spelling.Escape(e.Process.Comm), Path: spelling.Escape(e.Process.Exe),
		User: &user{strconv.FormatUint(uint64(e.Process.UID), 10)},
	}
	if e.Process.PPID != 0 {
		p.Parent = &process{PID: e.Process.PPID}
	}
	if e.Process.Container != "" {
		p.Container = &container{spelling.Escape(e.Process.Container)}
		r.Metadata.Profiles = append(r.Metadata.Profiles, "container")
	}
	if !e.Process.Started.IsZero() {
		p.Created, r.Unmapped.Started = e.Process.Started.UnixMilli(), stamp(e.Process.Started)
	}
	r.Unmapped.Argv = escaped(e.Process.Argv)
	p.CmdLine = strings.Join(r.Unmapped.Argv, " ")
	r.Actor = &actor{Process: p}
	if e.Kind == event.Blind {
		r.Process = p
	}
}

func (r *record) putFile(e *event.Event) {
	f := e.File
	if f == nil {
		return
	}
	r.File = &file{Name: spelling.Escape(path.Base(f.Path)), Path: spelling.Escape(f.Path), TypeID: 1, Size: f.Size}
	if f.Hash != "" {
		r.File.Hashes = []fingerprint{{3, "SHA-256", f.Hash}}
	}
	r.Unmapped.FileID = &fileID{f.ID.Dev, f.ID.Ino, f.ID.Size, f.ID.Mtime, f.ID.Ctime}
}

func (r *record) putConnection(c *event.Connection) {
	if c == nil {
		return
	}
	direction := map[string]int{"out": 2, "forward": 3}[c.Direction]
	r.Connection = &connectionInfo{ProtocolName: c.Protocol, DirectionID: direction}
	r.Unmapped.Indicator = &indicator{spelling.Escape(c.Indicator), spelling.Escape(c.List), c.By}
	if c.Address != "" || c.Port != 0 || c.Name != "" && c.Protocol != "dns" {
		r.DstEndpoint = &endpoint{IP: c.Address, Port: c.Port}
	}
	if c.Protocol == "dns" {
		r.Query = &query{spelling.Escape(c.Name)}
	} else if c.Name != "" {
		r.DstEndpoint.Hostname = spelling.Escape(c.Name)
	}
}

func (r *record) putFindings(e *event.Event) {
	for _, f := range e.Findings {
		name := spelling.Escape(f.Name)
		r.Malware = append(r.Malware, malware{name, []int{0}, "vitrine"})
		r.Unmapped.Findings = append(r.Unmapped.Findings, finding{name, escaped(f.Path), f.Digest})
	}
}

// putRequired adds what a class must have.
func (r *record) putRequired(e *event.Event, app product) {
	switch r.ClassUID {
	case 2004:
		r.FindingInfo = &findingInfo{UID: e.ID, Title: r.Message, Types: []string{"malware"}, Analytic: analytic{TypeID: 1, Version: e.Rules}}
		if len(r.Malware) > 0 {
			r.FindingInfo.Analytic.Name = r.Malware[0].Name
			if e.Findings[0].Digest != "" {
				r.FindingInfo.Analytic.TypeID = 5 // Fingerprinting
			}
		}
		if r.Actor != nil || r.File != nil {
			r.Evidences = []evidence{{File: r.File}}
			if r.Actor != nil {
				r.Evidences[0].Process = r.Actor.Process
			}
			r.Actor, r.File = nil, nil
		}
	case 6002:
		r.App = &app
	case 6007:
		r.Scan = &scan{Name: r.Message}
	case 7002:
		r.CommandUID = e.ID
	case 4003, 4001:
		if r.DstEndpoint == nil {
			r.SrcEndpoint = &endpoint{Hostname: r.Device.Hostname}
		}
	}
	if r.Actor == nil && r.ClassUID == 1001 {
		r.Actor = &actor{AppName: "vitrine"}
	}
}

// putOther moves what the class has no attribute for.
func (r *record) putOther() {
	var o other
	if r.ClassUID != 1001 && r.ClassUID != 7002 {
		o.File, r.File = r.File, nil
	}
	if r.ClassUID != 4003 {
		o.Query, r.Query = r.Query, nil
	}
	if r.ClassUID != 4003 && r.ClassUID != 4001 {
		o.Endpoint, r.DstEndpoint = r.DstEndpoint, nil
		o.Connection, r.Connection = r.Connection, nil
	}
	if o != (other{}) {
		r.Unmapped.Other = &o
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func texts(actions []event.Action) []string {
	var out []string
	for _, a := range actions {
		out = append(out, string(a))
	}
	return out
}

func escaped(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, spelling.Escape(s))
	}
	return out
}

// oneLine makes a message safe to print. It is for people, and so need not be
// turned back.
func oneLine(s string) string {
	return strings.ReplaceAll(spelling.Escape(s), `\\`, `\`)
}

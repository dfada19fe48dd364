package eventlog

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vitrine/internal/cli/clitest"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/verdict"
)

const schema = "../../../docs/spec/cli/vitrine.events.v1.json"

var at = time.Date(2026, 3, 4, 5, 6, 7, 123456789, time.UTC)

// full is an event with everything in it.
func full(k event.Kind) event.Event {
	return event.Event{
		ID: "id-1", Time: at, Kind: k, Severity: event.High, Actions: []event.Action{event.Blocked, event.Quarantined},
		Process:    &event.Process{PID: 7, PPID: 1, UID: 1000, Comm: "sh", Exe: "/bin/da\xffsh", Argv: []string{"sh", "-c", "a\nb"}, Container: "c0ffee", Started: at},
		File:       &event.File{Path: "/tmp/\xff\n\\x", ID: verdict.File{Dev: 1, Ino: 1 << 63, Size: 68, Mtime: -1, Ctime: 5}, Size: 68, Hash: strings.Repeat("ab", 32)},
		Connection: &event.Connection{Protocol: "tcp", Address: "192.0.2.1", Port: 443, Name: "c2.example", Indicator: "192.0.2.0/24", List: "/l", By: "bpf", Direction: "out"},
		Findings:   []verdict.Finding{{Name: "eicar", Path: []string{"a.zip", "\xfe"}}, {Name: "h", Digest: "sha256:" + strings.Repeat("cd", 32)}},
		Rules:      "abcd", Quarantine: "q1", Duration: time.Minute, Count: 3, Message: "malware was stopped",
	}
}

// kinds is every kind there is.
func kinds() []event.Kind { return event.Kinds() }

// TestShape holds every kind, with everything in it and with nothing, against the
// published schema and against what OCSF requires of its class.
func TestShape(t *testing.T) {
	s, err := clitest.Load(schema)
	if err != nil {
		t.Fatal(err)
	}
	required := map[float64][]string{
		2004: {"finding_info"}, 1001: {"actor", "device", "file"}, 1007: {"actor", "device", "process"}, 4001: {}, 4003: {},
		6002: {"app"}, 6007: {"scan"}, 6008: {}, 7002: {"command_uid", "file"},
	}
	// What a class may have, besides what every class may.
	own := map[string][]float64{
		"file": {1001, 7002}, "process": {1007}, "evidences": {2004}, "finding_info": {2004}, "dst_endpoint": {4001, 4003}, "src_endpoint": {4001, 4003},
		"connection_info": {4001, 4003}, "query": {4003}, "app": {6002}, "scan": {6007}, "command_uid": {7002},
	}
	for _, k := range kinds() {
		for name, e := range map[string]event.Event{"full": full(k), "file": {ID: "x", Time: at, Kind: k, Severity: 1, Process: full(k).Process, File: full(k).File, Message: "m"}, "bare": {ID: "x", Time: at, Kind: k, Severity: 1, Message: "m"}} {
			text, err := Encode(e, Product{"v1", "host"})
			if err != nil {
				t.Fatal(err)
			}
			v, err := clitest.Decode(string(text))
			if err != nil {
				t.Fatal(err)
			}
			if problem := s.Check(v); problem != "" {
				t.Errorf("%s %s%s\n%s", name, k, problem, text)
			}
			var r map[string]any
			json.Unmarshal(text, &r)
			class := r["class_uid"].(float64)
			if r["type_uid"] != class*100+r["activity_id"].(float64) || r["category_uid"] != float64(int(class)/1000) {
				t.Errorf("%s: class %v, category %v, activity %v, type %v", k, class, r["category_uid"], r["activity_id"], r["type_uid"])
			}
			must, known := required[class]
			if !known {
				t.Errorf("%s: a class without requirements: %v", k, class)
			}
			for _, field := range append(must, "metadata", "severity_id", "time") {
				if r[field] == nil {
					t.Errorf("%s %s: OCSF requires %s", name, k, field)
				}
			}
			for field, classes := range own {
				if r[field] != nil && !slices.Contains(classes, class) {
					t.Errorf("%s %s: OCSF has no %s in class %v", name, k, field, class)
				}
			}
			if (class == 4001 || class == 4003) && r["dst_endpoint"] == nil && r["src_endpoint"] == nil {
				t.Errorf("%s %s: no endpoint", name, k)
			}
		}
	}
}

func TestClasses(t *testing.T) {
	for _, c := range []struct {
		e           event.Event
		typeUID     int
		disposition int
	}{
		{event.Event{Kind: event.Detection, Actions: []event.Action{event.Blocked, event.Quarantined, event.Killed}}, 200401, 3},
		{event.Event{Kind: event.Detection, Actions: []event.Action{event.Reported}}, 200401, 15},
		{event.Event{Kind: event.Network, Connection: &event.Connection{Protocol: "tcp"}, Actions: []event.Action{event.Blocked}}, 400105, 2},
		{event.Event{Kind: event.Network, Connection: &event.Connection{Protocol: "dns"}, Actions: []event.Action{event.Blocked}}, 400301, 2},
		{event.Event{Kind: event.Quarantine, File: &event.File{}, Actions: []event.Action{event.Restored}}, 700203, 9},
		{event.Event{Kind: event.Quarantine, File: &event.File{}, Actions: []event.Action{event.Deleted}}, 700202, 5},
		{event.Event{Kind: event.Quarantine, File: &event.File{}, Actions: []event.Action{event.Exported}}, 700299, 17},
		{event.Event{Kind: event.Switch, Severity: event.High}, 600207, 0},
		{event.Event{Kind: event.Switch, Severity: event.Info}, 600206, 0},
		{event.Event{Kind: event.Sweep}, 600701, 0},
		{event.Event{Kind: event.Sweep, Duration: 1}, 600702, 0},
		{event.Event{Kind: event.Timeout, File: &event.File{}, Actions: []event.Action{event.Allowed}}, 100114, 1},
		{event.Event{Kind: event.Incomplete}, 600801, 0},
		{event.Event{Kind: event.Blind, Process: &event.Process{}, Actions: []event.Action{event.Killed}}, 100701, 7},
		{event.Event{Kind: "new"}, 99, 0},
	} {
		if r := recordOf(&c.e, Product{}); r.TypeUID != c.typeUID || r.DispositionID != c.disposition {
			t.Errorf("%+v: type %d, disposition %d", c.e, r.TypeUID, r.DispositionID)
		}
	}
}

// TestNothingIsLost: every event comes back as it was, whatever bytes its names hold.
func TestNothingIsLost(t *testing.T) {
	for _, k := range kinds() {
		back(t, full(k))
		back(t, event.Event{ID: "x", Time: at, Kind: k, Severity: 1})
	}
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })
		e := full(rapid.SampledFrom(kinds()).Draw(t, "kind"))
		e.Process.Exe, e.Process.Comm, e.Process.Argv = raw.Draw(t, "exe"), raw.Draw(t, "comm"), []string{raw.Draw(t, "argument")}
		e.File.Path, e.Findings[0].Name, e.Findings[0].Path[0] = raw.Draw(t, "path"), raw.Draw(t, "name"), raw.Draw(t, "member")
		e.Connection.Indicator, e.Connection.List = raw.Draw(t, "indicator"), raw.Draw(t, "list")
		e.Connection.Name, e.Connection.Protocol = raw.Draw(t, "host"), rapid.SampledFrom([]string{"tcp", "dns"}).Draw(t, "protocol")
		back(t, e)
	})
}

func back(t interface{ Errorf(string, ...any) }, e event.Event) {
	text, err := Encode(e, Product{})
	if err != nil {
		t.Errorf("%v", err)
	}
	if strings.ContainsAny(string(text), "\n\x1b\u2028") || !json.Valid(text) {
		t.Errorf("not one line: %q", text)
	}
	got, err := Decode(text)
	if err != nil || !reflect.DeepEqual(got, e) {
		t.Errorf("got  %+v, %v\nwant %+v\n%s", got, err, e, text)
	}
}

func TestMessageIsOneLine(t *testing.T) {
	text, _ := Encode(event.Event{Message: "a\n\x1b[2J\xff " + `C:\x`}, Product{})
	e, err := Decode(text)
	if e.Kind != "" || err == nil {
		t.Errorf("an event without a kind was read: %+v", e)
	}
	text, _ = Encode(event.Event{Kind: event.Lost, Message: "a\n\x1b[2J\xff " + `C:\x`, Time: at}, Product{})
	if e, err = Decode(text); err != nil || e.Message != `a\n\x1b[2J\xff C:\x` {
		t.Errorf("got %q, %v", e.Message, err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, k := range kinds() {
		text, _ := Encode(full(k), Product{})
		f.Add(text)
	}
	f.Add([]byte(`{"metadata":{"log_name":"vitrine","event_code":"x"},"unmapped":{"time_ns":"2026-01-01T00:00:00Z"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := Decode(text)
		if err != nil {
			return
		}
		again, err := Encode(e, Product{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(again); err != nil {
			t.Errorf("%s\n%v", again, err)
		}
	})
}

// TestPage holds the table of kinds in docs/spec/events.md against the code.
func TestPage(t *testing.T) {
	text, err := os.ReadFile("../../../docs/spec/events.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	if !strings.Contains(page, "version "+OCSF) {
		t.Errorf("the page names another version than %s", OCSF)
	}
	for _, k := range kinds() {
		for _, e := range []event.Event{
			{Kind: k, Severity: event.Info, File: &event.File{}, Process: &event.Process{}}, {Kind: k, File: &event.File{}, Process: &event.Process{}, Severity: event.High, Duration: 1, Actions: []event.Action{event.Restored}, Connection: &event.Connection{Protocol: "dns"}},
		} {
			c := classOf(&e)
			found := false
			for line := range strings.SplitSeq(page, "\n") {
				found = found || strings.HasPrefix(line, "| `"+string(k)+"`") && strings.Contains(line, fmt.Sprintf("| %d %s |", c.uid, c.name)) && strings.Contains(line, fmt.Sprintf("%d ", c.activity))
			}
			if !found {
				t.Errorf("the page does not say that %s is %+v", k, c)
			}
		}
	}
}

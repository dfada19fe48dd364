package scanreport

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"vitrine/internal/cli/term"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing")

// events is a scan with everything that is hard to write down.
func events() []Event {
	return []Event{
		Finding{
			Object: Object{Path: "/srv/z.zip", Members: []string{"inner.zip", "evil\nname"}},
			Rule:   "webshell_x", Namespace: "starter", File: "starter/webshell.yar", Line: 7, Tags: []string{"php"},
			Severity: "high", About: "PHP that <evaluates> & runs", Family: "generic", Reference: "https://example.org/x?a=1&b=2",
		},
		Unread{Path: "locked", Reason: "permission", Detail: "open locked: permission denied"},
		Finding{
			Object: Object{Path: "a:b/\xff 100%.txt"}, Rule: "marker", Namespace: "mine.yar", File: "mine.yar", Line: 1,
			Matches: []Match{{String: "$a", Offset: 16, Length: 300, Data: []byte("\x00ab\"c\n")}},
		},
		Finding{Object: Object{Path: "listed"}, Rule: "Known bad", Digest: "sha256:" + strings.Repeat("ab", 32)},
		Incomplete{Object: Object{Path: "/srv/z.zip", Members: []string{"\xfe.zip"}}, Reason: "encrypted", Detail: "no password fits"},
		Incomplete{Object: Object{Path: "growing.log"}, Reason: "changed"},
		Unread{Path: "gone\x1b[2J", Reason: "vanished", Detail: `open gone\x1b[2J: vanished before it was read`},
	}
}

func ended() Summary {
	s := Summary{
		Version: "v1.2.3", Started: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600)), Elapsed: 8400 * time.Millisecond,
		RuleCount: 131, RuleSHA256: strings.Repeat("0123456789abcdef", 4), HashCount: 1, AllowCount: 2,
		Files: 1204, Bytes: 3 << 20, Objects: 1206, ObjectBytes: 4 << 20, Infected: 3, Findings: 3, Allowed: 1,
	}
	for _, reason := range []string{"encrypted", "changed"} {
		s.Incomplete.Add(reason)
	}
	for _, reason := range []string{"permission", "vanished"} {
		s.Unread.Add(reason)
	}
	for _, kind := range []string{"symlink", "other_file_system", "symlink"} {
		s.Skipped.Add(kind)
	}
	return s
}

// written gives all that a format writes.
func written(t *testing.T, format string, paint term.Paint, events []Event, s Summary) string {
	t.Helper()
	var b bytes.Buffer
	w := New(format, &b, paint)
	for _, e := range events {
		if err := w.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test ./internal/cli/machine/scanreport -update writes it):\n%s", path, got)
	}
}

func TestGolden(t *testing.T) {
	for _, format := range Formats() {
		golden(t, "full."+format, written(t, format, term.Paint{}, events(), ended()))
		golden(t, "empty."+format, written(t, format, term.Paint{}, nil, Summary{Version: "v1.2.3", Started: ended().Started}))
	}
	if New("xml", nil, term.Paint{}) != nil {
		t.Error("a format nobody knows has a writer")
	}
}

func TestNothingIsNull(t *testing.T) {
	for _, format := range []string{"json", "ndjson", "sarif"} {
		for _, list := range [][]Event{nil, events()} {
			if got := written(t, format, term.Paint{}, list, Summary{}); strings.Contains(got, "null") {
				t.Errorf("%s has a null:\n%s", format, got)
			}
		}
	}
}

func TestOrderOfEventsDoesNotShowInDocuments(t *testing.T) {
	forward, backward := events(), events()
	for i := range forward {
		backward[len(backward)-1-i] = forward[i]
	}
	for _, format := range []string{"json", "sarif"} {
		if written(t, format, term.Paint{}, forward, ended()) != written(t, format, term.Paint{}, backward, ended()) {
			t.Errorf("%s depends on the order of events", format)
		}
	}
}

func TestLinesAreLines(t *testing.T) {
	got := strings.Split(strings.TrimSuffix(written(t, "ndjson", term.Paint{}, events(), ended()), "\n"), "\n")
	if len(got) != len(events())+1 {
		t.Fatalf("%d lines for %d events and a summary", len(got), len(events()))
	}
	for _, line := range got {
		var v struct{ Schema, Type string }
		if err := json.Unmarshal([]byte(line), &v); err != nil || v.Schema != Schema || v.Type == "" {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// The exact bytes of a name come back from the JSON, whatever they are.
func TestNamesAreExact(t *testing.T) {
	for _, name := range []string{"plain", "\xff\xfe", "new\nline", "\ufffd", "é", "a\x00b"} {
		o := jsonObject(Object{Path: name, Members: []string{"first", name}})
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		var back object
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		path, member := back.Path, ""
		if back.PathBytes != nil {
			path = string(back.PathBytes)
		}
		if member = back.Members[1]; back.MembersBytes != nil {
			member = string(back.MembersBytes[1])
		}
		if path != name || member != name {
			t.Errorf("%q came back as %q and %q", name, path, member)
		}
	}
}

func TestTextColoursOnlyTheVerdict(t *testing.T) {
	paint := term.Env{}.Paint(term.Always, nil)
	got := written(t, "text", paint, []Event{Finding{Object: Object{Path: "x"}, Rule: "r"}}, Summary{})
	if want := "x: r \x1b[1;31mFOUND\x1b[0m\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNote(t *testing.T) {
	for want, e := range map[string]Event{
		"":                                   Finding{},
		`a\n!b: incomplete: size`:            Incomplete{Object: Object{"a\n", []string{"b"}}, Reason: "size"},
		`a: incomplete: damaged: line1\nbad`: Incomplete{Object: Object{Path: "a"}, Reason: "damaged", Detail: "line1\nbad"},
		"open x: gone":                       Unread{Path: "x", Detail: "open x: gone"},
	} {
		if got := Note(e); got != want {
			t.Errorf("%#v: %q, want %q", e, got, want)
		}
	}
}

func TestSummaryText(t *testing.T) {
	departed := ended()
	departed.Interrupted = true
	departed.Departures = []Departure{{"sample.submit", "lab", 2048}}
	for _, c := range []struct {
		s    Summary
		want string
	}{
		{ended(), "scanned 1,204 files (3.0 MiB) in 8.4s with 131 rules (sha256 0123456789ab) and 1 hash; 2 objects inside them (1.0 MiB)\n" +
			"3 found, 2 unread (1 permission, 1 vanished), 2 incomplete (1 changed, 1 encrypted), 1 allowed, 3 left out (1 other file system, 2 symlink)\n" +
			"Nothing left this machine.\n"},
		{Summary{Files: 1, Objects: 1}, "scanned 1 file (0 B) in 0ms with 0 rules\n0 found, 0 unread, 0 incomplete\nNothing left this machine.\n"},
		{Summary{Findings: 3, Infected: 2}, "\n3 found in 2 files, 0 unread"},
		{departed, "Left this machine: sample.submit to lab (2.0 KiB).\n"},
		{departed, "interrupted: scanned 1,204 files"},
	} {
		var b bytes.Buffer
		if err := c.s.Text(&b); err != nil || !strings.Contains(b.String(), c.want) {
			t.Errorf("got  %q\nwant %q, %v", b.String(), c.want, err)
		}
	}
}

func TestURI(t *testing.T) {
	for path, want := range map[string]string{
		"/a b/c":    "file:///a%20b/c",
		"rel/x.txt": "rel/x.txt",
		"a:b/c":     "./a:b/c",
		"\xff#?%":   "%FF%23%3F%25",
		"-":         "-",
	} {
		if got := uri(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

func TestSeverityAndLinks(t *testing.T) {
	for severity, want := range map[string]string{"": "error", "critical": "error", "High": "error", "medium": "warning", "low": "note"} {
		if got := level(severity); got != want {
			t.Errorf("%q: %s, want %s", severity, got, want)
		}
	}
	for link, want := range map[string]bool{"https://a/b": true, "http://a": true, "javascript:x": false, "https://a b": false, "": false, "https://é": false} {
		if isLink(link) != want {
			t.Errorf("%q is a link: %v", link, !want)
		}
	}
}

func TestLostOutput(t *testing.T) {
	full := errors.New("full")
	for _, format := range Formats() {
		w := New(format, broken{full}, term.Paint{})
		err := w.Event(Finding{})
		if err == nil {
			err = w.End(Summary{})
		}
		if !errors.Is(err, full) {
			t.Errorf("%s: %v", format, err)
		}
	}
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

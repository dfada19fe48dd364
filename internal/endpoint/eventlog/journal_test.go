package eventlog

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"vitrine/internal/endpoint/event"
)

// fakeJournal takes messages at a socket.
func fakeJournal(t *testing.T, path string) *net.UnixConn {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// fields reads a message of the native protocol.
func fields(t *testing.T, message []byte) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for text := string(message); text != ""; {
		head, rest, _ := strings.Cut(text, "\n")
		name, value, plain := strings.Cut(head, "=")
		if !plain {
			size := binary.LittleEndian.Uint64([]byte(rest[:8]))
			value, rest = rest[8:8+size], rest[8+size:]
			if rest[0] != '\n' {
				t.Fatalf("no newline behind %s", name)
			}
			rest = rest[1:]
		}
		out[name] = append(out[name], value)
		text = rest
	}
	return out
}

func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	if _, err := OpenJournal(path); !errors.Is(err, ErrNoJournal) {
		t.Errorf("without a journal: %v", err)
	}
	conn := fakeJournal(t, path)
	j, err := OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	e := full(event.Detection)
	text, _ := Encode(e, Product{})
	if err := j.Keep(Line{e, text}); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1<<16)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	got := fields(t, buf[:n])
	want := map[string][]string{
		"MESSAGE": {e.Message}, "PRIORITY": {"3"}, "SYSLOG_IDENTIFIER": {"vitrine"}, "MESSAGE_ID": {MessageID(event.Detection)},
		"VITRINE_KIND": {"detection"}, "VITRINE_ID": {"id-1"}, "VITRINE_ACTION": {"blocked", "quarantined"}, "VITRINE_FINDING": {"eicar", "h"},
		"VITRINE_FILE": {e.File.Path}, "VITRINE_SHA256": {e.File.Hash}, "OBJECT_PID": {"7"}, "VITRINE_EXE": {e.Process.Exe},
		"VITRINE_CONTAINER": {"c0ffee"}, "VITRINE_INDICATOR": {"192.0.2.0/24"}, "VITRINE_ADDRESS": {"192.0.2.1"}, "VITRINE_NAME": {"c2.example"},
		"VITRINE_QUARANTINE": {"q1"}, "VITRINE_OCSF": {string(text)},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if id := MessageID(event.Detection); len(id) != 32 || id == MessageID(event.Network) {
		t.Errorf("message id %s", id)
	}
}

// TestJournalRestarts: one that goes away and comes back is found again.
func TestJournalRestarts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	conn := fakeJournal(t, path)
	j, err := OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if err := j.Keep(lineOf("nobody hears")); err == nil {
		t.Error("kept by a journal that is gone")
	}
	os.Remove(path)
	if err := j.Sync(); err == nil {
		t.Error("connected to nobody")
	}
	if err := j.Keep(lineOf("nobody hears")); err == nil {
		t.Error("kept by a journal that is gone")
	}
	_ = fakeJournal(t, path)
	if err := errors.Join(j.Sync(), j.Keep(lineOf("heard"))); err != nil {
		t.Fatal(err)
	}
	for err == nil { // it stops listening: nobody waits for it
		err = j.Keep(lineOf("more"))
	}
	if j.Sync() == nil {
		t.Error("a journal that takes nothing is said to work")
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}

func TestMetricsFile(t *testing.T) {
	dir := t.TempDir()
	n := byte('0')
	m := &Metrics{Path: filepath.Join(dir, "vitrine.prom"), Every: 2, Text: func() []byte { n++; return []byte{n, '\n'} }}
	for _, want := range []string{"1\n", "1\n", "2\n", "2\n", "3\n"} {
		if err := errors.Join(m.Keep(Line{}), m.Sync()); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(m.Path); string(got) != want {
			t.Errorf("got %q instead of %q", got, want)
		}
	}
	if err := errors.Join(m.Close(), m.Close()); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left %v", left)
	}
	m.Path = filepath.Join(dir, "none", "x")
	m.left = 0
	if err := m.Sync(); err == nil {
		t.Error("wrote into a folder that is not there")
	}
}

// TestMetricsOutage: counters that cannot be written are missing until they can be,
// and not until the next event.
func TestMetricsOutage(t *testing.T) {
	dir, tick := t.TempDir(), make(chan time.Time)
	m := &Metrics{Path: filepath.Join(dir, "later", "x.prom"), Every: 1, Text: func() []byte { return nil }}
	l := New(Options{Keepers: []Named{{"counters", m}}, Now: func() time.Time { return at }, Tick: tick})
	tick <- at
	l.Emit(event.Event{Kind: event.Change, Message: "one"})
	wait(l, 1)
	if broken := l.Stats().Broken; len(broken) != 1 {
		t.Errorf("broken: %q", broken)
	}
	if err := os.Mkdir(filepath.Join(dir, "later"), 0o755); err != nil {
		t.Fatal(err)
	}
	tick <- at
	tick <- at
	broken := l.Stats().Broken
	_ = l.Close()
	lost := 0
	for _, line := range l.Recent() {
		if line.Event.Kind == event.Lost {
			lost++
		}
	}
	if lost != 1 || len(broken) != 0 {
		t.Errorf("told %d times that it works again; broken: %q", lost, broken)
	}
}

func TestDesktop(t *testing.T) {
	root := t.TempDir()
	now := at
	var ran [][]string
	d := &Desktop{Root: root, Now: func() time.Time { return now }, Run: func(argv []string) error { ran = append(ran, argv); return nil }}
	found := Line{Event: event.Event{Kind: event.Detection, Message: "<b>x</b>\n"}}
	if err := d.Keep(found); !errors.Is(err, ErrNoDesktop) || !errors.Is(d.Check(), ErrNoDesktop) {
		t.Errorf("without programs: %v", err)
	}
	for _, name := range []string{"/usr/bin/setpriv", "/bin/env", "/usr/bin/notify-send", "/run/user/1000/bus", "/run/user/0/bus", "/run/user/x/bus"} {
		os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755)
		os.WriteFile(filepath.Join(root, name), nil, 0o755)
	}
	if err := d.Check(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	for range 3 {
		if err := errors.Join(d.Keep(found), d.Keep(Line{Event: say("not a detection")}), d.Sync()); err != nil {
			t.Fatal(err)
		}
	}
	if len(ran) != 1 {
		t.Fatalf("ran %q", ran)
	}
	got := strings.Join(ran[0], " ")
	for _, part := range []string{"/usr/bin/setpriv --reuid=1000 --regid=", " --clear-groups --no-new-privs -- /bin/env -i DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus /usr/bin/notify-send", "-- Malware was found &lt;b&gt;x&lt;/b&gt;\\n"} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is not in %s", part, got)
		}
	}
	now = now.Add(2 * time.Second)
	if d.Keep(found); len(ran) != 2 {
		t.Error("a later one is not shown")
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

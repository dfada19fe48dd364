package eventlog

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/endpoint/event"
)

// realJournal starts the journal of systemd in a name space of its own, and gives
// the folder it has for /run.
func realJournal(t *testing.T) string {
	t.Helper()
	const program = "/lib/systemd/systemd-journald"
	run := t.TempDir()
	conf := filepath.Join(run, "systemd/journald.conf.d")
	os.MkdirAll(conf, 0o755)
	os.WriteFile(filepath.Join(conf, "test.conf"), []byte("[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\nForwardToSyslog=no\nForwardToWall=no\n"), 0o644)
	cmd := exec.Command("unshare", "-m", "sh", "-c", `mount --make-rprivate / && mount --bind "$1" /run && exec "$2"`, "sh", run, program)
	if _, err := os.Stat(program); err != nil || os.Geteuid() != 0 || cmd.Start() != nil {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatalf("%s cannot be run (%v)", program, err)
		}
		t.Skipf("%s cannot be run (%v)", program, err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return run
}

// until asks again and again, for at most ten seconds.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

// TestRealJournal: what the journal gives back is what was sent, whatever its
// bytes and however large.
func TestRealJournal(t *testing.T) {
	run := realJournal(t)
	var j *Journal
	until(t, "a journal that takes messages", func() (ok bool) {
		var err error
		j, err = OpenJournal(filepath.Join(run, "systemd/journal/socket"))
		return err == nil
	})
	defer j.Close()
	small, large := full(event.Detection), full(event.Network)
	large.Process.Argv = []string{strings.Repeat("x", 1<<20)} // more than a datagram holds
	for _, e := range []event.Event{small, large} {
		text, err := Encode(e, Product{})
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Keep(Line{e, text}); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]map[string]any{}
	until(t, "two entries", func() bool {
		got = entries(run)
		return len(got) == 2
	})
	found := got["detection"]
	for name, want := range map[string]string{
		"MESSAGE": small.Message, "PRIORITY": "3", "SYSLOG_IDENTIFIER": "vitrine", "MESSAGE_ID": MessageID(event.Detection), "VITRINE_FILE": small.File.Path,
		"VITRINE_EXE": small.Process.Exe, "OBJECT_PID": "7",
	} {
		if have := bytesOf(found[name]); have != want {
			t.Errorf("%s is %q instead of %q", name, have, want)
		}
	}
	e, err := Decode([]byte(bytesOf(got["network"]["VITRINE_OCSF"])))
	if err != nil || len(e.Process.Argv) != 1 || len(e.Process.Argv[0]) != 1<<20 {
		t.Errorf("the large one came back as %.300v, %v", e, err)
	}
}

// entries gives what journalctl shows, by kind.
func entries(run string) map[string]map[string]any {
	out, _ := exec.Command("journalctl", "-D", filepath.Join(run, "log/journal"), "--all", "-o", "json", "SYSLOG_IDENTIFIER=vitrine").Output()
	got := map[string]map[string]any{}
	s := bufio.NewScanner(bytes.NewReader(out))
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		var entry map[string]any
		if json.Unmarshal(s.Bytes(), &entry) == nil {
			got[bytesOf(entry["VITRINE_KIND"])] = entry
		}
	}
	return got
}

// bytesOf is a field as journalctl writes it: text, or numbers when it is none.
func bytesOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []any:
		out := make([]byte, len(v))
		for i, n := range v {
			f, _ := n.(float64)
			out[i] = byte(f)
		}
		return string(out)
	}
	return ""
}

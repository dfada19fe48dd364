package guardcmd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/cli/clitest"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/durable"
	"vitrine/internal/endpoint/condition"
	"vitrine/internal/endpoint/config"
	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/eventlog"
	"vitrine/internal/endpoint/gap"
	"vitrine/internal/endpoint/lists"
	"vitrine/internal/endpoint/local"
	"vitrine/internal/endpoint/verdict"

	"github.com/spf13/cobra"
)

// deskTime is when everything happens.
var deskTime = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// desk is a machine with a guard's socket, behind which nothing is guarded.
type desk struct {
	t        *testing.T
	dir      string
	file     string // of the configuration
	log      *eventlog.Log
	excluded *lists.Excluded
	guard    condition.Condition
	toggle   []gap.Status // what protect answers
	width    int          // of the terminal; 0: there is none

	interrupt bool // somebody presses Ctrl-C at once
	stdout    string
	stderr    string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), guard: condition.Condition{
		Version: "v1", PID: 12, Started: deskTime, Mode: config.Block, Scanner: condition.Scanner{Workers: 2, Alive: 2, User: "nobody"},
		Rules: condition.Rules{Identity: strings.Repeat("ab", 32), Count: 1204},
	}}
	d.file = filepath.Join(d.dir, "vitrine.toml")
	text := fmt.Sprintf("[control]\nsocket = %q\n[events]\nfile = %q\n", d.dir+"/guard.sock", d.dir+"/events.jsonl")
	if err := os.WriteFile(d.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return d
}

// guarded answers at the socket until the end of the test.
func (d *desk) guarded() *desk {
	d.t.Helper()
	file, err := eventlog.OpenFile(d.dir+"/events.jsonl", 1<<20, 1)
	if err != nil {
		d.t.Fatal(err)
	}
	d.log = eventlog.New(eventlog.Options{Keepers: []eventlog.Named{{Name: "file", Keeper: file}}, Now: func() time.Time { return deskTime }})
	allowed, err := lists.OpenAllowed(durable.Disk{}, d.dir, func() time.Time { return deskTime })
	if err != nil {
		d.t.Fatal(err)
	}
	if d.excluded, err = lists.OpenExcluded(durable.Disk{}, d.dir, func() time.Time { return deskTime }); err != nil {
		d.t.Fatal(err)
	}
	verbs := lists.Verbs(allowed, d.excluded, d.log, func() {})
	verbs["events"] = d.log.Verbs(d.dir+"/events.jsonl", 1)["events"]
	verbs["status"] = control.Verb{Open: true, Handle: func(_ context.Context, c control.Call) error {
		answer := d.guard
		answer.Judge()
		return c.Reply(answer)
	}}
	verbs["config"] = control.Verb{Handle: func(_ context.Context, c control.Call) error {
		l, err := config.Load(d.file)
		if err != nil {
			return err
		}
		return c.Reply(l.Listing())
	}}
	for _, name := range []string{"protect.on", "protect.off"} {
		verbs[name] = control.Verb{Handle: func(_ context.Context, c control.Call) error { return d.switched(c) }}
	}
	d.serve(verbs)
	return d
}

// switched answers with what was prepared; nothing is a refusal.
func (d *desk) switched(c control.Call) error {
	if len(d.toggle) == 0 {
		return control.Refuse(control.No, "it stands that way already")
	}
	for _, s := range d.toggle {
		if err := c.Reply(s); err != nil {
			return err
		}
	}
	return nil
}

func (d *desk) serve(verbs map[string]control.Verb) {
	d.t.Helper()
	l, err := local.Listen(d.dir+"/guard.sock", 0o666)
	if err != nil {
		d.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- (&control.Server{Verbs: verbs}).Serve(ctx, l) }()
	d.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			d.t.Error(err)
		}
		d.log.Close()
	})
}

// run runs a command, and checks how it ends.
func (d *desk) run(want term.Code, args ...string) {
	d.t.Helper()
	var out, errs bytes.Buffer
	env := term.System()
	env.Stdout, env.Stderr, env.Now = &out, &errs, func() time.Time { return deskTime.Add(time.Hour) }
	env.Width = func(any) (int, bool) { return d.width, d.width > 0 }
	if d.interrupt {
		env.Notify = func(c chan<- os.Signal, _ ...os.Signal) func() {
			c <- os.Interrupt
			return func() {}
		}
	}
	env.LookupEnv = func(name string) (string, bool) { return d.dir, name == "HOME" }
	root := &cobra.Command{Use: "vitrine"}
	root.AddCommand(newStatus(env), newEvents(env), newAllow(env), newExclude(env), newConfig(env), newProtect(env))
	page.Install(root)
	if !strings.HasPrefix(args[0], "_") {
		args = append(args, "--config", d.file)
	}
	got := term.Run(d.t.Context(), env, root, args)
	d.stdout, d.stderr = out.String(), errs.String()
	if got != want {
		d.t.Errorf("%q ended with %d, not %d: %s%s", args, got, want, d.stdout, d.stderr)
	}
}

// says checks what a stream holds, in this order.
func (d *desk) says(stream string, want ...string) {
	d.t.Helper()
	rest := stream
	for _, part := range want {
		_, behind, found := strings.Cut(rest, part)
		if !found {
			d.t.Errorf("%q is not, or not there, in:\n%s", part, stream)
			return
		}
		rest = behind
	}
}

// conforms holds the answer, documents one after the other, against its schema.
func (d *desk) conforms(name string) {
	d.t.Helper()
	s, err := clitest.Load("../../../docs/spec/cli/vitrine." + name + ".json")
	if err != nil {
		d.t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(d.stdout))
	decoder.UseNumber()
	for n := 0; decoder.More() || n == 0; n++ {
		var v any
		if err := decoder.Decode(&v); err != nil {
			d.t.Fatalf("%v: %s", err, d.stdout)
		}
		if problem := s.Check(v); problem != "" {
			d.t.Errorf("%s: %s\n%s", name, problem, d.stdout)
		}
	}
}

// TestWithoutGuard: what asks the guard says plainly that there is none.
func TestWithoutGuard(t *testing.T) {
	d := newDesk(t)
	for _, args := range [][]string{
		{"allow", "list"}, {"allow", "add", "--reason", "r", d.file}, {"exclude", "list"}, {"exclude", "test", "/x"}, {"exclude", "remove", "x"},
		{"protect", "on"}, {"protect", "off", "--reason", "r"}, {"events", "--follow"}, {"config", "--running"},
	} {
		d.run(term.CouldNot, args...)
		d.says(d.stderr, "vitrine: the guard is not running: nobody listens at "+d.dir+"/guard.sock", "hint: systemctl start vitrine-guard")
	}
	d.run(term.CouldNot, "events")
	d.says(d.stderr, "the guard is not running, and there is no "+d.dir+"/events.jsonl")
	for _, args := range [][]string{
		{"allow", "add", d.file}, {"allow", "add", "--reason", "r"}, {"allow", "add", "--reason", "r", d.dir}, {"allow", "add", "--reason", "r", d.dir + "/none"},
		{"allow", "none"}, {"exclude", "test"}, {"exclude", "remove"}, {"protect", "off"}, {"protect", "off", "--reason", "r", "--for", "x"},
		{"events", "--since", "x"}, {"events", "--kind", "detecton"}, {"events", "x"}, {"config", "--default", "--json"}, {"status", "--rules", "--metrics"},
	} {
		d.run(term.CouldNot, args...)
		d.says(d.stderr, "vitrine: ", "\n")
	}
}

func TestEvents(t *testing.T) {
	d := newDesk(t).guarded()
	d.run(term.No, "events")
	d.log.Emit(event.Event{
		Time: deskTime.Add(-2 * time.Hour), Kind: event.Detection, Severity: event.Critical, Actions: []event.Action{event.Blocked, event.Quarantined},
		Process: &event.Process{PID: 7, UID: 1000, Exe: "/bin/\xffsh", Argv: []string{"sh", "-c", "x\n"}, Container: "c0ffee"},
		File:    &event.File{Path: "/tmp/evil\n", Hash: strings.Repeat("ab", 32)}, Findings: []verdict.Finding{{Name: "Test.Evil", Path: []string{"a.zip"}}},
		Quarantine: "q1", Message: "/tmp/evil: Test.Evil",
	})
	d.log.Emit(event.Event{Time: deskTime, Kind: event.Network, Severity: event.Medium, Actions: []event.Action{event.Blocked},
		Connection: &event.Connection{Protocol: "tcp", Address: "192.0.2.1", Port: 443, Indicator: "192.0.2.0/24", List: "/l", By: "bpf"}, Message: "192.0.2.1:443 was refused"})
	f := d.log.Follow(8)
	for d.log.Stats().Kept < 2 {
		<-f.Lines()
	}
	d.run(term.Yes, "events")
	d.says(d.stdout, "detection ", "/tmp/evil: Test.Evil\n", "done        blocked, quarantined", `file        /tmp/evil\n`, "sha256      abab", "found       a.zip » Test.Evil",
		`process     7 uid 1000 /bin/\xffsh (sh -c x\n) in c0ffee`, "quarantine  q1", "network ", "192.0.2.1:443 was refused", "indicator   192.0.2.0/24 /l")
	d.run(term.Yes, "events", "--json")
	d.conforms("events.v1")
	d.run(term.Yes, "events", "--since", "90m", "--color", "always")
	d.says(d.stdout, "\x1b[33mnetwork   \x1b[0m")
	if strings.Contains(d.stdout, "evil") {
		t.Errorf("too old: %s", d.stdout)
	}
	d.run(term.Yes, "events", "--kind", "detection", "--since", "2026-03-04T00:00:00Z")
	d.run(term.No, "events", "--kind", "gap", "--kind", "network", "--since", "1m")
	d.run(term.CouldNot, "events", "--kind", "detecton")
	d.says(d.stderr, `there is no kind "detecton"`, "hint: did you mean detection?")

	alone := newDesk(t)
	alone.dir = d.dir
	text := fmt.Sprintf("[control]\nsocket = %q\n[events]\nfile = %q\n", d.dir+"/none.sock", d.dir+"/events.jsonl")
	os.WriteFile(alone.file, []byte(text), 0o600)
	alone.run(term.Yes, "events")
	alone.says(alone.stdout, "Test.Evil", "was refused")
}

func TestFollowEvents(t *testing.T) {
	d := newDesk(t).guarded()
	d.log.Emit(event.Event{Kind: event.Gap, Message: "first"})
	d.log.Close() // a follower gets what there is, and then the end
	d.run(term.Yes, "events", "--follow", "--kind", "gap")
	d.says(d.stdout, "gap ", "first")
}

// TestFollowIsInterrupted: Ctrl-C ends it, and the exit code says so.
func TestFollowIsInterrupted(t *testing.T) {
	d := newDesk(t).guarded()
	d.interrupt = true
	d.run(term.Interrupted, "events", "--follow")
	if d.stderr != "" {
		t.Errorf("said %s", d.stderr)
	}
}

func TestLists(t *testing.T) {
	d := newDesk(t).guarded()
	d.excluded.Fix([]string{"*.iso"}, "/etc/x:1")
	program := filepath.Join(d.dir, "program")
	os.WriteFile(program, []byte("abc"), 0o600)
	const digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	d.run(term.Yes, "allow", "list")
	d.run(term.Yes, "allow", "add", program, "--reason", "our own", "--for", "30d")
	d.says(d.stdout, "SHA256", "REASON", digest, "uid ", "our own")
	d.run(term.Yes, "allow", "list", "--json")
	d.conforms("allow.v1")
	d.says(d.stdout, digest, `"reason": "our own"`, `"until": "2026-04-03T05:06:07Z"`)
	d.run(term.CouldNot, "allow", "add", digest, "--reason", "r", "--for", "yes")
	d.run(term.Yes, "allow", "remove", strings.ToUpper(digest))
	d.run(term.No, "allow", "remove", digest, "--json")
	d.conforms("allow.v1")
	d.says(d.stderr, "there is no such entry")

	d.run(term.Yes, "exclude", "add", "/srv/db/", "cache/tmp", "--reason", "database")
	d.run(term.CouldNot, "exclude", "add", "/**", "--reason", "all")
	d.says(d.stderr, "leaves everything out")
	d.run(term.Yes, "exclude", "list", "--json")
	d.conforms("exclude.v1")
	d.run(term.Yes, "exclude", "list")
	d.says(d.stdout, "*.iso", "/etc/x:1", "configuration", "/srv/db/", "database")
	d.run(term.Yes, "exclude", "test", "/srv/db/a\xff", "/x.iso")
	d.says(d.stdout, `/srv/db/a\xff: left out by /srv/db/ (uid `, "database)", "/x.iso: left out by *.iso (/etc/x:1)")
	d.run(term.No, "exclude", "test", "/srv/db", "/x.iso")
	d.says(d.stdout, "/srv/db: looked at")
	d.run(term.No, "exclude", "test", "--json", "/srv/db/x", "/srv/db")
	d.conforms("exclude.test.v1")
	d.run(term.Yes, "__complete", "exclude", "remove", "--config", d.file, "")
	d.says(d.stdout, "/srv/db/\tdatabase")
	d.run(term.Yes, "exclude", "remove", "/srv/db/")
	d.run(term.No, "exclude", "remove", "*.iso")
}

func TestConfigCommand(t *testing.T) {
	d := newDesk(t).guarded()
	d.run(term.Yes, "config")
	d.says(d.stdout, "protection.mode", `"block"`, "default", "control.socket", d.file+":2", "events.keep", "5")
	for _, args := range [][]string{{"config", "--json"}, {"config", "--running", "--json"}} {
		d.run(term.Yes, args...)
		d.conforms("config.v1")
	}
	d.run(term.Yes, "config", "--running")
	d.says(d.stdout, "protection.write", "true", "scanner.workers", "0", "network.sinkhole", `["127.0.0.1", "::1"]`)
	d.run(term.Yes, "config", "--default")
	if d.stdout != config.DefaultFile() {
		t.Errorf("got %s", d.stdout)
	}
	os.WriteFile(d.file, []byte("[protection]\nmdoe = 1\nexec = \"no\"\n"), 0o600)
	d.run(term.CouldNot, "config")
	d.says(d.stderr, "vitrine: "+d.file+":2: protection.mdoe is not a key: did you mean protection.mode?", "vitrine: "+d.file+":3: protection.exec")
}

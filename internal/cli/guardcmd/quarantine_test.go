package guardcmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/cli/clitest"
	"vitrine/internal/cli/page"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/local"
	"vitrine/internal/endpoint/quarantine"
	"vitrine/internal/endpoint/verdict"

	"github.com/spf13/cobra"
)

// ward is a quarantine with a guard's socket before it, or without one.
type ward struct {
	t        *testing.T
	dir      string
	store    *quarantine.Store // nil: closed, there is no guard
	terminal bool              // behind standard input
	stdin    string
	stdout   string
	stderr   string
}

type evilIsBad struct{}

func (evilIsBad) Scan(_ context.Context, file *os.File, _ string) (verdict.Verdict, error) {
	data, err := io.ReadAll(file)
	if bytes.Contains(data, []byte("evil")) {
		return verdict.Verdict{State: verdict.Malicious, Findings: []verdict.Finding{{Name: "Test.Evil"}}}, err
	}
	return verdict.Verdict{State: verdict.Clean}, err
}

func (evilIsBad) Documents(_ context.Context, file *os.File) ([]string, error) {
	data, err := io.ReadAll(file)
	if bytes.Contains(data, []byte("letter")) {
		return []string{"text"}, err
	}
	return nil, err
}

func (evilIsBad) Allow(context.Context, string, string) error { return nil }

func newWard(t *testing.T) *ward {
	t.Helper()
	w := &ward{t: t, dir: t.TempDir()}
	s, err := quarantine.Open(quarantine.Config{Dir: filepath.Join(w.dir, "q"), Scanner: evilIsBad{}, Sorter: evilIsBad{}, Allow: evilIsBad{}})
	if err != nil {
		t.Fatal(err)
	}
	w.store = s
	return w
}

// guarded answers at a socket.
func (w *ward) guarded() *ward {
	w.t.Helper()
	l, err := local.Listen(filepath.Join(w.dir, "guard.sock"), 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	server := &control.Server{Verbs: w.store.Verbs()}
	go func() { ended <- server.Serve(ctx, l) }()
	w.t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, w.store.Close()); err != nil {
			w.t.Error(err)
		}
	})
	return w
}

// alone has no guard.
func (w *ward) alone() *ward {
	w.t.Helper()
	if err := w.store.Close(); err != nil {
		w.t.Fatal(err)
	}
	w.store = nil
	return w
}

// take puts a file there and takes it.
func (w *ward) take(name, content string) quarantine.Entry {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o640); err != nil {
		w.t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	e, err := w.store.Take(context.Background(), f, quarantine.About{Path: path, Verdict: verdict.Verdict{Findings: []verdict.Finding{{Name: "Test.Evil"}}}})
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// run runs vitrine quarantine, and checks how it ends.
func (w *ward) run(want term.Code, args ...string) string {
	w.t.Helper()
	var out, errs bytes.Buffer
	env := term.System()
	env.Stdin, env.Stdout, env.Stderr = strings.NewReader(w.stdin), &out, &errs
	env.Width = func(stream any) (int, bool) { return 80, stream == env.Stdin && w.terminal }
	root := &cobra.Command{Use: "vitrine"}
	root.AddCommand(newQuarantine(env))
	page.Install(root)
	where := []string{"--socket", filepath.Join(w.dir, "guard.sock"), "--dir", filepath.Join(w.dir, "q"), "--config", filepath.Join(w.dir, "vitrine.toml")}
	if err := os.WriteFile(where[5], []byte("[state]\ndir = \""+w.dir+"/state\"\n"), 0o600); err != nil {
		w.t.Fatal(err)
	}
	got := term.Run(context.Background(), env, root, append(append([]string{"quarantine"}, args...), where...))
	w.stdout, w.stderr = out.String(), errs.String()
	if got != want {
		w.t.Errorf("%q ended with %d, not %d: %s%s", args, got, want, w.stdout, w.stderr)
	}
	return w.stdout
}

// says checks what a stream holds.
func (w *ward) says(stream string, want ...string) {
	w.t.Helper()
	for _, part := range want {
		if !strings.Contains(stream, part) {
			w.t.Errorf("%q is not in:\n%s", part, stream)
		}
	}
}

// document checks the JSON of the last answer against its schema.
func (w *ward) document(name string) {
	w.t.Helper()
	s, err := clitest.Load("../../../docs/spec/cli/vitrine.quarantine." + name + ".v1.json")
	if err != nil {
		w.t.Fatal(err)
	}
	v, err := clitest.Decode(w.stdout)
	if err != nil {
		w.t.Fatalf("%v: %s", err, w.stdout)
	}
	if problem := s.Check(v); problem != "" {
		w.t.Errorf("%s: %s\n%s", name, problem, w.stdout)
	}
}

func TestQuarantineCommands(t *testing.T) {
	for name, prepare := range map[string]func(*ward) *ward{"guard": (*ward).guarded, "no guard": (*ward).alone} {
		t.Run(name, func(t *testing.T) {
			w := newWard(t)
			a, b := w.take("file\nname", "evil bytes"), w.take("b", "evil bytes")
			w = prepare(w)
			w.run(term.Yes, "list")
			w.says(w.stdout, a.ID, b.ID, `file\nname`, "Test.Evil", "2 entries", "10 B", "kept")
			if direct := strings.Contains(w.stderr, "the guard is not running"); direct != (name == "no guard") {
				t.Errorf("noticed: %q", w.stderr)
			}
			w.run(term.Yes, "list", "--json")
			w.document("list")
			w.run(term.Yes, "show", a.ID[19:])
			w.says(w.stdout, a.ID, a.SHA256, "the same bytes are in "+b.ID, "mode 0640", `file\nname`)
			w.run(term.Yes, "show", a.ID, "--json")
			w.document("show")
			w.run(term.No, "show", "none")
			w.says(w.stderr, `no such entry in the quarantine: "none"`, "hint: vitrine quarantine list")
			w.run(term.CouldNot, "show")
			w.run(term.CouldNot, "restore", a.ID, b.ID, "--to", filepath.Join(w.dir, "x"))
			w.run(term.CouldNot, "list", "x")
			w.run(term.CouldNot, "nonsense")
			w.run(term.Yes, "restore", a.ID, "--no-rescan", "--to", filepath.Join(w.dir, "moved"))
			w.says(w.stdout, "restored to "+filepath.Join(w.dir, "moved"))
			if data, err := os.ReadFile(filepath.Join(w.dir, "moved")); string(data) != "evil bytes" {
				t.Errorf("%q, %v", data, err)
			}
			w.run(term.No, "restore", b.ID, "none", "--no-rescan", "--json")
			w.document("restore")
			w.says(w.stdout, `"id": "none"`, `"path": {`)
			w.run(term.No, "delete", "--yes", "none", "--json")
			w.document("delete")
			w.run(term.Yes, "list")
			w.says(w.stdout, "0 entries")
		})
	}
}

func TestQuarantineRestoreIsLookedAt(t *testing.T) {
	w := newWard(t).guarded()
	e := w.take("x", "evil bytes")
	w.run(term.No, "restore", e.ID)
	w.says(w.stderr, "not known to be harmless: malicious: Test.Evil", "hint: --allow")
	w.run(term.Yes, "restore", e.ID, "--allow", "--json")
	w.document("restore")
	e = w.take("y", "harmless")
	if err := os.WriteFile(filepath.Join(w.dir, "y"), []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.run(term.No, "restore", e.ID)
	w.says(w.stderr, "something is there already", "hint: --to")
	os.Remove(filepath.Join(w.dir, "y"))
	w.run(term.Yes, "restore", e.ID)
	w.says(w.stdout, "restored to "+filepath.Join(w.dir, "y"))
}

// Without the guard nobody looks at it, and the list it will read is written.
func TestQuarantineRestoreAlone(t *testing.T) {
	w := newWard(t)
	e := w.take("x", "evil bytes")
	w.alone()
	w.run(term.CouldNot, "restore", e.ID)
	w.says(w.stderr, "no scanner is there", "hint: --no-rescan")
	w.run(term.Yes, "restore", e.ID, "--no-rescan", "--allow")
	w.says(w.stdout, "allowed from now on: "+e.SHA256)
	lists, err := filepath.Glob(filepath.Join(w.dir, "state", "guard", "*"))
	if err != nil || len(lists) == 0 {
		t.Fatalf("%q, %v", lists, err)
	}
	if text, err := os.ReadFile(lists[0]); err != nil || !strings.Contains(string(text), e.SHA256) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestQuarantineDelete(t *testing.T) {
	w := newWard(t).guarded()
	e := w.take("x", "evil bytes")
	w.run(term.CouldNot, "delete", e.ID)
	w.says(w.stderr, "--yes")
	w.terminal = true
	for _, no := range []string{"", "\n", "n\n", "nonsense\n"} {
		w.stdin = no
		w.run(term.No, "delete", e.ID)
		w.says(w.stderr, filepath.Join(w.dir, "x"), "[y/N]", "nothing was deleted")
	}
	w.stdin = "y\n"
	w.run(term.Yes, "delete", e.ID[19:])
	w.says(w.stdout, e.ID+" deleted")
	w.run(term.No, "delete", e.ID)
}

func TestQuarantineExport(t *testing.T) {
	w := newWard(t).guarded()
	a, b := w.take("a", strings.Repeat("evil program", 100_000)), w.take("b", "an evil letter")
	out := filepath.Join(w.dir, "out.zip")
	w.run(term.CouldNot, "export", a.ID)
	w.says(w.stderr, "--output")
	w.run(term.No, "export", a.ID, b.ID, "--output", out)
	w.says(w.stderr, b.ID+" holds text", "hint: --documents")
	if _, err := os.Lstat(out); err == nil {
		t.Error("left half an archive")
	}
	w.run(term.Yes, "export", a.ID, b.ID, "--output", out, "--documents", "--json")
	w.document("export")
	if info, err := os.Stat(out); err != nil || info.Mode() != 0o600 || info.Size() < 1_200_000 {
		t.Errorf("%v, %v", info, err)
	}
	w.run(term.CouldNot, "export", a.ID, "--output", out)
	w.says(w.stderr, "file exists")
	if _, err := exec.LookPath("unzip"); err != nil {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatal(err)
		}
		t.Skip("SKIPPED: no unzip on this machine")
	}
	plain, err := exec.Command("unzip", "-p", "-P", "infected", out, b.ID+"/"+b.SHA256).Output()
	if err != nil || string(plain) != "an evil letter" {
		t.Errorf("%q, %v", plain, err)
	}
}

func TestQuarantineElsewhere(t *testing.T) {
	w := newWard(t)
	e := w.take("x", "evil bytes")
	held := w.store
	w.run(term.CouldNot, "list") // the guard holds it, and its socket is not there yet
	w.says(w.stderr, "another process holds the lock", "hint: another command")
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(w.dir, "q"), filepath.Join(w.dir, "away")); err != nil {
		t.Fatal(err)
	}
	w.run(term.Yes, "list")
	w.says(w.stderr, "there is no quarantine")
	w.run(term.No, "show", e.ID)
	if _, err := os.Lstat(filepath.Join(w.dir, "q")); err == nil {
		t.Error("looking made a quarantine")
	}
}

func TestQuarantineCompletion(t *testing.T) {
	w := newWard(t)
	e := w.take("x", "evil bytes")
	w.alone()
	var f quarantineFlags
	f.config = filepath.Join(w.dir, "vitrine.toml")
	f.socket, f.dir = filepath.Join(w.dir, "guard.sock"), filepath.Join(w.dir, "q")
	w.run(term.Yes, "list")
	env := term.System()
	c := &cobra.Command{}
	c.SetContext(t.Context())
	ids, _ := f.ids(env)(c, nil, "")
	if len(ids) != 1 || ids[0] != e.ID+"\t"+filepath.Join(w.dir, "x") {
		t.Errorf("completed %q", ids)
	}
}

// Members of the group may put files back where they were, and nothing else that
// makes a file or gives one away.
func TestQuarantineForMembers(t *testing.T) {
	w := newWard(t)
	e := w.take("x", "harmless")
	defer w.store.Close()
	verbs := w.store.Verbs()
	ask := func(verb string, args any) error {
		text, err := json.Marshal(args)
		if err != nil {
			t.Fatal(err)
		}
		return verbs[verb].Handle(t.Context(), control.Call{Peer: local.Peer{UID: 4321}, Args: text, Reply: func(any) error { return nil }})
	}
	for verb, args := range map[string]any{
		"quarantine.restore": quarantine.RestoreArgs{ID: e.ID, To: "/etc/cron.d/x"},
		"quarantine.export":  quarantine.ExportArgs{IDs: []string{e.ID}},
	} {
		var refused *control.Error
		if err := ask(verb, args); !errors.As(err, &refused) || refused.Code != control.Denied {
			t.Errorf("%s: %v", verb, err)
		}
	}
	for _, args := range []quarantine.RestoreArgs{{ID: e.ID, Allow: true}, {ID: e.ID, Force: true}, {ID: e.ID, NoScan: true}} {
		var refused *control.Error
		if err := ask("quarantine.restore", args); !errors.As(err, &refused) || refused.Code != control.Denied {
			t.Errorf("%+v: %v", args, err)
		}
	}
	for name, verb := range verbs {
		if verb.Open {
			t.Errorf("%s is open to everybody", name)
		}
		if err := ask(name, map[string]int{"nonsense": 1}); err == nil {
			t.Errorf("%s takes nonsense", name)
		}
	}
	if err := ask("quarantine.restore", quarantine.RestoreArgs{ID: e.ID}); err != nil {
		t.Error(err)
	}
}

func TestQuarantineTableOfTrouble(t *testing.T) {
	e := quarantine.Entry{ID: "20260101t000000000-00000000", State: quarantine.Taking, Why: "its folder\x1b is away", Taken: time.Unix(0, 0),
		Path: "/x", Root: "/proc/1/root", OtherNames: []quarantine.Name{"/y\n"}, Meta: quarantine.Metadata{Nlink: 4, Dropped: 3}}
	var b strings.Builder
	if err := quarantineTable(quarantine.Shown{Entry: e}).Print(&b, ""); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`taking: its folder\x1b is away`, "/x (in /proc/1/root)", `/y\n (the same file`, "2 names elsewhere", "3 more of users"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
	broken := quarantine.Entry{ID: e.ID, State: quarantine.Broken, Why: "no copy"}
	if quarantinePath(broken) != "(no copy)" || foundIn(broken) != "-" {
		t.Errorf("%s %s", quarantinePath(broken), foundIn(broken))
	}
	e.Root, e.Deleted = "", true
	if quarantinePath(e) != "/x (deleted)" {
		t.Error(quarantinePath(e))
	}
}

package update_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/bundle"
	"vitrine/internal/chain/installed"
	"vitrine/internal/chain/operator/operatortest"
	"vitrine/internal/chain/publish"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/update"
	"vitrine/internal/durable/durabletest"
	"vitrine/proof/statement"
)

// machine is one machine that follows a site.
type machine struct {
	w      *operatortest.World
	config update.Config
	asked  []string // paths
	bytes  int      // received
}

// Fetch implements site.Fetcher, and counts.
func (m *machine) Fetch(ctx context.Context, path string, limit int64) ([]byte, error) {
	data, err := site.Dir(m.w.Folder.Site()).Fetch(ctx, path, limit)
	m.asked, m.bytes = append(m.asked, path), m.bytes+len(data)
	return data, err
}

func newMachine(t testing.TB, w *operatortest.World) *machine {
	t.Helper()
	root, err := w.Folder.Root()
	must(t, err)
	policy, err := os.ReadFile(filepath.Join(w.Folder.Trust(), "policy.txt"))
	must(t, err)
	m := &machine{w: w}
	m.config = update.Config{Dir: installed.Dir{Path: durabletest.Dir(t)}, Site: m, Now: time.Now, Engine: "0.1.0", Channels: []string{"core", "urgent"}, Root: root, Policy: policy, Random: rand.Reader}
	return m
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (m *machine) update(t testing.TB) (*update.Report, error) {
	t.Helper()
	m.asked, m.bytes = nil, 0
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return update.Run(ctx, m.config)
}

// serial is the bundle of core in use.
func (m *machine) serial(t testing.TB) int64 {
	t.Helper()
	rules, err := m.config.Dir.Rules()
	must(t, err)
	for _, r := range rules {
		if r.Info.Channel == "core" {
			return r.Info.Serial
		}
	}
	return 0
}

func publishRules(t testing.TB, w *operatortest.World, change func(*publish.Rules)) {
	t.Helper()
	r := publish.Rules{
		Channel: "core", Sources: []bundle.File{{Name: "a.yar", Data: []byte(`rule bad { strings: $a = "a very bad program" condition: uint16(0) == 0x5a4d and $a }`)}},
		Source: statement.Source{Repo: "https://example.org/rules", Commit: strings.Repeat("a", 40)}, Review: []string{"reviewers"},
		Life: 7 * 24 * time.Hour, EngineMin: "0.1.0",
	}
	if change != nil {
		change(&r)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	p := &publish.Publisher{Operator: w.Folder, Log: w.Log, Now: time.Now()}
	_, err := p.Rules(ctx, r)
	must(t, err)
}

func TestFollows(t *testing.T) {
	w := operatortest.New(t, time.Now)
	m := newMachine(t, w)
	if r, err := m.update(t); err != nil || r.Channels[0].Serial != 0 {
		t.Fatalf("an empty channel: %+v, %v", r, err)
	}
	publishRules(t, w, nil)
	r, err := m.update(t)
	if err != nil || r.Channels[0].Serial != 1 || r.Channels[0].Before != 0 || len(r.Cosigned) < 2 || r.Stale != update.FreshEnough || r.Size != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	rules, err := m.config.Dir.Rules()
	if err != nil || len(rules) != 1 || rules[0].Info.Serial != 1 || len(rules[0].Info.Witnesses) < 2 || len(rules[0].Info.SignedBy) != 2 || rules[0].Info.Rules != 1 {
		t.Errorf("%+v, %v", rules, err)
	}
	r, err = m.update(t)
	if err != nil || r.Channels[0].Serial != 1 || m.bytes > 4000 {
		t.Errorf("nothing new: %+v, %v, %d bytes for %v", r, err, m.bytes, m.asked)
	}
	for range 3 {
		publishRules(t, w, nil)
	}
	publishRules(t, w, func(r *publish.Rules) { r.Channel = "urgent" })
	if r, err = m.update(t); err != nil || r.Channels[0].Serial != 4 || r.Channels[0].Before != 1 || r.Channels[1].Serial != 1 {
		t.Errorf("over missed bundles: %+v, %v", r, err)
	}
	state, err := m.config.Dir.State()
	if err != nil || state.Problem != nil || state.Succeeded.IsZero() || state.Time.IsZero() {
		t.Errorf("%+v, %v", state, err)
	}
}

// A bundle with a delay does not keep the one before it from those who come
// late, and comes into force by itself.
func TestDelay(t *testing.T) {
	w := operatortest.New(t, time.Now)
	publishRules(t, w, nil)
	publishRules(t, w, func(r *publish.Rules) { r.Delay = time.Hour })
	publishRules(t, w, func(r *publish.Rules) { r.Delay = 2 * time.Hour })
	m := newMachine(t, w)
	r, err := m.update(t)
	if err != nil || r.Channels[0].Serial != 1 || r.Channels[0].Waits.IsZero() {
		t.Fatalf("%+v, %v", r, err)
	}
	m.config.Now = func() time.Time { return time.Now().Add(90 * time.Minute) }
	if r, err = m.update(t); err != nil || r.Channels[0].Serial != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	publishRules(t, w, func(r *publish.Rules) { r.Delay = 3 * time.Hour })
	m.config.Now = func() time.Time { return time.Now().Add(4 * time.Hour) }
	if r, err = m.update(t); err != nil || r.Channels[0].Serial != 4 {
		t.Errorf("%+v, %v", r, err)
	}
}

// Over the time of a rollout machines take a bundle one after another; at its
// end all have it, and meanwhile they have the one before.
func TestRollout(t *testing.T) {
	w := operatortest.New(t, time.Now)
	publishRules(t, w, nil)
	begin := time.Now()
	publishRules(t, w, func(r *publish.Rules) { r.Rollout = 10 * time.Hour })
	early := 0
	for range 12 {
		m := newMachine(t, w)
		m.config.Now = func() time.Time { return begin.Add(5 * time.Hour) }
		r, err := m.update(t)
		must(t, err)
		switch got := r.Channels[0]; {
		case got.Serial == 2:
			early++
		case got.Serial != 1 || got.Waits.Before(begin.Add(5*time.Hour)) || got.Waits.After(begin.Add(10*time.Hour)):
			t.Errorf("%+v", got)
		}
		m.config.Now = func() time.Time { return begin.Add(10*time.Hour + time.Minute) }
		if r, err := m.update(t); err != nil || r.Channels[0].Serial != 2 {
			t.Errorf("at the end: %+v, %v", r, err)
		}
	}
	if early == 0 || early == 12 {
		t.Errorf("half way, %d of 12 machines have it", early)
	}
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(*testing.T, *operatortest.World, *machine)
		want string
	}{
		"bundle changed": {func(t *testing.T, w *operatortest.World, m *machine) {
			damage(t, w, "files/rules/core/*.000002.bundle")
		}, "sha256"},
		"bundle cut": {func(t *testing.T, w *operatortest.World, m *machine) { cut(t, w, "files/rules/core/*.000002.bundle") }, "were announced"},
		"leaf changed": {func(t *testing.T, w *operatortest.World, m *machine) {
			damage(t, w, "files/rules/core/000002.bundle.leaf")
		}, ""},
		"proof of another":      {func(t *testing.T, w *operatortest.World, m *machine) { swap(t, w, "tlog-proof") }, "the proof"},
		"leaf of another":       {func(t *testing.T, w *operatortest.World, m *machine) { swap(t, w, "leaf") }, "the proof"},
		"needs a newer program": {func(t *testing.T, w *operatortest.World, m *machine) { m.config.Engine = "0.0.9" }, "needs version 0.1.0"},
		"finds the machine's own": {func(t *testing.T, w *operatortest.World, m *machine) {
			m.config.Clean = func() []bundle.File { return []bundle.File{{Name: "/bin/sh", Data: []byte("MZ a very bad program")}} }
		}, "matches /bin/sh"},
		"checkpoint not witnessed": {func(t *testing.T, w *operatortest.World, m *machine) { unwitness(t, w) }, "not enough cosignatures"},
	} {
		t.Run(name, func(t *testing.T) {
			w := operatortest.New(t, time.Now)
			publishRules(t, w, nil)
			m := newMachine(t, w)
			_, err := m.update(t)
			must(t, err)
			publishRules(t, w, nil)
			c.do(t, w, m)
			if _, err := m.update(t); !errors.Is(err, update.ErrRefused) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
			if got := m.serial(t); got != 1 {
				t.Errorf("the rules in use are now %d", got)
			}
			if s, err := m.config.Dir.State(); err != nil || s.Problem == nil || s.Problem.Kind != "refused" {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
}

// file finds one file of the site by pattern.
func file(t *testing.T, w *operatortest.World, pattern string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(w.Folder.Site(), filepath.FromSlash(pattern)))
	if err != nil || len(names) != 1 {
		t.Fatalf("%s: %v, %v", pattern, names, err)
	}
	return names[0]
}

func edit(t *testing.T, name string, change func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(name)
	must(t, err)
	must(t, os.WriteFile(name, change(data), 0o644))
}

func damage(t *testing.T, w *operatortest.World, pattern string) {
	edit(t, file(t, w, pattern), func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
}

func cut(t *testing.T, w *operatortest.World, pattern string) {
	edit(t, file(t, w, pattern), func(b []byte) []byte { return b[:len(b)/2] })
}

func swap(t *testing.T, w *operatortest.World, kind string) {
	data, err := os.ReadFile(file(t, w, "files/rules/core/000001.bundle."+kind))
	must(t, err)
	must(t, os.WriteFile(file(t, w, "files/rules/core/000002.bundle."+kind), data, 0o644))
}

// unwitness takes the cosignatures off the checkpoint.
func unwitness(t *testing.T, w *operatortest.World) {
	w.Stop(t)
	edit(t, file(t, w, "log/checkpoint"), func(b []byte) []byte {
		head, sigs, _ := strings.Cut(string(b), "\n\n")
		first, _, _ := strings.Cut(sigs, "\n")
		return []byte(head + "\n\n" + first + "\n")
	})
}

// The site shows the metadata of before: signed, not expired, and not the newest
// this machine has seen.
func TestRollback(t *testing.T) {
	w := operatortest.New(t, time.Now)
	publishRules(t, w, nil)
	name := file(t, w, "tuf/timestamp.json")
	before, err := os.ReadFile(name)
	must(t, err)
	publishRules(t, w, nil)
	m := newMachine(t, w)
	_, err = m.update(t)
	must(t, err)
	must(t, os.WriteFile(name, before, 0o644))
	if _, err := m.update(t); !errors.Is(err, update.ErrRefused) || !strings.Contains(err.Error(), "older than") || m.serial(t) != 2 {
		t.Errorf("bundle %d, %v", m.serial(t), err)
	}
}

// Nothing that goes wrong takes the rules away; the report says how old the
// witnesses' word is.
func TestStale(t *testing.T) {
	w := operatortest.New(t, time.Now)
	publishRules(t, w, nil)
	m := newMachine(t, w)
	_, err := m.update(t)
	must(t, err)
	m.config.Now = func() time.Time { return time.Now().Add(100 * 24 * time.Hour) }
	_, err = m.update(t)
	if err == nil || errors.Is(err, update.ErrRefused) || !strings.Contains(err.Error(), "expired") {
		t.Errorf("got %v", err)
	}
	if got := m.serial(t); got != 1 {
		t.Errorf("the rules in use are now %d", got)
	}
	for age, want := range map[time.Duration]update.Staleness{time.Hour: update.FreshEnough, 25 * time.Hour: update.Old, 73 * time.Hour: update.TooOld} {
		if got := update.StalenessOf(time.Now().Add(-age), time.Now()); got != want {
			t.Errorf("%v: %d", age, got)
		}
	}
}

func TestClockBehind(t *testing.T) {
	w := operatortest.New(t, time.Now)
	publishRules(t, w, nil)
	m := newMachine(t, w)
	_, err := m.update(t)
	must(t, err)
	m.config.Now = func() time.Time { return time.Now().Add(-1000 * time.Hour) }
	r, err := m.update(t)
	if err != nil || r.Clock == nil || !strings.Contains(r.Clock.Error(), "witnesses have signed at") {
		t.Errorf("%+v, %v", r, err)
	}
}

// A fork: the operator's log is rebuilt with another history and new witnesses
// of the same keys. Updates stop, both notes are kept, and they stay stopped.
func TestFork(t *testing.T) {
	w := operatortest.New(t, time.Now)
	publishRules(t, w, nil)
	m := newMachine(t, w)
	_, err := m.update(t)
	must(t, err)
	w.Fork(t)
	publishRules(t, w, func(r *publish.Rules) { r.Review = []string{"somebody else"} })
	_, err = m.update(t)
	if !errors.Is(err, update.ErrRefused) || !strings.Contains(err.Error(), "forked") {
		t.Fatalf("got %v", err)
	}
	state, err := m.config.Dir.State()
	if err != nil || state.Problem == nil || state.Problem.Kind != "fork" {
		t.Fatalf("%+v, %v", state, err)
	}
	evidence, err := filepath.Glob(filepath.Join(m.config.Dir.Path, "evidence", "*", "*"))
	if err != nil || len(evidence) != 2 {
		t.Errorf("%v, %v", evidence, err)
	}
	if _, err := m.update(t); !errors.Is(err, update.ErrRefused) || len(m.asked) > 0 {
		t.Errorf("after a fork: %v, asked for %v", err, m.asked)
	}
	if got := m.serial(t); got != 1 {
		t.Errorf("the rules in use are now %d", got)
	}
}

// Whenever the power goes, one of the two bundles is in use, whole, and the next
// update finishes the work.
func TestPowerCut(t *testing.T) {
	w := operatortest.New(t, time.Now)
	publishRules(t, w, nil)
	m := newMachine(t, w)
	_, err := m.update(t)
	must(t, err)
	before := m.config.Dir.Path
	publishRules(t, w, nil)
	for at := 0; ; at++ {
		cut := &durabletest.PowerCut{At: at}
		dir := durabletest.Dir(t)
		must(t, os.CopyFS(dir, os.DirFS(before)))
		m.config.Dir = installed.Dir{Path: dir, Disk: cut.Disk()}
		_, err := m.update(t)
		cut.Lose(at%2 == 0)
		m.config.Dir = installed.Dir{Path: dir}
		if got := m.serial(t); got != 2 && (err == nil || got != 1) {
			t.Fatalf("cut before step %d: bundle %d in use, %v", at, got, err)
		}
		if _, err := m.update(t); err != nil || m.serial(t) != 2 {
			t.Fatalf("cut before step %d: the next update: %v, bundle %d", at, err, m.serial(t))
		}
		if cut.Steps <= at {
			t.Log(fmt.Sprint(at, " steps"))
			return
		}
	}
}

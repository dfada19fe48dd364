package update_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/build/buildtest"
	"vitrine/internal/chain/installed"
	"vitrine/internal/chain/operator/operatortest"
	"vitrine/internal/chain/publish"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tufrepo"
	"vitrine/internal/chain/update"
	"vitrine/internal/durable/durabletest"
	"vitrine/proof/statement"
)

func publishRelease(t testing.TB, w *operatortest.World, version string) statement.Statement {
	t.Helper()
	said, err := (&publish.Publisher{Operator: w.Folder, Log: w.Log, Now: time.Now()}).Release(context.Background(), buildtest.Release(t, version, "a"))
	must(t, err)
	s := said.Result.Statement
	s.Predicate = statement.Rebuild{Release: said.Leaf, Version: version, Result: statement.Match, Environment: statement.Digest{1}}
	return s
}

// say logs what a rebuilder found, as publishRelease made it.
func say(t testing.TB, w *operatortest.World, rebuilder int, result string, s statement.Statement) {
	t.Helper()
	keys, err := w.Folder.Signers("rebuilders")
	must(t, err)
	p := s.Predicate.(statement.Rebuild)
	p.Result, p.Rebuilder = result, keys[rebuilder].Key().ID
	s.Predicate = p
	leaf, err := statement.Sign(s, keys[rebuilder])
	must(t, err)
	_, err = w.Log.Add(context.Background(), leaf)
	must(t, err)
}

func followsReleases(t testing.TB, w *operatortest.World) *machine {
	m := newMachine(t, w)
	m.config.Release = "vitrine_linux_amd64"
	return m
}

func TestRelease(t *testing.T) {
	w := operatortest.New(t, time.Now)
	m := followsReleases(t, w)
	r, err := m.update(t)
	if err != nil || r.Release == nil || r.Release.Version != "" {
		t.Fatalf("none published: %+v, %v", r, err)
	}
	s := publishRelease(t, w, "v0.1.0")
	say(t, w, 0, statement.Match, s)
	if r, err = m.update(t); err != nil || r.Release.File != "" || r.Release.Matches != 1 || r.Release.Needed != 2 {
		t.Fatalf("one rebuilder: %+v, %v", r.Release, err)
	}
	say(t, w, 1, statement.Match, s)
	r, err = m.update(t)
	if err != nil || !r.Release.New || r.Release.Matches != 2 || r.Release.File != filepath.Join(m.config.Dir.Path, "release", "v0.1.0", "vitrine") {
		t.Fatalf("two rebuilders: %+v, %v", r.Release, err)
	}
	info, err := os.Stat(r.Release.File)
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("%v, %v", info, err)
	}
	if r, err = m.update(t); err != nil || r.Release.New || r.Release.File == "" {
		t.Errorf("nothing new: %+v, %v", r.Release, err)
	}
	must(t, os.WriteFile(r.Release.File, []byte("damaged"), 0o755))
	if r, err = m.update(t); err != nil || !r.Release.New {
		t.Errorf("damaged: %+v, %v", r.Release, err)
	}
	publishRelease(t, w, "v0.2.0")
	s = publishRelease(t, w, "v0.3.0")
	say(t, w, 0, statement.Match, s)
	say(t, w, 1, statement.Match, s)
	r, err = m.update(t)
	if err != nil || r.Release.Version != "v0.3.0" || !r.Release.New {
		t.Fatalf("over a missed release: %+v, %v", r.Release, err)
	}
	if left, err := filepath.Glob(filepath.Join(m.config.Dir.Path, "release", "*")); err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// One rebuilder who got other bytes blocks a release, whoever else agrees, and
// also after it was laid ready. Rules go on.
func TestReleaseMismatch(t *testing.T) {
	w := operatortest.New(t, time.Now)
	publishRules(t, w, nil)
	s := publishRelease(t, w, "v0.1.0")
	say(t, w, 0, statement.Match, s)
	say(t, w, 1, statement.Match, s)
	early, late := followsReleases(t, w), followsReleases(t, w)
	r, err := early.update(t)
	if err != nil || r.Release.File == "" {
		t.Fatalf("%+v, %v", r.Release, err)
	}
	was := r.Release.File
	say(t, w, 1, statement.Mismatch, s)
	for name, m := range map[string]*machine{"early": early, "late": late} {
		r, err := m.update(t)
		if !errors.Is(err, update.ErrRefused) || !strings.Contains(err.Error(), "not the same") || r.Release.File != "" || m.serial(t) != 1 {
			t.Errorf("%s: %+v, %v", name, r.Release, err)
		}
	}
	if _, err := os.Stat(was); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it still lies ready: %v", err)
	}
	s = publishRelease(t, w, "v0.2.0")
	say(t, w, 0, statement.Match, s)
	say(t, w, 1, statement.Match, s)
	if r, err := early.update(t); err != nil || r.Release.Version != "v0.2.0" || !r.Release.New {
		t.Errorf("the next one: %+v, %v", r, err)
	}
}

func TestReleaseRefused(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(*testing.T, *operatortest.World)
		want string
	}{
		"program changed":  {func(t *testing.T, w *operatortest.World) { damage(t, w, "files/release/v0.2.0/*.vitrine_linux_amd64") }, "sha256"},
		"leaf changed":     {func(t *testing.T, w *operatortest.World) { damage(t, w, "files/release/v0.2.0/release.leaf") }, "not proved"},
		"leaf of another":  {func(t *testing.T, w *operatortest.World) { swapRelease(t, w, "leaf") }, "not proved"},
		"proof of another": {func(t *testing.T, w *operatortest.World) { swapRelease(t, w, "tlog-proof") }, "not proved"},
		"no release at all": {func(t *testing.T, w *operatortest.World) {
			must(t, tufrepo.Repo{Site: w.Folder.Site(), Now: time.Now()}.Publish("releases", nil, w.Folder.Signers))
		}, "name no release"},
	} {
		t.Run(name, func(t *testing.T) {
			w := operatortest.New(t, time.Now)
			m := followsReleases(t, w)
			for _, version := range []string{"v0.1.0", "v0.2.0"} {
				s := publishRelease(t, w, version)
				say(t, w, 0, statement.Match, s)
				say(t, w, 1, statement.Match, s)
				if version == "v0.1.0" {
					_, err := m.update(t)
					must(t, err)
				}
			}
			c.do(t, w)
			if _, err := m.update(t); !errors.Is(err, update.ErrRefused) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
			if state, err := m.config.Dir.State(); err != nil || state.Release.Version != "v0.1.0" || m.config.Dir.Staged(state.Release) != nil {
				t.Errorf("%+v, %v", state, err)
			}
		})
	}
}

func swapRelease(t *testing.T, w *operatortest.World, kind string) {
	data, err := os.ReadFile(file(t, w, "files/release/v0.1.0/release."+kind))
	must(t, err)
	must(t, os.WriteFile(file(t, w, "files/release/v0.2.0/release."+kind), data, 0o644))
}

// A site that keeps the entries of the log to itself, or shows the log as it was
// long ago, could hide what a rebuilder found.
func TestReleaseHidden(t *testing.T) {
	w := operatortest.New(t, time.Now)
	s := publishRelease(t, w, "v0.1.0")
	say(t, w, 0, statement.Match, s)
	say(t, w, 1, statement.Match, s)
	m := followsReleases(t, w)
	m.config.Site = withoutEntries{m}
	if r, err := m.update(t); err == nil || errors.Is(err, update.ErrRefused) || r.Release.File != "" {
		t.Errorf("%+v, %v", r.Release, err)
	}
	m.config.Site = m
	m.config.Now = func() time.Time { return time.Now().Add(20 * time.Hour) }
	if r, err := m.update(t); err != nil || r.Release.File == "" {
		t.Errorf("a quiet day: %+v, %v", r, err)
	}
}

type withoutEntries struct{ site.Fetcher }

func (h withoutEntries) Fetch(ctx context.Context, name string, limit int64) ([]byte, error) {
	if strings.Contains(name, "/entries/") {
		return site.Memory{}.Fetch(ctx, name, limit)
	}
	return h.Fetcher.Fetch(ctx, name, limit)
}

// Whenever the power goes, what lies ready is whole, and the next update
// finishes the work.
func TestReleasePowerCut(t *testing.T) {
	w := operatortest.New(t, time.Now)
	s := publishRelease(t, w, "v0.1.0")
	say(t, w, 0, statement.Match, s)
	say(t, w, 1, statement.Match, s)
	m := followsReleases(t, w)
	for at := 0; ; at++ {
		cut := &durabletest.PowerCut{At: at}
		dir := durabletest.Dir(t)
		m.config.Dir = installed.Dir{Path: dir, Disk: cut.Disk()}
		_, _ = m.update(t)
		cut.Lose(at%2 == 0)
		m.config.Dir = installed.Dir{Path: dir}
		state, err := m.config.Dir.State()
		if err != nil || state.Release.Serial != 0 && m.config.Dir.Staged(state.Release) != nil {
			t.Fatalf("cut before step %d: %+v, %v", at, state, err)
		}
		if r, err := m.update(t); err != nil || r.Release.File == "" {
			t.Fatalf("cut before step %d: the next update: %v", at, err)
		}
		if cut.Steps <= at {
			return
		}
	}
}

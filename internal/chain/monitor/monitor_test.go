package monitor_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/chaintest"
	"vitrine/internal/chain/monitor"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tufrepo"
	"vitrine/proof"
)

func TestAllWell(t *testing.T) {
	w := newWorld(t)
	w.publish("core", worm)
	w.publish("core", worm)
	copied, _ := w.mirror("copy")
	r := w.watch(w.site(), copied)
	wellWith(t, r, 2, 2)
	if len(r.Chains) != 1 || r.Chains[0] != (monitor.ChainStatus{Chain: "rules core", Serial: 2, Index: 1}) || r.Types["rule-bundle"] != 2 || len(r.Signers) != 2 {
		t.Errorf("%+v", r)
	}
	for _, witness := range r.Witnesses[:2] { // the third may be behind
		if !witness.Good || witness.Size == 0 {
			t.Errorf("%+v", witness)
		}
	}
	wellWith(t, w.watch(w.site(), copied), 2, 0)

	// What is published next is read, and a mirror that is behind is no alarm.
	w.publish("urgent", worm)
	r = w.watch(copied, w.site())
	wellWith(t, r, 3, 1)
	if !slices.ContainsFunc(r.Notices, func(e monitor.Event) bool { return e.Kind == "urgent" && e.Subject == "entry 2" }) || r.Mirrors[0].Size != 2 || len(r.New) != 1 || len(r.New[0].SignedBy) != 2 {
		t.Errorf("%+v", r)
	}
}

// Two mirrors show two histories; witnesses cosigned both.
func TestForkBetweenMirrors(t *testing.T) {
	w := newWorld(t)
	w.publish("core", worm)
	before, _ := w.mirror("before")
	w.Fork(t)
	w.publish("core", strings.Replace(worm, "made_up", "another", 1))
	r := w.watch(w.site(), before)
	expect(t, r, "fork", "log.example/av1", "the log signed two histories")
	w.evidence(t)

	// It stays one, whatever is shown later.
	expect(t, w.watch(before), "fork", "log.example/av1", "have lied")
}

// A monitor that comes back is not shown another history.
func TestForkBetweenRuns(t *testing.T) {
	w := newWorld(t)
	w.publish("core", worm)
	wellWith(t, w.watch(w.site()), 1, 1)
	w.Fork(t)
	w.publish("core", strings.Replace(worm, "made_up", "another", 1))
	w.publish("core", worm)
	expect(t, w.watch(w.site()), "fork", "log.example/av1", "shown by an earlier run")
	w.evidence(t)
}

// evidence wants two notes that the log signed and that differ.
func (w *world) evidence(t *testing.T) {
	t.Helper()
	p, err := w.Folder.Policy()
	must(t, err)
	files, err := filepath.Glob(filepath.Join(w.dir.Path, "evidence", "*", "*"))
	must(t, err)
	seen := map[string]bool{}
	for _, name := range files {
		data, err := os.ReadFile(name)
		must(t, err)
		c, _, err := proof.OpenCheckpoint(data, p.Log.Verifier)
		must(t, err)
		seen[c.Text()] = true
	}
	if len(files) != 2 || len(seen) != 2 {
		t.Errorf("evidence: %v", files)
	}
}

// A log that lost entries is behind what was seen.
func TestRollback(t *testing.T) {
	w := newWorld(t)
	w.ask = false
	w.publish("core", worm)
	before, _ := w.mirror("before")
	w.publish("core", worm)
	wellWith(t, w.watch(w.site()), 2, 2)
	expect(t, w.watch(before), "rollback", "before", "1 entries, and 2 were there before")
	before.Name = "own"
	expect(t, w.watch(before, w.site()), "rollback", "own", "1 entries, and it had 2 before")

	// One that lags while another is out of reach says nothing.
	before.Name = "before"
	if r := w.watch(before, monitor.Mirror{Name: "down", Site: unreachable{}}); r.Result != monitor.Unknown {
		t.Errorf("%+v", r)
	}
}

// Witnesses have seen what no mirror shows: at first that is the order of
// things, later it is hidden.
func TestHidden(t *testing.T) {
	w := newWorld(t)
	before, _ := w.mirror("before")
	w.publish("core", worm)
	if r := w.watch(before); r.Result != monitor.Well || !slices.ContainsFunc(r.Notices, func(e monitor.Event) bool { return e.Kind == "ahead" }) {
		t.Errorf("%+v", r)
	}
	w.offset = 2 * time.Hour
	expect(t, w.watch(before), "hidden", "witness W", "no mirror shows them")
}

// A file changes after it was looked at, on one mirror.
func TestChangedFile(t *testing.T) {
	w := newWorld(t)
	w.publish("core", worm)
	copied, dir := w.mirror("copy")
	wellWith(t, w.watch(w.site(), copied), 1, 1)
	change(t, filepath.Join(dir, "files"), "*.000001.bundle")
	expect(t, w.watch(w.site(), copied), "file", "copy", "is not the file that was logged")
	must(t, os.RemoveAll(filepath.Join(dir, "files")))
	r := w.watch(w.site(), copied)
	expect(t, r, "unlogged", "copy", "not shown to be in the log")
	expect(t, r, "file", "copy", "is not there")
	wellWith(t, w.watch(w.site()), 1, 0)
}

// The metadata name a file that was never logged: keys were taken, or used
// behind everybody's back.
func TestUnlogged(t *testing.T) {
	w := newWorld(t)
	w.publish("core", worm)
	wellWith(t, w.watch(w.site()), 1, 1)
	repo := tufrepo.Repo{Site: w.Folder.Site(), Now: w.now()}
	list, err := repo.Targets(authors.Rules("core"))
	must(t, err)
	evil := []byte("evil")
	list[0].SHA256, list[0].Length = (&staged{site: site.Memory{}}).put("", evil), int64(len(evil))
	must(t, repo.Publish(authors.Rules("core"), list, w.Folder.Signers))
	expect(t, w.watch(w.site()), "unlogged", "own", "does not speak of it")
}

// Rules that fire on documents are an alarm, even if those who may signed them.
func TestLint(t *testing.T) {
	w := newWorld(t)
	w.smuggle(1, hunting)
	r := w.watch(w.site())
	expect(t, r, "lint", "rules/core/000001.bundle", "strike_call")
	if r = w.watch(w.site()); r.Result != monitor.Well || r.Earlier == 0 {
		t.Errorf("it was said already: %+v", r)
	}
}

// A mirror's tree is damaged: it is named, and the entries are read elsewhere.
func TestDamagedMirror(t *testing.T) {
	w := newWorld(t)
	w.publish("core", worm)
	w.publish("core", worm)
	copied, dir := w.mirror("copy")
	change(t, filepath.Join(dir, "log", "tile", "entries", "000.p"), "2")
	r := w.watch(copied, w.site())
	expect(t, r, "log", "copy", "tile/entries/000.p/2 is damaged")
	if r.Checked != 2 || r.Mirrors[0].Whole || !r.Mirrors[1].Whole {
		t.Errorf("%+v", r)
	}
}

// A log that does not show how it grew is not read on, and what was seen before
// is not forgotten.
func TestGrowthNotShown(t *testing.T) {
	w := newWorld(t)
	w.ask = false
	for range 3 {
		w.publish("core", worm)
	}
	wellWith(t, w.watch(w.site()), 3, 3)
	w.publish("core", worm)
	copied, dir := w.mirror("copy")
	change(t, filepath.Join(dir, "log", "tile", "0", "000.p"), "4")
	for range 2 {
		r := w.watch(copied)
		expect(t, r, "history", "an earlier run", "no mirror shows how 3 entries became 4")
		if r.Checked != 0 {
			t.Errorf("%d entries were read", r.Checked)
		}
	}
	must(t, os.RemoveAll(filepath.Join(dir, "log", "tile")))
	must(t, os.MkdirAll(filepath.Join(dir, "log", "tile", "0", "000.p", "4"), 0o755)) // no file: reading it fails
	if r := w.watch(copied); r.Result != monitor.Unknown || r.Checked != 0 {
		t.Errorf("%+v", r)
	}
	wellWith(t, w.watch(w.site()), 4, 1)
}

func TestTime(t *testing.T) {
	w := newWorld(t)
	w.publish("core", worm)
	w.Stop(t)
	w.offset = 2 * time.Hour
	expect(t, w.watch(w.site()), "silence", "log.example/av1", "no quorum of witnesses has signed since")
	w.offset = 23*time.Hour + 30*time.Minute
	expect(t, w.watch(w.site()), "expiry", "own", "the metadata of timestamp expire at ")
	w.offset = 25 * time.Hour
	expect(t, w.watch(w.site()), "metadata", "own", "expired")
}

// unreachable is a site behind a network that is down.
type unreachable struct{}

func (unreachable) Fetch(context.Context, string, int64) ([]byte, error) {
	return nil, errors.New("network is unreachable")
}

// What cannot be reached proves nothing: neither good nor bad.
func TestUnreachable(t *testing.T) {
	w := newWorld(t)
	w.publish("core", worm)
	down := monitor.Mirror{Name: "down", Site: unreachable{}}
	r := w.watch(down)
	if r.Result != monitor.Unknown || len(r.Unknown) == 0 {
		t.Errorf("%+v", r)
	}
	r = w.watch(down, w.site())
	if r.Result != monitor.Unknown || r.Checked != 1 {
		t.Errorf("%+v", r)
	}
	w.Witnesses[0].Off.Store(true)
	wellWith(t, w.watch(w.site()), 1, 0)
}

// A second history is one even if no witness has seen it: the log signed it.
func TestForkForOne(t *testing.T) {
	s := newStaged(t)
	s.Append([]byte("{}"))
	s.Publish(s.site)
	other := chaintest.New(t, s.w.now())
	other.Append([]byte("[]"))
	files := site.Memory{}
	other.Publish(files)
	files[site.Checkpoint] = other.Sign(other.Head(1))
	r := s.w.watch(monitor.Mirror{Name: "public", Site: s.site}, monitor.Mirror{Name: "private", Site: files})
	expect(t, r, "fork", "log.example/av1", "shown by private (cosigned by nobody); no witness cosigned both")
	expect(t, r, "checkpoint", "private", "not enough cosignatures")
}

// A checkpoint that witnesses have not seen is an alarm, and so is none.
func TestBadCheckpoint(t *testing.T) {
	s := newStaged(t)
	s.Append([]byte("whatever"))
	s.Publish(s.site, "W1")
	expect(t, s.w.watch(monitor.Mirror{Name: "staged", Site: s.site}), "checkpoint", "staged", "not enough cosignatures")
	delete(s.site, site.Checkpoint)
	expect(t, s.w.watch(monitor.Mirror{Name: "staged", Site: s.site}), "checkpoint", "staged", "there is no checkpoint")
}

package monitor_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/chain/installed"
	"vitrine/internal/chain/monitor"
	"vitrine/internal/durable/durabletest"
)

// cuts runs a monitor from the same state again and again, with the power going
// before its first step on the disk, before the second, and so on. After each
// cut the disk is as the power left it, and check looks at what comes next;
// finished says that the run that was cut had told what it found.
func (w *world) cuts(check func(at int, finished bool), mirrors ...monitor.Mirror) {
	w.t.Helper()
	before := w.dir.Path
	for at := 0; ; at++ {
		cut := &durabletest.PowerCut{At: at}
		dir := filepath.Join(durabletest.Dir(w.t), "state")
		must(w.t, os.CopyFS(dir, os.DirFS(before)))
		_, err := monitor.Run(context.Background(), monitor.Config{
			Dir: installed.Dir{Path: dir, Disk: cut.Disk()}, Mirrors: mirrors, Now: w.now(), Root: w.root, Policy: w.policy,
		})
		cut.Lose(at%2 == 0)
		w.dir = installed.Dir{Path: dir}
		check(at, err == nil)
		if cut.Steps <= at {
			w.t.Logf("%d steps", at)
			return
		}
	}
}

func TestPowerCut(t *testing.T) {
	w := newWorld(t)
	w.ask = false
	w.publish("core", worm)
	wellWith(t, w.watch(w.site()), 1, 1)
	w.publish("core", worm)
	w.cuts(func(at int, finished bool) {
		if r := w.watch(w.site()); r.Result != monitor.Well || r.Size != 2 || r.Chains[0].Serial != 2 || finished && r.Checked != 0 {
			t.Errorf("cut before step %d: %+v", at, r)
		}
	}, w.site())
}

// A fork that was told is not forgotten, and one that was not is found again.
func TestPowerCutAtFork(t *testing.T) {
	w := newWorld(t)
	w.ask = false
	w.publish("core", worm)
	wellWith(t, w.watch(w.site()), 1, 1)
	before, _ := w.mirror("before")
	w.Fork(t)
	w.publish("core", strings.Replace(worm, "made_up", "another", 1))
	w.cuts(func(at int, finished bool) {
		mirrors := []monitor.Mirror{w.site(), before}
		if finished {
			mirrors = mirrors[1:]
		}
		r := w.watch(mirrors...)
		if !slices.ContainsFunc(r.Alarms, func(e monitor.Event) bool { return e.Kind == "fork" }) {
			t.Errorf("cut before step %d: %+v", at, r)
		}
	}, w.site(), before)
}

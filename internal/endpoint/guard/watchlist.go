package guard

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/fanotify"
	"vitrine/internal/endpoint/mounts"

	"golang.org/x/sys/unix"
)

// watchlist is which file systems are marked, and follows what is mounted.
type watchlist struct {
	g *Guard

	mu      sync.Mutex
	marked  map[mounts.Device]Watched
	left    map[mounts.Device]Unwatched
	foreign map[uint64]bool // numbers of those that another machine or process answers for
	started bool            // the first list of mounts has been dealt with
}

// Watched is a file system that is guarded.
type Watched struct {
	Point  string        `json:"point"` // one of the places where it is mounted
	Type   string        `json:"type"`
	Device mounts.Device `json:"-"`
	Mask   fanotify.Mask `json:"-"`
}

// Unwatched is a file system that is not guarded, although programs could lie
// there.
type Unwatched struct {
	Point string `json:"point"`
	Type  string `json:"type"`
	Why   string `json:"why"`
}

func newWatchlist(g *Guard) *watchlist {
	return &watchlist{g: g, marked: map[mounts.Device]Watched{}, left: map[mounts.Device]Unwatched{}}
}

// Coverage is which file systems are guarded now, and which are not. Those that
// only the kernel fills, and those outside of Config.Paths, are in neither. It
// is ready once what was mounted at the start has been dealt with.
func (g *Guard) Coverage() (guarded []Watched, not []Unwatched, ready bool) {
	w := g.watched
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.marked {
		guarded = append(guarded, m)
	}
	for _, u := range w.left {
		not = append(not, u)
	}
	slices.SortFunc(guarded, func(a, b Watched) int { return cmp.Compare(a.Point, b.Point) })
	slices.SortFunc(not, func(a, b Unwatched) int { return cmp.Compare(a.Point, b.Point) })
	return guarded, not, w.started
}

func (w *watchlist) points() []string {
	guarded, _, _ := w.g.Coverage()
	var points []string
	for _, m := range guarded {
		points = append(points, m.Point)
	}
	return points
}

// follow marks what is mounted, until the guard ends.
func (g *Guard) follow(ctx context.Context) {
	err := g.config.Mounts.Run(ctx, g.watched.update)
	if err != nil && ctx.Err() == nil {
		g.emit(event.Event{Kind: event.Degraded, Severity: event.High,
			Message: fmt.Sprintf("what is mounted from now on is not guarded: %v", err)})
	}
}

// update marks file systems that are new and forgets those that are gone: their
// marks went with them.
func (w *watchlist) update(all []mounts.Mount) {
	byDevice := map[mounts.Device][]mounts.Mount{}
	var order []mounts.Device
	for _, m := range all {
		if m.Kind() == mounts.Kernel {
			continue
		}
		if byDevice[m.Device] == nil {
			order = append(order, m.Device)
		}
		byDevice[m.Device] = append(byDevice[m.Device], m)
	}
	w.forget(byDevice)
	w.learn(byDevice)
	for _, d := range order {
		mask := w.g.maskOf(byDevice[d], all)
		if old, ok := w.known(d); mask != 0 && (!ok || old.Mask != mask) {
			w.add(byDevice[d], mask)
		}
	}
	w.mu.Lock()
	w.started = true
	w.mu.Unlock()
}

func (w *watchlist) known(d mounts.Device) (Watched, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m, ok := w.marked[d]
	return m, ok
}

func (w *watchlist) forget(now map[mounts.Device][]mounts.Mount) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for d := range w.marked {
		if now[d] == nil {
			delete(w.marked, d)
		}
	}
	for d := range w.left {
		if now[d] == nil {
			delete(w.left, d)
		}
	}
}

// learn notes which file systems must not be touched from here.
func (w *watchlist) learn(now map[mounts.Device][]mounts.Mount) {
	foreign := map[uint64]bool{}
	for d, all := range now {
		if ok, _ := all[0].Markable(); !ok {
			foreign[unix.Mkdev(d.Major, d.Minor)] = true
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.foreign = foreign
}

func (w *watchlist) isForeign(dev uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.foreign[dev]
}

// add marks a file system through the first of its mounts that can be reached.
func (w *watchlist) add(all []mounts.Mount, mask fanotify.Mask) {
	why := ""
	for _, m := range all {
		ok, reason := m.Markable()
		if !ok {
			why = reason
			continue
		}
		err := w.mark(m, mask)
		if err == nil {
			w.marks(m, mask)
			return
		}
		why = err.Error()
	}
	w.leaves(all[0], why)
}

func (w *watchlist) marks(m mounts.Mount, mask fanotify.Mask) {
	w.mu.Lock()
	w.marked[m.Device] = Watched{m.Point, m.Type, m.Device, mask}
	delete(w.left, m.Device)
	late := w.started
	w.mu.Unlock()
	if late {
		w.g.mounted(m)
	}
}

// leaves tells once that a file system is not guarded.
func (w *watchlist) leaves(m mounts.Mount, why string) {
	w.mu.Lock()
	old, told := w.left[m.Device]
	w.left[m.Device] = Unwatched{m.Point, m.Type, why}
	w.mu.Unlock()
	if told && old.Why == why {
		return
	}
	w.g.emit(event.Event{Kind: event.Degraded, Severity: event.Medium,
		Message: fmt.Sprintf("%s (%s) is not guarded: %s", m.Point, m.Type, why)})
}

// patience is how long one mark may take: looking up a path can hang in a file
// system that somebody's process answers for.
const patience = 2 * time.Second

// mark marks through one mount.
func (w *watchlist) mark(m mounts.Mount, mask fanotify.Mask) error {
	done := make(chan error, 1)
	go func() {
		place, err := mounts.Enter(m)
		if err == nil {
			err = w.g.kernel.Marker.Mark(fanotify.Filesystem, place.Path(), mask)
			place.Close()
		}
		done <- err
	}()
	late := make(chan struct{})
	defer w.g.clock.After(patience, func() { close(late) })()
	select {
	case err := <-done:
		return err
	case <-late:
		return fmt.Errorf("its path could not be looked up in %v", patience)
	}
}

// maskOf is what is asked of a file system with these mounts; 0: it is not to be
// guarded.
func (g *Guard) maskOf(mine, all []mounts.Mount) fanotify.Mask {
	var mask fanotify.Mask
	if len(g.config.Paths) > 0 && !touches(g.config.Paths, mine, all) {
		return 0
	}
	switch {
	case g.config.Exec == Off:
	case g.config.Exec == Follow || g.config.Report:
		mask |= fanotify.Exec
	default:
		mask |= fanotify.ExecPermission
	}
	if g.config.Write {
		mask |= fanotify.CloseWrite
	}
	// Being told of a device's opening opens it once more, which devices notice.
	if mine[0].Type != "devtmpfs" && touches(g.config.Open, mine, all) {
		if g.config.Report {
			mask |= fanotify.Open
		} else {
			mask |= fanotify.OpenPermission
		}
	}
	return mask
}

// touches reports whether a file system is mounted under one of the paths, or
// one of the paths lies on it.
func touches(paths []string, mine, all []mounts.Mount) bool {
	for _, p := range paths {
		for _, m := range mine {
			if within(m.Point, p) {
				return true
			}
		}
		if on, ok := lies(p, all); ok && on == mine[0].Device {
			return true
		}
	}
	return false
}

// lies is the file system that a path lies on: of the mounts above it the
// longest, and of those the last.
func lies(path string, all []mounts.Mount) (device mounts.Device, ok bool) {
	longest := 0
	for _, m := range all {
		if within(path, m.Point) && len(m.Point) >= longest {
			device, ok, longest = m.Device, true, len(m.Point)
		}
	}
	return device, ok
}

// mounted looks through what already runs from a file system that began to be
// watched after it was mounted.
func (g *Guard) mounted(m mounts.Mount) {
	g.blind.device(m.Device)
	g.Look()
}

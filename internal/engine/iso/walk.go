package iso

import (
	"encoding/binary"
	"fmt"

	"vitrine/internal/engine/disc"
	"vitrine/internal/engine/limit"
)

const (
	maxDepth       = 64
	maxDirectories = 1 << 16
	folderMemory   = 100
)

// folder is a directory that waits to be read.
type folder struct {
	at, size int64
	path     string
	depth    int
}

// walker goes through one tree.
type walker struct {
	*volume
	t       *tree
	todo    []folder
	moved   []folder      // of Rock Ridge: in their places only for other readers
	lost    int           // directories that were left out
	cause   error         // of the first
	pending []disc.Extent // of a file whose next extent follows
	path    string        // of that
}

func (v *volume) walk(t *tree) error {
	w := &walker{volume: v, t: t}
	w.push(folder{at: t.root.at, size: t.root.size}, false)
	for len(w.todo)+len(w.moved) > 0 {
		list := &w.todo
		if len(*list) == 0 {
			list = &w.moved
		}
		d := (*list)[len(*list)-1]
		*list = (*list)[:len(*list)-1]
		if err := w.folder(d); err != nil {
			return err
		}
	}
	if w.lost > 0 {
		e := limit.Of(w.cause)
		v.Sink.Problem(limit.Errorf(e.Reason, "iso: %d directories were left out: %s", w.lost, e.Detail))
	}
	return nil
}

// push keeps a directory to be read, once.
func (w *walker) push(d folder, moved bool) {
	if w.done[d.at] {
		return
	}
	err := w.Hold(int64(folderMemory + len(d.path)))
	switch {
	case err != nil:
	case d.depth > maxDepth:
		err = limit.Errorf(limit.Depth, "more than %d directories in each other", maxDepth)
	case len(w.done) >= maxDirectories:
		err = limit.Errorf(limit.Files, "more than %d directories", maxDirectories)
	}
	if err != nil {
		w.leave(err)
		return
	}
	w.done[d.at] = true
	if moved {
		w.moved = append(w.moved, d)
	} else {
		w.todo = append(w.todo, d)
	}
}

func (w *walker) leave(err error) {
	w.lost++
	if w.cause == nil {
		w.cause = err
	}
}

// folder reads one directory.
func (w *walker) folder(d folder) error {
	data, err := w.Directory(disc.Extent{At: d.at, Size: d.size})
	if limit.Final(err) {
		return err
	}
	if err != nil {
		w.leave(err)
		return nil
	}
	if int64(len(data)) < d.size {
		w.leave(limit.Errorf(limit.Damaged, "a directory lies outside of the image"))
	}
	for at := 0; at < len(data); {
		if err := w.Budget.Check(); err != nil {
			return err
		}
		n := int(data[at])
		if n == 0 { // none crosses the end of a sector
			at += sector - at%sector
			continue
		}
		r, ok := w.record(w.t, data[at:])
		if !ok {
			w.leave(limit.Errorf(limit.Damaged, "an entry of a directory is malformed"))
			at += sector - at%sector
			continue
		}
		at += n
		if len(r.name) == 1 && r.name[0] <= 1 { // the directory itself, and the one above
			continue
		}
		if err := w.entry(d, &r); err != nil {
			return err
		}
	}
	return w.flush()
}

// flush hands out a file whose next extent did not come.
func (w *walker) flush() error {
	extents := w.pending
	w.pending = nil
	return w.File(w.path, extents)
}

// entry deals with one entry of a directory.
func (w *walker) entry(d folder, r *record) error {
	var x extra
	if w.t.rock {
		x = w.extra(r)
	}
	name := x.name
	if name == "" {
		name = w.t.plainName(r)
	}
	path := disc.Join(d.path, name)
	switch {
	case x.child > 0:
		below := w.rootOf(x.child * w.t.block)
		w.push(folder{at: x.child * w.t.block, size: below, path: path, depth: d.depth + 1}, false)
		return nil
	case r.flags&isDirectory != 0:
		w.push(folder{at: r.at, size: r.size, path: path, depth: d.depth + 1}, x.moved)
		return nil
	}
	if path != w.path {
		if err := w.flush(); err != nil {
			return err
		}
	}
	w.pending, w.path = append(w.pending, w.extents(r)...), path
	switch {
	case r.flags&hasMore != 0:
		return nil
	case x.packed:
		extents := w.pending
		w.pending = nil
		return w.zisofs(path, extents)
	}
	return w.flush()
}

// rootOf is the size of the directory at a place, by its entry for itself.
func (w *walker) rootOf(at int64) int64 {
	if at+recordSize+1 > int64(len(w.Data)) {
		return sector
	}
	r, ok := w.record(w.t, w.Data[at:])
	if !ok {
		return sector
	}
	return r.size
}

// extents gives the pieces of one record: one, unless it is interleaved. What
// lies behind the end of the image is one piece.
func (w *walker) extents(r *record) []disc.Extent {
	if r.unit == 0 || r.gap == 0 {
		return []disc.Extent{{At: r.at, Size: r.size}}
	}
	var out []disc.Extent
	at, left := r.at, r.size
	for left > r.unit && at < int64(len(w.Data)) {
		out = append(out, disc.Extent{At: at, Size: r.unit})
		at, left = at+r.unit+r.gap, left-r.unit
	}
	return append(out, disc.Extent{At: at, Size: left})
}

// El Torito: how large the emulated disks are, by the type of the medium.
var floppies = [5]int64{1: 1200 << 10, 2: 1440 << 10, 3: 2880 << 10}

const (
	bootEntry   = 32
	virtual     = 512 // bytes of the sectors that boot images are counted in
	maxBoot     = 64
	boots       = 0x88
	moreHeaders = 0x90
	lastHeader  = 0x91
)

// boot hands out the images in a list of boot images.
func (v *volume) boot(at int64) error {
	list, err := v.Directory(disc.Extent{At: at, Size: maxBoot * bootEntry})
	if err != nil || len(list) < 2*bootEntry || list[0] != 1 {
		if limit.Final(err) {
			return err
		}
		v.Sink.Problem(limit.Errorf(limit.Damaged, "iso: the list of boot images is not there"))
		return nil
	}
	for n := 1; (n+1)*bootEntry <= len(list); n++ {
		e := list[n*bootEntry:][:bootEntry]
		switch {
		case e[0] == moreHeaders || e[0] == lastHeader:
			continue
		case e[0] != boots && (e[0] != 0 || n > 1): // 0: not to boot from, still there
			return nil
		}
		x := disc.Extent{At: int64(binary.LittleEndian.Uint32(e[8:])) * sector, Size: int64(binary.LittleEndian.Uint16(e[6:])) * virtual}
		if m := int(e[1] & 15); m < len(floppies) && floppies[m] > 0 {
			x.Size = floppies[m]
		}
		if v.Covered(x.At, x.Size) {
			continue
		}
		if err := v.File(fmt.Sprintf("(boot image %d)", n), []disc.Extent{x}); err != nil {
			return err
		}
	}
	return nil
}

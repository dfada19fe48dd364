package iso

import "vitrine/internal/engine/disc"

const (
	maxContinued = 8 // areas that the fields of one entry go on in
	maxRockName  = 1024
)

// extra is what Rock Ridge adds to an entry.
type extra struct {
	name   string
	child  int64 // the block of the directory that belongs here
	moved  bool  // a directory that belongs elsewhere
	packed bool  // by zisofs
}

// rockRidge looks at the entry of the root for itself: it says whether there
// are system use fields, and how many bytes lie before them.
func (v *volume) rockRidge(t *tree) (skip int, ok bool) {
	at := t.root.at
	if t.joliet || at < 0 || at+recordSize+1 > int64(len(v.Data)) {
		return 0, false
	}
	r, ok := v.record(t, v.Data[at:])
	if !ok {
		return 0, false
	}
	const xa = 14 // bytes of CD-ROM XA may come before
	for _, from := range []int{0, xa} {
		if u := r.use[min(from, len(r.use)):]; len(u) >= 7 && string(u[:2]) == "SP" && u[4] == 0xbe && u[5] == 0xef {
			return int(u[6]), true
		}
	}
	return 0, false
}

// extra reads the fields of an entry, and where they go on.
func (w *walker) extra(r *record) extra {
	var x extra
	var name []byte
	area := r.use[min(w.t.skip, len(r.use)):]
	for range maxContinued {
		var next disc.Extent
		for len(area) >= 4 && int(area[2]) >= 4 && int(area[2]) <= len(area) {
			f := area[:area[2]]
			area = area[area[2]:]
			switch kind := string(f[:2]); {
			case kind == "NM" && len(f) >= 5 && f[4]&6 == 0 && len(name) < maxRockName:
				name = append(name, f[5:]...)
			case kind == "CE" && len(f) >= 28:
				next = disc.Extent{At: w.both(f[4:], w.t.block)*w.t.block + w.both(f[12:], 1), Size: w.both(f[20:], 1)}
			case kind == "CL" && len(f) >= 12:
				x.child = w.both(f[4:], w.t.block)
			case kind == "RE":
				x.moved = true
			case kind == "ZF" && len(f) >= 16 && string(f[4:6]) == "pz":
				x.packed = true
			}
		}
		next.Size = min(next.Size, sector)
		if next.Size <= 0 || next.At < 0 || next.At+next.Size > int64(len(w.Data)) {
			break
		}
		area = w.Data[next.At : next.At+next.Size]
	}
	x.name = string(name)
	return x
}

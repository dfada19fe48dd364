package gap

import (
	"strings"

	"vitrine/internal/endpoint/mounts"
)

// root is a place to be walked, without the file systems mounted in it.
type root struct {
	path  string
	fresh bool // its file system was mounted in the gap
}

// roots gives the places that are guarded: the local file systems, or of those
// what lies in the configured paths.
func (h *search) roots() ([]root, error) {
	local, err := h.config.Machine.Local()
	if err != nil {
		return nil, err
	}
	var all []root
	for _, m := range local {
		if h.guarded(m.Point) {
			all = append(all, root{m.Point, h.isNew(m)})
		}
	}
	if len(h.config.Paths) == 0 {
		return all, nil
	}
	mounted, err := mounts.Read(h.config.Machine.MountTable())
	if err != nil {
		return nil, err
	}
	for _, p := range h.config.Paths {
		m, found := holding(mounted, p)
		if found && m.Point != p {
			all = append(all, root{p, h.isNew(m)})
		}
	}
	return all, nil
}

// guarded reports whether a path, as the machine sees it, is guarded.
func (h *search) guarded(path string) bool {
	for _, p := range h.config.Paths {
		if inside(path, p) {
			return true
		}
	}
	return len(h.config.Paths) == 0
}

func inside(path, folder string) bool {
	return path == folder || strings.HasPrefix(path, strings.TrimSuffix(folder, "/")+"/")
}

// holding gives the mount that a path lies in: the last of those with the
// longest name, because later ones cover earlier ones.
func holding(all []mounts.Mount, path string) (best mounts.Mount, found bool) {
	for _, m := range all {
		if inside(path, m.Point) && (!found || len(m.Point) >= len(best.Point)) {
			best, found = m, true
		}
	}
	return best, found
}

// isNew reports whether a file system was mounted in the gap.
func (h *search) isNew(m mounts.Mount) bool { return !h.before[h.mountName(m)] }

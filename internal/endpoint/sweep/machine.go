package sweep

import (
	"path/filepath"
	"strings"

	"vitrine/internal/endpoint/mounts"
)

// Machine is what there is to look at. The zero value is this machine; tests
// put one together in a folder.
type Machine struct {
	Root      string // what stands in front of every place; empty: nothing
	Proc      string // empty: Root + /proc
	MountInfo string // empty: Proc + /self/mountinfo
}

func (m Machine) proc() string {
	if m.Proc != "" {
		return m.Proc
	}
	return filepath.Join("/", m.Root, "proc")
}

// MountTable is the file that says what is mounted.
func (m Machine) MountTable() string {
	if m.MountInfo != "" {
		return m.MountInfo
	}
	return m.proc() + "/self/mountinfo"
}

// FileSystems gives the mount points of Local.
func (m Machine) FileSystems() ([]string, error) {
	local, err := m.Local()
	points := make([]string, len(local))
	for i, mount := range local {
		points[i] = m.Root + mount.Point
	}
	return points, err
}

// Local gives the mounts of the local file systems, each file system once:
// those of other machines would be scanned by everybody who mounts them, and
// those of other processes may never answer. Layers put together by overlay
// are left out where they are not the root: they lie in file systems that are
// not.
func (m Machine) Local() ([]mounts.Mount, error) {
	all, err := mounts.Read(m.MountTable())
	if err != nil {
		return nil, err
	}
	whole := map[mounts.Device]bool{}
	for _, mount := range all {
		whole[mount.Device] = whole[mount.Device] || mount.Root == "/"
	}
	taken := map[mounts.Device][]string{}
	var local []mounts.Mount
	for _, mount := range all {
		switch {
		case mount.Kind() != mounts.Local,
			mount.Type == "overlay" && mount.Point != "/",
			whole[mount.Device] && mount.Root != "/",
			within(mount.Root, taken[mount.Device]):
			continue
		}
		taken[mount.Device] = append(taken[mount.Device], mount.Root)
		local = append(local, mount)
	}
	return local, nil
}

// within reports whether a folder is one of some, or lies in one.
func within(folder string, in []string) bool {
	for _, i := range in {
		if folder == i || strings.HasPrefix(folder, strings.TrimSuffix(i, "/")+"/") {
			return true
		}
	}
	return false
}

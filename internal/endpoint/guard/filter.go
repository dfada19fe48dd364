package guard

import "strings"

// filter is which paths are looked at.
type filter struct {
	open     []string
	paths    []string // empty: all
	excluded func(string) bool
}

// covers reports whether a file is looked at when it is used in this way.
func (f *filter) covers(path string, c Class) bool {
	if c == Open && !under(path, f.open) {
		return false
	}
	if len(f.paths) > 0 && !under(path, f.paths) {
		return false
	}
	return !f.excluded(path)
}

func under(path string, roots []string) bool {
	for _, r := range roots {
		if within(path, r) {
			return true
		}
	}
	return false
}

// within reports whether path is root or below it.
func within(path, root string) bool {
	if root == "/" || path == root {
		return true
	}
	return strings.HasPrefix(path, root) && path[len(root)] == '/'
}

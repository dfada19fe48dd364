package sweep

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// Path is a path in JSON: a string, or {"bytes": base64} when it is not UTF-8.
type Path string

// MarshalJSON writes either form.
func (p Path) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(p)) {
		return json.Marshal(string(p))
	}
	return json.Marshal(rawPath{[]byte(p)})
}

// UnmarshalJSON reads either form.
func (p *Path) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '{' {
		var raw rawPath
		if err := json.Unmarshal(data, &raw); err != nil {
			return err
		}
		*p = Path(raw.Bytes)
		return nil
	}
	return json.Unmarshal(data, (*string)(p))
}

type rawPath struct {
	Bytes []byte `json:"bytes"`
}

// compare orders paths as a walk meets them: a folder's names in order, each
// folder with all in it before the next name. So a slash comes before any
// other byte.
func compare(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			continue
		}
		switch {
		case a[i] == '/':
			return -1
		case b[i] == '/':
			return 1
		case a[i] < b[i]:
			return -1
		}
		return 1
	}
	return len(a) - len(b)
}

// inOrder sorts paths as walks meet them and drops those that are there twice.
func inOrder(paths []string) []string {
	for i, p := range paths {
		if len(p) > 1 {
			paths[i] = p[:1] + strings.TrimRight(p[1:], "/")
		}
	}
	slices.SortFunc(paths, compare)
	return slices.Compact(paths)
}

// position is a place in a sweep: a path below one of its roots.
type position struct {
	Root Path `json:"root"`
	Path Path `json:"path"`
}

// behind reports whether a path below a root comes after a position.
func (at position) behind(root, path string) bool {
	if c := compare(root, string(at.Root)); c != 0 {
		return c > 0
	}
	return compare(path, string(at.Path)) > 0
}

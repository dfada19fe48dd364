package ruleset

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
)

// ImportIndex is the name of the file that tells where imported rules come from.
const ImportIndex = "vitrine-import.json"

// Licence names the licences of the imported set that a file of rules belongs
// to, or is empty. What a rule says of its own licence counts more.
func (s *Set) Licence(file string) string { return s.licences[file] }

// licences looks up the licence of every file that was read.
func (l *loader) licences() map[string]string {
	out := map[string]string{}
	known := map[place]string{} // by directory
	for file, at := range l.places {
		if name := l.licence(at.tree, path.Dir(at.name), known); name != "" {
			out[file] = name
		}
	}
	return out
}

// licence reads the index of a directory, or of the nearest one above.
func (l *loader) licence(t tree, dir string, known map[place]string) string {
	if name, ok := known[place{t, dir}]; ok {
		return name
	}
	name := ""
	if text, err := t.read(path.Join(dir, ImportIndex)); err == nil {
		name = indexedLicence(text)
	} else if dir != "." && dir != "/" {
		name = l.licence(t, path.Dir(dir), known)
	}
	known[place{t, dir}] = name
	return name
}

func indexedLicence(text []byte) string {
	var index struct {
		Licences []struct{ Name string }
	}
	if json.Unmarshal(text, &index) != nil {
		return ""
	}
	var names []string
	for _, l := range index.Licences {
		if l.Name != "" && !slices.Contains(names, l.Name) {
			names = append(names, l.Name)
		}
	}
	return strings.Join(names, ", ")
}

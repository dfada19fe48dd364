package disc

// maxPath is how many bytes of a path are kept.
const maxPath = 1024

// Join puts a name behind a path. A path that is too long keeps its end.
func Join(path, name string) string {
	if path != "" {
		name = path + "/" + name
	}
	if len(name) > maxPath {
		name = "…" + name[len(name)-maxPath:]
	}
	return name
}

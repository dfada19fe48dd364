package wire

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Files gives all that has to be readable for the rules to be loaded. Rules include
// others that lie beside them or below, so the directory of a source is among them.
func (r Rules) Files() []string {
	var out []string
	if r.Installed != "" && r.Builtin {
		out = append(out, r.Installed)
	}
	for _, p := range r.Paths {
		out = append(out, p)
		info, err := os.Stat(p)
		if ext := strings.ToLower(filepath.Ext(p)); err == nil && !info.IsDir() && ext != ".vyr" && ext != ".zip" {
			out = append(out, filepath.Dir(p))
		}
	}
	out = slices.Concat(out, r.ClamAV, r.Hashes, r.Allow)
	if r.Passwords != "" {
		out = append(out, r.Passwords)
	}
	return out
}

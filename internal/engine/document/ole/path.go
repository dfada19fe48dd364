package ole

import "strings"

// maxPath is how many storages above a stream its path names. A tree may be
// as deep as the directory is long.
const maxPath = 16

// Path names an entry with the storages it is in, joined by slashes, as
// "Macros/VBA/Module1". What the tree does not reach is behind "(unlinked)".
func (f *File) Path(i int) string {
	parts := []string{f.name(i)}
	at := f.entries[i].Parent
	for at > 0 && len(parts) < maxPath {
		parts = append(parts, f.name(at))
		at = f.entries[at].Parent
	}
	switch {
	case at > 0:
		parts = append(parts, "…")
	case at < 0:
		parts = append(parts, "(unlinked)")
	}
	for l, r := 0, len(parts)-1; l < r; l, r = l+1, r-1 {
		parts[l], parts[r] = parts[r], parts[l]
	}
	return strings.Join(parts, "/")
}

func (f *File) name(i int) string {
	if f.IsInstaller() {
		return InstallerName(f.entries[i].Name)
	}
	return f.entries[i].Name
}

// IsInstaller tells by the class of its root whether the file is a Windows
// installer's package, patch or transform.
func (f *File) IsInstaller() bool {
	c := f.entries[0].CLSID
	return (c[0] == 0x82 || c[0] == 0x84 || c[0] == 0x86) && c[1] == 0x10 && c[2] == 0x0c &&
		string(c[3:]) == "\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46"
}

// InstallerName decodes the name of a stream in a Windows installer, where two
// letters of a 64-letter alphabet share one UTF-16 unit between U+3800 and
// U+4840; the last of these marks the tables, told by "!" as others do.
func InstallerName(name string) string {
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._"
	var b strings.Builder
	for _, r := range name {
		switch {
		case r >= 0x3800 && r < 0x4800:
			b.WriteByte(letters[(r-0x3800)&63])
			b.WriteByte(letters[(r-0x3800)>>6])
		case r >= 0x4800 && r < 0x4840:
			b.WriteByte(letters[r-0x4800])
		case r == 0x4840:
			b.WriteByte('!')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

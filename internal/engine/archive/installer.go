package archive

import (
	"vitrine/internal/engine/installer"
	"vitrine/internal/engine/installer/asar"
	"vitrine/internal/engine/installer/inno"
	"vitrine/internal/engine/installer/nsis"
	"vitrine/internal/engine/installer/pyinstaller"
	"vitrine/internal/engine/installer/squashfs"
	"vitrine/internal/engine/tnef"
)

// job is what the readers of installers work with: their parts are members
// like all others.
func (w *walk) job() *installer.Job {
	return &installer.Job{Budget: w.b, Open: &w.u.open, Sink: &parts{w}}
}

// installerFormat knows what installers carry when it stands alone, and other
// wrappers.
func installerFormat(data []byte) Format {
	switch {
	case nsis.Begins(data):
		return NSIS
	case inno.IsSlice(data):
		return InnoSlice
	case pyinstaller.IsModules(data):
		return PyModules
	case asar.Begins(data):
		return Asar
	case squashfs.Begins(data):
		return SquashFS
	case tnef.Begins(data):
		return TNEF
	}
	return None
}

// installers finds what an installer carries behind its program.
func installers(program []byte) []Part {
	var parts []Part
	if hasPrefix(program, "MZ") {
		if at := nsis.Find(program); at > 0 {
			parts = append(parts, Part{NSIS, at})
		}
		if inno.Find(program) {
			parts = append(parts, Part{Inno, 0})
		}
	}
	if pyinstaller.Find(program) {
		parts = append(parts, Part{PyInstaller, 0})
	}
	return parts
}

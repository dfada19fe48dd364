package pe

import "vitrine/yara/internal/module"

const (
	debugDirectory     = 6
	debugEntry         = 28
	debugCodeView      = 2
	maxDebugEntries    = 4096
	maxPath            = 4096
	codeViewHeader     = 8
	codeViewPDB20      = 0x3031424e // "NB10"
	codeViewPDB70      = 0x53445352 // "RSDS"
	codeViewMTOC       = 0x434f544d // "MTOC"
	codeViewPDB20Names = 16
	codeViewPDB70Names = 24
	codeViewMTOCNames  = 20
)

// pdbPath is the path of the debug file in the first CodeView record that has
// one, or nil.
func (f *file) pdbPath() []byte {
	return *f.pdb.Get(func() []byte {
		d := f.directory(debugDirectory)
		if d.size == 0 || d.address == 0 {
			return nil
		}
		start := f.offset(uint64(d.address))
		if start < 0 {
			return nil
		}
		for i := range min(int64(d.size)/debugEntry, maxDebugEntries) {
			at := start + i*debugEntry
			if !f.fits(at, debugEntry) {
				return nil
			}
			if path := f.codeViewPath(at); path != nil {
				return path
			}
		}
		return nil
	})
}

// codeViewPath reads the record of one debug directory entry. Its place is
// given twice, and either may be wrong.
func (f *file) codeViewPath(entry int64) []byte {
	if f.u32(entry+12) != debugCodeView {
		return nil
	}
	var at int64
	if rva := f.u32(entry + 20); rva != 0 {
		at = f.offset(uint64(rva))
	}
	if at <= 0 {
		at = int64(f.u32(entry + 24))
	}
	if at <= 0 || !f.fits(at, codeViewHeader) {
		return nil
	}
	var name int64
	switch f.u32(at) {
	case codeViewPDB20:
		name = codeViewPDB20Names
	case codeViewPDB70:
		name = codeViewPDB70Names
	case codeViewMTOC:
		name = codeViewMTOCNames
	default:
		return nil
	}
	path := f.cstring(at+name, maxPath)
	if len(path) >= maxPath {
		return nil
	}
	return path
}

func debugTree() module.Field {
	return module.Got("pdb_path", module.KindString, func(f *file) module.Value { return text(f.pdbPath()) })
}

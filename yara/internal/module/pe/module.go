// Package pe is YARA's module pe: what the headers, tables and resources of a
// Windows executable say.
//
// It reads the format of Microsoft's "PE Format" document as leniently as
// libyara 4.5 does, quirks included, because rules are written against what
// libyara shows. Nothing is parsed before a condition asks for it, each part is
// parsed once, and every count from the file is capped. It never trusts an
// offset, never follows an import to another file and trusts no one who signed:
// a verified signature only fits the file and its own certificate.
package pe

import "vitrine/yara/internal/module"

// Module returns the module with a fresh type tree.
func Module() *module.Module {
	return &module.Module{Name: "pe", Type: tree(), Open: openModule}
}

// notPE is the receiver for other files: is_pe is 0 there, all else Undefined.
type notPE struct{}

func openModule(c *module.Context) any {
	if f := open(c); f != nil {
		return f
	}
	return notPE{}
}

func tree() *module.Type {
	fields := module.Consts(constants)
	fields = append(fields, headerTree()...)
	fields = append(fields, sectionTree()...)
	fields = append(fields, importTree()...)
	fields = append(fields, exportTree()...)
	fields = append(fields, resourceTree()...)
	fields = append(fields, versionTree()...)
	fields = append(fields, signatureTree()...)
	fields = append(fields, richTree(), debugTree(), checksumTree())
	return module.Struct(fields...)
}

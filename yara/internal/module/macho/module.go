// Package macho is YARA's module macho: what the headers and load commands of
// a macOS or iOS executable say, of one for a single architecture and of a
// universal one that holds several.
//
// It reads the formats of Apple's mach-o/loader.h and mach-o/fat.h. Fields that
// YARA has are read as leniently as libyara 4.5 does; symbols, libraries,
// exports, imports and entitlements are YARA-X's. Nothing is parsed before a
// condition asks for it. It never trusts an offset, and it checks no signature.
package macho

import "vitrine/yara/internal/module"

// Module returns the module with a fresh type tree.
func Module() *module.Module {
	return &module.Module{Name: "macho", Type: tree(), Open: openModule}
}

func openModule(c *module.Context) any {
	if b := open(c); b != nil {
		return b
	}
	return nil
}

func tree() *module.Type {
	fields := module.Consts(constants)
	fields = append(fields, inYARAX(module.Consts(devices)...)...)
	fields = append(fields, imageFields(func(b *binary) *image { return b.main })...)
	fields = append(fields, fatTree()...)
	fields = append(fields, functionTree()...)
	return module.Struct(fields...)
}

func inYARAX(fields ...module.Field) []module.Field {
	for i := range fields {
		fields[i].YARAX = true
	}
	return fields
}

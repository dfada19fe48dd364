// Package dex is YARA's module dex: what the tables of an Android program in the
// Dalvik format say.
//
// It reads the format of Android's "Dalvik executable format" document as
// leniently as libyara 4.5 does, quirks included: a table that is not whole in
// the file ends the reading. Fields and functions that only YARA-X has stand
// beside them. One field cannot be both: header.magic is YARA's text, not
// YARA-X's number. Nothing is parsed before a condition asks for it, and no code
// is looked at.
package dex

import "vitrine/yara/internal/module"

// Module returns the module with a fresh type tree.
func Module() *module.Module {
	return &module.Module{Name: "dex", Type: tree(), Open: openModule}
}

// other is the receiver for other files in YARA-X's dialect: is_dex is 0 there,
// all else Undefined.
type other struct{}

func openModule(c *module.Context) any {
	if f := open(c); f != nil {
		return f
	}
	if c.YARAX {
		return other{}
	}
	return nil
}

func tree() *module.Type {
	fields := module.Consts(constants)
	for _, version := range []string{"035", "036", "037", "038", "039"} {
		fields = append(fields, module.Const("DEX_FILE_MAGIC_"+version, module.String(magicStart+version+"\x00")))
	}
	fields = append(fields, headerTree())
	fields = append(fields, tableTree()...)
	fields = append(fields, memberTree()...)
	fields = append(fields, functionTree()...)
	return module.Struct(append(fields, inYARAX(modernTree()...)...)...)
}

func inYARAX(fields ...module.Field) []module.Field {
	for i := range fields {
		fields[i].YARAX = true
	}
	return fields
}

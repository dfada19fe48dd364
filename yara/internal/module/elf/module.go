// Package elf is YARA's module elf: what the headers and tables of a Unix
// executable, library or object file say.
//
// It reads the System V ABI's formats for 32 and 64 bits and both byte orders
// as leniently as libyara 4.5 does, quirks included, because rules are written
// against what libyara shows. Nothing is parsed before a condition asks for it.
// It never follows a needed library and never trusts an offset.
package elf

import "vitrine/yara/internal/module"

// Module returns the module with a fresh type tree.
func Module() *module.Module {
	return &module.Module{Name: "elf", Type: tree(), Open: openModule}
}

func openModule(c *module.Context) any {
	if f := open(c); f != nil {
		return f
	}
	return nil
}

func tree() *module.Type {
	fields := module.Consts(constants)
	fields = append(fields, headerTree()...)
	fields = append(fields, tableTree()...)
	fields = append(fields, symbolTree()...)
	fields = append(fields, importTree()...)
	return module.Struct(fields...)
}

// Package modules is the list of the modules that rules may import. It holds
// nothing but the list: what a module shows is the module's own business.
package modules

import (
	"vitrine/yara/internal/module"
	"vitrine/yara/internal/module/clock"
	"vitrine/yara/internal/module/console"
	"vitrine/yara/internal/module/cuckoo"
	"vitrine/yara/internal/module/dex"
	"vitrine/yara/internal/module/dotnet"
	"vitrine/yara/internal/module/elf"
	"vitrine/yara/internal/module/hash"
	"vitrine/yara/internal/module/lnk"
	"vitrine/yara/internal/module/macho"
	"vitrine/yara/internal/module/magic"
	"vitrine/yara/internal/module/math"
	"vitrine/yara/internal/module/pe"
	"vitrine/yara/internal/module/str"
)

// makers gives the constructor of each module under its name in rules.
func makers() map[string]func() *module.Module {
	return map[string]func() *module.Module{
		"console": console.Module,
		"cuckoo":  cuckoo.Module,
		"dex":     dex.Module,
		"dotnet":  dotnet.Module,
		"elf":     elf.Module,
		"hash":    hash.Module,
		"lnk":     lnk.Module,
		"macho":   macho.Module,
		"magic":   magic.Module,
		"math":    math.Module,
		"pe":      pe.Module,
		"string":  str.Module,
		"time":    clock.Module,
	}
}

// Named builds the module a rule imports under this name. Each call makes a
// new tree; a compilation wants one per name.
func Named(name string) (*module.Module, bool) {
	build, ok := makers()[name]
	if !ok {
		return nil, false
	}
	return build(), true
}

// Names lists the modules in alphabetical order.
func Names() []string {
	return []string{"console", "cuckoo", "dex", "dotnet", "elf", "hash", "lnk", "macho", "magic", "math", "pe", "string", "time"}
}

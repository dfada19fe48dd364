package magic

import (
	"fmt"
	"strings"
)

const (
	mimePE    = "application/vnd.microsoft.portable-executable"
	mimeMachO = "application/x-mach-binary"
)

// dos is a program that begins with MZ: one for Windows if it has that header.
func dos(data []byte) kind {
	in := little(data)
	if !at(data, 0, "MZ") || len(data) < 0x40 {
		return kind{}
	}
	nt := uint64(in.u32(0x3c))
	if string(in.part(nt, 4)) != "PE\x00\x00" || in.part(nt, 96) == nil {
		return kind{"MS-DOS executable", "application/x-dosexec"}
	}
	name, directory, sections := "PE", nt+0xe8, nt+0xf8
	switch in.u16(nt + 24) {
	case 0x10b:
		name = "PE32 executable"
	case 0x20b:
		name, directory, sections = "PE32+ executable", nt+0xf8, nt+0x108
	case 0x107:
		name = "PE ROM image"
	}
	flags := in.u16(nt + 22)
	if flags&0x2000 != 0 {
		name += " (DLL)"
	}
	name += subsystem(in.u16(nt+92)) + peMachine(in.u16(nt+4))
	if flags&0x200 != 0 {
		name += " (stripped to external PDB)"
	}
	if in.u32(directory) > 0 {
		name += " Mono/.Net assembly"
	}
	name += ", for MS Windows"
	if string(in.part(sections, 4)) == "UPX0" {
		name += ", UPX compressed"
	}
	return kind{name + fmt.Sprintf(", %d section%s", in.u16(nt+6), plural(uint64(in.u16(nt+6)))), mimePE}
}

func plural(n uint64) string {
	if n == 1 {
		return ""
	}
	return "s"
}

func subsystem(n uint16) string {
	names := map[uint16]string{1: "native", 2: "GUI", 3: "console", 7: "POSIX", 9: "Windows CE", 10: "EFI application",
		11: "EFI boot service driver", 12: "EFI runtime driver", 13: "EFI ROM", 14: "XBOX"}
	if name := names[n]; name != "" {
		return " (" + name + ")"
	}
	return ""
}

func peMachine(n uint16) string {
	names := map[uint16]string{0x14c: "Intel 80386", 0x8664: "x86-64", 0xaa64: "Aarch64", 0x1c0: "ARM",
		0x1c4: "ARMv7 Thumb", 0x200: "Intel Itanium", 0xebc: "EFI byte code"}
	if name := names[n]; name != "" {
		return " " + name
	}
	return ""
}

// java tells a class from a universal binary of macOS, which begin alike: the
// next number is a version here and a small count there.
func java(data []byte) kind {
	if !at(data, 0, "\xca\xfe\xba\xbe") || len(data) < 8 {
		return kind{}
	}
	in := big(data)
	if n := in.u32(4); n < 20 {
		return kind{fmt.Sprintf("Mach-O universal binary with %d architecture%s", n, plural(uint64(n))), mimeMachO}
	}
	major := in.u16(6)
	name := fmt.Sprintf("compiled Java class data, version %d.%d", major, in.u16(4))
	if major >= 46 && major <= 52 {
		name += fmt.Sprintf(" (Java 1.%d)", major-44)
	}
	return kind{name, "application/x-java-applet"}
}

// machO is a program of macOS for one processor.
func machO(data []byte) kind {
	if len(data) < 28 {
		return kind{}
	}
	in := little(data)
	switch big(data).u32(0) {
	case 0xfeedface, 0xfeedfacf:
		in = big(data)
	case 0xcefaedfe, 0xcffaedfe:
	default:
		return kind{}
	}
	name := "Mach-O "
	cpu := in.u32(4)
	if cpu&0x01000000 != 0 {
		name += "64-bit "
	}
	processors := map[uint32]string{6: "m68k", 7: "i386", 12: "arm", 14: "sparc", 18: "ppc", 0x01000007: "x86_64",
		0x0100000c: "arm64", 0x01000012: "ppc64"}
	if p := processors[cpu]; p != "" {
		name += p + " "
	}
	types := []string{"", "object", "executable", "fixed virtual memory shared library", "core", "preload executable",
		"dynamically linked shared library", "dynamic linker", "bundle", "dynamically linked shared library stub",
		"dSYM companion file", "kext bundle"}
	if t := in.u32(12); t > 0 && t < uint32(len(types)) {
		name += types[t]
	} else {
		name += fmt.Sprintf("filetype=%d", t)
	}
	return kind{name + machFlags(in.u32(24)), mimeMachO}
}

// machFlags lists the flags; where the first is not set, the list begins with
// its separator.
func machFlags(flags uint32) string {
	if flags == 0 {
		return ""
	}
	names := strings.Fields(`NOUNDEFS INCRLINK DYLDLINK BINDATLOAD PREBOUND SPLIT_SEGS LAZY_INIT TWOLEVEL FORCE_FLAT
		NOMULTIDEFS NOFIXPREBINDING PREBINDABLE ALLMODSBOUND SUBSECTIONS_VIA_SYMBOLS CANONICAL WEAK_DEFINES
		BINDS_TO_WEAK ALLOW_STACK_EXECUTION ROOT_SAFE SETUID_SAFE NO_REEXPORTED_DYLIBS PIE DEAD_STRIPPABLE_DYLIB
		HAS_TLV_DESCRIPTORS NO_HEAP_EXECUTION APP_EXTENSION_SAFE`)
	set := ""
	for i, n := range names {
		switch {
		case flags>>i&1 == 0:
		case i == 0:
			set += n
		default:
			set += "|" + n
		}
	}
	return ", flags:<" + set + ">"
}

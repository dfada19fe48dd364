package magic

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

const (
	maxSegments = 2048 // as libmagic
	maxSections = 32768
	maxNote     = 1 << 16
	maxNotes    = 1 << 12

	typeExecutable = 2
	typeShared     = 3
	segmentDynamic = 2
	segmentInterp  = 3
	segmentNote    = 4
	sectionSymbols = 2
	sectionNote    = 7
	tagNeeded      = 1
	tagFlags1      = 0x6ffffffb
	flagPIE        = 0x08000000
)

// elfFile is a program of ELF, and what was found out about it.
type elfFile struct {
	input
	wide                                           bool
	dynamic, pie, needs, loaded, symbols, debugged bool
	interpreter                                    string
	build, goBuild, kernel                         string
	seen                                           int
}

// word reads a number of the width of an address, which lies at one of two places.
func (e *elfFile) word(off32, off64 uint64) uint64 {
	if e.wide {
		return e.u64(off64)
	}
	return uint64(e.u32(off32))
}

// pick gives one of two places or sizes.
func (e *elfFile) pick(narrow, wide uint64) uint64 {
	if e.wide {
		return wide
	}
	return narrow
}

func elf(data []byte) kind {
	if !at(data, 0, "\x7fELF") || len(data) < 20 {
		return kind{}
	}
	e := &elfFile{input: little(data), wide: data[4] == 2}
	bits, end := "32-bit", "LSB"
	if e.wide {
		bits = "64-bit"
	}
	if data[5] == 2 {
		e.order, end = binary.BigEndian, "MSB"
	}
	e.segments()
	e.sections()
	name, mime := e.kindName()
	out := fmt.Sprintf("ELF %s %s %s, %s version %d (%s)", bits, end, name, e.machine(), e.u32(20), e.system())
	return kind{out + e.linking() + e.ending(), mime}
}

func (e *elfFile) kindName() (name, mime string) {
	switch e.u16(16) {
	case 1:
		return "relocatable", "application/x-object"
	case typeExecutable:
		return "executable", "application/x-executable"
	case typeShared:
		if e.pie {
			return "pie executable", "application/x-pie-executable"
		}
		return "shared object", "application/x-sharedlib"
	case 4:
		return "core file", "application/x-coredump"
	}
	return "no file type", "application/octet-stream"
}

// machine is the processor, with a comma where libmagic puts one.
func (e *elfFile) machine() string {
	flags := e.u32(e.pick(36, 48))
	switch m := e.u16(18); m {
	case 8:
		levels := []string{"MIPS-I", "MIPS-II", "MIPS-III", "MIPS-IV", "MIPS-V", "MIPS32", "MIPS64", "MIPS32 rel2",
			"MIPS64 rel2", "MIPS32 rel6", "MIPS64 rel6"}
		if l := flags >> 28; l < uint32(len(levels)) {
			return "MIPS, " + levels[l]
		}
		return "MIPS,"
	case 40:
		if v := flags >> 24; v > 0 {
			return fmt.Sprintf("ARM, EABI%d", v)
		}
		return "ARM,"
	default:
		names := map[uint16]string{0: "no machine", 2: "SPARC", 3: "Intel 80386", 4: "Motorola m68k", 15: "PA-RISC",
			20: "PowerPC or cisco 4500", 21: "64-bit PowerPC or cisco 7500", 22: "IBM S/390", 42: "Renesas SH",
			43: "SPARC V9", 50: "IA-64", 62: "x86-64", 183: "ARM aarch64", 243: "UCB RISC-V", 247: "eBPF"}
		if name := names[m]; name != "" {
			return name + ","
		}
		return fmt.Sprintf("*unknown arch 0x%x*", m)
	}
}

func (e *elfFile) system() string {
	names := []string{"SYSV", "HP-UX", "NetBSD", "GNU/Linux", "GNU/Hurd", "86Open", "Solaris", "Monterey", "IRIX",
		"FreeBSD", "Tru64", "Novell Modesto", "OpenBSD"}
	switch abi := int(e.u8(7)); {
	case abi < len(names):
		return names[abi]
	case abi == 97:
		return "ARM"
	}
	return "embedded"
}

// segments reads the program headers.
func (e *elfFile) segments() {
	table, size := e.word(28, 32), uint64(e.u16(e.pick(42, 54)))
	for i := range uint64(min(e.u16(e.pick(44, 56)), maxSegments)) {
		h := table + i*size
		if e.part(h, e.pick(32, 56)) == nil {
			return
		}
		e.loaded = true
		off, length := e.word(h+4, h+8), e.word(h+16, h+32)
		switch e.u32(h) {
		case segmentDynamic:
			e.readDynamic(off, length)
		case segmentInterp:
			e.interpreter = string(e.cstring(off, min(length, 1024)))
		case segmentNote:
			e.readNotes(off, length)
		}
	}
}

func (e *elfFile) readDynamic(off, length uint64) {
	e.dynamic = true
	step := e.pick(8, 16)
	for at := uint64(0); at+step <= min(length, maxNote); at += step {
		tag, value := e.word(off+at, off+at), e.word(off+at+4, off+at+8)
		switch tag {
		case 0:
			return
		case tagNeeded:
			e.needs = true
		case tagFlags1:
			e.pie = value&flagPIE != 0
		}
	}
}

// readNotes visits the notes of a part of the file.
func (e *elfFile) readNotes(off, length uint64) {
	notes := input{e.part(off, min(length, maxNote)), e.order}
	for at := uint64(0); notes.part(at, 12) != nil && e.seen < maxNotes; e.seen++ {
		nameSize, size := uint64(notes.u32(at)), uint64(notes.u32(at+4))
		body := at + 12 + (nameSize+3)&^3
		name, contents := string(notes.cstring(at+12, nameSize)), notes.part(body, size)
		if contents != nil {
			e.note(name, notes.u32(at+8), contents)
		}
		at = body + (size+3)&^3
	}
}

// note keeps the name of the build, of which the linker's counts before Go's,
// and the oldest kernel.
func (e *elfFile) note(name string, kind uint32, contents []byte) {
	in := input{contents, e.order}
	switch {
	case name == "GNU" && kind == 3 && len(contents) == 20 && e.build == "":
		e.build = "BuildID[sha1]=" + hex.EncodeToString(contents)
	case name == "GNU" && kind == 3 && len(contents) == 16 && e.build == "":
		e.build = "BuildID[md5/uuid]=" + hex.EncodeToString(contents)
	case name == "Go" && kind == 4 && len(contents) < 256:
		e.goBuild = "Go BuildID=" + string(contents)
	case name == "GNU" && kind == 1 && len(contents) >= 16 && in.u32(0) == 0:
		e.kernel = fmt.Sprintf("for GNU/Linux %d.%d.%d", in.u32(4), in.u32(8), in.u32(12))
	}
}

// sections reads the section headers.
func (e *elfFile) sections() {
	table, size := e.word(32, 40), uint64(e.u16(e.pick(46, 58)))
	header := e.pick(40, 64)
	count := uint64(min(e.u16(e.pick(48, 60)), maxSections))
	var names uint64
	if h := table + size*uint64(e.u16(e.pick(50, 62))); e.part(h, header) != nil {
		names = e.word(h+16, h+24)
	}
	for i := range count {
		h := table + i*size
		if table == 0 || e.part(h, header) == nil {
			return
		}
		e.loaded = true
		switch e.u32(h + 4) {
		case sectionSymbols:
			e.symbols = true
		case sectionNote:
			e.readNotes(e.word(h+16, h+24), e.word(h+20, h+32))
		}
		if names != 0 && string(e.cstring(names+uint64(e.u32(h)), 12)) == ".debug_info" {
			e.debugged = true
		}
	}
}

// linking says how a program is linked; other files are not.
func (e *elfFile) linking() string {
	if t := e.u16(16); t != typeExecutable && t != typeShared || !e.loaded {
		return ""
	}
	how := ", statically linked"
	switch {
	case e.dynamic && e.pie && !e.needs:
		how = ", static-pie linked"
	case e.dynamic:
		how = ", dynamically linked"
	}
	if e.interpreter != "" {
		how += ", interpreter " + e.interpreter
	}
	return how
}

func (e *elfFile) ending() string {
	out := ""
	for _, note := range []string{cmp.Or(e.build, e.goBuild), e.kernel} {
		if note != "" {
			out += ", " + note
		}
	}
	if e.debugged {
		out += ", with debug_info"
	}
	switch {
	case !e.loaded || e.u16(16) == 4:
	case e.symbols:
		out += ", not stripped"
	case e.word(32, 40) != 0:
		out += ", stripped"
	}
	return out
}

package yara

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// chooser turns fuzz bytes into choices. When they run out it takes the first.
type chooser struct{ rest []byte }

func (c *chooser) pick(n int) int {
	if len(c.rest) == 0 {
		return 0
	}
	v := int(c.rest[0]) % n
	c.rest = c.rest[1:]
	return v
}

func (c *chooser) of(options ...string) string { return options[c.pick(len(options))] }

// generator writes rules that compile in YARA 4's dialect.
type generator struct {
	chooser
	plain   bool     // nothing that libyara does not know
	earlier []string // rules that may be named
	loops   int      // open at this place
	strings bool     // inside of for … of strings
	vars    []string // integers in reach
}

// stringDefs are definitions over the letters a, b, c and a few bytes more, so
// that short data meets them.
var stringDefs = []string{
	`"abc"`, `"ab"`, `"cabba"`, `"ABC" nocase`, `"abc" wide`, `"ab" wide ascii nocase`, `"abc" fullword`, `"abca" xor`,
	`"bca" xor(1-3) wide`, `"abcab" base64`, `{ 61 62 [0-3] 63 }`, `{ 61 ?? 63 }`, `{ ( 61 | 62 63 ) 61 }`, `{ 61 [300-] 62 }`,
	`/a.c/`, `/ab*c/`, `/(a|b)+c/ nocase`, `/b{2,3}?/`, `/\bab/ wide ascii`, `/[^a]bc$/`, `{ 4D 5A }`, `"a"`,
	`{ 62 [0-250] 63 [201-] 61 }`, `"bb" private`, `"abcab" base64wide`, `/a[^x]*c/ wide`, `{ ~61 62 6? }`, `"ELF"`,
}

// stringNames begin with what lets a condition leave a string unused.
var stringNames = []string{"_s0", "_s1", "_s2"}

func (g *generator) str() string { return g.of(stringNames...) }

// number gives an integer expression.
func (g *generator) number(depth int) string {
	if len(g.vars) > 0 && g.pick(3) == 0 {
		return g.of(g.vars...)
	}
	if depth > 0 {
		switch g.pick(7) {
		case 0:
			return "(" + g.number(depth-1) + g.of(" + ", " - ", " * ", " & ", " | ", " ^ ") + g.number(depth-1) + ")"
		case 1:
			return "(" + g.number(depth-1) + g.of(" \\ ", " % ") + "(" + g.number(depth-1) + g.of(" + #_s0", " - @_s1", " | 1") + "))"
		case 2:
			return g.of("~", "-") + "(" + g.number(depth-1) + " + filesize)"
		case 3:
			return "#" + g.str() + " in " + g.span(depth-1)
		case 4:
			return g.fromModule(depth - 1)
		}
	}
	switch g.pick(8) {
	case 0:
		return "filesize"
	case 1:
		return "#" + g.str()
	case 2:
		s := g.str()
		return "@" + s + "[" + g.of("1", "2", "#"+s) + "]"
	case 3:
		return "!" + g.str()
	case 4:
		return g.of("uint8", "uint16", "uint16be", "int32", "uint32", "int8") + "(" + g.of("0", "1", "2", "@"+g.str(), "filesize - 1") + ")"
	case 5:
		return g.of("0x5A4D", "0x464C457F", "97", "0x6261", "0x4D", "0x7F45", "ext_int")
	case 6:
		if g.strings {
			return g.of("#", "@", "!", "@[2]", "(@ + !)", "(# - 1)")
		}
	}
	return g.of("0", "1", "2", "3", "10", "300")
}

// fromModule gives a number that a module computes.
func (g *generator) fromModule(depth int) string {
	switch g.pick(6) {
	case 0:
		return "pe." + g.of("number_of_sections", "machine", "is_pe", "entry_point", "timestamp", "linker_version.major",
			"sections[0].virtual_size", "sections[1].raw_data_offset", "size_of_optional_header", "imports(\"a.dll\")", "is_dll()", "checksum",
			"number_of_resources", "overlay.size", "section_index(\".text\")", "rva_to_offset(4096)", "MACHINE_I386")
	case 1:
		return "elf." + g.of("type", "machine", "entry_point", "number_of_sections", "sections[0].size", "segments[0].offset", "ET_EXEC", "number_of_segments")
	case 2:
		return "math." + g.of("min", "max") + "(" + g.number(depth) + ", " + g.number(0) + ")"
	case 3:
		return "math.abs(" + g.number(depth) + " + 0)"
	case 4:
		return "math.count(" + g.of("97", "98", "0x4D") + ", " + g.number(0) + ", " + g.number(0) + ")"
	}
	return "hash." + g.of("crc32", "checksum32") + "(" + g.number(0) + ", " + g.number(0) + ")"
}

// text gives a text expression.
func (g *generator) text() string {
	switch g.pick(9) {
	case 0:
		return "pe.version_info[" + g.of(`"CompanyName"`, `"ab"`, "ext_text") + "]"
	case 1:
		return "pe." + g.of("sections[0].name", "dll_name", "imphash()", "pdb_path", "rich_signature.raw_data", "sections[ext_int].full_name", "import_details[0].library_name")
	case 2:
		return "elf." + g.of("sections[0].name", "symtab[0].name", "telfhash()")
	case 3:
		return "hash." + g.of("md5", "sha1", "sha256") + "(" + g.number(0) + ", " + g.number(0) + ")"
	case 4:
		return "ext_text"
	case 5:
		return "math.to_string(" + g.number(0) + ")"
	}
	return g.of(`"abc"`, `".text"`, `"900150983cd24fb0d6963f7d28e17f72"`, `"3"`, `""`)
}

func (g *generator) float() string {
	switch g.pick(4) {
	case 0:
		return "math." + g.of("entropy", "mean", "serial_correlation") + "(" + g.number(0) + ", filesize)"
	case 1:
		return "math.entropy(" + g.of(`"abc"`, "ext_text") + ")"
	case 2:
		return "(" + g.number(0) + g.of(" + ", " \\ ", " * ") + g.of("1.5", "0.25", "ext_float") + ")"
	}
	return g.of("1.5", "0.0", "ext_float", "97.0")
}

// span gives a range that is not refused: its bounds are not both constant, or
// in order.
func (g *generator) span(depth int) string {
	switch g.pick(4) {
	case 0:
		return "(0..10)"
	case 1:
		return "(" + g.number(depth) + "..filesize)"
	case 2:
		return "(" + g.of("0", "1", "2") + "..#" + g.str() + ")"
	}
	return "(" + g.number(depth) + "..@" + g.str() + " + 4)"
}

func (g *generator) quantifier() string {
	return g.of("any", "all", "none", "1", "2", "#_s0", "@_s1", "(#_s1 - 1)", "0")
}

func (g *generator) stringSet() string {
	return g.of("them", "($_s0, $_s1)", "($_s*)", "($_s2, $_s2, $_s0)")
}

// place is what may stand behind a string: nothing, at or in.
func (g *generator) place(depth int) string {
	switch g.pick(3) {
	case 0:
		return " at " + g.number(depth)
	case 1:
		return " in " + g.span(depth)
	}
	return ""
}

// boolean gives a boolean expression.
func (g *generator) boolean(depth int) string {
	if depth == 0 {
		if g.strings && g.pick(2) == 0 {
			return "$" + g.place(0)
		}
		return "$" + g.str()
	}
	d := depth - 1
	switch g.pick(16) {
	case 0, 1:
		return "(" + g.boolean(d) + " and " + g.boolean(d) + ")"
	case 2:
		return "(" + g.boolean(d) + " or " + g.boolean(d) + ")"
	case 3:
		return "not " + g.parens(d)
	case 4:
		return "defined " + g.of(g.parens(d), g.number(d), g.text())
	case 5:
		return "$" + g.str() + g.place(d)
	case 6:
		return g.comparison(d)
	case 7:
		return g.of(g.quantifier(), "50%", "67%", "100%", "(#_s0 * 20)%") + " of " + g.stringSet()
	case 8:
		return g.of("any", "all", "none", "1", "2", "#_s0") + " of " + g.stringSet() + g.place(d)
	case 9:
		return g.textTest()
	case 10:
		if g.pick(2) == 0 {
			return g.fromModule(d) + g.of(" == ", " != ", " < ", " >= ") + g.number(0)
		}
		if g.plain || g.pick(2) == 0 { // libyara adds up the numbers that bodies of loops give
			return g.float() + g.of(" > ", " <= ", " == ") + g.float()
		}
		return g.number(d)
	case 11:
		if len(g.earlier) > 0 {
			return g.of(g.earlier...)
		}
		return "(filesize > " + g.number(0) + ")"
	case 12:
		if len(g.earlier) > 0 {
			return g.of("any", "all", "none", "1", "2", "50%") + " of (" + strings.Join(g.earlier, ", ") + ")"
		}
		return "uint16(0) == 0x5A4D"
	}
	return g.loop(depth)
}

// comparison gives those often that something can be proved of.
func (g *generator) comparison(depth int) string {
	op := g.of(" == ", " != ", " < ", " >= ", " > ", " <= ")
	small := fmt.Sprint(g.pick(4))
	switch g.pick(9) {
	case 7:
		return g.of("pe.number_of_signatures", "pe.number_of_sections", "elf.number_of_sections") + op + small
	case 8:
		return g.element("[" + small + "]")
	case 0:
		return fmt.Sprintf("filesize%s%d", op, g.pick(24))
	case 1:
		return "#" + g.str() + op + small
	case 2:
		return small + op + "#" + g.str()
	case 3:
		return "pe.is_pe" + op + small
	case 4:
		return "#" + g.str() + op + "#" + g.str()
	}
	return g.number(depth) + op + g.number(depth)
}

func (g *generator) parens(depth int) string { return "(" + g.boolean(depth) + ")" }

func (g *generator) textTest() string {
	switch g.pick(3) {
	case 0:
		return g.text() + " matches " + g.of("/ab/", "/^[0-9a-f]+$/", "/text/i", "/^$/", "/x*/")
	case 1:
		return g.text() + g.of(" contains ", " icontains ", " startswith ", " istartswith ", " endswith ", " iendswith ", " iequals ") + g.text()
	}
	return g.text() + g.of(" == ", " != ", " < ", " >= ") + g.text()
}

// loop gives a for, or what else opens a scope.
func (g *generator) loop(depth int) string {
	d := depth - 1
	if g.loops >= 3 {
		return "$" + g.str()
	}
	g.loops++
	defer func(vars []string) { g.loops--; g.vars = vars }(g.vars)
	v := fmt.Sprintf("v%d", g.loops)
	q := g.quantifier()
	switch g.pick(9) {
	case 8:
		r := g.of("(0..pe.number_of_sections)", "(0..pe.number_of_sections - 1)", "(1..pe.number_of_signatures)", "(0..pe.number_of_signatures)", "(1..pe.number_of_sections)", "(0, 1)")
		return "for " + q + " " + v + " in " + r + " : (" + g.element("["+v+"]") + g.of("", " and "+g.boolean(d), " or "+g.element("["+v+"]")) + ")"
	case 0, 1:
		if g.strings {
			return "#_s0 > 1"
		}
		g.strings = true
		defer func() { g.strings = false }()
		return "for " + q + " of " + g.stringSet() + " : (" + g.boolean(d) + g.of("", " and $", " and # > 1", " and @ < 4", " or @ + ! > 9") + ")"
	case 2:
		r := g.span(d)
		g.vars = append(g.vars[:len(g.vars):len(g.vars)], v)
		return "for " + q + " " + v + " in " + r + " : (" + g.boolean(d) + g.of("", " and @_s0["+v+"] < 5", " or "+v+" == 3") + ")"
	case 3:
		items := g.number(d) + ", " + g.number(0) + ", 2"
		g.vars = append(g.vars[:len(g.vars):len(g.vars)], v)
		return "for " + q + " " + v + " in (" + items + ") : (" + g.boolean(d) + g.of("", " and uint8("+v+") == 97", " and defined "+v) + ")"
	case 4:
		return "for " + q + " " + v + " in pe.sections : (" + v + g.of(".virtual_size >= 0", ".name == \".text\"", ".raw_data_size > 5") + g.of("", " and "+g.boolean(d)) + ")"
	case 5:
		return "for " + q + " " + v + " in elf.sections : (" + v + g.of(".size >= 0", ".name contains \"t\"") + g.of("", " or "+g.boolean(d)) + ")"
	case 6:
		return "for " + q + " k" + v + ", " + v + " in pe.version_info : (k" + v + g.of(" == ", " contains ") + g.text() + " or " + v + " matches /a/)"
	}
	if g.plain {
		return "for " + q + " " + v + " in (\"a\", \"abc\", ext_text) : (" + v + " == " + g.text() + ")"
	}
	switch x := g.number(d); g.pick(3) {
	case 0:
		g.vars = append(g.vars[:len(g.vars):len(g.vars)], v)
		return "with " + v + " = " + x + " : (" + g.boolean(d) + ")"
	case 1:
		return "(" + q + " of (" + g.parens(d) + ", " + x + " > 1))"
	default:
		return "ext_text.len() == " + x
	}
}

// element asks for what an element of an array of a module holds.
func (g *generator) element(index string) string {
	name := g.of("pe.sections", "pe.sections", "pe.sections", "elf.sections") + index + ".name"
	text := g.of(`".text"`, `".text"`, `".data"`, "ext_text")
	return g.of("", "", "not ", "defined ") + "(" + g.of(name+" == "+text, text+" == "+name, name+" != "+text, name+" contains "+text,
		"pe.signatures"+index+`.serial == "01"`, "pe.signatures"+index+".not_after >= 0") + ")"
}

// generatedExternals are the variables that generated rules know.
func generatedExternals() map[string]any {
	return map[string]any{"ext_int": 1, "ext_text": "abc", "ext_float": 0.5, "ext_bool": true}
}

// ruleSet writes up to four rules.
func (g *generator) ruleSet() string {
	var b strings.Builder
	for _, m := range []string{"pe", "elf", "math", "hash"} {
		fmt.Fprintf(&b, "import %q\n", m)
	}
	for i := range 1 + g.pick(4) {
		name := fmt.Sprintf("r%d", i)
		fmt.Fprintf(&b, "%srule %s { strings: ", g.of("", "", "", "private ", "global "), name)
		for _, s := range stringNames {
			fmt.Fprintf(&b, "$%s = %s ", s, stringDefs[g.pick(len(stringDefs))])
		}
		gate := g.of("", "", "", "uint16(0) == 0x5A4D and ", "uint32(0) == 0x464C457F and ", "filesize < 100 and ", "ext_bool and ", "$_s0 at 0 and ")
		fmt.Fprintf(&b, "condition: %s(%s)%s }\n", gate, g.boolean(1+g.pick(3)), g.of("", "", " and any of them", " and all of them"))
		g.earlier = append(g.earlier, name)
	}
	return b.String()
}

// container puts data behind the headers of an executable, or leaves it.
func container(kind int, data []byte) []byte {
	switch kind % 4 {
	case 1:
		return append(smallPE(), data...)
	case 2:
		return append(smallELF(), data...)
	case 3:
		return append([]byte("MZ"), data...)
	}
	return data
}

// smallPE is a 32-bit program with one section.
func smallPE() []byte {
	b := make([]byte, 0x200)
	le := binary.LittleEndian
	copy(b, "MZ")
	le.PutUint32(b[0x3c:], 0x40)
	copy(b[0x40:], "PE\x00\x00")
	le.PutUint16(b[0x44:], 0x14c)
	le.PutUint16(b[0x46:], 1)
	le.PutUint16(b[0x54:], 224)
	le.PutUint16(b[0x58:], 0x10b)
	le.PutUint32(b[0x68:], 0x1000)
	le.PutUint32(b[0x78:], 0x1000)
	le.PutUint32(b[0x7c:], 0x200)
	le.PutUint32(b[0xb4:], 16)
	section := b[0x138:]
	copy(section, ".text")
	for i, v := range []uint32{0x100, 0x1000, 0x100, 0x180} {
		le.PutUint32(section[8+4*i:], v)
	}
	return b
}

// smallELF is a 32-bit program with one segment.
func smallELF() []byte {
	b := make([]byte, 100)
	le := binary.LittleEndian
	copy(b, "\x7fELF\x01\x01\x01")
	le.PutUint16(b[16:], 2)
	le.PutUint16(b[18:], 3)
	le.PutUint32(b[24:], 0x1010)
	le.PutUint32(b[28:], 52)
	le.PutUint16(b[42:], 32)
	le.PutUint16(b[44:], 1)
	for i, v := range []uint32{1, 0, 0x1000, 0x1000, 100, 100} {
		le.PutUint32(b[52+4*i:], v)
	}
	return b
}

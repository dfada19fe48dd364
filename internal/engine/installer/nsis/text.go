package nsis

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
)

// maxText is how long a string may get.
const maxText = 2048

// coding is how codes for variables and the like stand in strings.
type coding uint8

const (
	codes3    coding = iota // 1 to 4, of version 3
	codes2                  // 252 to 255, of version 2
	codesPark               // from U+E000, of a Unicode fork of version 2
)

// text is the table of strings.
type text struct {
	data   []byte
	wide   bool // UTF-16
	coding coding
}

// newText finds the table, and how it is written: the first string is empty,
// and a table of UTF-16 begins with two zeros by that.
func newText(h header) text {
	at, _ := h.block(blockStrings)
	end, _ := h.block(blockTables)
	if end <= at || end > len(h.data) {
		end = len(h.data)
	}
	t := text{data: h.data[min(at, end):end]}
	t.wide = len(t.data) > 2 && t.data[0] == 0 && t.data[1] == 0
	t.coding = t.guess()
	return t
}

// guess tells the coding: the old ones put high characters before what is no
// text, the new one puts the lowest there.
func (t text) guess() coding {
	low, high := 0, 0
	for i := 0; t.unit(i) >= 0; i++ {
		switch c := t.unit(i); {
		case c >= 1 && c <= 4:
			low++
		case !t.wide && c >= 252, t.wide && c >= 0xe000 && c <= 0xe003:
			high++
		}
	}
	switch {
	case low >= high:
		return codes3
	case t.wide:
		return codesPark
	}
	return codes2
}

// unit is the i-th character; negative behind the end.
func (t text) unit(i int) int {
	if !t.wide {
		if i < 0 || i >= len(t.data) {
			return -1
		}
		return int(t.data[i])
	}
	if i < 0 || i >= len(t.data)/2 {
		return -1
	}
	return int(binary.LittleEndian.Uint16(t.data[2*i:]))
}

// what a code stands for.
const (
	plain = iota
	language
	folder
	variable
	skip // the next character is meant as it is
)

func (t text) kind(c int) int {
	switch t.coding {
	case codes3:
		if c >= 1 && c <= 4 {
			return c
		}
	case codes2:
		if c >= 252 && c <= 255 {
			return 256 - c
		}
	case codesPark:
		if c >= 0xe000 && c <= 0xe003 {
			return 0xe004 - c
		}
	}
	return plain
}

// get gives the string at a place, with variables by their names. One of the
// tables for languages, which has a negative place, is called by its number.
func (t text) get(place int32) string {
	if place < 0 {
		return fmt.Sprintf("$(%d)", -(place + 1))
	}
	var out []byte
	var units []uint16
	i := int(place)
	for len(out)+len(units) < maxText {
		c := t.unit(i)
		if c <= 0 {
			break
		}
		i++
		kind := t.kind(c)
		if kind == plain || kind == skip {
			if kind == skip {
				c = max(t.unit(i), 0)
				i++
			}
			units = append(units, uint16(c))
			continue
		}
		out, units = append(t.flush(out, units), t.special(kind, i)...), units[:0]
		i++
		if !t.wide {
			i++
		}
	}
	return string(t.flush(out, units))
}

// flush adds plain characters: of ANSI builds the bytes as they are.
func (t text) flush(out []byte, units []uint16) []byte {
	if t.wide {
		return append(out, string(utf16.Decode(units))...)
	}
	for _, u := range units {
		out = append(out, byte(u))
	}
	return out
}

// special names what the code before place i stands for.
func (t text) special(kind, i int) string {
	low, high := t.unit(i), t.unit(i+1)
	if low < 0 {
		return "$?"
	}
	if t.wide {
		low, high = low&0xff, low>>8
	}
	n := low&0x7f | high&0x7f<<7
	if t.coding == codesPark {
		n = t.unit(i) & 0x7fff
	}
	switch kind {
	case language:
		return fmt.Sprintf("$(%d)", n)
	case folder:
		return shellFolder(low, high)
	}
	return variableName(n)
}

// variableName names the variables that are built in.
func variableName(n int) string {
	names := [...]string{"CMDLINE", "INSTDIR", "OUTDIR", "EXEDIR", "LANGUAGE", "TEMP", "PLUGINSDIR", "EXEPATH", "EXEFILE", "HWNDPARENT", "_CLICK", "_OUTDIR"}
	switch {
	case n < 0:
		return "$?"
	case n < 10:
		return fmt.Sprintf("$%d", n)
	case n < 20:
		return fmt.Sprintf("$R%d", n-10)
	case n-20 < len(names):
		return "$" + names[n-20]
	}
	return fmt.Sprintf("$_%d_", n-20-len(names))
}

// shellFolder names the folders of Windows by the first of their two numbers.
// The high bit asks the registry for a value instead, of which only the two
// that matter are known.
func shellFolder(low, high int) string {
	if low&0x80 != 0 {
		if low&0x40 != 0 {
			return "$PROGRAMFILES64"
		}
		return "$PROGRAMFILES"
	}
	names := map[int]string{
		0x00: "DESKTOP", 0x02: "SMPROGRAMS", 0x05: "DOCUMENTS", 0x06: "FAVORITES", 0x07: "SMSTARTUP", 0x08: "RECENT",
		0x09: "SENDTO", 0x0b: "STARTMENU", 0x0d: "MUSIC", 0x0e: "VIDEOS", 0x10: "DESKTOP", 0x13: "NETHOOD", 0x14: "FONTS",
		0x15: "TEMPLATES", 0x16: "STARTMENU", 0x17: "SMPROGRAMS", 0x18: "SMSTARTUP", 0x19: "DESKTOP", 0x1a: "APPDATA",
		0x1c: "LOCALAPPDATA", 0x20: "INTERNET_CACHE", 0x21: "COOKIES", 0x22: "HISTORY", 0x23: "APPDATA", 0x24: "WINDIR",
		0x25: "SYSDIR", 0x26: "PROGRAMFILES", 0x28: "PROFILE", 0x2b: "COMMONFILES", 0x2d: "TEMPLATES", 0x2e: "DOCUMENTS",
	}
	for _, n := range []int{low, high} {
		if name, ok := names[n]; ok {
			return "$" + strings.ToUpper(name)
		}
	}
	return fmt.Sprintf("$FOLDER%d", low)
}

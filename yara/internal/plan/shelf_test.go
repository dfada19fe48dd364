package plan

import (
	"fmt"
	"strings"
	"testing"

	"vitrine/yara/internal/ir"
)

// modulesOf answers for modules: by field how many elements there are, and by
// the field of an element the texts of all.
type modulesOf struct {
	set    *ir.Set
	extent map[string]int
	texts  map[string][]string
	asked  *[]string
}

func (m modulesOf) note(format string, args ...any) {
	if m.asked != nil {
		*m.asked = append(*m.asked, fmt.Sprintf(format, args...))
	}
}

func (m modulesOf) Extent(_, field int32) int {
	if m.set == nil {
		return 1
	}
	name := m.set.Fields[field].Name
	m.note("%s", name)
	return m.extent[name]
}

func (m modulesOf) Text(_, field, elem int32, i int) []byte {
	name := "()"
	if field >= 0 {
		name = m.set.Fields[field].Name
	}
	if elem >= 0 {
		name += "[]." + m.set.Fields[elem].Name
	}
	m.note("%s", name)
	if i >= len(m.texts[name]) {
		return nil
	}
	return []byte(m.texts[name][i])
}

const needy = `
import "pe" import "elf"
rule first  { condition: uint16(0) == 0x5A4D and for any i in (0..pe.number_of_signatures) : (pe.signatures[i].serial == "01") }
rule second { condition: uint16(0) == 0x5A4D and for any s in pe.signatures : (s.serial == "02" or s.serial == "01") }
rule third  { condition: uint16(0) == 0x5A4D and for any i in (0..pe.number_of_signatures) : (pe.signatures[i].subject contains "x") }
rule count  { condition: filesize < 10 and pe.number_of_signatures > 1 }
rule plain  { condition: pe.is_pe and pe.number_of_signatures == 0 }
rule name   { condition: elf.sections[0].name == ".text" }
rule imports { condition: pe.imphash() == "0a" or pe.imphash() == "0b" }
rule dll    { condition: pe.dll_name == "a.dll" or pe.imphash() == "0c" }
rule loose  { condition: filesize > 2 or for any s in pe.signatures : (s.serial == "01") }
`

// TestNeeds: which rules a scan evaluates by what modules found, and what they
// are asked for that.
func TestNeeds(t *testing.T) {
	set, names := buildRules(t, needy)
	p := New(set)
	tests := []struct {
		data   string
		extent string
		texts  []string
		hash   []string
		want   string
		asked  string
	}{
		{"MZ", "", nil, nil, "", "signatures signatures number_of_signatures is_pe () dll_name"},
		{"MZ and more", "is_pe", nil, nil, "plain loose", "signatures signatures is_pe () dll_name"},
		{"MZ", "is_pe signatures number_of_signatures", nil, nil, "third count plain", "*"},
		{"MZ", "is_pe signatures number_of_signatures", []string{"03", ""}, nil, "third count plain", "*"},
		{"MZ", "is_pe signatures number_of_signatures", []string{"01"}, nil, "first second third count plain loose", "*"},
		{"MZ", "is_pe signatures", []string{"00", "02", "02"}, nil, "second third plain", "*"},
		{"MZ", "", nil, []string{"0b"}, "imports", "*"},
		{"MZ", "", nil, []string{"0c"}, "dll", "*"},
		{"MZ", "", nil, []string{""}, "", "*"},
		{"text", "is_pe signatures number_of_signatures", []string{"01"}, nil, "loose", ""},
		{"\x7fELF", "sections", nil, nil, "loose", "sections sections[].name"},
	}
	for _, tt := range tests {
		var asked, got []string
		m := modulesOf{set: set, extent: map[string]int{}, texts: map[string][]string{"signatures[].serial": tt.texts, "()": tt.hash}, asked: &asked}
		for _, name := range strings.Fields(tt.extent) {
			m.extent[name] = max(1, len(tt.texts))
		}
		for _, r := range p.Candidates(nil, nil, head(tt.data), int64(len(tt.data)), m) {
			got = append(got, names[r])
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%q with %s and %v: %v, want %s", tt.data, tt.extent, tt.texts, got, tt.want)
		}
		if strings.Join(asked, " ") != tt.asked && tt.asked != "*" {
			t.Errorf("%q asks for %v, want %s", tt.data, asked, tt.asked)
		}
	}
}

// TestNeedsOfMany: more elements than rules are not looked through.
func TestNeedsOfMany(t *testing.T) {
	set, names := buildRules(t, needy)
	var asked []string
	m := modulesOf{set: set, extent: map[string]int{"sections": 2}, asked: &asked}
	got := New(set).Candidates(nil, nil, []byte("\x7fELF"), 4, m)
	if len(got) != 2 || names[got[0]] != "name" || len(asked) != 1 {
		t.Errorf("candidates %v after asking for %v", got, asked)
	}
}

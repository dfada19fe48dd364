package yara

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// needy writes conditions of what modules find, so that most rules need some of it.
type needy struct{ *rand.Rand }

func (n needy) of(options ...string) string { return options[n.IntN(len(options))] }

func (n needy) text() string { return n.of(`".text"`, `".data"`, `".none"`, `""`) }

// array gives an array, its length and a text of its elements.
func (n needy) array() (array, count, field string) {
	switch n.IntN(5) {
	case 0:
		return "pe.signatures", "pe.number_of_signatures", ".serial"
	case 1:
		return "elf.sections", "elf.number_of_sections", ".name"
	}
	return "pe.sections", "pe.number_of_sections", n.of(".name", ".full_name")
}

func (n needy) element(value string) string {
	switch n.IntN(6) {
	case 0:
		return value + n.of(" contains ", " != ", " >= ", " iequals ") + n.text()
	case 1:
		return "defined " + value
	case 2:
		return n.text() + " == " + value
	case 3:
		return value + " matches /t/"
	}
	return value + " == " + n.text()
}

func (n needy) condition(depth int) string {
	if depth > 0 {
		a, b := n.condition(depth-1), n.condition(depth-1)
		switch n.IntN(9) {
		case 0, 1:
			return "(" + a + " and " + b + ")"
		case 2, 3:
			return "(" + a + " or " + b + ")"
		case 4:
			return "not (" + a + ")"
		case 5:
			return "defined (" + a + ")"
		case 6:
			return n.of("any", "all", "none", "1", "2") + " of (" + a + ", " + b + ")"
		}
	}
	array, count, field := n.array()
	quantifier := n.of("any", "any", "all", "none", "0", "1", "2", "50%", "ext_int")
	v := fmt.Sprintf("v%d", n.IntN(1000))
	switch n.IntN(8) {
	case 0:
		return count + n.of(" == ", " != ", " > ", " >= ", " < ", " <= ") + n.of("0", "1", "2")
	case 1:
		return n.element(array + n.of("[0]", "[1]", "[5]", "[ext_int]") + field)
	case 2:
		return n.element(n.of("pe.dll_name", "pe.imphash()", "pe.pdb_path", "elf.telfhash()"))
	case 3:
		return n.of("pe.is_pe", "pe.is_pe == 1", "pe.is_pe == 0", count, "pe.is_dll()", "uint16(0) == 0x5A4D")
	case 4, 5:
		body := n.element(v + field)
		if n.IntN(3) == 0 {
			body += n.of(" and ", " or ") + n.element(n.of(v+field, array+"[0]"+field))
		}
		return "for " + quantifier + " " + v + " in " + array + " : (" + body + ")"
	}
	span := n.of("(0.."+count+")", "(1.."+count+")", "(0.."+count+" - 1)", "(0.."+count+" + 1)", "(0.."+count+" - 0)", "(ext_int.."+count+")", "(0, 1)", "(0..2)")
	body := n.element(array + "[" + v + "]" + field)
	if n.IntN(3) == 0 {
		body += n.of(" and ", " or ") + n.of(n.element(array+"["+v+"]"+field), v+" > 0")
	}
	return "for " + quantifier + " " + v + " in " + span + " : (" + body + ")"
}

// sections is a small program with so many sections.
func sections(n int) []byte {
	b := smallPE()
	binary.LittleEndian.PutUint16(b[0x46:], uint16(n))
	for i := range n {
		s := b[0x138+40*i:]
		copy(s, b[0x138:0x138+40])
		copy(s, []string{".text", ".data", ".more"}[i])
	}
	return b
}

// TestNeeds holds scans that ask modules first against ones that evaluate every
// rule, for rules as they were compiled and as they were loaded.
func TestNeeds(t *testing.T) {
	files := map[string][]byte{"text": []byte("some text"), "MZ": []byte("MZ and no more"), "one": sections(1), "three": sections(3), "elf": smallELF()}
	rng := needy{rand.New(rand.NewPCG(21, 22))}
	rounds := 250
	if testing.Short() {
		rounds = 40
	}
	matches := 0
	for round := range rounds {
		var text strings.Builder
		text.WriteString("import \"pe\" import \"elf\"\n")
		for i := range 20 {
			fmt.Fprintf(&text, "rule r%d { condition: %s }\n", i, rng.condition(rng.IntN(3)))
		}
		rules := mustCompile(t, Config{Dialect: Dialect(round % 2), Externals: generatedExternals()}, text.String())
		loaded := load(t, marshal(t, rules))
		for name, data := range files {
			want := scanNames(t, rules, true, data)
			matches += len(want)
			for _, r := range []*Rules{rules, loaded} {
				if got := scanNames(t, r, false, data); !slices.Equal(got, want) {
					t.Fatalf("%s: found %v, all %v\n%s", name, got, want, text.String())
				}
			}
		}
	}
	if matches < rounds {
		t.Errorf("only %d matches", matches)
	}
}

func scanNames(t *testing.T, r *Rules, all bool, data []byte) []string {
	t.Helper()
	s, err := NewScanner(r, ScanConfig{})
	if err != nil {
		t.Fatal(err)
	}
	s.all = all
	result, err := s.Scan(context.Background(), data)
	if err != nil {
		t.Fatal(err)
	}
	return result.names()
}

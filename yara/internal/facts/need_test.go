package facts

import (
	"slices"
	"strings"
	"testing"

	"vitrine/yara/internal/ir"
)

// showNeed writes a need: the field, and the texts of its elements.
func showNeed(set *ir.Set, n *Need) string {
	if n == nil {
		return ""
	}
	out := set.Modules[n.Module].Name + "." + "()"
	if n.Field >= 0 {
		out = set.Modules[n.Module].Name + "." + set.Fields[n.Field].Name
	}
	if n.Elem >= 0 {
		out += "[]." + set.Fields[n.Elem].Name
	}
	for _, t := range n.Texts {
		out += " " + string(set.Texts[t])
	}
	return out
}

func TestNeed(t *testing.T) {
	sigs, serial, number := "pe.signatures", "pe.signatures[].serial 01", "pe.number_of_signatures"
	tests := []struct{ cond, want string }{
		// The element of an array.
		{`pe.signatures[0].serial == "01"`, serial}, {`"01" == pe.signatures[0].serial`, serial}, {`pe.signatures[n].serial == "01"`, serial},
		{`pe.signatures[0].serial != "01"`, sigs}, {`pe.signatures[0].serial >= "01"`, sigs}, {`pe.signatures[0].serial iequals "01"`, sigs}, {`pe.signatures[0].serial == pe.signatures[0].subject`, sigs},
		{`pe.signatures[0].subject contains "x"`, sigs}, {`pe.signatures[0].subject matches /x/`, sigs}, {`not pe.signatures[0].serial == "01"`, sigs}, {`defined pe.signatures[0].serial`, sigs},
		{`not defined pe.signatures[0].serial`, ""}, {`not (pe.signatures[0].serial == "01" or false)`, ""}, {`not (pe.signatures[0].serial == "01" and true)`, ""}, {`defined (pe.signatures[0].serial == "01" or true)`, ""},
		{`5 <= pe.signatures[0].not_after`, sigs}, {`pe.signatures[0].not_after == 0`, sigs}, {`pe.signatures[0].valid_on(5)`, sigs}, {`not pe.signatures[0].valid_on(5)`, sigs}, {`uint8(pe.signatures[0].version) == n`, sigs},
		{`math.max(pe.sections[pe.signatures[0].version].raw_data_size, 1) == 1`, "pe.sections"}, {`pe.signatures[0].countersignatures[0].digest == "x"`, sigs}, {`pe.version_info["x"] == "y"`, ""},
		// Texts of the file.
		{`pe.dll_name == "x"`, "pe.dll_name x"}, {`"x" == pe.dll_name or pe.dll_name == "a" or pe.dll_name == "x"`, "pe.dll_name a x"}, {`pe.dll_name == "x" or pe.pdb_path == "x"`, ""}, {`pe.dll_name != "x"`, ""}, {`pe.dll_name >= "x"`, ""}, {`pe.dll_name == pe.pdb_path`, ""}, {`pe.dll_name iequals "x"`, ""},
		{`pe.imphash() == "x"`, "pe.() x"}, {`"x" == pe.imphash() or pe.imphash() == "a"`, "pe.() a x"}, {`not pe.imphash() == "x"`, ""}, {`pe.imphash() != "x"`, ""}, {`pe.imphash() == pe.dll_name`, ""}, {`hash.md5(0, 1) == "x"`, ""}, {`pe.imphash() == "x" or pe.dll_name == "x"`, ""}, {`pe.imphash() == "x" or n == 1`, ""}, {`pe.imphash() == "x" and elf.telfhash() == "y"`, "pe.() x"},
		{`pe.is_dll()`, ""}, {`pe.calculate_checksum() == 5`, ""}, {`pe.rich_signature.raw_data == "x"`, ""},
		// Numbers.
		{`pe.number_of_signatures > 0`, number}, {`0 < pe.number_of_signatures`, number}, {`pe.number_of_signatures == 2`, number}, {`pe.number_of_signatures != 0`, number}, {`pe.number_of_signatures`, number}, {`pe.is_pe`, "pe.is_pe"}, {`pe.is_pe == 1`, "pe.is_pe"},
		{`pe.number_of_signatures >= 0`, ""}, {`pe.number_of_signatures == 0`, ""}, {`pe.number_of_signatures != 1`, ""}, {`pe.number_of_signatures < 2`, ""}, {`2 > pe.number_of_signatures`, ""}, {`pe.number_of_signatures > n`, ""}, {`not pe.number_of_signatures`, ""}, {`pe.number_of_signatures + 1 > 0`, ""}, {`defined pe.number_of_signatures`, ""},
		{`pe.MACHINE_I386 == 332`, ""}, {`pe.linker_version.major == 6`, ""},
		// Loops.
		{`for any i in (0..pe.number_of_signatures) : (pe.signatures[i].subject contains "x" and pe.signatures[i].serial == "01")`, serial},
		{`for any i in (0..pe.number_of_signatures) : (pe.signatures[i].subject contains "x" and (pe.signatures[i].serial == "02" or pe.signatures[i].serial == "01" or "01" == pe.signatures[i].serial))`, serial + " 02"},
		{`for any i in (0..pe.number_of_signatures) : (pe.signatures[i].serial == "01" and 5 <= pe.signatures[i].not_after)`, serial}, {`for any i in (0..pe.number_of_signatures) : (pe.signatures[i].serial == "01" or n == 1)`, ""},
		{`for any i in (0..pe.number_of_signatures) : (pe.signatures[i].serial == "01" or pe.signatures[i].subject == "x")`, sigs}, {`for any i in (0..pe.number_of_signatures) : (pe.signatures[i].serial == "01" or pe.sections[i].name == "x")`, ""},
		{`for all i in (0..3) : (pe.signatures[i].serial == "01")`, serial}, {`for 2 i in (0..3) : (pe.signatures[i].serial == "01")`, serial}, {`for none i in (0..3) : (pe.signatures[i].serial == "01")`, ""}, {`for 0 i in (0..3) : (pe.signatures[i].serial == "01")`, ""}, {`for n i in (0..3) : (pe.signatures[i].serial == "01")`, ""},
		{`not for any i in (0..3) : (pe.signatures[i].serial == "01")`, ""}, {`for any i in (0..3) : (not defined pe.signatures[i].serial)`, ""}, {`for any i in (0..pe.number_of_signatures) : (i == n)`, ""},
		{`for any i in (1..pe.number_of_signatures) : (i == n)`, number}, {`for none i in (1..pe.number_of_signatures) : (i == n)`, number}, {`for all i in (0..pe.number_of_signatures - 1) : (i == n)`, number}, {`for none i in (0..pe.number_of_signatures - 0) : (i == n)`, ""}, {`for none i in (0..pe.number_of_signatures + 1) : (i == n)`, ""}, {`for none i in (n..pe.number_of_signatures) : (i == n)`, ""},
		{`for any s in pe.signatures : (n == 1)`, sigs}, {`for none s in pe.signatures : (n == 1)`, sigs}, {`for all s in pe.signatures : (not defined s.serial)`, sigs}, {`not for any s in pe.signatures : (n == 1)`, ""}, {`for any k, v in pe.version_info : (k == v)`, "pe.version_info"},
		{`for any s in pe.signatures : (s.serial == "01" or s.serial == "03")`, serial + " 03"}, {`for all s in pe.signatures : (s.serial == "01")`, serial}, {`for none s in pe.signatures : (s.serial == "01")`, sigs}, {`for any s in pe.signatures : (for any c in s.countersignatures : (c.digest == "x"))`, sigs}, {`for any s in pe.signatures : (for any x in pe.sections : (s.serial == "01" and n == 1))`, serial},
		{`for any s in pe.signatures : (n == 1) or for any s in pe.sections : (s.name == "x")`, ""}, {`for any i in (1, 2) : (pe.signatures[i].serial == "01")`, serial}, {`for none i in (1, 2) : (pe.signatures[i].serial == "01")`, ""}, {`with x = pe.signatures[0] : (x.serial == "01")`, ""}, {`with x = 1 : (pe.signatures[x].serial == "01")`, serial},
		{`for any of ($a) : (pe.signatures[0].serial == "01") or n == 1`, ""},
		// And, or, others.
		{`n == 1 and pe.number_of_signatures > 0 and pe.signatures[0].serial == "01"`, serial}, {`pe.signatures[0].serial == "01" and pe.number_of_signatures > 0`, serial}, {`pe.sections[0].name == "a" and (pe.sections[0].name == "b" or pe.sections[1].name == "c")`, "pe.sections[].name a"},
		{`pe.number_of_signatures > 0 or pe.signatures[0].serial == "01"`, ""}, {`pe.signatures[0].serial == "01" or pe.signatures[0].subject == "x" or pe.signatures[0].serial == "02"`, sigs}, {`pe.number_of_sections > 3 or elf.number_of_sections > 3`, ""}, {`pe.signatures[0].serial == "01" or n == 1`, ""}, {`n == 1 or pe.signatures[0].serial == "01"`, ""},
		{`any of (pe.signatures[0].serial == "01", n == 1)`, ""}, {`gated and pe.is_pe`, "pe.is_pe"}, {`console.log("x") and pe.is_pe`, ""}, {`$a and pe.is_pe`, ""}, {`n == 1`, ""}, {`true`, ""}, {`false`, ""},
	}
	for _, tt := range tests {
		f := proveFacts(t, tt.cond)
		if got := showNeed(f.set, f.Need); got != tt.want {
			t.Errorf("%s\n\tneeds %q, want %q", tt.cond, got, tt.want)
		}
	}
}

// TestNeedOfRule: a rule that names another needs what that one does.
func TestNeedOfRule(t *testing.T) {
	set := build(t, false, `import "pe" rule a { condition: pe.signatures[0].serial == "01" } rule b { condition: a and filesize > 1 } rule c { condition: not a }`)
	var got []string
	for _, f := range All(set) {
		got = append(got, showNeed(set, f.Need))
	}
	if want := []string{"pe.signatures[].serial 01", "pe.signatures[].serial 01", ""}; !slices.Equal(got, want) {
		t.Errorf("needs %q, want %q", got, want)
	}
}

// TestNeedOfWays: each way has its own, and what all need.
func TestNeedOfWays(t *testing.T) {
	f := proveFacts(t, `pe.number_of_signatures > 0 and (#a > 1 or pe.sections[0].name == "x" or filesize < 9)`)
	var got []string
	for _, w := range f.Ways {
		got = append(got, showNeed(f.set, w.Need))
	}
	if want := []string{"", "pe.sections[].name x", "pe.number_of_signatures"}; !slices.Equal(got, want) {
		t.Errorf("needs %q, want %q", got, want)
	}
}

// TestCheck refuses needs that nothing can be asked for.
func TestCheck(t *testing.T) {
	f := proveFacts(t, `pe.signatures[0].serial == "01" and pe.sections[0].name == "x" and pe.dll_name == "x" and pe.number_of_signatures > 0 and pe.imphash() == "y" and pe.is_dll() and pe.rva_to_offset(1) == 5 and elf.type == 1`)
	set := f.set
	field := func(name string) int32 {
		for i, x := range set.Fields {
			if x.Name == name {
				return int32(i)
			}
		}
		t.Fatal("no field " + name)
		return -1
	}
	call := func(name string) int32 {
		_, f := set.Modules[f.Need.Module].Type.Member(name)
		for i, c := range set.Calls {
			if c == &f.Type.Func[0] {
				return int32(i)
			}
		}
		t.Fatal("no function " + name)
		return -1
	}
	sigs, serial, name := field("signatures"), field("serial"), field("name")
	mod := f.Need.Module
	good := []Need{{mod, sigs, -1, nil}, {mod, sigs, serial, []int32{0}}, {mod, field("number_of_signatures"), -1, []int32{}}, {mod, field("sections"), name, []int32{0, 1}},
		{mod, field("dll_name"), -1, []int32{0}}, {mod, ^call("imphash"), -1, []int32{1}}}
	for _, n := range good {
		if err := Check(set, []Facts{{Need: &n}, {}}); err != nil {
			t.Errorf("%+v: %v", n, err)
		}
	}
	bad := []Need{
		{-1, sigs, -1, nil}, {99, sigs, -1, nil}, {mod, -1, -1, nil}, {mod, 999, -1, nil}, {mod + 1, sigs, -1, nil}, {mod, serial, -1, nil}, {mod, field("dll_name"), -1, nil},
		{mod, sigs, -1, []int32{0}}, {mod, sigs, 999, []int32{0}}, {mod, sigs, name, []int32{0}}, {mod, sigs, sigs, []int32{0}}, {mod, field("number_of_signatures"), serial, []int32{0}},
		{mod, sigs, serial, nil}, {mod, ^call("imphash"), -1, nil}, {mod, ^call("imphash"), serial, []int32{0}}, {mod, ^call("is_dll"), -1, []int32{0}}, {mod, ^call("rva_to_offset"), -1, []int32{0}}, {mod, -99, -1, []int32{0}}, {mod + 1, ^call("imphash"), -1, []int32{0}},
		{mod, sigs, serial, []int32{-1}}, {mod, sigs, serial, []int32{0, int32(len(set.Texts))}},
	}
	for _, n := range bad {
		if err := Check(set, []Facts{{Ways: []Facts{{Need: &n}}}}); err == nil || !strings.Contains(err.Error(), "module") {
			t.Errorf("%+v: %v", n, err)
		}
	}
}

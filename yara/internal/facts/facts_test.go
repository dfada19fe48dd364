package facts

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
	"vitrine/yara/internal/modules"
	"vitrine/yara/internal/sema"
	"vitrine/yara/syntax"
)

// build compiles rules.
func build(t testing.TB, yarax bool, text string) *ir.Set {
	t.Helper()
	file, errs := syntax.Parse("t.yar", []byte(text), syntax.Options{YARAX: yarax})
	for _, e := range errs {
		t.Fatalf("%v\n%s", e, text)
	}
	c := sema.New(sema.Options{YARAX: yarax, Module: modules.Named, Externals: map[string]module.Value{"n": module.Int(7)}})
	for _, item := range file.Items {
		switch item := item.(type) {
		case *syntax.Import:
			if p := c.Import(item, ""); p != nil {
				t.Fatal(p.Message)
			}
		case *syntax.Rule:
			for _, p := range c.Rule(item, "") {
				t.Fatalf("%s\n%s", p.Message, text)
			}
		}
	}
	return c.Set()
}

// show writes facts: the strings that wake, the gates, the sizes.
func show(set *ir.Set, f *Facts) string {
	var out []string
	if f.Wake != nil {
		var names []string
		for _, id := range f.Wake {
			names = append(names, nameOf(set, id))
		}
		slices.Sort(names)
		out = append(out, "wake "+strings.Join(names, " "))
	}
	for _, g := range f.Gates {
		out = append(out, fmt.Sprintf("gate %x/%x", g.Value, g.Mask))
	}
	if f.Gates != nil && len(f.Gates) == 0 {
		out = append(out, "no gate")
	}
	if f.MinSize > 0 || f.MaxSize < math.MaxInt64 {
		high := ""
		if f.MaxSize < math.MaxInt64 {
			high = fmt.Sprint(f.MaxSize)
		}
		out = append(out, fmt.Sprintf("size %d..%s", f.MinSize, high))
	}
	return strings.Join(out, ", ")
}

// nameOf gives the name of the string that a pattern was made of: see prove.
func nameOf(set *ir.Set, id int32) string {
	names := map[string]string{"a long text": "a", "abcde": "b", "ab": "c", "z": "d", "": "r"}
	return names[string(set.Patterns.At(id).Links[0].Forms[0].Literal)]
}

// proved are the facts of a rule of a set.
type proved struct {
	Facts
	set *ir.Set
}

// prove shows the facts of a condition: see proveFacts.
func prove(t testing.TB, cond string) string {
	f := proveFacts(t, cond)
	return show(f.set, &f.Facts)
}

// proveFacts gives the facts of a condition that uses the strings it names. $a is
// the cheapest to be woken by, then $b, $c and $d; $r has no literal.
func proveFacts(t testing.TB, cond string) proved {
	t.Helper()
	var defs []string
	for _, d := range []string{`$a = "a long text"`, `$b = "abcde"`, `$c = { 61 62 }`, `$d = "z"`, `$r = /[a-z]/`} {
		name := d[:2]
		if strings.Contains(cond, name) || strings.Contains(cond, "#"+name[1:]) || strings.Contains(cond, "@"+name[1:]) || strings.Contains(cond, "!"+name[1:]) {
			defs = append(defs, d)
		}
	}
	if strings.Contains(cond, "them") && len(defs) == 0 {
		defs = []string{`$a = "a long text"`, `$b = "abcde"`, `$c = { 61 62 }`}
	}
	text := `import "pe" import "elf" import "math" import "console" import "hash"
rule woken { strings: $a = "a long text" $b = "abcde" condition: $a and $b }
rule gated { condition: uint16(0) == 0x5A4D and filesize < 100 }
private rule quiet { condition: filesize > 5 }
rule noisy { condition: console.log("x") }
rule never { condition: false }
rule r {`
	if len(defs) > 0 {
		text += " strings: " + strings.Join(defs, " ")
	}
	set := build(t, false, text+" condition: "+cond+" }")
	all := All(set)
	return proved{all[len(all)-1], set}
}

func TestFacts(t *testing.T) {
	mz, elf := "gate 5a4d/ffff", "gate 464c457f/ffffffff"
	tests := []struct{ cond, want string }{
		// One string, asked for in every way.
		{`$a`, "wake a"},
		{`$r`, "wake r"},
		{`not $a`, ""},
		{`not not $a`, ""},
		{`$a in (0..10)`, "wake a"},
		{`#a > 0`, "wake a"}, {`#a >= 1`, "wake a"}, {`#a == 2`, "wake a"}, {`#a != 0`, "wake a"}, {`0 < #a`, "wake a"}, {`1 <= #a`, "wake a"},
		{`#a >= 0`, ""}, {`#a == 0`, ""}, {`#a != 1`, ""}, {`#a < 3`, ""}, {`#a <= 3`, ""}, {`#a > -1`, ""}, {`5 > #a`, ""}, {`#a < 0`, "wake a"}, {`#a <= -1`, "wake a"},
		{`#a > n`, ""}, {`#a > #b`, "wake a"}, {`#a < #b`, "wake b"}, {`#a >= #b`, ""}, {`#a == #b`, ""}, {`#a > #b in (0..9)`, "wake a"}, {`#a > filesize`, ""}, {`#a + #b > 0`, "wake a b"}, {`#a + n > 0`, ""}, {`#a > #b + #c`, "wake a"}, {`#a > #b + n`, ""}, {`#a + #b > #c + #d`, "wake a b"}, {`#a - #b > 0`, ""}, {`filesize < #a`, ""}, {`#a`, "wake a"}, {`#a in (0..5)`, "wake a"}, {`#a in (0..5) == 1`, "wake a"}, {`#a in (0..5) == 0`, ""},
		{`@a == 5`, "wake a"}, {`@a != 5`, "wake a"}, {`!a > 3`, "wake a"}, {`@a[2] > @b`, "wake a"}, {`@a`, "wake a"}, {`not @a == 5`, "wake a"}, {`defined @a`, "wake a"},
		{`not defined @a`, ""}, {`defined $a`, ""}, {`defined (@a == 1)`, "wake a"}, {`defined (not @a == 1)`, "wake a"}, {`defined (@a == 1 and true)`, ""},
		{`@a + 1 > 5`, "wake a"}, {`uint8(@a) == 1`, "wake a"}, {`uint8(@a + 4) == 1`, "wake a"}, {`-@a < 0`, "wake a"}, {`math.abs(@a) == 1`, "wake a"},
		// Strings asked at offsets only are not searched for.
		{`$a at 0`, "gate 6f6c2061/ffffffff"}, {`$c at 2`, "gate 62610000/ffff0000"}, {`$a at 100`, ""}, {`$a at n`, ""}, {`$a at 0 and $b`, "wake b, gate 6f6c2061/ffffffff"},
		{`$a at 0 and #a > 0`, "wake a, gate 6f6c2061/ffffffff"}, {`$r at 0`, ""}, {`$a at pe.entry_point`, mz}, {`$a at 0 or $c at 0`, "gate 6f6c2061/ffffffff, gate 6261/ffff"},
		{`any of them at 0`, ""}, {`$a at -1`, ""},
		// And and or.
		{`$a and $b`, "wake a"}, {`$d and $b`, "wake b"}, {`$a or $b`, "wake a b"}, {`$a and ($b or $d)`, "wake a"}, {`($a or $b) and $d`, "wake a b"}, {`$a or n == 1`, ""},
		{`$a or false`, "wake a"}, {`false`, "wake , no gate, size 1..0"}, {`$a and false`, "wake , no gate, size 1..0"}, {`(uint16(0) == 0x5A4D and filesize < 9) or false`, mz + ", size 0..8"}, {`true`, ""}, {`($a or $b) and ($b or $c)`, "wake a b"},
		// Quantified sets.
		{`any of them`, "wake a b c"}, {`all of them`, "wake a"}, {`2 of them`, "wake a b"}, {`3 of them`, "wake a"}, {`4 of them`, "wake "}, {`none of them`, ""}, {`0 of them`, ""},
		{`n of them`, ""}, {`1% of them`, "wake a b c"}, {`34% of them`, "wake a b"}, {`100% of them`, "wake a"}, {`(n)% of them`, ""}, {`not any of them`, ""}, {`not none of them`, ""},
		{`2 of them in (0..5)`, "wake a b"}, {`any of them in (0..n)`, "wake a b c"}, {`2 of ($a, $a)`, "wake a"}, {`any of ($a, $b) and 1 of ($a)`, "wake a"},
		{`any of (#a > 0, $b)`, "wake a b"}, {`2 of ($a and n == 1, $b, n == 2)`, "wake a b"}, {`1 of (true, $a)`, ""}, {`all of (n == 3, $a)`, "wake a"}, {`none of ($a, $b and true)`, ""},
		// Loops.
		{`for any of them : ($)`, "wake a b c"}, {`for all of them : ($)`, "wake a"}, {`for 2 of them : (@ > 5)`, "wake a b"}, {`for none of them : ($)`, ""}, {`for 0 of them : ($)`, ""},
		{`for any of them : (# > 0)`, ""}, {`for any of them : (not $)`, ""}, {`for any of ($a, $b) : ($ or n == 1)`, ""}, {`for any of ($a, $b) : ($ and n == 1)`, "wake a b"},
		{`for any of ($a, $b) : (! + 1 < 4)`, "wake a b"}, {`for any of ($a) : ($ in (0..9) or uint8(@) == 1)`, "wake a"}, {`for any of ($a) : ($b)`, "wake b"}, {`for n of them : ($)`, ""},
		{`for any i in (1..#a) : (n == i)`, "wake a"}, {`for any i in (0..#a) : (n == i)`, ""}, {`for none i in (1..#a) : (n == i)`, "wake a"}, {`for all i in (1..#a) : (@a[i] < 5)`, "wake a"},
		{`for 0 i in (1..#a) : (n == i)`, "wake a"}, {`for any i in (1, 2) : ($a)`, "wake a"}, {`for all i in (1, 2) : ($a and i > 0)`, "wake a"}, {`for none i in (1, 2) : ($a)`, ""},
		{`for any i in (1..2) : (for any j in (1..2) : ($a))`, "wake a"}, {`for any i in (1..2) : (for none j in (1..2) : ($a))`, ""}, {`with x = n : ($a and x == 1)`, "wake a"},
		{`with x = @a : (x == 1)`, ""}, {`not for any i in (1..#a) : (n == i)`, ""}, {`for n i in (1..#a) : ($a)`, "wake a"}, {`for n i in (0..#a) : ($a)`, ""},
		// Other rules.
		{`woken`, "wake a"}, {`not woken`, ""}, {`woken and $b`, "wake a"}, {`woken or $b`, "wake a b"}, {`any of (woken, never)`, "wake a"}, {`all of (woken, gated)`, "wake a"}, {`none of (woken)`, ""},
		{`gated`, mz + ", size 0..99"}, {`gated or $a`, ""}, {`gated and quiet`, mz + ", size 6..99"}, {`not gated`, ""}, {`quiet and $a`, "wake a, size 6.."}, {`never`, "wake , no gate, size 1..0"}, {`noisy`, ""},
		{`noisy and $a`, "wake a"}, {`any of (gated, never)`, ""},
		// What acts is always evaluated.
		{`console.log("y") and $a`, ""}, {`filesize > 7 and uint16(0) == 1 and $a and console.log("y")`, ""}, {`for any i in (1, 2) : (console.log(i)) and $a`, ""},
		{`$a at math.to_number(console.log("x")) and $b`, ""}, {`with x = console.log("x") : ($a)`, ""}, {`for any i in (1..math.to_number(console.log("x"))) : ($a)`, ""},
		// Gates.
		{`uint16(0) == 0x5A4D`, mz}, {`0x5A4D == uint16(0)`, mz}, {`uint16be(0) == 0x4D5A`, mz}, {`uint32(0) == 0x464C457F`, elf}, {`uint32be(0) == 0x7F454C46`, elf}, {`uint8(2) == 5`, "gate 50000/ff0000"},
		{`uint16(2) == 1`, "gate 10000/ffff0000"}, {`uint16(3) == 1`, ""}, {`uint32(1) == 1`, ""}, {`uint16(n) == 1`, ""}, {`uint16(0) != 1`, ""}, {`uint16(0) >= 0x5A4D`, ""}, {`not uint16(0) == 0x5A4D`, ""},
		{`uint16(0) == 0x15A4D`, "no gate"}, {`int16(0) == -1`, "gate ffff/ffff"}, {`int8(0) == 128`, "no gate"}, {`int8(0) == -128`, "gate 80/ff"}, {`uint8(0) == -1`, "no gate"}, {`int16be(0) == -2`, "gate feff/ffff"},
		{`int32(0) == -1`, "gate ffffffff/ffffffff"}, {`float32(0) == 1`, ""}, {`uint16(0) == 0x5A4D or uint32(0) == 0x464C457F`, mz + ", " + elf}, {`uint16(0) == 0x5A4D or n == 1`, ""},
		{`uint16(0) == 0x5A4D and n == 1`, mz}, {`uint16(0) == 0x5A4D and uint32(0) == 0x464C457F`, elf}, {`uint16(0) == 0x5A4D or uint16(0) == 0x5A4D`, mz},
		{`pe.number_of_sections > 1`, mz}, {`1 < pe.number_of_sections`, mz}, {`pe.number_of_sections != 1`, mz}, {`pe.machine == pe.MACHINE_I386`, mz}, {`pe.sections[0].name == "x"`, mz},
		{`pe.version_info["x"] contains "y"`, mz}, {`"y" contains pe.dll_name`, mz}, {`pe.dll_name matches /x/`, mz}, {`pe.is_dll()`, mz}, {`pe.imports("a.dll")`, mz}, {`pe.linker_version.major == 1`, mz},
		{`pe.is_pe`, mz}, {`not pe.is_pe`, ""}, {`pe.is_pe == 0`, ""}, {`pe.is_pe == 1`, ""}, {`not pe.is_dll()`, mz}, {`pe.MACHINE_I386 == n`, ""}, {`pe.MACHINE_I386 == 332`, ""}, {`pe.imports("a.dll") == 0`, mz},
		{`elf.type == elf.ET_EXEC`, elf}, {`elf.sections[0].name == "x"`, elf}, {`not elf.type == 1`, elf}, {`not (elf.type == 1 and true)`, ""}, {`not (elf.type == 1 or false)`, ""}, {`pe.machine == 1 or elf.machine == 1`, mz + ", " + elf}, {`pe.is_pe and elf.type == 1`, elf},
		{`for any s in pe.sections : (s.name == "x")`, mz}, {`for none s in pe.sections : (s.name == "x")`, mz}, {`not for any s in pe.sections : (s.name == "x")`, ""}, {`for none i in (0..pe.number_of_sections) : (i == n)`, mz}, {`for all s in elf.sections : (n == 1)`, elf}, {`for any k, v in pe.version_info : (k == v)`, mz},
		{`for any i in (1, 2) : (uint16(0) == 0x5A4D)`, mz}, {`for none i in (1, 2) : (uint16(0) == 0x5A4D)`, ""}, {`with s = pe.sections[0] : (s.name == "x")`, ""}, {`with x = 1 : (uint16(0) == 0x5A4D)`, mz},
		{`math.abs(n) == 1`, ""}, {`hash.md5(0, 1) == "x"`, ""}, {`defined pe.machine`, mz}, {`defined (pe.machine == 1 and true)`, ""}, {`defined pe.is_pe`, ""}, {`not defined pe.machine`, ""}, {`math.max(pe.machine, 1) == 1`, mz}, {`math.max(pe.is_pe, 1) == 1`, ""}, {`pe.sections[n + pe.is_pe].name == ""`, mz}, {`uint32(pe.entry_point) == 1`, mz}, {`pe.imphash() == "x"`, mz}, {`-pe.machine < 0`, mz}, {`entrypoint == 5`, mz + ", " + elf}, {`$a at entrypoint`, mz + ", " + elf}, {`$a in (pe.entry_point..n)`, "wake a, " + mz}, {`0 of ($a) at elf.entry_point`, elf}, {`not any of ($a) in (0..elf.entry_point)`, elf}, {`#a in (0..pe.entry_point) == 0`, mz}, {`for any of ($a, $b) : (pe.machine == 1)`, mz}, {`for none of ($a, $b) : (pe.machine == 1)`, ""}, {`pe.sections.len() == 3`, mz}, {`with x = pe.machine : (not defined x)`, ""}, {`@a[pe.machine] == 1`, "wake a, " + mz}, {`!a[@b] > 0`, "wake a"}, {`uint16(0) == 0x5A4D and elf.type == 1`, elf},
		// Sizes.
		{`filesize < 100`, "size 0..99"}, {`filesize <= 100`, "size 0..100"}, {`filesize > 100`, "size 101.."}, {`filesize >= 100`, "size 100.."}, {`filesize == 100`, "size 100..100"}, {`filesize != 100`, ""},
		{`100 > filesize`, "size 0..99"}, {`100 <= filesize`, "size 100.."}, {`100 == filesize`, "size 100..100"}, {`filesize < 100 and filesize > 10`, "size 11..99"}, {`filesize < 10 or filesize > 100`, ""},
		{`filesize < 10 or filesize < 100`, "size 0..99"}, {`filesize > 10 or filesize > 100`, "size 11.."}, {`filesize < 10 and filesize > 100`, "size 101..9"}, {`not filesize < 100`, ""}, {`filesize < 100 or $a`, ""},
		{`filesize < 1MB`, "size 0..1048575"}, {`filesize < n`, ""}, {`filesize < 1.5`, ""}, {`filesize + 1 < 100`, ""}, {`filesize < 0 or filesize == 7`, "size 7..7"}, {`filesize < -5`, "size 0..-6"},
		{`filesize > 9223372036854775807`, "size 1..0"}, {`for any i in (1, 2) : (filesize < 9)`, ""},
	}
	for _, tt := range tests {
		if got := prove(t, tt.cond); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.cond, got, tt.want)
		}
	}
}

// TestWays: rules of which something is known for each way to be true.
func TestWays(t *testing.T) {
	mz := "gate 5a4d/ffff"
	tests := []struct{ cond, want string }{
		{`uint16(0) == 0x5A4D and n == 1 or 1 of ($a, $b)`, mz + " | wake a b"},
		{`$a at 0 or $b and $c`, "gate 6f6c2061/ffffffff | wake b"},
		{`filesize < 9 and ($a or pe.is_dll() or filesize > 3)`, "wake a, size 0..8 | " + mz + ", size 0..8 | size 4..8"},
		{`uint16(0) == 0x5A4D and (n == 1 and filesize > 5 or ($a or $b))`, mz + ", size 6.. | wake a, " + mz + " | wake b, " + mz},
		{`gated or $a`, mz + ", size 0..99 | wake a"},
		{`$a or $b`, ""}, {`$a or n == 1`, ""}, {`n == 1 and n == 2`, ""}, {`noisy or $a`, ""}, {`console.log("x") or $a`, ""}, {`not ($a or gated)`, ""},
		{strings.Repeat("filesize == 1 or ", 16) + "$a", ""},
	}
	for _, tt := range tests {
		f := proveFacts(t, tt.cond)
		var got []string
		for i := range f.Ways {
			got = append(got, show(f.set, &f.Ways[i]))
		}
		if s := strings.Join(got, " | "); s != tt.want {
			t.Errorf("%s: %q, want %q", tt.cond, s, tt.want)
		}
	}
}

func TestPasses(t *testing.T) {
	f := Facts{Gates: []Gate{{0xFFFF, 0x5A4D}, {0xFF0000, 0x070000}}, MinSize: 2, MaxSize: 10}
	tests := []struct {
		head string
		size int64
		want bool
	}{
		{"MZ", 2, true}, {"MZ\x00\x00", 10, true}, {"MZ\x00\x00", 11, false}, {"M", 1, false}, {"M", 5, false}, {"ab\x07\x00", 4, true}, {"ab\x07", 3, true}, {"ab\x08\x00", 4, false}, {"", 2, false},
	}
	for _, tt := range tests {
		if got := f.Passes([]byte(tt.head), tt.size); got != tt.want {
			t.Errorf("%q of %d bytes: %t", tt.head, tt.size, got)
		}
	}
	open := Facts{MaxSize: math.MaxInt64}
	if !open.Passes(nil, 0) {
		t.Error("nothing is known, and yet the empty file does not pass")
	}
}

// TestModulesKnowNothingOfOtherFiles holds the ground of the gates: without
// the magic number, no field of pe or elf but is_pe is defined, and no function
// answers.
func TestModulesKnowNothingOfOtherFiles(t *testing.T) {
	files := []string{"", "M", "ZM", "\x7fEL", "\x7fELG", "plain text", "\xca\xfe\xba\xbe", strings.Repeat("\x00", 4096), "mz" + strings.Repeat("\x01", 2000), "\x7felf" + strings.Repeat("\x02", 2000)}
	for _, name := range []string{"pe", "elf"} {
		m, _ := modules.Named(name)
		for _, data := range files {
			c := &module.Context{Ctx: context.Background(), Data: []byte(data), Now: func() int64 { return 0 }}
			visit(t, c, name, m.Type, m.Open(c))
		}
	}
}

// visit asks for everything below a struct of a module that knows nothing.
func visit(t *testing.T, c *module.Context, path string, s *module.Type, self any) {
	for i := range s.Fields {
		f := &s.Fields[i]
		at := path + "." + f.Name
		switch {
		case f.Type.Kind == module.KindFunc:
			for _, o := range f.Type.Func {
				if v := o.Call(c, self, arguments(o.Args)); v.Kind != module.KindUndefined {
					t.Errorf("%s() is %v for %.8q", at, v, c.Data)
				}
			}
		case f.Get == nil && f.Type.Kind == module.KindStruct:
			visit(t, c, at, f.Type, self)
		case f.Get == nil && f.Const.Kind != module.KindInt:
			t.Errorf("%s is a constant that the compiler does not fold: its place says nothing of the file", at)
		case f.Get == nil || at == "pe.is_pe" || self == nil:
		default:
			v := f.Get(self)
			if v.Kind == module.KindStruct {
				visit(t, c, at, f.Type, v.Ref)
			} else if v.Kind != module.KindUndefined {
				t.Errorf("%s is %v for %.8q", at, v, c.Data)
			}
		}
	}
}

type everything struct{}

func (everything) Match([]byte) bool { return true }

// arguments makes up arguments of the given kinds.
func arguments(kinds []module.Kind) []module.Value {
	var args []module.Value
	for _, k := range kinds {
		switch k {
		case module.KindInt:
			args = append(args, module.Int(0))
		case module.KindFloat:
			args = append(args, module.Float(0))
		case module.KindBool:
			args = append(args, module.Bool(false))
		case module.KindString:
			args = append(args, module.String("a"))
		case module.KindRegexp:
			args = append(args, module.Ref(module.KindRegexp, everything{}))
		}
	}
	return args
}

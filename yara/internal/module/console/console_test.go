package console_test

import (
	"slices"
	"testing"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/module/console"
	"vitrine/yara/internal/module/moduletest"
)

func TestLines(t *testing.T) {
	data := []byte("\x00\x11AB")
	for _, c := range []struct {
		name  string
		yarax bool
		calls [][2]string // the call and the line
	}{
		{"YARA 4", false, [][2]string{
			{`log("foo")`, "foo"}, {`log("")`, ""}, {`log("a\x00\tb\xff~")`, `a\x00\x09b\xff~`},
			{`log("m: ", "b\n")`, `m: b\x0a`}, {`log("m\x00x", "b")`, "mb"}, {`log("\n", "b")`, "\nb"},
			{"log(10)", "10"}, {`log("bar: ", -1)`, "bar: -1"},
			{"log(3.14)", "3.140000"}, {`log("f ", 0.5)`, "f 0.500000"},
			{"hex(255)", "0xff"}, {"hex(-1)", "0xffffffffffffffff"}, {`hex("qux: ", 16)`, "qux: 0x10"},
		}},
		{"YARA-X", true, [][2]string{
			{`log("a\tb")`, "a\tb"}, {`log("m\x00", "b")`, "m\x00b"},
			{"log(3.14)", "3.14"}, {"log(3.0)", "3"}, {"log(true)", "true"}, {`log("b: ", false)`, "b: false"},
			{"log(0, 4)", `\x00\x11AB`}, {`log("at ", 2, 9)`, "at AB"}, {"hex(10)", "0xa"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := moduletest.OpenIn(console.Module(), module.Context{Data: data, YARAX: c.yarax})
			var want []string
			for _, call := range c.calls {
				want = append(want, call[1])
				moduletest.Check(t, s, [][2]string{{call[0], "1"}})
			}
			if !slices.Equal(s.Lines, want) {
				t.Errorf("lines\n%q\nwant\n%q", s.Lines, want)
			}
		})
	}
}

func TestOutside(t *testing.T) {
	s := moduletest.OpenIn(console.Module(), module.Context{Data: []byte("ab"), YARAX: true})
	moduletest.Check(t, s, [][2]string{{"log(2, 1)", "undefined"}, {"log(0, -1)", "undefined"}})
	if len(s.Lines) != 0 {
		t.Errorf("lines %q", s.Lines)
	}
}

// Every form is marked as having an effect, and without a listener it holds.
func TestEffect(t *testing.T) {
	m := console.Module()
	for i := range m.Type.Fields {
		for _, f := range m.Type.Fields[i].Type.Func {
			if !f.Effect {
				t.Errorf("%s has a form without effect", m.Type.Fields[i].Name)
			}
		}
	}
	_, log := m.Type.Member("log")
	v := log.Type.Func[0].Call(&module.Context{}, nil, []module.Value{module.String("x")})
	if moduletest.Show(v) != "1" {
		t.Errorf("log without a listener gives %s", moduletest.Show(v))
	}
}

package math_test

import (
	"context"
	"testing"

	"vitrine/yara/internal/module"
	"vitrine/yara/internal/module/math"
	"vitrine/yara/internal/module/moduletest"
)

func TestRanges(t *testing.T) {
	s := moduletest.Open(math.Module(), []byte("AABAAB"))
	moduletest.Check(t, s, [][2]string{
		{"MEAN_BYTES", "127.5"},
		{"entropy(0, 6)", "0.9182958340544896"},
		{"entropy(2, 100)", "1"},
		{"entropy(2, 0)", "0"},
		{"entropy(6, 1)", "undefined"},
		{"entropy(-1, 1)", "undefined"},
		{"entropy(0, -1)", "undefined"},
		{"mean(0, 3)", "65.33333333333333"},
		{"mean(0, 0)", "undefined"},
		{"deviation(2, 4, 65.0)", "0.5"},
		{"deviation(0, 2, 127.5)", "62.5"},
		{"count(0x41)", "4"},
		{"count(0x41, 4, 10)", "1"},
		{"count(0x41, 10, 4)", "undefined"},
		{"count(0x41, 0, -3)", "undefined"},
		{"count(-1)", "undefined"},
		{"count(256, 0, 1)", "undefined"},
		{"percentage(0x41, 4, 10)", "0.5"},
		{"percentage(0x41, 0, 3)", "0.6666666865348816"}, // single precision
		{"percentage(0x41, 0, 0)", "undefined"},
		{"percentage(0x42)", "0.3333333432674408"},
		{"percentage(-1)", "undefined"},
		{"mode()", "65"},
		{"mode(2, 1)", "66"},
		{"mode(2, 0)", "0"},
		{"mode(9, 1)", "undefined"},
		{"serial_correlation(1, 3)", "-0.5"},
		{"serial_correlation(0, 0)", "-100000"},
		{"serial_correlation(0, 2)", "-100000"},
		{"serial_correlation(7, 2)", "undefined"},
		{"monte_carlo_pi(0, 5)", "undefined"},
		{"monte_carlo_pi(0, 6)", "0.2732395447351627"},
		{"monte_carlo_pi(9, 6)", "undefined"},
	})
}

func TestStrings(t *testing.T) {
	s := moduletest.Open(math.Module(), nil)
	moduletest.Check(t, s, [][2]string{
		{`entropy("")`, "0"}, {`entropy("AABB")`, "1"},
		{`mean("ABCABC")`, "66"}, {`mean("")`, "undefined"},
		{`mean("\xff")`, "-1"}, // signed
		{`deviation("ABAB", 65.0)`, "0.5"}, {`deviation("", 1.0)`, "undefined"},
		{`deviation("\xff\xff", 0.0)`, "1"},
		{`serial_correlation("BCA")`, "-0.5"},
		{`serial_correlation("")`, "-100000"},
		{`monte_carlo_pi("ABCDEF")`, "0.2732395447351627"},
		{`monte_carlo_pi("\xff\xff\xff\xff\xff\xff")`, "1"},
		{`monte_carlo_pi("\xff\xff\xffAAA")`, "1"},
		{"count(0)", "0"}, {"percentage(0)", "undefined"}, {"mode()", "0"},
		{"count(0, 0, 0)", "undefined"},
	})
}

func TestArithmetic(t *testing.T) {
	cases := [][2]string{
		{"in_range(2.0, 1.0, 3.0)", "1"}, {"in_range(6.0, 1.0, 3.0)", "0"},
		{"in_range(1.0, 1.0, 1.0)", "1"},
		{"min(0, 1)", "0"}, {"max(0, 1)", "1"}, {"max(7, 1)", "7"},
		{"min(-1, 0)", "0"}, {"max(-1, 0)", "-1"}, // unsigned
		{"abs(-1)", "1"}, {"abs(5)", "5"}, {"abs(-9223372036854775808)", "-9223372036854775808"},
		{"to_number(true)", "1"}, {"to_number(false)", "0"},
		{"to_string(-12)", `"-12"`}, {"to_string(-1, 10)", `"-1"`},
		{"to_string(-1, 16)", `"ffffffffffffffff"`}, {"to_string(32, 8)", `"40"`}, {"to_string(32, 9)", "undefined"},
	}
	moduletest.Check(t, moduletest.Open(math.Module(), nil), cases)
}

func TestYARAX(t *testing.T) {
	s := moduletest.OpenIn(math.Module(), module.Context{Data: []byte("AAB"), YARAX: true})
	moduletest.Check(t, s, [][2]string{
		{"min(-1, 0)", "-1"}, {"max(-1, 0)", "0"},
		{"in_range(1, 1, 2)", "1"}, {"in_range(3, 1, 2)", "0"},
		{"percentage(0x41)", "0.6666666666666666"},
		{`mean("\xff")`, "255"}, {`deviation("\xff", 0.0)`, "255"},
		{"mode(0, 0)", "undefined"},
	})
}

// A range is counted once; the caps on what is kept do not change answers.
func TestKept(t *testing.T) {
	data := make([]byte, 200)
	for i := range data {
		data[i] = byte(i)
	}
	s := moduletest.Open(math.Module(), data)
	for range 2 {
		for i := range len(data) {
			path := "count(" + moduletest.Show(module.Int(int64(i))) + ", 0, " + moduletest.Show(module.Int(int64(i+1))) + ")"
			if got := s.Eval(path); got != "1" {
				t.Fatalf("%s = %s", path, got)
			}
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := moduletest.OpenIn(math.Module(), module.Context{Ctx: ctx, Data: []byte("AAAAAAAA")})
	moduletest.Check(t, s, [][2]string{
		{"entropy(0, 8)", "undefined"}, {"serial_correlation(0, 8)", "undefined"},
		{"monte_carlo_pi(0, 8)", "undefined"}, {"mode()", "undefined"},
	})
}

func TestWalk(t *testing.T) {
	for _, data := range []string{"", "abcdefgh"} {
		moduletest.Open(math.Module(), []byte(data)).Walk(4, nil)
	}
}

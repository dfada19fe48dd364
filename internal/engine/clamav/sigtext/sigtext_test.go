package sigtext

import (
	"errors"
	"strings"
	"testing"

	"vitrine/yara"
)

func TestBodies(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"4142", "{ 41 42 }"},
		{"4?42", "{ 4? 42 }"},
		{"41??42", "{ 41 ?? 42 }"},
		{"41*42", "{ 41 [0-] 42 }"},
		{"41{3}42", "{ 41 [3] 42 }"},
		{"41{3-}42", "{ 41 [3-] 42 }"},
		{"41{-3}42", "{ 41 [0-3] 42 }"},
		{"41{1-3}*42", "{ 41 [1-] 42 }"},
		{"41{1-3}{2}42", "{ 41 [3-5] 42 }"},
		{"4142{2}", "{ 41 42 ???? }"},
		{"41[2-4]4243", "{ 41 [2-4] 42 43 }"},
		{"(41|4243)44", "{ ( 41 | 42 43) 44 }"},
		{"((41|42)43|44)45", "{ ( ( 41 | 42) 43 | 44) 45 }"},
		{"aa(L)bb", "{ AA ( 0A | 0D 0A) BB }"},
		{"!(4142)43", "{ ( (0?|1?|2?|3?|40|42|43|44|45|46|47|48|49|4A|4B|4C|4D|4E|4F|5?|6?|7?|8?|9?|A?|B?|C?|D?|E?|F?) ?? | 41 (0?|1?|2?|3?|40|41|43|44|45|46|47|48|49|4A|4B|4C|4D|4E|4F|5?|6?|7?|8?|9?|A?|B?|C?|D?|E?|F?)) 43 }"},
	} {
		b, err := parseBody(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := strings.TrimSpace(strings.TrimPrefix(b.definition("a", false), "$a = ")); got != c.want {
			t.Errorf("%s\n became %s\n want   %s", c.text, got, c.want)
		}
	}
}

func TestMalformedBodies(t *testing.T) {
	for _, text := range []string{"", "4", "4g", "??", "*41", "41*", "41{2-}", "41{", "41{x}42", "41{5-2}42", "41{-}42", "41[1-99]42", "41[1-]42",
		"(", "(41", "(41|)", "()", "!41", "41)", "41|42", "(41*42)", "(41(B)42)43", "!(41|4243)44", "!(4?)41", strings.Repeat("(", 50) + "41"} {
		if _, err := parseBody(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestOffsets(t *testing.T) {
	for _, c := range []struct {
		text      string
		target    int
		low, high string
	}{
		{"*", 0, "", ""}, {"5", 0, "5", "5"}, {"5,3", 0, "5", "5 + 3"}, {"EOF-9", 0, "filesize - 9", "filesize - 9"},
		{"EP+0", 1, "ep + 0", "ep + 0"}, {"EP-7,2", 6, "ep - 7", "ep - 7 + 2"}, {"S3+1", 9, "s3 + 1", "s3 + 1"},
		{"SL+4", 1, "sl + 4", "sl + 4"}, {"SE2", 1, "s2", "s2 + z2"}, {"VI", 1, "vi", "ve"},
	} {
		o, err := parseOffset(c.text, c.target)
		if err != nil || o.low != c.low || o.high != c.high {
			t.Errorf("%s: %+v %v", c.text, o, err)
		}
	}
	for _, text := range []string{"", "x", "-1", "5,", "5,x", "EP", "EP+", "EP+x", "S+1", "Sx+1", "SE", "EOF+1", "EOF-", "$99$", "$$", "99999999999"} {
		if _, err := parseOffset(text, 1); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	if _, err := parseOffset("EP+0", 0); err == nil {
		t.Error("an entry point is taken for any file")
	}
	if _, err := parseOffset("S100+1", 1); !errors.As(err, new(Unsupported)) {
		t.Errorf("section 100: %v", err)
	}
}

func TestLogic(t *testing.T) {
	subs := make([]subsig, 3)
	for i := range subs {
		subs[i] = subsig{at: &offset{macro: -1}, patterns: []pattern{{id: string(rune('a' + i)), body: &body{}}}}
	}
	subs[2].truth = "T"
	for _, c := range []struct{ text, want string }{
		{"0", "$a"}, {"0&1|2", "($a and ($b or T))"}, {"(0|1)&2", "(($a or $b) and T)"},
		{"0>2", "(#a >= 3)"}, {"0=0", "not $a"}, {"0=2", "((#a >= 2) and not (#a >= 3))"}, {"0<2", "not (#a >= 2)"},
		{"2>1", "false"}, {"2=1", "(T and not false)"}, {"2<1", "not T"},
		{"(0|1)>3", "(($a or $b) and (#a + #b) > 3)"}, {"(0|1)=0", "(not ($a or $b) or (($a or $b) and (#a + #b) == 0))"},
		{"(0&1)>3,2", "(($a and $b) and (#a + #b) > 3 and 2 of ($a, $b))"}, {"(0|1)>3,9", "false"},
	} {
		x, err := parseLogic(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got, err := x.truth(subs); got != c.want || err != nil {
			t.Errorf("%s became %s, want %s (%v)", c.text, got, c.want, err)
		}
	}
	for _, text := range []string{"", "(", "0&", "&0", "0)", "0 & 1", "99", "0>", "(0", "0>x", "((0>1)>2", strings.Repeat("(", 100)} {
		if _, err := parseLogic(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	for _, text := range []string{"(0|2)>1", "(0>1|1)>2", "((0&1)|1)>2", "((0>1))>2"} {
		x, err := parseLogic(text)
		if err == nil {
			_, err = x.truth(subs)
		}
		if !errors.As(err, new(Unsupported)) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestLines(t *testing.T) {
	macros := Macros{}
	for _, c := range []struct{ line, want string }{
		{"A;Target:0;0;41425b;4344", "malformed"}, {"A;Target:0;0", "malformed"}, {"A;X;0;4142", "malformed"}, {"A;Engine:1-2;0;4142", "level"},
		{"A;Engine:51-255;0;4142", "malformed"}, {"A;Target:x;0;4142", "malformed"}, {"A;Target:99;0;4142", "unsupported"},
		{"A;Target:0,IconGroup1:x;0;4142", "unsupported"}, {"A;Target:0,FileSize:1;0;4142", "malformed"}, {"A;Target:0;0;fuzzy_img#00", "unsupported"},
		{"A;Target:0;0&1;4142;0(>>1#ib2#=1)", "ok"}, {"A;Target:0;0&1;4142;0(>>1#hb2#=1)", "unsupported"}, {"A;Target:0;0&1;4142;7(>>1#ib2#=1)", "malformed"},
		{"A;Target:0;0&1;4142;0(>>1#ib3#=1)", "malformed"}, {"A;Target:0;0&1;4142;0(>>1#ib2#~1)", "malformed"}, {"A;Target:0;0&1;4142;0(>>1#ib8#=1)", "unsupported"},
		{"A;Target:0;0&1;4142;0(>>1#ib2#=1,=2,=3)", "malformed"}, {"A;Target:0;0&1;4142;0(x#ib2#=1)", "malformed"},
		{"A;Target:0;0&1;4142;0/a;b/", "ok"}, {"A;Target:0;0&1;4142;0/a/b/c/", "ok"}, {"A;Target:0;0&1;4142;0/(?=a)b/", "unsupported"}, {"A;Target:0;0&1;4142;0/a/m", "unsupported"},
		{"A;Target:0;0&1;4142;0/a/?", "malformed"}, {"A;Target:0;0&1;4142;1/a/", "malformed"}, {"A;Target:0;0&1;4142;5:0/a/", "unsupported"}, {"A;Target:0;0&1;4142;0//", "malformed"},
		{"A;Target:0;0&1;4142;0/a", "malformed"}, {"A;Target:0;0;4142::z", "malformed"}, {"A;Target:0;0;$3$:4142", "malformed"}, {"A;Target:0;0&1;4142;${1-2}3$", "unsupported"},
		{"A;Target:0;0;${1-2}3$", "malformed"}, {"A;Target:0;0&1;4142;${1-2}99$", "malformed"}, {";Target:0;0;4142", "malformed"},
	} {
		s, err := Logical(c.line, macros)
		check(t, c.line, s, err, c.want)
	}
	for _, c := range []struct{ line, want string }{
		{"A:0:*:4142", "ok"}, {"A:*:*:4142", "ok"}, {"A:0:*:4142:10:300", "ok"}, {"A:0:*:4142:900", "level"}, {"A:0:*:4142:1:2", "level"}, {"A:0:*:4142:x", "malformed"},
		{"A:0:*", "malformed"}, {"A:x:*:4142", "malformed"}, {"A:15:*:4142", "unsupported"}, {":0:*:4142", "malformed"}, {"A:0:*:4142:1:2:3", "malformed"},
	} {
		s, err := Extended(c.line, macros)
		check(t, c.line, s, err, c.want)
	}
	if s, err := Plain("Old (Clam)=4142"); err != nil || s.Name != "Old" {
		t.Errorf("%+v %v", s, err)
	}
	if _, err := Plain("none"); err == nil {
		t.Error("a line without a body is taken")
	}
}

func check(t *testing.T, line string, s *Signature, err error, want string) {
	t.Helper()
	got := "malformed"
	switch {
	case err == nil:
		got = "ok"
		compile(t, s)
	case errors.Is(err, ErrLevel):
		got = "level"
	case errors.As(err, new(Unsupported)):
		got = "unsupported"
	}
	if got != want {
		t.Errorf("%s: %s (%v), want %s", line, got, err, want)
	}
}

// compile holds what is written against the compiler.
func compile(t *testing.T, s *Signature) {
	t.Helper()
	externals := map[string]any{}
	for _, v := range s.Variables {
		externals[v] = int64(0)
	}
	c := yara.NewCompiler(yara.Config{Dialect: yara.YARAX, Externals: externals})
	if err := c.Add(yara.Source{Text: []byte(s.Rule("sig_0"))}); err != nil {
		t.Errorf("%v in\n%s", err, s.Rule("sig_0"))
	}
}

// FuzzLines wants of every line an error or a rule whose braces and quotes
// are closed: nothing of a signature may reach beyond its own rule.
func FuzzLines(f *testing.F) {
	f.Add("A;Engine:51-255,Target:1;(0|1)>2,2&2;EP+0:4142::iw;41{2-3}!(42|43)(L)44;0/a(b|c)/i")
	f.Add("A;Target:0;0&1&2;4142;0(>>1#ib2#=1);${1-2}3$")
	f.Add("A:1:S0+5,9:(W)41??[1-2]42*43(B)")
	f.Add("A:0:$3$:4142")
	f.Fuzz(func(t *testing.T, line string) {
		macros := Macros{{0, 3}: {"4142"}}
		for _, translate := range []func() (*Signature, error){
			func() (*Signature, error) { return Logical(line, macros) },
			func() (*Signature, error) { return Extended(line, macros) },
			func() (*Signature, error) { return Plain(line) },
		} {
			s, err := translate()
			if err != nil || s == nil || len(line) > 400 {
				continue
			}
			c := yara.NewCompiler(yara.Config{Dialect: yara.YARAX, Externals: externalsOf(s)})
			if c.Add(yara.Source{Text: []byte(s.Rule("sig_0"))}) != nil {
				continue
			}
			rules, err := c.Rules()
			if err != nil || rules.Len() != 1 {
				t.Errorf("%q became %d rules (%v)", line, rules.Len(), err)
			}
		}
	})
}

func externalsOf(s *Signature) map[string]any {
	out := map[string]any{}
	for _, v := range s.Variables {
		out[v] = int64(0)
	}
	return out
}

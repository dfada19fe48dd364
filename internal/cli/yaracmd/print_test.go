package yaracmd

import (
	"bytes"
	"strings"
	"testing"

	"vitrine/yara"
)

// The lines wanted here were printed by yara 4.5.8.
func TestRuleLine(t *testing.T) {
	rule := &yara.Rule{
		Name: "a", Namespace: "default", Tags: []string{"t1", "t2"},
		Meta: []yara.Meta{
			{Key: "i", Value: int64(5)}, {Key: "n", Value: int64(-3)}, {Key: "b", Value: true},
			{Key: "s", Value: "q\"uo\\te'\x01\n\xff"},
		},
	}
	bare := &yara.Rule{Name: "last", Namespace: "n"}
	tests := []struct {
		name    string
		options Options
		rule    *yara.Rule
		path    string
		want    string
	}{
		{"plain", Options{}, rule, "t", "a t"},
		{"namespace", Options{PrintNamespace: true}, bare, "t", "n:last t"},
		{"tags", Options{PrintTags: true}, rule, "t", "a [t1,t2] t"},
		{"everything", Options{PrintNamespace: true, PrintTags: true, PrintMeta: true}, rule, "./t",
			`default:a [t1,t2] [i =5,n =-3,b=true,s="q\"uo\\te\'\001\n\377"] ./t`},
		{"nothing to print", Options{PrintTags: true, PrintMeta: true}, bare, "t", "last [] [] t"},
		{"newline in path", Options{}, bare, "a\nb\r\\c", `last a\nb\r\c`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(tt.options.appendRule(nil, tt.rule, tt.path)); got != tt.want+"\n" {
				t.Errorf("got  %q\nwant %q", got, tt.want+"\n")
			}
		})
	}
}

func TestMatchLine(t *testing.T) {
	long := []byte(strings.Repeat("A", 600))
	tests := []struct {
		name    string
		options Options
		match   yara.StringMatch
		hex     bool
		want    string
	}{
		{"text", Options{PrintStrings: true}, yara.StringMatch{Name: "$a", Offset: 31, Data: []byte("hello")}, false,
			"0x1f:$a: hello"},
		{"anonymous hex", Options{PrintStrings: true}, yara.StringMatch{Name: "$", Offset: 2, Data: []byte("ll")}, true,
			"0x2:$: 6C 6C"},
		{"not printable", Options{PrintStrings: true}, yara.StringMatch{Name: "$a", Data: []byte("\\\x00\x7f\xab~ \n")}, false,
			`0x0:$a: \\x00\x7F\xAB~ \x0A`},
		{"length", Options{PrintLength: true}, yara.StringMatch{Name: "$a", Offset: 0xdeadbeef12, Data: []byte("hel")}, false,
			"0xdeadbeef12:3:$a"},
		{"length and text", Options{PrintLength: true, PrintStrings: true}, yara.StringMatch{Name: "$a", Data: []byte("hel")}, false,
			"0x0:3:$a: hel"},
		{"xor", Options{PrintXorKey: true, PrintStrings: true}, yara.StringMatch{Name: "$x", Offset: 6, XorKey: 'A', Data: []byte("2$\"3$5")}, false,
			`0x6:$x:xor(0x41,secret): 2$"3$5`},
		{"xor key alone", Options{PrintXorKey: true}, yara.StringMatch{Name: "$x", Data: []byte("hi\xff")}, false,
			`0x0:$x:xor(0x00,hi\xFF)`},
		{"long text", Options{PrintLength: true, PrintStrings: true}, yara.StringMatch{Name: "$y", Data: long}, false,
			"0x0:512:$y: " + strings.Repeat("A", 512)},
		{"long hex", Options{PrintStrings: true}, yara.StringMatch{Name: "$h", Data: long}, true,
			"0x0:$h: 41" + strings.Repeat(" 41", 63) + " ..."},
		{"64 hex", Options{PrintStrings: true}, yara.StringMatch{Name: "$h", Data: long[:64]}, true,
			"0x0:$h: 41" + strings.Repeat(" 41", 63)},
		{"empty", Options{PrintStrings: true}, yara.StringMatch{Name: "$e"}, false, "0x0:$e: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(tt.options.appendMatch(nil, tt.match, tt.hex)); got != tt.want+"\n" {
				t.Errorf("got  %q\nwant %q", got, tt.want+"\n")
			}
		})
	}
}

func TestEscapedCoversEveryByte(t *testing.T) {
	for c := 1; c < 256; c++ {
		got := appendEscaped(nil, string([]byte{byte(c)}))
		if bytes.ContainsAny(got, "\n\r\x7f") || len(got) == 0 || got[0] >= 0x7f {
			t.Errorf("byte %#x escaped as %q", c, got)
		}
	}
	for in, want := range map[string]string{
		"\a\b\t\n\v\f\r": `\a\b\t\n\v\f\r`, "\x06\x0e\x1f": `\006\016\037`, "\x7f\x80\xff": `\177\200\377`,
		"cut\x00here": "cut", `a"b'c\`: `a\"b\'c\\`,
	} {
		if got := string(appendEscaped(nil, in)); got != want {
			t.Errorf("%q escaped as %s, want %s", in, got, want)
		}
	}
}

func TestSelects(t *testing.T) {
	rule := &yara.Rule{Name: "r", Tags: []string{"x", "y"}}
	tests := []struct {
		name    string
		options Options
		want    bool
	}{
		{"no filter", Options{}, true},
		{"one of the tags", Options{Tags: []string{"a", "y"}}, true},
		{"other tags", Options{Tags: []string{"a", "b"}}, false},
		{"name", Options{Identifiers: []string{"q", "r"}}, true},
		{"other name", Options{Identifiers: []string{"q"}}, false},
		{"name overrules tags", Options{Identifiers: []string{"r"}, Tags: []string{"a"}}, true},
		{"tags do not help another name", Options{Identifiers: []string{"q"}, Tags: []string{"x"}}, false},
	}
	for _, tt := range tests {
		if got := tt.options.selects(rule); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

package spelling

import (
	"strconv"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"plain": "plain", "é b": "é b", "a\nb": `a\nb`, `a\b`: `a\\b`, "\xff": `\xff`, "\u202e": `\u202e`, "\x1b[1m": `\x1b[1m`, "'\"": `'"`,
	} {
		got := Escape(in)
		back, err := Unescape(got)
		if got != want || back != in || err != nil {
			t.Errorf("%q is written %s instead of %s, and read as %q, %v", in, got, want, back, err)
		}
	}
	for _, bad := range []string{`\`, `\q`, `\x1`, `\u12`, `a\'`} {
		if got, err := Unescape(bad); err == nil {
			t.Errorf("%s is read as %q", bad, got)
		}
	}
}

func TestEscapeLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		if rapid.Bool().Draw(t, "text") {
			s = rapid.String().Draw(t, "text of")
		}
		escaped := Escape(s)
		for _, r := range escaped {
			if !strconv.IsPrint(r) || r == utf8.RuneError && !utf8.ValidString(s) {
				t.Errorf("%q has %q", escaped, r)
			}
		}
		if back, err := Unescape(escaped); back != s || err != nil {
			t.Errorf("%q is written %s and read as %q, %v", s, escaped, back, err)
		}
	})
}

func TestNearest(t *testing.T) {
	words := []string{"mode", "memory", "max_time"}
	if got := Nearest("mdoe", words); len(got) != 1 || got[0] != "mode" {
		t.Errorf("got %v", got)
	}
	if got := Nearest("network", words); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

package pdf

import (
	"strings"
	"testing"

	"vitrine/internal/engine/document/documenttest"
	"vitrine/internal/engine/limit"
)

// Scripts are read as readers of PDF read strings: a hidden one is written with
// every escape there is.
func TestEscapes(t *testing.T) {
	for written, want := range map[string]string{
		`(\141lert\(1\))`:             "alert(1)",
		`(a\nb\rc\td\be\ff\\g\)h)`:    "a\nb\rc\td\be\ff\\g)h",
		"(on\\\ne \\\r\nli\\\rne\\!)": "one line!",
		`(\7x\0613\400)`:              "\x07x13\x00",
		`(one (two \(three) four)`:    "one (two (three) four",
		`(\376\377\0a\0b)`:            "ab",
		"<61 6C6572\n74 2831297>":     "alert(1)p",
		`(not finished \`:             "not finished ",
		`(not finished \1`:            "not finished \x01",
	} {
		k := walk(documenttest.PDF("<< /S /JavaScript /JS "+written+" >>", "<< /Type /Page >>"))
		if unfinished := strings.Contains(written, "not finished"); !unfinished && (k.data == "" || len(k.problems) > 0) || !strings.Contains(k.data, want) {
			t.Errorf("%q: %q, %v", written, k.data, k.problems)
		}
	}
}

// What is not kept of an endless string is said.
func TestStringsAreCut(t *testing.T) {
	k := walk(documenttest.PDF(`<< /S /JavaScript /JS (\141` + strings.Repeat("x", maxString) + ") >>"))
	if len(k.problems) == 0 || limit.Of(k.problems[0]).Reason != limit.Size {
		t.Errorf("%d bytes and %v", len(k.data), k.problems)
	}
}

// Actions out of packed objects are written as if they had been in the open,
// whatever they hold.
func TestActionsInTheOpen(t *testing.T) {
	k := walk(documenttest.PDF("<< /Type /Catalog /OpenAction 10 0 R >>",
		documenttest.ObjectStream(10, "<< /S /Launch /NewWindow true /N null /I -3 /F (c\\155d) /Win << /P [(/c) /x 7 0 R] >> >>")))
	for _, want := range []string{"/S /Launch", "/NewWindow true", "/N null", "/I -3", "/F (cmd)", "[(/c) /x 7 0 R]"} {
		if !strings.Contains(k.data, want) {
			t.Errorf("%s is missing in %q (%v)", want, k.data, k.problems)
		}
	}
}

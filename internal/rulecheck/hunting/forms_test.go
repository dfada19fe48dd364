package hunting

import (
	"slices"
	"testing"
)

func TestHexBytes(t *testing.T) {
	for _, c := range []struct {
		source, want string
		gaps         int
	}{
		{"41 42 43", "ABC", 0},
		{"4142 /* 99 */ 43 // 44\n 45", "ABCE", 0},
		{"41 ?? 4? [2-4] 42 ~43", "A\x01\x01\x01B\x01", 4},
		{"41 ( 42 | 43 ( 44 | 45 ) ) 46", "ABF", 0},
		{"( 41 ( 42 | 43 ) | 44 ) 45", "ABE", 0},
		{"[4", "\x01", 1},
	} {
		if got, gaps := hexBytes([]byte(c.source)); string(got) != c.want || gaps != c.gaps {
			t.Errorf("%s: %q, %d gaps", c.source, got, gaps)
		}
	}
}

func TestSamples(t *testing.T) {
	for _, c := range []struct{ source, want, shape string }{
		{`[Ss]ecret`, "secret", "secret"},
		{`(geheim|secret)`, "secret", "geheim"},
		{`a{3}b?`, "aaa", "aaab"},
		{`s.e`, "se", "s\x01e"},
		{`[A-Z]{2}\d{3}`, "\x01\x01", "AA000"},
		{`((`, "\x01\x01", ""},
	} {
		texts, shape := samples([]byte(c.source))
		if !slices.ContainsFunc(texts, func(b []byte) bool { return string(b) == c.want }) {
			t.Errorf("%s: no %q in %q", c.source, c.want, texts)
		}
		if c.source[0] != '[' && shape != c.shape || c.source == `[A-Z]{2}\d{3}` && shape != c.shape {
			t.Errorf("%s: shape %q", c.source, shape)
		}
	}
	if texts, _ := samples([]byte(`([ab]{1,9}[cd]?){40}`)); len(texts) > 2*maxSamples {
		t.Errorf("%d samples", len(texts))
	}
}

func TestFold(t *testing.T) {
	f := newFolder()
	for text, want := range map[string]string{
		"TRÈS  Secret//Défense": "tres secret defense",
		"ÇOK GİZLİ":             "cok gizli",
		"ŚCIŚLE-TAJNE":          "scisle tajne",
		"Ｔｏｐ\u200bＳecret":       "topsecret",
		"Größe":                 "grosse",
		"!!":                    "",
	} {
		if got := f.fold(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestCodeWeight(t *testing.T) {
	v := newVocabulary()
	for text, code := range map[string]bool{
		"CreateRemoteThread": true, "cmd.exe /c del": true, "%s\\%d.tmp": true, "getSystemInfo": true, "<?php eval($x);": true,
		"Northern Pipeline": false, "Совершенно секретно": false, "package holiday": true, "Ivanov": false, "loading": false,
	} {
		if got := v.codeWeight(text) > 0; got != code {
			t.Errorf("%q: %v", text, got)
		}
	}
}

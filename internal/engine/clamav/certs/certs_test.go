package certs

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"vitrine/internal/engine/clamav/sigtext"
)

var (
	someSubject = strings.Repeat("a1", 20)
	someSerial  = strings.Repeat("B2", 20)
)

func line(fields ...string) string { return strings.Join(fields, ";") }

func TestParse(t *testing.T) {
	good := []string{"Some.Name", "1", someSubject, someSerial, "c3d4e5", "ignored", "1", "0", "1", "1234", "said of it"}
	with := func(field int, text string) string {
		f := append([]string{}, good...)
		f[field] = text
		return line(f...)
	}
	e, err := Parse(line(good...))
	if err != nil || e.Name != "Some.Name" || !e.Trusted || e.anySerial || e.serial[0] != 0xb2 || e.subject[19] != 0xa1 ||
		e.key.N.Int64() != 0xc3d4e5 || e.key.E != 65537 || e.uses != (uses{code: true, certs: true}) || e.notBefore != 1234 {
		t.Errorf("%+v %v", e, err)
	}
	if e, err = Parse(with(fieldSerial, "")); err != nil || !e.anySerial {
		t.Errorf("no serial number: %+v %v", e, err)
	}
	if e, err = Parse(with(fieldName, "")); err != nil || e.Name != Unnamed {
		t.Errorf("no name: %+v %v", e, err)
	}
	if e, err = Parse(with(fieldKey, "123")); err != nil || e.key.N.Int64() != 0x123 {
		t.Errorf("an odd number of digits: %+v %v", e, err)
	}
	for text, want := range map[string]string{
		"": "1 fields", with(fieldTrusted, "2"): "field 2", with(fieldSubject, "a1"): "subject", with(fieldSubject, strings.Repeat("x", 40)): "subject",
		with(fieldSerial, "b2"): "serial", with(fieldKey, ""): "public key", with(fieldKey, "xy"): "public key", with(fieldKey, strings.Repeat("a", maxKeyDigits+1)): "public key",
		with(fieldCode, ""): "field 7", with(fieldTime, "yes"): "field 8", with(fieldCerts, "3"): "field 9", with(fieldNotBefore, "soon"): "time",
		line(good...) + ";x": "level", line(good...) + ";1;2;3": "14 fields", line(good[:10]...): "10 fields",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	for levels, ok := range map[string]bool{";1": true, ";1;999": true, fmt.Sprint(";", sigtext.Level): true, ";999": false, ";1;2": false} {
		if _, err := Parse(line(good...) + levels); ok != (err == nil) || !ok && !errors.Is(err, sigtext.ErrLevel) {
			t.Errorf("levels %s: %v", levels, err)
		}
	}
}

func entry(t testing.TB, name, trusted, serial, key string) Entry {
	e, err := Parse(line(name, trusted, someSubject, serial, key, "", "1", "1", "1", "", ""))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Which of several names a blocked certificate gets is as in ClamAV.
func TestBlock(t *testing.T) {
	other := strings.Repeat("00", 20)
	one := entry(t, "", "0", someSerial, "01")
	for name, c := range map[string]struct {
		lines []Entry
		want  string
	}{
		"its own":                        {[]Entry{entry(t, "A", "0", someSerial, "01")}, "A"},
		"any number":                     {[]Entry{entry(t, "A", "0", "", "01")}, "A"},
		"another number":                 {[]Entry{entry(t, "A", "0", other, "01")}, ""},
		"another key":                    {[]Entry{entry(t, "A", "0", "", "02")}, ""},
		"trusted":                        {[]Entry{entry(t, "A", "1", "", "01")}, ""},
		"twice the same":                 {[]Entry{entry(t, "A", "0", someSerial, "01"), entry(t, "B", "0", someSerial, "01")}, "A"},
		"its own, then any":              {[]Entry{entry(t, "A", "0", someSerial, "01"), entry(t, "B", "0", "", "01")}, "B"},
		"any, which covers what follows": {[]Entry{entry(t, "A", "0", "", "01"), entry(t, "B", "0", someSerial, "01")}, "A"},
	} {
		l, got := NewList(c.lines), ""
		if e := l.block(one.subject, one.serial, one.key.N); e != nil {
			got = e.Name
		}
		if got != c.want || l.Len() != len(c.lines) {
			t.Errorf("%s: %q of %d, want %q", name, got, l.Len(), c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(line("N", "1", someSubject, someSerial, "c3", "010001", "1", "0", "1", "1234", "x", "1", "999"))
	f.Add(line("", "0", someSubject, "", "1", "", "0", "0", "0", "", ""))
	f.Add(strings.Repeat(";", 12))
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			return
		}
		l := NewList([]Entry{e, e})
		if e.key.N.Sign() < 0 || (l.block(e.subject, e.serial, e.key.N) != nil) == e.Trusted {
			t.Errorf("%+v", e)
		}
	})
}

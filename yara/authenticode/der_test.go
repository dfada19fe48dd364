package authenticode

import (
	"encoding/hex"
	"strings"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestNext(t *testing.T) {
	for in, want := range map[string]string{
		"04 01 aa bb": "aa", "30 00": "", "04 81 01 aa": "aa", "04 82 00 01 aa bb": "aa", "04 88 00 00 00 00 00 00 00 01 aa": "aa",
		"": "bad", "04": "bad", "04 02 aa": "bad", "04 80 aa 00 00": "bad", "1f 01 aa": "bad", "04 81": "bad",
		"04 89 00 00 00 00 00 00 00 00 01 aa": "bad", "04 84 ff ff ff ff": "bad", "04 88 ff ff ff ff ff ff ff ff": "bad",
	} {
		e, rest, ok := next(unhex(t, in))
		got := hex.EncodeToString(e.body)
		if !ok {
			got = "bad"
		}
		if got != want {
			t.Errorf("next(%s) = %s, want %s", in, got, want)
		}
		if ok && len(e.raw)+len(rest) != len(unhex(t, in)) {
			t.Errorf("next(%s) lost bytes", in)
		}
	}
}

func TestReader(t *testing.T) {
	r := reader{rest: unhex(t, "02 01 05 04 01 aa")}
	if _, ok := r.maybe(tagOctetString); ok || r.bad {
		t.Error("an element that is not there was read")
	}
	if e := r.take(tagInteger); r.bad || integer(e.body) != 5 {
		t.Error("the integer was not read")
	}
	if !r.more() {
		t.Error("the second element is lost")
	}
	if r.take(tagInteger); !r.bad || r.more() {
		t.Error("a wrong tag passed")
	}
	if e := r.any(); e.raw != nil {
		t.Error("something was read after a miss")
	}
	left := reader{rest: unhex(t, "05 00")}
	if left.end(); !left.bad {
		t.Error("a left-over passed")
	}
	for in, bad := range map[string]bool{"03 02 00 aa": false, "03 02 08 aa": true, "03 00": true} {
		if b := (&reader{rest: unhex(t, in)}); b.bits() != nil && b.bad != bad {
			t.Errorf("bits(%s) bad is %v", in, b.bad)
		}
	}
}

func TestDotted(t *testing.T) {
	for in, want := range map[string]string{
		"2a 86 48 86 f7 0d 01 07 02": "1.2.840.113549.1.7.2", "55 04 03": "2.5.4.3", "00": "0.0", "27": "0.39", "28": "1.0",
		"88 37 03": "2.999.3", "": "", "2a 86": "", "80 01": "", "2a 80 01": "", "2a ff ff ff ff ff ff ff ff ff 7f": "",
		strings.Repeat("2a", 65): "",
	} {
		if got := dotted(unhex(t, in)); got != want {
			t.Errorf("dotted(%s) = %q, want %q", in, got, want)
		}
	}
}

func TestIntegers(t *testing.T) {
	for in, want := range map[string]int64{"": 0, "05": 5, "ff": -1, "00 80": 128, "01 00 00 00": 1 << 24, "01 00 00 00 00": 0} {
		if got := integer(unhex(t, in)); got != want {
			t.Errorf("integer(%s) = %d, want %d", in, got, want)
		}
	}
	for in, want := range map[string]string{"": "", "00": "00", "00 00 05": "05", "00 80": "0080", "ff ff 80": "80", "ff 7f": "ff7f"} {
		if got := hex.EncodeToString(minimal(unhex(t, in))); got != want {
			t.Errorf("minimal(%s) = %s, want %s", in, got, want)
		}
	}
}

func TestMoments(t *testing.T) {
	for _, c := range []struct {
		tag  byte
		text string
		want int64
		ok   bool
	}{
		{tagUTCTime, "700101000000Z", 0, true}, {tagUTCTime, "491231235959Z", 2524607999, true}, {tagUTCTime, "500101000000Z", -631152000, true},
		{tagUTCTime, "7001010001Z", 60, true}, {tagUTCTime, "700101010000+0100", 0, true}, {tagTime, "19700101000001Z", 1, true},
		{tagTime, "19700101000001.5Z", 1, true}, {tagUTCTime, "", 0, false}, {tagUTCTime, "701301000000Z", 0, false},
		{tagTime, "1970", 0, false}, {tagOctetString, "700101000000Z", 0, false},
	} {
		if got, ok := moment(element{tag: c.tag, body: []byte(c.text)}); got != c.want || ok != c.ok {
			t.Errorf("moment(%q) = %d, %v; want %d, %v", c.text, got, ok, c.want, c.ok)
		}
	}
}

func el(tag byte, parts ...string) string {
	body := strings.Join(parts, "")
	if len(body) < 0x80 {
		return string([]byte{tag, byte(len(body))}) + body
	}
	return string([]byte{tag, 0x82, byte(len(body) >> 8), byte(len(body))}) + body
}

func attr(id string, tag byte, value string) string {
	return el(tagSequence, el(tagOID, id), el(tag, value))
}

const cn, org, odd = "\x55\x04\x03", "\x55\x04\x0a", "\x2a\x03\x04"

func TestOneLine(t *testing.T) {
	for want, in := range map[string]string{
		"/O=Acme/CN=Who":         el(tagSet, attr(org, tagPrintable, "Acme")) + el(tagSet, attr(cn, tagUTF8, "Who")),
		"/O=Acme+CN=Who":         el(tagSet, attr(org, tagPrintable, "Acme"), attr(cn, tagUTF8, "Who")),
		`/CN=a/b\+c\xC3\xA4\x00`: el(tagSet, attr(cn, tagUTF8, "a/b+cä\x00")),
		`/CN=\x00A`:              el(tagSet, attr(cn, tagBMP, "\x00A")),
		"/1.2.3.4=x":             el(tagSet, attr(odd, tagIA5, "x")),
		"/O=Acme":                el(tagSet, attr(org, tagPrintable, "Acme")) + el(tagSet, attr(cn, tagUTF8, strings.Repeat("x", 300))),
		"":                       "",
		"/O=A":                   el(tagSet, attr(org, tagPrintable, "A")) + "broken",
	} {
		if got := oneLine([]byte(in)); got != want {
			t.Errorf("name %q, want %q", got, want)
		}
	}
}

func TestSameName(t *testing.T) {
	base := el(tagSet, attr(org, tagPrintable, "Acme Inc")) + el(tagSet, attr(cn, tagUTF8, "Who"))
	for in, want := range map[string]bool{
		base: true,
		el(tagSet, attr(org, tagUTF8, " ACME  inc ")) + el(tagSet, attr(cn, tagIA5, "who")):                             true,
		el(tagSet, attr(org, tagBMP, "\x00A\x00c\x00m\x00e\x00 \x00I\x00n\x00c")) + el(tagSet, attr(cn, tagT61, "WHO")): true,
		el(tagSet, attr(org, tagPrintable, "Acme Inc"), attr(cn, tagUTF8, "Who")):                                       false,
		el(tagSet, attr(org, tagPrintable, "AcmeInc")) + el(tagSet, attr(cn, tagUTF8, "Who")):                           false,
		el(tagSet, attr(cn, tagPrintable, "Acme Inc")) + el(tagSet, attr(org, tagUTF8, "Who")):                          false,
		"": false,
	} {
		a, b := name{raw: []byte(base)}, name{raw: []byte(in)}
		if got := a.same(&b); got != want || b.same(&a) != want {
			t.Errorf("same name as %q is %v", in, got)
		}
	}
}

func TestGoodNames(t *testing.T) {
	for in, want := range map[string]bool{
		el(tagSequence, el(tagSet, attr(cn, tagUTF8, "ä"))): true, el(tagSequence): true,
		el(tagSequence, el(tagSet, attr(cn, tagUTF8, "\xff"))): false, el(tagSequence, el(tagSet, attr(cn, tagBMP, "odd"))): false,
		el(tagSequence, el(tagSet, attr(cn, tagUniversal, "five5"))): false, el(tagSequence, el(tagSet, attr(cn, tagSet, "x"))): false,
		el(tagSequence, el(tagSequence, attr(cn, tagUTF8, "x"))): false, el(tagSequence, el(tagSet, attr("\x80", tagUTF8, "x"))): false,
	} {
		r := reader{rest: []byte(in)}
		if r.name(); r.bad == want {
			t.Errorf("name %q bad is %v", in, r.bad)
		}
	}
}

func TestNames(t *testing.T) {
	if got := algorithmName("1.2.3"); got != "undefined" {
		t.Errorf("unknown algorithm is %q", got)
	}
	for oid := range algorithmNames {
		h, kind := newDigest(oid)
		if (h == nil) != (kind == 0) || (h != nil && h.Size() != kind.Size()) {
			t.Errorf("digest of %s does not fit its kind", oid)
		}
	}
}

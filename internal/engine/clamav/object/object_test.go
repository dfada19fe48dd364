package object

import (
	"encoding/binary"
	"strings"
	"testing"
)

func TestIdentify(t *testing.T) {
	id := NewIdentifier()
	for _, c := range []struct {
		data string
		want Target
	}{
		{"MZ\x90\x00", PE}, {"\x7fELF\x02", ELF}, {"%PDF-1.4", PDF}, {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", OLE2}, {"GIF89a", Graphics},
		{"\xcf\xfa\xed\xfe", MachO}, {"\xca\xfe\xba\xbe\x00\x00\x00\x34", Java}, {"\xca\xfe\xba\xbe\x00\x00\x00\x02", MachO}, {"CWS\x08", Flash},
		{"From: me\n", Mail}, {"Received: x", Mail}, {"plain text\n", Text}, {"<HTML>\n", HTML}, {"x <a href=y>", HTML}, {"a < b, c > d", Text},
		{"text <imgx", Text}, {"\x00\x01\x02", Other}, {"", Other}, {"PK\x03\x04\x00", Other}, {"\xff\xfea\x00b\x00", Text},
	} {
		if got := id.Identify([]byte(c.data)); got != c.want {
			t.Errorf("%q is of type %d, want %d", c.data, got, c.want)
		}
	}
}

func TestNormal(t *testing.T) {
	for _, c := range []struct{ in, text, html, bare string }{
		{"A  B\n\tC\x00\x80d", "a b cd", "a b c\x80d", "a b c\x80d"},
		{"<P>  Hi <!-- no --> &lt;&#65;&#x42;&amp;&bogus; </P>", "<p> hi <!-- no --> &lt;&#65;&#x42;&amp;&bogus; </p>", "<p>hi<ab&&bogus;</p>", "hi<ab&&bogus;"},
		{"x<!-- open", "x<!-- open", "x<!-- open", "x"},
		{"a<b>c", "a<b>c", "a<b>c", "ac"},
	} {
		if got := string(NormalText(nil, []byte(c.in))); got != c.text {
			t.Errorf("text of %q: %q, want %q", c.in, got, c.text)
		}
		if got := string(NormalHTML(nil, []byte(c.in))); got != c.html {
			t.Errorf("HTML of %q: %q, want %q", c.in, got, c.html)
		}
		if got := strings.TrimSpace(string(HTMLText(nil, []byte(c.in)))); got != c.bare {
			t.Errorf("text in HTML %q: %q, want %q", c.in, got, c.bare)
		}
	}
	for in, want := range map[string]string{"\xff\xfea\x00b\x01c": "a?", "\xfe\xff\x00a\x00b": "ab", "ab": "ab"} {
		if got := string(Narrow(nil, []byte(in))); got != want {
			t.Errorf("%q narrowed to %q", in, got)
		}
	}
}

func TestMachO(t *testing.T) {
	b := make([]byte, 0x200)
	le := binary.LittleEndian
	le.PutUint32(b, 0xfeedface)
	le.PutUint32(b[16:], 2)
	segment := b[28:]
	le.PutUint32(segment, segment32)
	le.PutUint32(segment[4:], 56+68)
	le.PutUint32(segment[24:], 0x1000)
	le.PutUint32(segment[32:], 0x10)
	le.PutUint32(segment[36:], 0x1f0)
	le.PutUint32(segment[48:], 1)
	le.PutUint32(segment[56+36:], 0x20)
	le.PutUint32(segment[56+40:], 0x180)
	thread := segment[56+68:]
	le.PutUint32(thread, unixThread)
	le.PutUint32(thread[4:], 80)
	le.PutUint32(thread[8:], 1)
	le.PutUint32(thread[16+40:], 0x1020)
	l := Read(MachO, b)
	if !l.Known || l.Entry != 0x30 || len(l.Sections) != 1 || l.Sections[0] != (Section{0x180, 0x20}) {
		t.Errorf("%+v", l)
	}
	le.PutUint32(segment[4:], 0)
	if l := Read(MachO, b); l.Known {
		t.Errorf("a command of no length: %+v", l)
	}
}

// TestCertificates finds a certificate table only where ClamAV looks at one.
func TestCertificates(t *testing.T) {
	const nt, size = 0x40, 0x400
	program := func(wide bool, change map[int]uint32) []byte {
		b, le := make([]byte, size), binary.LittleEndian
		optional, entry := nt+24, nt+0x98
		le.PutUint16(b[optional:], 0x10b)
		if wide {
			entry += 16
			le.PutUint16(b[optional:], 0x20b)
		}
		fields := map[int]uint32{0x3c: nt, nt: 0x4550, optional + 32: 0x200, optional + 60: 0x200, entry - 36: 16, entry: 0x300, entry + 4: 0x100}
		for at, v := range change {
			if at < 0 { // from the entry
				at = entry + -at - 1
			}
			fields[at] = v
		}
		for at, v := range fields {
			le.PutUint32(b[at:], v)
		}
		b[nt+6], b[nt+20] = 1, 0xf0
		return b
	}
	at := Section{0x300, 0x100}
	for name, c := range map[string]struct {
		wide   bool
		change map[int]uint32
		want   Section
	}{
		"32 bits":              {false, nil, at},
		"64 bits":              {true, nil, at},
		"something behind":     {false, map[int]uint32{-5: 0xff}, Section{}},
		"past the end":         {false, map[int]uint32{-5: 0x101}, Section{}},
		"wraps around":         {false, map[int]uint32{-5: 0xffffff00, -1: 0x500}, Section{}},
		"none":                 {false, map[int]uint32{-5: 0, -1: 0}, Section{}},
		"empty at the end":     {false, map[int]uint32{-5: 0, -1: size}, Section{}},
		"in the headers":       {false, map[int]uint32{-1: 0x20, -5: size - 0x20}, Section{}},
		"right behind":         {false, map[int]uint32{-1: nt + 0xa0, -5: size - nt - 0xa0}, Section{nt + 0xa0, size - nt - 0xa0}},
		"on itself":            {false, map[int]uint32{-1: nt + 0x98, -5: size - nt - 0x98}, Section{}},
		"too few directories":  {false, map[int]uint32{nt + 24 + 92: 4}, Section{}},
		"headers end before":   {false, map[int]uint32{nt + 24 + 60: 0}, Section{}},
		"aligned headers":      {false, map[int]uint32{nt + 24 + 60: 1}, at},
		"no optional header":   {true, map[int]uint32{nt + 24: 0}, Section{}},
		"headers and no align": {false, map[int]uint32{nt + 24 + 32: 0}, at},
	} {
		l := Read(PE, program(c.wide, c.change))
		if !l.Known || l.Certificates != c.want || c.want != (Section{}) && (l.NT != nt || l.Wide != c.wide) {
			t.Errorf("%s: %+v", name, l)
		}
	}
}

func TestBroken(t *testing.T) {
	for _, target := range []Target{PE, ELF, MachO, Any} {
		for _, data := range []string{"", "MZ", "MZ" + strings.Repeat("\xff", 200), "\x7fELF\x02\x01" + strings.Repeat("\xff", 100), "\xcf\xfa\xed\xfe" + strings.Repeat("\xff", 100)} {
			l := Read(target, []byte(data))
			if l.Entry != None {
				t.Errorf("type %d, %q…: entry point %d", target, data[:min(4, len(data))], l.Entry)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("MZ" + strings.Repeat("\x40", 300)))
	f.Add([]byte("\x7fELF\x02\x01\x01" + strings.Repeat("\x01", 200)))
	f.Add([]byte("<html>&#65;<!-- -->"))
	id := NewIdentifier()
	f.Fuzz(func(t *testing.T, data []byte) {
		target := id.Identify(data)
		l := Read(target, data)
		if target == PE && len(l.Sections) > maxSections {
			t.Errorf("%d sections", len(l.Sections))
		}
		if c := l.Certificates; c != (Section{}) && (c.Offset <= 0 || c.Size < smallestTable || c.Offset+c.Size != int64(len(data))) {
			t.Errorf("certificates %+v in %d bytes", c, len(data))
		}
		for _, s := range l.Sections {
			if target == PE && s.Size > 0 && s.Offset+s.Size > int64(len(data)) {
				t.Errorf("section %+v in %d bytes", s, len(data))
			}
		}
		text := Narrow(nil, data)
		if n := len(NormalText(nil, text)); n > len(data) {
			t.Errorf("%d bytes of text became %d", len(data), n)
		}
		if n := len(NormalHTML(nil, text)); n > len(data) {
			t.Errorf("%d bytes of markup became %d", len(data), n)
		}
		HTMLText(nil, text)
	})
}

package document

import (
	"strings"
	"testing"

	"vitrine/internal/engine/document/documenttest"
)

var (
	pdfOf    = documenttest.PDF
	streamOf = documenttest.StreamObject
	flate    = documenttest.Flate
)

func TestPDFParts(t *testing.T) {
	data := pdfOf(
		"<< /Type /Catalog /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> /Names 7 0 R >>",
		streamOf("/Filter /FlateDecode", flate("BT (hello) ET")),
		"<< /S /JavaScript /JS 4 0 R >>",
		streamOf("/Filter [/ASCIIHexDecode /Fl]", hexOf(flate("var x = 1;"))+">"),
		"<< /Type /Filespec /F (a.exe) /UF <FEFF0062002E006500780065> /EF << /F 6 0 R >> >>",
		streamOf("/Type /EmbeddedFile", "MZ program"),
		"<< /JS 8 0 R >>",
		"(by reference)",
		"<< /AcroForm << /XFA [(a) 10 0 R] >> >>",
		streamOf("/Filter /FlateDecode", flate("<xdp/>")),
		streamOf("/Filter /DCTDecode", "\xff\xd8jpeg"),
	)
	k := take(t, data)
	k.wantProblems(t, "parts")
	for name, want := range map[string]string{
		"obj 1.js": "app.alert(1)", "obj 2": "BT (hello) ET", "obj 4.js": "var x = 1;", "b.exe": "MZ program",
		"obj 8.js": "by reference", "obj 10.xml": "<xdp/>", "obj 11": "\xff\xd8jpeg",
	} {
		if got := k.get(t, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := k.get(t, "(actions)"); !strings.Contains(got, "1 0 obj << /Type /Catalog /OpenAction << /S /JavaScript /JS (app.alert(1)) >>") {
		t.Errorf("actions: %q", got)
	}
}

func hexOf(s string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(digits[s[i]>>4])
		b.WriteByte(digits[s[i]&15])
	}
	return b.String()
}

// What lies in an object stream is read as if it lay in the file.
func TestPDFObjectStreams(t *testing.T) {
	k := take(t, pdfOf("<< >>", documenttest.ObjectStream(10, "<< /S /JavaScript /JS (one) /Next << /JS (two) >> >>",
		"<< /S /Launch /Win << /F (cmd.exe) /P (/c start) >> >>", "(text)", "<< /S /URI /URI (http://x.test/) >>")))
	k.wantProblems(t, "object stream")
	if k.get(t, "obj 10.js") != "one" || k.get(t, "obj 10-2.js") != "two" {
		t.Error("scripts")
	}
	want := "%PDF actions\n10 0 obj << /S /JavaScript /JS (one) /Next << /JS (two) >> >> endobj\n" +
		"11 0 obj << /S /Launch /Win << /F (cmd.exe) /P (/c start) >> >> endobj\n13 0 obj << /S /URI /URI (http://x.test/) >> endobj\n"
	if got := k.get(t, "(actions)"); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := k.get(t, "obj 2"); !strings.HasPrefix(got, "10 0 11 ") {
		t.Errorf("the stream itself: %q", got)
	}
}

// The forms in which documents hide what they do.
func TestPDFHidden(t *testing.T) {
	tests := []struct{ name, data, part, want string }{
		{"name in escapes", "%PDF-1.\n1 0 obj<</#4a#53(x)>>", "obj 1.js", "x"},
		{"hex string", "%PDF-\n1 0 obj<</JS<61 6\n2 6>>>", "obj 1.js", "ab`"},
		{"octal", `%PDF-` + "\n1 0 obj<</JS(\\141\\142\\7\\\nz)>>", "obj 1.js", "ab\az"},
		{"utf-16", "%PDF-\n1 0 obj<</JS(\xfe\xff\x00a\x00b)>>", "obj 1.js", "ab"},
		{"no end of object", "%PDF-\n1 0 obj<</JS(a)", "obj 1.js", "a"},
		{"behind other bytes", "GIF89a\n%PDF-\n1 0 obj<</JS(a)>>", "obj 1.js", "a"},
		{"length wrong", "%PDF-\n1 0 obj<</Length 2>>stream\nlonger\nendstream", "obj 1", "longer"},
		{"length elsewhere", "%PDF-\n1 0 obj<</Length 2 0 R>>stream\nwith endstream\nendstream endobj 2 0 obj 14 endobj", "obj 1", "with endstream"},
		{"no end of stream", "%PDF-\n1 0 obj<<>>stream\nrest", "obj 1", "rest"},
		{"inside a stream", "%PDF-\n1 0 obj<<>>stream\n 2 0 obj<</JS(in)>>\nendstream", "obj 2.js", "in"},
		{"behind an open string", "%PDF-\n1 0 obj( 2 0 obj<</JS(in)>>", "obj 2.js", "in"},
		{"replaced", "%PDF-\n1 0 obj<</JS 2 0 R>> 2 0 obj(old) 2 0 obj(new)", "obj 2-2.js", "new"},
		{"comments", "%PDF-\n1 0 obj%c\n<<%)\n/JS%>>\n(a)>>", "obj 1.js", "a"},
	}
	for _, tt := range tests {
		if got := take(t, []byte(tt.data)).get(t, tt.part); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestPDFHostile(t *testing.T) {
	deep := strings.Repeat("[", 100_000)
	bomb := flate(flate(strings.Repeat("\x00", 40<<20)))
	tests := []struct {
		name, data string
		want       []string
	}{
		{"nested", "%PDF-\n1 0 obj" + deep, nil},
		{"references in a circle", "%PDF-\n1 0 obj<</Length 2 0 R>>stream\nx endstream 2 0 obj 3 0 R endobj 3 0 obj 2 0 R", nil},
		{"many open strings", "%PDF-" + strings.Repeat("\n1 0 obj(", 50_000), nil},
		{"many streams with one end", "%PDF-" + strings.Repeat("\n1 0 obj<<>>stream\n", 9_000) + "endstream", []string{"size: more than 67108864 bytes unpacked in all"}},
		{"more objects than members", "%PDF-" + strings.Repeat("\n1 0 obj<</JS(x)>>", 11_000), []string{"files: more than 10000 members"}},
		{"bomb", string(pdfOf(streamOf("/Filter[/Fl/Fl]", bomb))), []string{"ratio"}},
		{"4 GB of objects", string(pdfOf(streamOf("/Type/ObjStm/N 4294967295/First 4294967295", "1 0 2 0"))), nil},
		{"negative numbers", string(pdfOf(streamOf("/Type/ObjStm/N -1/First -5", "1 -9 2 0"))), nil},
		{"unknown filter", string(pdfOf(streamOf("/Filter/Own", "x"))), []string{`method: pdf: filter "Own"`}},
		{"damaged", string(pdfOf(streamOf("/Filter/Fl", "x\x9c??????"))), []string{"damaged obj 1"}},
		{"wide rows", string(pdfOf(streamOf("/Filter/Fl/DecodeParms<</Predictor 12/Columns 1000000/Colors 64>>", flate("x")))), []string{"damaged: pdf: a row of 64000000 bytes"}},
	}
	for _, tt := range tests {
		k := take(t, []byte(tt.data))
		if len(k.lines) != len(tt.want) {
			t.Errorf("%s: problems %.200q, want %q", tt.name, k.lines, tt.want)
			continue
		}
		for i, want := range tt.want {
			if !strings.HasPrefix(k.lines[i], want) {
				t.Errorf("%s: problem %q, want %q", tt.name, k.lines[i], want)
			}
		}
	}
}

func FuzzPDF(f *testing.F) {
	f.Add(pdfOf("<< /JS (a) >>", streamOf("/Filter /FlateDecode", flate("x")), documenttest.ObjectStream(9, "<</JS(x)>>")))
	f.Add(pdfOf(streamOf("/Filter [/A85 /LZW /RL] /DecodeParms [null << /Predictor 15 /Columns 3 >>]", "s8W-!~>")))
	f.Add([]byte("%PDF-1 0 obj<</Length 2 0 R>>stream\nx endstream 2 0 obj 14"))
	f.Fuzz(func(t *testing.T, data []byte) {
		k := take(t, append([]byte("%PDF-\n"), data...))
		for _, p := range k.parts {
			if len(p.data) > 8<<20 {
				t.Fatalf("%q has %d bytes", p.name, len(p.data))
			}
		}
	})
}

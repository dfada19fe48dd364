package main

import (
	"archive/zip"
	"bytes"
	"encoding/ascii85"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitrine/internal/engine/document/documenttest"
	"vitrine/internal/engine/upx/upxtest"
)

// harmless is the macro of the samples: it starts by itself, as those in mails
// do, and prints a line.
const harmless = `Sub AutoOpen()
    ' A sample of the scanner Vitrine: this prints a line and does nothing else.
    Shell "cmd /c echo harmless sample"
End Sub
`

// TestDocumentSamples holds the documents in testdata/samples to what is written
// here, so that nobody has to trust their bytes. With -update it writes them.
func TestDocumentSamples(t *testing.T) {
	for name, want := range map[string][]byte{
		"macro.doc":  macroDoc(),
		"macro.docm": macroDocm(t),
		"script.pdf": scriptPDF(),
		"nested.eml": nestedMail(t),
		"packed.elf": packedProgram(t),
	} {
		path := filepath.Join("../../testdata/samples", name)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what this test writes with -update (%v)", path, err)
		}
	}
}

// packedProgram is a program of no use that carries an archive, packed as UPX
// does it. The loader that would unpack it when it runs is left out: it is not
// ours, and nothing here is to be run.
func packedProgram(t *testing.T) []byte {
	m := upxtest.Machines()[0]
	program := m.Program("A harmless sample.\n" + strings.Repeat("This makes packing worth it.\n", 400))
	program = append(program, stored(t, [][2]string{{"eicar.com", eicar()}})...)
	return m.Packed(program, upxtest.Pack{Method: upxtest.NRV2E, Filter: m.Filter})
}

func project(storage string) []documenttest.Stream {
	return documenttest.Project(storage, documenttest.Module{Name: "Module1", Source: strings.ReplaceAll(harmless, "\n", "\r\n")})
}

// macroDoc is a document of Word 97, as far as its macros go.
func macroDoc() []byte {
	class := [16]byte{0x06, 0x09, 0x02, 8: 0xc0, 15: 0x46} // Word.Document.8
	fib := make([]byte, 512)
	copy(fib, "\xec\xa5\xc1\x00")
	return documenttest.Compound(class, append(project("Macros/"), documenttest.Stream{Path: "WordDocument", Data: fib})...)
}

// macroDocm is a document of Word 2007: a zip archive whose project is a
// compound file. Nothing in it is compressed, so that every Go writes the same.
func macroDocm(t *testing.T) []byte {
	const (
		head  = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
		types = "application/vnd.ms-"
		links = "http://schemas.openxmlformats.org/package/2006/"
		kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
		words = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
	)
	return stored(t, [][2]string{
		{"[Content_Types].xml", head + `<Types xmlns="` + links + `content-types"><Default Extension="bin" ContentType="` + types +
			`office.vbaProject"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Override PartName="/word/document.xml" ContentType="` + types + `word.document.macroEnabled.main+xml"/></Types>`},
		{"_rels/.rels", head + `<Relationships xmlns="` + links + `relationships"><Relationship Id="r1" Type="` + kinds +
			`" Target="word/document.xml"/></Relationships>`},
		{"word/document.xml", head + `<w:document xmlns:w="` + words + `"><w:body><w:p><w:r><w:t>A sample.</w:t></w:r></w:p></w:body></w:document>`},
		{"word/_rels/document.xml.rels", head + `<Relationships xmlns="` + links + `relationships"><Relationship Id="r1" ` +
			`Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject" Target="vbaProject.bin"/></Relationships>`},
		{"word/vbaProject.bin", string(documenttest.Compound([16]byte{}, project("")...))},
	})
}

func stored(t *testing.T, files [][2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f[0], Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// scriptPDF opens with a script that saves and starts the attached file, which
// is the EICAR test file. Neither can be read without decoding.
func scriptPDF() []byte {
	const script = `this.exportDataObject({ cName: "invoice.hta", nLaunch: 2 });`
	encoded := func(text string) string {
		var b bytes.Buffer
		w := ascii85.NewEncoder(&b)
		_, _ = w.Write([]byte(text)) // a buffer takes all
		_ = w.Close()
		return documenttest.StreamObject("/Filter /ASCII85Decode", b.String()+"~>")
	}
	return documenttest.PDF(
		"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS 4 0 R >> /Names << /EmbeddedFiles << /Names [(invoice.hta) 5 0 R] >> >> >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
		encoded(script),
		"<< /Type /Filespec /F (invoice.hta) /EF << /F 6 0 R >> >>",
		encoded(eicar()),
	)
}

// nestedMail forwards a message that has an archive attached.
func nestedMail(t *testing.T) []byte {
	archive := base64.StdEncoding.EncodeToString(stored(t, [][2]string{{"eicar.com", eicar()}}))
	var lines strings.Builder
	for len(archive) > 76 {
		lines.WriteString(archive[:76] + "\r\n")
		archive = archive[76:]
	}
	lines.WriteString(archive)
	const outer = `From: Ana <ana@example.org>
To: Ben <ben@example.org>
Subject: Fwd: Invoice
Date: Thu, 01 Jan 2026 12:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

--outer
Content-Type: text/plain; charset=utf-8

Is this for you?
--outer
Content-Type: message/rfc822

From: Cem <cem@example.net>
To: Ana <ana@example.org>
Subject: Invoice
Date: Wed, 31 Dec 2025 12:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="inner"

--inner
Content-Type: text/html; charset=utf-8

<p>Please see the archive.</p>
--inner
Content-Type: application/zip; name="invoice.zip"
Content-Disposition: attachment; filename="invoice.zip"
Content-Transfer-Encoding: base64

%s
--inner--

--outer--
`
	return []byte(fmt.Sprintf(strings.ReplaceAll(outer, "\n", "\r\n"), lines.String()))
}

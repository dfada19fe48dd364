package main

import (
	"archive/zip"
	"bytes"
	"encoding/ascii85"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vitrine/internal/engine/codec"
	"vitrine/internal/engine/document/documenttest"
	"vitrine/internal/engine/limit"
	"vitrine/internal/engine/upx"
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

// TestPackedSample holds the packed program in testdata/samples to what is
// written here. With -update it packs that with upx.
func TestPackedSample(t *testing.T) {
	want, path := program(t), "../../testdata/samples/packed.elf"
	if *update {
		plain := filepath.Join(t.TempDir(), "plain")
		if err := os.WriteFile(plain, want, 0o755); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("upx", "-q", "-f", "--best", "-o", path, plain).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if err := os.Chmod(path, 0o644); err != nil { // nothing here is to be run by mistake
			t.Fatal(err)
		}
	}
	packed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	budget := limit.NewBudget(limit.Config{})
	u, err := upx.Unpack(packed, upx.Config{Budget: budget, Open: &codec.Opener{Budget: budget}})
	defer u.Close()
	if err != nil || !bytes.Equal(u.Data, want) {
		t.Errorf("%d bytes and %v, want the %d bytes that were packed", len(u.Data), err, len(want))
	}
}

// program prints a line and ends. It carries an archive, as programs that
// unpack themselves do.
func program(t *testing.T) []byte {
	const (
		base   = 0x400000
		header = 64 + 2*56
		line   = "A harmless sample.\n"
	)
	code := []byte{
		0xb8, 1, 0, 0, 0, // mov eax, write
		0xbf, 1, 0, 0, 0, // mov edi, standard output
		0x48, 0x8d, 0x35, 16, 0, 0, 0, // lea rsi, [rip+16]: the line
		0xba, byte(len(line)), 0, 0, 0, // mov edx, its length
		0x0f, 0x05, // syscall
		0xb8, 60, 0, 0, 0, // mov eax, exit
		0x31, 0xff, // xor edi, edi
		0x0f, 0x05, // syscall
	}
	body := append(code, line...)
	body = append(body, strings.Repeat("This makes packing worth it.\n", 400)...)
	body = append(body, stored(t, [][2]string{{"eicar.com", eicar()}})...)
	le := binary.LittleEndian
	head := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 9)...)
	head = append(head, 2, 0, 62, 0, 1, 0, 0, 0)
	head = le.AppendUint64(head, base+header) // entry
	head = le.AppendUint64(head, 64)          // segments
	head = le.AppendUint64(head, 0)           // sections
	head = append(head, 0, 0, 0, 0, 64, 0, 56, 0, 2, 0, 64, 0, 0, 0, 0, 0)
	segment := func(flags uint32, at, address, inFile, inMemory uint64) {
		head = le.AppendUint32(head, 1)
		head = le.AppendUint32(head, flags)
		for _, n := range []uint64{at, address, address, inFile, inMemory, 0x1000} {
			head = le.AppendUint64(head, n)
		}
	}
	size := uint64(header + len(body))
	segment(5, 0, base, size, size)
	segment(6, 0, 2*base, 0, 0x1000)
	return append(head, body...)
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

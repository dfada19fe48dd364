package kinds

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"vitrine/internal/endpoint/quarantine/zipcrypto"
	"vitrine/internal/endpoint/verdict"
	"vitrine/internal/engine"
	"vitrine/internal/engine/document/documenttest"
	"vitrine/yara"
)

// inside is a scanner as there is one in a scanner's process.
type inside struct {
	worker *engine.Worker
	closed *bool
}

func (s inside) Close() { *s.closed = true }

func (s inside) Scan(ctx context.Context, file *os.File, _ string) (verdict.Verdict, error) {
	data, err := io.ReadAll(file)
	r := s.worker.Scan(ctx, data)
	v := verdict.Verdict{State: verdict.Clean}
	for _, f := range r.Findings {
		v.State = verdict.Malicious
		v.Findings = append(v.Findings, verdict.Finding{Name: f.Name, Path: f.Path})
	}
	if len(r.Findings) == 0 && len(r.Incomplete) > 0 {
		v.State, v.Why = verdict.Incomplete, r.Incomplete[0].Detail
	}
	return v, err
}

// sorter runs the real engine with the rules it is handed.
func sorter(t *testing.T, closed *bool) Sorter {
	t.Helper()
	return Sorter{Start: func(_ context.Context, path string) (Scanner, error) {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		compiled, err := yara.Compile(string(text))
		if err != nil {
			return nil, err
		}
		e, err := engine.New(engine.Config{Rules: compiled})
		if err != nil {
			return nil, err
		}
		w, err := e.NewWorker()
		return inside{w, closed}, err
	}}
}

func kindsOf(t *testing.T, s Sorter, content []byte) []string {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write(content); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	got, err := s.Documents(t.Context(), file)
	if err != nil {
		got = []string{"error: " + err.Error()}
	}
	return got
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return append(b, bytes.Repeat([]byte{0, 1, 2, 0xff}, 64)...)
}

func zipped(t *testing.T, members ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: members[i].(string)})
		if err == nil {
			_, err = w.Write(members[i+1].([]byte))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarred(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	g := gzip.NewWriter(&b)
	w := tar.NewWriter(g)
	err := errors.Join(w.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o644}))
	if err == nil {
		_, err = w.Write(content)
	}
	if err := errors.Join(err, w.Close(), g.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

func TestKinds(t *testing.T) {
	program := unhex("7f454c46 020101000000000000000000")
	windows := unhex("4d5a9000 0300000004000000ffff0000")
	eicar := []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}` + `$EICAR-STANDARD-` + `ANTIVIRUS-TEST-FILE!$H+H*`)
	pdf := documenttest.PDF("<< >>")
	letter := []byte("Dear friend,\nthis is nobody's business.\nYours, A.\n")
	mail := []byte("Received: from a by b\nFrom: a@example.org\nSubject: x\n\nhello\n")
	png := unhex("89504e47 0d0a1a0a")
	docx := zipped(t, "[Content_Types].xml", []byte("<Types/>"), "word/document.xml", []byte("<w:document/>"))
	odt := zipped(t, "mimetype", []byte("application/vnd.oasis.opendocument.text"), "content.xml", []byte("<office/>"))
	closed := false
	s := sorter(t, &closed)
	for name, c := range map[string]struct {
		content []byte
		want    string // kinds that must be among those told; "": none at all
	}{
		"elf": {program, ""}, "pe": {windows, ""}, "macho": {unhex("cffaedfe 07000001"), ""}, "java": {unhex("cafebabe 00000034"), ""},
		"wasm": {unhex("0061736d 01000000"), ""}, "dex": {unhex("6465780a 30333500"), ""}, "python": {unhex("a70d0d0a 00000000"), ""},
		"shell": {[]byte("#!/bin/sh\necho x\n"), ""}, "php": {[]byte("<?php system($_GET[1]);"), ""}, "the test file": {eicar, ""}, "empty": {nil, ""},
		"programs in a zip": {zipped(t, "a", program, "b", windows), ""}, "program in a tar.gz": {tarred(t, "a", program), ""},
		"zip in zip": {zipped(t, "x", zipped(t, "a", program)), ""},
		"pdf":        {pdf, "pdf"}, "rtf": {[]byte(`{\rtf1 x}`), "rtf"}, "ole": {unhex("d0cf11e0a1b11ae1"), "compound file"},
		"docx": {docx, "office"}, "odt": {odt, "opendocument"}, "png": {png, "image"}, "jpeg": {unhex("ffd8ffe0"), "image"},
		"gif": {[]byte("GIF89a\x01\x00"), "image"}, "heic": {[]byte("\x00\x00\x00\x18ftypheic\x00\x00"), "image"},
		"webp": {[]byte("RIFF\x00\x00\x00\x00WEBPVP8 \x00"), "image"}, "wave": {[]byte("RIFF\x00\x00\x00\x00WAVEfmt \x00"), "sound or film"},
		"mp4": {[]byte("\x00\x00\x00\x18ftypisom\x00\x00"), "sound or film"}, "sqlite": {[]byte("SQLite format 3\x00\x10\x00"), "database"},
		"text": {letter, "text"}, "latin 1": {[]byte("Stra\xdfe\n"), "text"}, "wide": {wide("a letter, in wide characters"), "text"},
		"wide with a mark": {append([]byte{0xff, 0xfe}, wide("a letter")...), "text"}, "html": {[]byte("<!DOCTYPE html><p>x"), "text"},
		"mail": {mail, "mail"}, "mailbox": {[]byte("From a@b Mon\nX: y\n\nz\n"), "mail"}, "key": {[]byte("-----BEGIN OPENSSH PRIVATE KEY-----\n"), "text"},
		"postscript": {[]byte("%!PS-Adobe-3.0\n"), "postscript"}, "unheard of": {unhex("00010203 7f7f7f7f"), "unknown"}, "zeros": {make([]byte, 4096), "unknown"},
		"a letter in a zip":             {zipped(t, "a", program, "b", letter), "text"},
		"a pdf in a tar.gz":             {tarred(t, "x.exe", pdf), "pdf"},
		"a docx in a zip in a zip":      {zipped(t, "x", zipped(t, "y", docx)), "office"},
		"an image behind a wrong name":  {zipped(t, "setup.exe", png), "image"},
		"a zip behind a program":        {append(slices.Clone(program), zipped(t, "letter", letter)...), "text"},
		"something unheard of in a zip": {zipped(t, "x", unhex("00010203 7f7f7f7f")), "unknown"},
	} {
		got := kindsOf(t, s, c.content)
		if c.want == "" && len(got) != 0 || c.want != "" && !slices.Contains(got, c.want) {
			t.Errorf("%s: %q instead of %q", name, got, c.want)
		}
	}
	if !closed {
		t.Error("the scanner was not ended")
	}
}

func TestNotLookedAt(t *testing.T) {
	var closed bool
	var locked bytes.Buffer
	z := zip.NewWriter(&locked)
	letter := strings.Repeat("a letter ", 100)
	w, err := zipcrypto.Add(z, rand.Reader, "a word nobody knows", zipcrypto.File{Name: "a", Size: int64(len(letter)), CRC32: crc32.ChecksumIEEE([]byte(letter))})
	if err == nil {
		_, err = io.WriteString(w, letter)
	}
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	if got := kindsOf(t, sorter(t, &closed), locked.Bytes()); len(got) != 1 || !strings.HasPrefix(got[0], "error: not all of it") {
		t.Errorf("an encrypted archive: %q", got)
	}
	broken := errors.New("no scanner")
	none := Sorter{Start: func(context.Context, string) (Scanner, error) { return nil, broken }}
	if _, err := none.Documents(t.Context(), nil); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	for _, v := range []verdict.Verdict{{}, {State: verdict.Failed}, {State: verdict.Incomplete}, {State: verdict.Malicious}, {State: "odd"}} {
		if kinds, err := Of(v); err == nil {
			t.Errorf("%+v: %q", v, kinds)
		}
	}
	got, err := Of(verdict.Verdict{State: verdict.Malicious, Findings: []verdict.Finding{{Name: "text"}, {Name: "sound_or_film"}, {Name: "text"}}})
	if err != nil || !slices.Equal(got, []string{"sound or film", "text"}) {
		t.Errorf("%q, %v", got, err)
	}
}

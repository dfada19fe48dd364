package container

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// build makes a container as ClamAV's makers would, but for the signature.
func build(t testing.TB, zip bool, files ...string) []byte {
	t.Helper()
	var body bytes.Buffer
	var w io.WriteCloser = nopCloser{&body}
	if zip {
		w = gzip.NewWriter(&body)
	}
	tw := tar.NewWriter(w)
	for i := 0; i+1 < len(files); i += 2 {
		tw.WriteHeader(&tar.Header{Name: files[i], Size: int64(len(files[i+1])), Mode: 0o600, Typeflag: tar.TypeReg})
		tw.Write([]byte(files[i+1]))
	}
	tw.Close()
	w.Close()
	head := fmt.Sprintf("ClamAV-VDB:01 Jan 2026 00-00 +0000:7:1:90:%x:abc:me:1", md5.Sum(body.Bytes()))
	return append([]byte(head+strings.Repeat(" ", HeaderSize-len(head))), body.Bytes()...)
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func read(b []byte, updated bool) (map[string]string, *Header, Trust, error) {
	files := map[string]string{}
	h, trust, err := Read(bytes.NewReader(b), updated, func(name string, r io.Reader) error {
		text, err := io.ReadAll(r)
		files[name] = string(text)
		return err
	})
	return files, h, trust, err
}

func TestRead(t *testing.T) {
	for _, zip := range []bool{true, false} {
		b := build(t, zip, "a.hdb", "one\n", "sub/b.ndb", "two\n")
		files, h, trust, err := read(b, false)
		if err != nil || files["a.hdb"] != "one\n" || files["b.ndb"] != "two\n" || h.Version != 7 || h.Builder != "me" {
			t.Fatalf("zip %v: %v %+v %v", zip, files, h, err)
		}
		if trust.MD5 != Good || trust.Header != Bad || trust.List != Absent || trust.Official() {
			t.Errorf("zip %v: %+v", zip, trust)
		}
		b[len(b)-1] ^= 1
		if _, _, trust, err := read(b, false); err == nil && trust.MD5 != Bad {
			t.Errorf("zip %v: a changed byte gives %+v", zip, trust)
		}
	}
	_, _, trust, err := read(build(t, false, "a.hdb", "x"), true)
	if err != nil || trust.MD5 != Absent || trust.Header != Absent {
		t.Errorf("an updated container: %+v %v", trust, err)
	}
}

func TestReadRefuses(t *testing.T) {
	whole := build(t, true, "a.hdb", strings.Repeat("text ", 1000))
	for name, b := range map[string][]byte{
		"empty":  nil,
		"text":   []byte("hello"),
		"short":  whole[:300],
		"cut":    whole[:HeaderSize+40],
		"number": bytes.Replace(whole, []byte(":7:1:90:"), []byte(":x:1:90:"), 1),
		"fields": append([]byte("ClamAV-VDB:a:b"), bytes.Repeat([]byte(" "), 600)...),
	} {
		if _, _, _, err := read(b, false); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, _, _, err := read([]byte("hello"), false); !errors.Is(err, ErrNoContainer) {
		t.Errorf("text: %v", err)
	}
	if _, _, err := Read(bytes.NewReader(whole), false, func(string, io.Reader) error { return io.ErrClosedPipe }); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the visitor's error became %v", err)
	}
}

// TestSignature holds a signature that ClamAV's makers made in 2010, of the
// bytecode database version 19: a digest and a number, both public.
func TestSignature(t *testing.T) {
	const digest = "f341ae79c7e73561b89d4e0b8f6a79c0"
	const signature = "u1zx79ANlYhjROCU1oZTRrgWIeOzEKWpF0i3Qzz5jW9RRuLuW3pHDM2LB28kcAStuzM2lURMP9/diA0Q13qvK4Sx82+HS5aMKbOWtMz3OKPWrnk6A/KbAz+GG8N8bL3yRcTeGTHJn9d8zWL1Lb411Kpid+JYEwszbTMaUIi6xig"
	if !makers().header.headerSigned(digest, signature) {
		t.Error("a true signature is refused")
	}
	for _, c := range [][2]string{
		{"f341ae79c7e73561b89d4e0b8f6a79c1", signature},
		{digest, "v" + signature[1:]},
		{digest, ""}, {digest, "!"}, {"", signature}, {digest, strings.Repeat("a", 1000)},
	} {
		if makers().header.headerSigned(c[0], c[1]) {
			t.Errorf("%q is taken as the signature of %q", c[1], c[0])
		}
	}
}

func TestList(t *testing.T) {
	sum := sha256.Sum256([]byte("one\n"))
	info := fmt.Sprintf("ClamAV-VDB:x\na.hdb:4:%x\nDSIG:abc\n", sum)
	_, _, trust, err := read(build(t, true, "a.hdb", "one\n", "x.info", info), false)
	if err != nil || trust.List != Bad || !strings.Contains(trust.Detail, "signature") {
		t.Errorf("a list with a false signature: %+v %v", trust, err)
	}
	for _, c := range []string{"", "a:b\nDSIG:x\n", "a:1:00\nDSIG:x\n", "a:x:" + fmt.Sprintf("%x", sum) + "\nDSIG:x\n"} {
		if _, _, err := parseList([]byte(c)); err == nil {
			t.Errorf("list %q is taken", c)
		}
	}
	part, listed, err := parseList([]byte(info))
	if err != nil || part.signature != "abc" || listed["a.hdb"] != sum || !strings.HasSuffix(string(part.bytes), "\n") {
		t.Errorf("%+v %v %v", part, listed, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(build(f, true, "a.hdb", "x"), false)
	f.Add(build(f, false, "a.hdb", "x", "b.info", "DSIG:x"), true)
	f.Fuzz(func(t *testing.T, b []byte, updated bool) {
		_, trust, err := Read(bytes.NewReader(b), updated, func(string, io.Reader) error { return nil })
		if err == nil && trust.Official() {
			t.Error("nobody signed this")
		}
	})
}

package document

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/document/documenttest"
)

var (
	source  = "Sub AutoOpen()\r\n  MsgBox \"\xcf\xf0\xe8\xe2\xe5\xf2\"\r\nEnd Sub\r\n"
	modules = []documenttest.Module{{Name: "ThisDocument", Source: "' empty\r\n"}, {Name: "Module1", Source: source}}
)

func compoundOf(streams ...documenttest.Stream) []byte {
	return documenttest.Compound([16]byte{}, streams...)
}

func TestMacros(t *testing.T) {
	k := take(t, compoundOf(documenttest.Project("Macros/", modules...)...))
	k.wantProblems(t, "macros")
	if got, want := k.get(t, "Module1"), "Attribute VB_Name = \"Module1\"\r\nSub AutoOpen()\r\n  MsgBox \"Привет\"\r\nEnd Sub\r\n"; got != want {
		t.Errorf("got %q", got)
	}
	if got := k.get(t, "ThisDocument"); !strings.HasSuffix(got, "' empty\r\n") {
		t.Errorf("got %q", got)
	}
	k.get(t, "Macros/VBA/Module1")
	k.get(t, "Macros/PROJECT")
}

// What the directory of a project does not tell is found all the same.
func TestMacrosBesideTheDirectory(t *testing.T) {
	project := documenttest.Project("", modules...)
	at := slices.IndexFunc(project, func(s documenttest.Stream) bool { return s.Path == "VBA/dir" })
	for name, dir := range map[string][]byte{
		"unlisted":     documenttest.Project("", modules[0])[1].Data,
		"wrong place":  bytes.ReplaceAll(documenttest.Compress([]byte("x")), []byte("x"), []byte("y")),
		"no container": []byte("nothing"),
	} {
		project[at].Data = dir
		k := take(t, compoundOf(project...))
		if got := k.get(t, "Module1"); !strings.Contains(got, "Sub AutoOpen()") {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestPackagedFile(t *testing.T) {
	k := take(t, compoundOf(
		documenttest.Stream{Path: "ObjectPool/_1/\x01Ole10Native", Data: documenttest.Native(`C:\Users\me\invoice.js`, []byte("var a = 1;"))},
		documenttest.Stream{Path: "ObjectPool/_2/\x01Ole10Native", Data: []byte("\x04\x00\x00\x00BM..more")},
		documenttest.Stream{Path: "ObjectPool/_3/\x01Ole10Native", Data: []byte("\x04")},
	))
	k.wantProblems(t, "package")
	if got := k.get(t, "ObjectPool/_1/invoice.js"); got != "var a = 1;" {
		t.Errorf("got %q", got)
	}
	if got := k.get(t, "ObjectPool/_2/\x01Ole10Native"); got != "\x04\x00\x00\x00BM..more" {
		t.Errorf("got %q", got)
	}
}

func TestPackageNames(t *testing.T) {
	for path, want := range map[string]string{`C:\a\b.exe`: "b.exe", "/tmp/b": "b", "b.exe": "b.exe", `C:\a\`: `C:\a\`, "": "label"} {
		k := take(t, compoundOf(documenttest.Stream{Path: "\x01Ole10Native", Data: documenttest.Native(path, []byte("x"))}))
		if got := k.get(t, want); got != "x" {
			t.Errorf("%q: got %q", path, got)
		}
	}
}

func TestEncryptedDocuments(t *testing.T) {
	const told = "encrypted: the document is encrypted"
	word := make([]byte, 64)
	word[11] = 1
	take(t, compoundOf(documenttest.Stream{Path: "WordDocument", Data: word})).wantProblems(t, "word", told)
	take(t, compoundOf(documenttest.Stream{Path: "WordDocument", Data: make([]byte, 64)})).wantProblems(t, "word")
	take(t, compoundOf(documenttest.Stream{Path: "EncryptedPackage", Data: word})).wantProblems(t, "package", told)
}

// Streams that share their sectors are counted each time: many of them end the
// scan and not the machine.
func TestSharedSectors(t *testing.T) {
	var streams []documenttest.Stream
	for range 200 {
		streams = append(streams, documenttest.Stream{Path: "s", Data: []byte("x")})
	}
	data := compoundOf(append(streams, documenttest.Stream{Path: "big", Data: make([]byte, 1<<20)})...)
	// Give every small stream the start and the size of the large one.
	at := bytes.Index(data, []byte("b\x00i\x00g\x00"))
	for entry := at - 128*200; entry < at; entry += 128 {
		copy(data[entry+116:], data[at+116:at+128])
	}
	take(t, data).wantProblems(t, "shared", "size: more than 67108864 bytes unpacked in all")
}

func FuzzCompound(f *testing.F) {
	f.Add(compoundOf(documenttest.Project("Macros/", modules...)...))
	f.Add(compoundOf(documenttest.Stream{Path: "\x01Ole10Native", Data: documenttest.Native("a", []byte("x"))}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if Identify(data) == OLE {
			take(t, data)
		}
	})
}

package bench

import (
	"bytes"
	"debug/pe"
	"os"
	"path/filepath"
	"testing"
)

func TestPickFilesIsEvenAndRepeatable(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.go", "b.go", "c.go", "d.go", "e.go", "f.go", "note.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), bytes.Repeat([]byte(name[:1]), 100), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := pickFiles([]string{dir}, 300, 1, 1000, isGoSource)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	for _, f := range files {
		got += string(f.Data[:1])
	}
	if got != "ace" {
		t.Errorf("took %q, want every second of the sources: ace", got)
	}
	if _, err := pickFiles([]string{dir}, 3000, 1, 1000, isGoSource); err == nil {
		t.Error("a tree that is too small must be an error")
	}
	if _, err := pickFiles([]string{filepath.Join(dir, "nowhere")}, 1, 1, 1000, isGoSource); err == nil {
		t.Error("a missing tree must be an error")
	}
}

func TestBuildPEIsReadByOthers(t *testing.T) {
	text, data := bytes.Repeat([]byte{0xC3}, 5000), bytes.Repeat([]byte("abc\x00"), 3000)
	f, err := pe.NewFile(bytes.NewReader(buildPE(7, text, data)))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Sections) != 3 || f.TimeDateStamp != 1_400_000_007 {
		t.Fatalf("%d sections, stamp %d", len(f.Sections), f.TimeDateStamp)
	}
	header, ok := f.OptionalHeader.(*pe.OptionalHeader64)
	if !ok || header.AddressOfEntryPoint != 0x1040 || header.SizeOfHeaders != 0x400 {
		t.Errorf("optional header %+v", f.OptionalHeader)
	}
	for i, want := range [][]byte{text, data, data[:len(data)/8]} {
		got, err := f.Sections[i].Data()
		if err != nil || !bytes.HasPrefix(got, want) {
			t.Errorf("section %s does not hold what was put in: %v", f.Sections[i].Name, err)
		}
		if f.Sections[i].Offset%0x200 != 0 || f.Sections[i].VirtualAddress%0x1000 != 0 {
			t.Errorf("section %s is not aligned", f.Sections[i].Name)
		}
	}
}

func TestCutGoesRound(t *testing.T) {
	if got := cut([]byte("abcde"), 1, 4); string(got) != "eabc" {
		t.Errorf("got %q", got)
	}
}

func TestWindowsProgramsNeedCode(t *testing.T) {
	if _, err := windowsPrograms([]File{{"x", []byte("\x7fELF, and no more")}}, 1<<20); err == nil {
		t.Error("programs without code must be an error")
	}
}

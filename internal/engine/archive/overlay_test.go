package archive

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/archive/archivetest"
	"vitrine/internal/engine/installer/installertest"
)

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// TestFindCarried finds what lies behind programs and scripts, and only there.
func TestFindCarried(t *testing.T) {
	e := archivetest.Entry{Name: "x", Data: []byte("hello")}
	gz := archivetest.Gzip("", e.Data)
	code := bytes.Repeat([]byte{0x90}, 1000)
	pe := installertest.PE(code)
	shell := []byte("#!/bin/sh\ntail -n +3 \"$0\" | tar xz; exit\n")
	elf := func(wide bool, order binary.AppendByteOrder) []byte { return installertest.ELF(wide, order, code) }
	for _, tt := range []struct {
		name     string
		program  []byte
		appended []byte
		format   Format
	}{
		{"gzip behind PE", pe, gz, Gzip},
		{"xz behind PE", pe, archivetest.File("numbers.xz"), XZ},
		{"ole behind PE", pe, append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 600)...), OLE},
		{"7z behind PE, once", pe, archivetest.SevenZip(), SevenZip},
		{"NSIS behind PE, once", installertest.PE(make([]byte, 512)), installertest.NSIS{}.Data(), NSIS},
		{"tar behind ELF", elf(true, binary.LittleEndian), archivetest.Tar(e), Tar},
		{"gzip behind ELF of 32 bits", elf(false, binary.LittleEndian), gz, Gzip},
		{"gzip behind ELF of the other order", elf(true, binary.BigEndian), gz, Gzip},
		{"gzip behind ELF of both", elf(false, binary.BigEndian), gz, Gzip},
		{"gzip inside PE", installertest.PE(append(code, gz...)), nil, None},
		{"text behind PE", pe, []byte("no archive"), None},
		{"gzip behind a script", shell, gz, Gzip},
		{"bzip2 behind a script", shell, archivetest.File("numbers.bz2"), BZip2},
		{"tar behind a script", shell, archivetest.Tar(e), Tar},
		{"cpio behind a script", shell, archivetest.Cpio(e), Cpio},
		{"zstd behind a script", shell, archivetest.File("numbers.zst"), Zstd},
		{"7z behind a script", shell, archivetest.SevenZip(), SevenZip},
		{"gzip inside a line", []byte("#!/bin/sh\n "), gz, None},
		{"gzip that says odd things", shell, []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x77\x77 and so on"), None},
		{"zip behind a script", shell, archivetest.Zip(e), None}, // found by its end
		{"script that ends", shell, []byte("\n\x1f"), None},
	} {
		data := join(tt.program, tt.appended)
		var want []Part
		if tt.format != None {
			want = []Part{{tt.format, len(tt.program)}}
		}
		if strings.HasPrefix(tt.name, "zip") {
			want = []Part{{Zip, 0}}
		}
		if got := Find(data); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, want)
		}
	}
	if got := Find(join(pe, archivetest.Zip(e))); !slices.Equal(got, []Part{{Zip, 0}}) {
		t.Errorf("zip behind PE: got %v", got)
	}
	if got := Find(join(pe, make([]byte, 300), gz)); !slices.Equal(got, []Part{{Gzip, len(pe) + 300}}) {
		t.Errorf("gzip behind padding: got %v", got)
	}
	many := join(shell, bytes.Repeat(join([]byte("\n"), gz, []byte("\n")), 100))
	if got := Find(many); len(got) != maxPayloads {
		t.Errorf("%d payloads", len(got))
	}
}

// TestProgramEnd holds claims against what is there.
func TestProgramEnd(t *testing.T) {
	elf := installertest.ELF(true, binary.LittleEndian, make([]byte, 100))
	far := bytes.Clone(elf)
	binary.LittleEndian.PutUint64(far[64+32:], 1<<63) // the segment's size
	nowhere := bytes.Clone(elf)
	binary.LittleEndian.PutUint64(nowhere[40:], 1<<64-8) // the table of sections
	for _, tt := range []struct {
		name string
		data []byte
		want int64
	}{
		{"short", []byte("MZ"), 0}, {"no PE", installertest.Stub(600), 0}, {"short ELF", elf[:40], 0}, {"odd class", []byte("\x7fELF\x07" + strings.Repeat("\x00", 60)), 0},
		{"whole", elf, int64(len(elf))}, {"far", far, int64(len(elf))}, {"nowhere", nowhere, int64(len(elf)) - 64},
	} {
		if got := programEnd(tt.data); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestMakeself unpacks what the tool of that name makes.
func TestMakeself(t *testing.T) {
	if _, err := exec.LookPath("makeself"); err != nil {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatal("makeself is not installed")
		}
		t.Skip("makeself is not installed: no scripts of its own making")
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	if err := os.Mkdir(in, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"start.sh": []byte("#!/bin/sh\n"), "data": archivetest.Numbers()} {
		if err := os.WriteFile(filepath.Join(in, name), data, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, how := range []string{"--gzip", "--bzip2", "--xz", "--nocomp"} {
		out := filepath.Join(dir, "out.run")
		if text, err := exec.Command("makeself", "--nox11", "--quiet", how, in, out, "label", "./start.sh").CombinedOutput(); err != nil {
			t.Fatalf("makeself: %v\n%s", err, text)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		parts := Find(data)
		if len(parts) != 1 {
			t.Fatalf("%s: found %v", how, parts)
		}
		g := walkOne(t, data[parts[0].Offset:])
		if parts[0].Format != Tar {
			g = walkOne(t, g.members[0].Data)
		}
		if names := g.names(); !strings.Contains(names, "./start.sh") || !strings.Contains(names, "./data") || len(g.all()) > 0 {
			t.Errorf("%s: members %s, %v", how, names, g.all())
		}
	}
}

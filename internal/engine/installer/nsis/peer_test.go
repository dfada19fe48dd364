package nsis

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// script is compiled with every compressor in every layout.
const script = `
Unicode %s
SetCompressor %s
%s
Name "t"
OutFile "out.exe"
InstallDir "$PROGRAMFILES\T"
Section
SetOutPath $INSTDIR
File text.txt
SetOutPath "$INSTDIR\sub dir"
File noise.bin
File empty.txt
File "/oname=$PLUGINSDIR\x.dat" text.txt
File long.txt
SetOutPath "$APPDATA\q"
File "/oname=$R1-a.txt" runs.bin
WriteUninstaller "$INSTDIR\un.exe"
SectionEnd
Section Uninstall
SetOutPath $TEMP
File /oname=last.txt text.txt
SectionEnd
`

// peerFiles are what the installers of the test hold: what packs well and what
// does not, what fills more than one block of bzip2, runs and nothing.
func peerFiles() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 200_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	var long bytes.Buffer
	for i := range 60_000 {
		fmt.Fprintln(&long, i, "line", i*7)
	}
	return map[string][]byte{
		"text.txt":  bytes.Repeat([]byte("hello hello hello\n"), 500),
		"noise.bin": noise,
		"long.txt":  long.Bytes(),
		"runs.bin":  bytes.Repeat(append(bytes.Repeat([]byte{'x'}, 1000), 'y', 'y', 'y', 'y', 'z'), 30),
		"empty.txt": {},
	}
}

// TestPeer unpacks what the system's own compiler makes.
func TestPeer(t *testing.T) {
	if _, err := exec.LookPath("makensis"); err != nil {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatal("makensis is not installed (package nsis)")
		}
		t.Skip("makensis is not installed (package nsis): no installers of its own making")
	}
	dir, files := t.TempDir(), peerFiles()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []string{"zlib", "bzip2", "lzma", "/SOLID zlib", "/SOLID bzip2", "/SOLID lzma"} {
		t.Run(c, func(t *testing.T) { peer(t, dir, files, fmt.Sprintf(script, "true", c, "")) })
	}
	t.Run("ansi", func(t *testing.T) { peer(t, dir, files, fmt.Sprintf(script, "false", "/SOLID bzip2", "")) })
	t.Run("none", func(t *testing.T) { peer(t, dir, files, fmt.Sprintf(script, "true", "zlib", "SetCompress off")) })
	t.Run("amd64", func(t *testing.T) {
		peer(t, dir, files, fmt.Sprintf(script, "true", "/SOLID lzma", "Target amd64-unicode"))
	})
}

func peer(t *testing.T, dir string, files map[string][]byte, script string) {
	cmd := exec.Command("makensis", "-V1", "-")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("makensis: %v\n%s", err, out)
	}
	program, err := os.ReadFile(filepath.Join(dir, "out.exe"))
	if err != nil {
		t.Fatal(err)
	}
	at := Find(program)
	if at < 0 {
		t.Fatal("no first header found")
	}
	g := walk(t, program[at:])
	if len(g.problems) > 0 {
		t.Errorf("problems: %v", g.problems)
	}
	for name, from := range map[string]string{
		"nsis/$INSTDIR/text.txt": "text.txt", "nsis/$INSTDIR/sub dir/noise.bin": "noise.bin", "nsis/$INSTDIR/sub dir/empty.txt": "empty.txt",
		"nsis/$INSTDIR/sub dir/long.txt": "long.txt", "nsis/$APPDATA/q/$R1-a.txt": "runs.bin",
	} {
		if got, ok := g.parts[name]; !ok || !bytes.Equal(got, files[from]) {
			t.Errorf("%s: %d bytes (%v), want %d; there are %q", name, len(got), ok, len(files[from]), g.order)
		}
	}
	icons := g.parts["nsis/$INSTDIR/un.exe/(icons)"]
	if len(icons) == 0 {
		t.Errorf("no icons of the uninstaller; there are %q", g.order)
	}
	p := walk(t, g.parts["nsis/$INSTDIR/un.exe"])
	if len(p.problems) > 0 || !bytes.Equal(p.parts["nsis/$TEMP/last.txt"], files["text.txt"]) {
		t.Errorf("uninstaller: %q, problems %v", p.order, p.problems)
	}
}

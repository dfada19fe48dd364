package archive

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/disc"
	"vitrine/internal/engine/disc/disctest"
	"vitrine/internal/engine/limit"
	"vitrine/internal/engine/udf"
)

// peer skips a test when a program of others is not there.
func peer(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
		t.Fatalf("%s is not installed (package %s)", name, name)
	}
	t.Skipf("%s is not installed (package %s): nothing of its making to read", name, name)
}

// made runs a program in dir and reads the file it makes.
func made(t *testing.T, dir, file, program string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", program, err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{"a.txt": "first", "Folder One/a longer name.txt": "second", "1/2/3/4/5/6/7/8/9/deep.bin": strings.Repeat("deep ", 5000)}
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// TestPeerDiscs reads images of another writer: by each kind of names, and by
// UDF in an image that has both.
func TestPeerDiscs(t *testing.T) {
	peer(t, "genisoimage")
	for _, options := range []string{"-J", "-R", "-J -R -udf"} {
		dir := t.TempDir()
		files := tree(t, filepath.Join(dir, "tree"))
		args := append(strings.Fields(options), "-quiet", "-D", "-o", "x.iso", "tree")
		data := made(t, dir, "x.iso", "genisoimage", args...)
		g := walkOne(t, data)
		if len(g.members) != len(files) || len(g.all()) > 0 {
			t.Errorf("%s: %q, %v", options, g.names(), g.all())
		}
		for _, m := range g.members {
			if files[m.Name] != string(m.Data) {
				t.Errorf("%s: %q is wrong", options, m.Name)
			}
		}
		if !strings.Contains(options, "udf") {
			continue
		}
		s := disctest.NewSink(limit.Limits{}, len(data))
		if err := udf.Walk(disc.New(data, s.Budget, s)); err != nil || len(s.Problems) > 0 || len(s.Names) != len(files) {
			t.Errorf("udf: %q, %q, %v", s.Names, s.Problems, err)
		}
		for name, text := range files {
			if s.Data[name] != text {
				t.Errorf("udf: %q is wrong", name)
			}
		}
	}
}

const wix = `<?xml version="1.0"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
 <Product Name="T" Id="ABCDDCBA-86C7-4D14-AEC0-86416A69ABDE" UpgradeCode="ABCDDCBA-7349-453F-94F6-BCB5110BA4FD" Language="1033" Codepage="1252" Version="1.0.0" Manufacturer="M">
  <Package Id="*" Description="d" Comments="c" Manufacturer="M" InstallerVersion="100" Languages="1033" Compressed="yes" SummaryCodepage="1252"/>
  <Media Id="1" Cabinet="media1.cab" EmbedCab="yes"/>
  <Binary Id="tool" SourceFile="tool.bin"/>
  <Directory Id="TARGETDIR" Name="SourceDir"><Component Id="Main" Guid="ABCDDCBA-83F1-4F22-985B-FDB3C8ABD471"><File Id="FileExe" Name="file.exe" Source="file.exe" KeyPath="yes"/></Component></Directory>
  <Feature Id="F" Level="1"><ComponentRef Id="Main"/></Feature>
 </Product>
</Wix>
`

// TestPeerInstaller reads an installer of another writer: its cabinet, and its
// tables by the names they have.
func TestPeerInstaller(t *testing.T) {
	peer(t, "wixl")
	dir := t.TempDir()
	program, tool := bytes.Repeat([]byte("program "), 9000), bytes.Repeat([]byte("tool "), 3000)
	for name, data := range map[string][]byte{"t.wxs": []byte(wix), "file.exe": program, "tool.bin": tool} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g := walkOne(t, made(t, dir, "t.msi", "wixl", "-o", "t.msi", "t.wxs"))
	var names []string
	for _, m := range g.members {
		names = append(names, m.Name)
		switch m.Name {
		case "media1.cab":
			c := walkOne(t, m.Data)
			if c.names() != "FileExe" || !bytes.Equal(c.members[0].Data, program) {
				t.Errorf("the cabinet has %q, %v", c.names(), c.all())
			}
		case "Binary.tool":
			if !bytes.Equal(m.Data, tool) {
				t.Error("the tool is wrong")
			}
		}
	}
	for _, want := range []string{"media1.cab", "Binary.tool", "!_StringData", "!_StringPool", "!File"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %s in %q", want, names)
		}
	}
	if len(g.all()) > 0 {
		t.Errorf("errors %v", g.all())
	}
}

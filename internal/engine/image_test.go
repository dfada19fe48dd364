package engine

import (
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vitrine/internal/engine/cab/cabtest"
	"vitrine/internal/engine/disc/disctest"
	"vitrine/internal/engine/document/documenttest"
)

// images has the same three files in a cabinet and in disc images, and the
// second in an installer.
func images() map[string][]byte {
	members := [][2]string{{"a.exe", "\x01alpha one"}, {"b.txt", "\x01beta two two"}, {"c.dat", "\x01gamma"}}
	var inCab []cabtest.File
	var onDisc []disctest.File
	for _, m := range members {
		inCab = append(inCab, cabtest.File{Name: m[0], Data: []byte(m[1])})
		onDisc = append(onDisc, disctest.File{Path: m[0], Data: []byte(m[1])})
	}
	return map[string][]byte{
		"x.cab": cabtest.Cabinet(cabtest.Folder{Method: cabtest.MSZIP, Files: inCab}),
		"y.cab": cabtest.Cabinet(cabtest.Folder{Method: cabtest.LZX | 16<<8, Files: inCab}),
		"x.iso": disctest.ISO{Joliet: true}.Image(onDisc...),
		"x.udf": disctest.UDF{New: true}.Image(onDisc...),
		"x.msi": documenttest.Compound([16]byte{0x84, 0x10, 0x0c, 8: 0xc0, 15: 0x46}, documenttest.Stream{Path: "stream", Data: []byte(members[1][1])}),
	}
}

// imageDatabases has signatures that ask for what an object lies in.
func imageDatabases() map[string]string {
	beta := hex.EncodeToString([]byte("beta"))
	var members, logical strings.Builder
	for _, kind := range []string{"MSCAB", "ISO9660", "UDF", "ZIP"} {
		members.WriteString(kind + ".Exe:CL_TYPE_" + kind + ":*:\\.exe$:*:*:*:*:*:*\n" + kind + ".Size:CL_TYPE_" + kind + ":*:*:*:13:*:*:*:*\n")
		logical.WriteString("In." + kind + ";Engine:51-255,Target:0,Container:CL_TYPE_" + kind + ";0;" + beta + "\n")
	}
	logical.WriteString("In.OLE;Engine:51-255,Target:0,Container:CL_TYPE_MSOLE2;0;" + beta + "\n")
	return map[string]string{"a.cdb": members.String(), "a.ldb": logical.String(), "a.ndb": "Body.Beta:0:*:" + beta + "\n"}
}

func TestSignaturesInImages(t *testing.T) {
	d := signaturesOf(t, imageDatabases())
	for name, kind := range map[string]string{"x.cab": "MSCAB", "y.cab": "MSCAB", "x.iso": "ISO9660", "x.udf": "UDF"} {
		want := []string{"Body.Beta", "In." + kind, kind + ".Exe", kind + ".Size"}
		slices.Sort(want)
		if got := foundNames(signatureScan(t, d, images()[name])); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if got := foundNames(signatureScan(t, d, images()["x.msi"])); !slices.Equal(got, []string{"Body.Beta", "In.OLE"}) {
		t.Errorf("x.msi: got %v", got)
	}
}

// TestSignaturesInImagesAsClamscan holds the same against clamscan, where it
// is there. UDF is left out: clamscan 1.4 knows the type but hands out no files,
// not of images that genisoimage wrote either.
func TestSignaturesInImagesAsClamscan(t *testing.T) {
	clamscan, err := exec.LookPath("clamscan")
	if err != nil {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatal("clamscan is needed: apt-get install clamav")
		}
		t.Skip("clamscan is not installed: nothing to compare with (apt-get install clamav)")
	}
	dir, db := t.TempDir(), t.TempDir()
	for name, text := range imageDatabases() {
		if err := os.WriteFile(filepath.Join(db, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := signaturesOf(t, imageDatabases())
	for name, data := range images() {
		if name == "x.udf" {
			continue
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		text, _ := exec.Command(clamscan, "--allmatch", "--no-summary", "-d", db, path).Output()
		var want []string
		for line := range strings.Lines(string(text)) {
			if _, found, ok := strings.Cut(line, ": "); ok && strings.HasSuffix(found, " FOUND\n") {
				want = append(want, strings.TrimSuffix(found, ".UNOFFICIAL FOUND\n"))
			}
		}
		slices.Sort(want)
		want = slices.Compact(want)
		if got := foundNames(signatureScan(t, d, data)); !slices.Equal(got, want) || len(got) == 0 {
			t.Errorf("%s: we find %v\nclamscan finds %v", name, got, want)
		}
	}
}

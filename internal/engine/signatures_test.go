package engine

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/engine/clamav"
	"vitrine/internal/engine/clamav/certs/certstest"
	"vitrine/yara/authenticode/authenticodetest"
)

// packed is one set of members in the containers of the tests.
func packed(t *testing.T) map[string][]byte {
	t.Helper()
	members := [][2]string{{"a.exe", "\x01alpha one"}, {"b.txt", "\x01beta two two"}, {"c.dat", "\x01gamma"}}
	var zipped, tarred bytes.Buffer
	z, w := zip.NewWriter(&zipped), tar.NewWriter(&tarred)
	for _, m := range members {
		f, err := z.Create(m[0])
		if err != nil {
			t.Fatal(err)
		}
		f.Write([]byte(m[1]))
		w.WriteHeader(&tar.Header{Name: m[0], Size: int64(len(m[1])), Mode: 0o600, Format: tar.FormatUSTAR})
		w.Write([]byte(m[1]))
	}
	z.Close()
	w.Close()
	return map[string][]byte{"x.zip": zipped.Bytes(), "x.tar": tarred.Bytes(), "a.exe": []byte(members[0][1])}
}

func memberDatabases(containerSize int) map[string]string {
	alpha, beta := hex.EncodeToString([]byte("alpha")), hex.EncodeToString([]byte("beta"))
	return map[string]string{
		"a.cdb": "Zip.Exe:CL_TYPE_ZIP:*:\\.exe$:*:*:*:*:*:*\nAny.Exe:*:*:\\.exe$:*:*:*:*:*:*\nAny.Named:CL_TYPE_ANY:*:^b:*:*:*:*:*:*\n" +
			"Any.Size:*:*:*:*:13:*:*:*:*\nAny.Range:*:*:*:*:9-11:*:*:*:*\nZip.First:CL_TYPE_ZIP:*:^a:*:*:*:1:*:*\nZip.First-not:CL_TYPE_ZIP:*:^b:*:*:*:1:*:*\n" +
			"Tar.Exe:CL_TYPE_POSIX_TAR:*:exe:*:*:*:*:*:*\nZip.Case-not:CL_TYPE_ZIP:*:EXE:*:*:*:*:*:*\n" +
			fmt.Sprintf("Zip.Whole:CL_TYPE_ZIP:%d:*:*:*:*:*:*:*\n", containerSize),
		"a.ldb": "In.Zip;Engine:51-255,Target:0,Container:CL_TYPE_ZIP;0;" + alpha + "\nIn.Any;Engine:51-255,Target:0,Container:CL_TYPE_ANY;0;" + alpha +
			"\nIn.Tar;Engine:51-255,Target:0,Container:CL_TYPE_POSIX_TAR;0;" + alpha + "\n",
		"a.ndb": "Body.Alpha:0:*:" + alpha + "\nBody.Beta:0:*:" + beta + "\n",
	}
}

func signaturesOf(t *testing.T, files map[string]string) *clamav.Database {
	t.Helper()
	l := clamav.NewLoader(clamav.Config{Now: time.Now})
	for name, text := range files {
		if err := l.Add(name, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	d, err := l.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if n := l.Report().Total(); n.Malformed+n.Unsupported > 0 {
		t.Fatalf("%v %v", l.Report().Problems, l.Report().Reasons)
	}
	return d
}

func signatureScan(t *testing.T, d *clamav.Database, data []byte) Report {
	t.Helper()
	e, err := New(Config{Signatures: d})
	if err != nil {
		t.Fatal(err)
	}
	w, err := e.NewWorker()
	if err != nil {
		t.Fatal(err)
	}
	return w.Scan(context.Background(), data)
}

// foundNames gives the different names of findings, sorted.
func foundNames(r Report) []string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, f.Name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// clamscanNames gives the different names clamscan finds in an object, sorted.
func clamscanNames(t *testing.T, files map[string]string, data []byte) []string {
	t.Helper()
	clamscan, err := exec.LookPath("clamscan")
	if err != nil {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatal("clamscan is needed: apt-get install clamav")
		}
		t.Skip("clamscan is not installed: nothing to compare with (apt-get install clamav)")
	}
	db, path := t.TempDir(), filepath.Join(t.TempDir(), "object")
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(db, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	text, _ := exec.Command(clamscan, "--allmatch", "--no-summary", "-d", db, path).Output()
	var names []string
	for line := range strings.Lines(string(text)) {
		if _, found, ok := strings.Cut(line, ": "); ok && strings.HasSuffix(found, " FOUND\n") {
			names = append(names, strings.TrimSuffix(strings.TrimSuffix(found, " FOUND\n"), ".UNOFFICIAL"))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestSignaturesInArchives finds in archives the names that clamscan finds.
func TestSignaturesInArchives(t *testing.T) {
	objects := packed(t)
	files := memberDatabases(len(objects["x.zip"]))
	d := signaturesOf(t, files)
	for name, data := range objects {
		want := clamscanNames(t, files, data)
		if got := foundNames(signatureScan(t, d, data)); !slices.Equal(got, want) || len(got) == 0 {
			t.Errorf("%s: we find %v\nclamscan finds %v", name, got, want)
		}
	}
}

func TestSignaturePaths(t *testing.T) {
	d := signaturesOf(t, map[string]string{"a.ndb": "Body.Beta:0:*:" + hex.EncodeToString([]byte("beta")) + "\n", "a.hdb": fmt.Sprintf("%x:10:Hash.A\n", md5.Sum([]byte("\x01alpha one")))})
	r := signatureScan(t, d, packed(t)["x.zip"])
	if len(r.Findings) != 2 || r.Findings[0].Path[0] != "a.exe" || !strings.HasPrefix(r.Findings[0].Digest, "md5:") || r.Findings[1].Path[0] != "b.txt" {
		t.Errorf("%+v", r.Findings)
	}
}

// TestSignaturesTrustWhatIsInside: a listed archive is let be with all inside
// it, and only it.
func TestSignaturesTrustWhatIsInside(t *testing.T) {
	objects := packed(t)
	data := objects["x.zip"]
	files := memberDatabases(len(data))
	files["a.fp"] = fmt.Sprintf("%x:%d:Fine\n", md5.Sum(data), len(data))
	d := signaturesOf(t, files)
	if r := signatureScan(t, d, data); len(r.Findings) != 0 || r.Objects != 4 {
		t.Errorf("trusted: %v in %d objects", foundNames(r), r.Objects)
	}
	if r := signatureScan(t, d, objects["x.tar"]); len(r.Findings) == 0 {
		t.Error("the other archive has no findings")
	}
	delete(files, "a.fp")
	files["a.fp"] = fmt.Sprintf("%x:10:Fine\n", md5.Sum([]byte("\x01alpha one")))
	if got := foundNames(signatureScan(t, signaturesOf(t, files), data)); slices.Contains(got, "Body.Alpha") || !slices.Contains(got, "Body.Beta") {
		t.Errorf("a trusted member: %v", got)
	}
}

// knownZip is an archive whose member says its sizes before it begins, without
// which clamscan finds none behind a program.
func knownZip(t *testing.T, name, text string) []byte {
	t.Helper()
	var packed, out bytes.Buffer
	deflate, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	deflate.Write([]byte(text))
	deflate.Close()
	z := zip.NewWriter(&out)
	w, err := z.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE([]byte(text)),
		CompressedSize64: uint64(packed.Len()), UncompressedSize64: uint64(len(text)),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Write(packed.Bytes())
	z.Close()
	return out.Bytes()
}

// TestSignedPrograms: a program of a trusted signer is let be with all inside
// it, as clamscan does, and only while nobody changed it.
func TestSignedPrograms(t *testing.T) {
	program := append(authenticodetest.Program(false), knownZip(t, "a.exe", "\x01alpha one")...)
	signed, by := certstest.Signed(program)
	changed := bytes.Clone(signed)
	changed[0x300] ^= 1
	var boxed bytes.Buffer
	z := zip.NewWriter(&boxed)
	for name, data := range map[string][]byte{"signed.exe": signed, "b.txt": []byte("\x01beta two two")} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(data)
	}
	z.Close()
	bodies := map[string]string{"a.ndb": "Body.Alpha:0:*:" + hex.EncodeToString([]byte("alpha")) + "\nBody.Beta:0:*:" + hex.EncodeToString([]byte("beta")) + "\n"}
	trusting, blocking := maps.Clone(bodies), maps.Clone(bodies)
	trusting["a.crb"] = certstest.Line("Signer", true, by, true, "1;0;0")
	blocking["a.crb"] = certstest.Line("Signer", false, by, true, "1;0;0")
	cases := map[string]struct {
		files map[string]string
		data  []byte
		want  string
	}{
		"not judged": {bodies, signed, "Body.Alpha"},
		"trusted":    {trusting, signed, ""},
		"changed":    {trusting, changed, "Body.Alpha"},
		"blocked":    {blocking, signed, "Body.Alpha Signer"},
		"in a zip":   {trusting, boxed.Bytes(), "Body.Beta"},
	}
	for name, c := range cases {
		if got := strings.Join(foundNames(signatureScan(t, signaturesOf(t, c.files), c.data)), " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	for name, c := range cases {
		if got := strings.Join(clamscanNames(t, c.files, c.data), " "); got != c.want {
			t.Errorf("%s: clamscan finds %q, expected %q", name, got, c.want)
		}
	}
}

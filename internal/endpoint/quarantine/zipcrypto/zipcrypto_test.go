package zipcrypto

import (
	"archive/zip"
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// open decrypts the raw content of a file, as APPNOTE 6.1 says.
func open(t *testing.T, f *zip.File, password string) (content []byte, right bool) {
	t.Helper()
	r, err := f.OpenRaw()
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil || uint64(len(data)) != f.CompressedSize64 {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	k := newKeys(password)
	for i := range data {
		data[i] ^= k.stream()
		k.update(data[i])
	}
	return data[headerSize:], data[headerSize-1] == byte(f.CRC32>>24)
}

// zeros is as random as a test needs.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func archive(t *testing.T, files map[string]string, password string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range files {
		w, err := Add(z, zeros{}, password, File{
			Name: name, Modified: time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC),
			CRC32: crc32.ChecksumIEEE([]byte(content)), Size: int64(len(content)),
		})
		if err != nil {
			t.Fatal(err)
		}
		for rest := content; rest != ""; { // in pieces of several sizes
			n := min(len(rest), 1+len(rest)/3)
			if _, err := io.WriteString(w, rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func samples() map[string]string {
	return map[string]string{"a/empty": "", "a/b": "x", "text": strings.Repeat("some content ", 10_000), "bytes": "\x00\xff\x00\xff"}
}

func TestAdd(t *testing.T) {
	files := samples()
	data := archive(t, files, "infected")
	if bytes.Contains(data, []byte("some content")) {
		t.Error("it is not encrypted")
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(z.File) != len(files) {
		t.Fatalf("%d files, %v", len(z.File), err)
	}
	for _, f := range z.File {
		got, right := open(t, f, "infected")
		if string(got) != files[f.Name] || !right || f.Flags&1 == 0 || crc32.ChecksumIEEE(got) != f.CRC32 {
			t.Errorf("%s: %d bytes, %v", f.Name, len(got), right)
		}
		if wrong, _ := open(t, f, "Infected"); len(wrong) > 4 && bytes.Equal(wrong, got) {
			t.Errorf("%s: opened with another password", f.Name)
		}
	}
}

// TestPeers has the unpackers people use open it.
func TestPeers(t *testing.T) {
	files := samples()
	name := filepath.Join(t.TempDir(), "a.zip")
	if err := os.WriteFile(name, archive(t, files, "infected"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, peer := range [][]string{{"unzip", "-q", "-P", "infected", name, "-d"}, {"7z", "x", "-y", "-pinfected", name, "-o"}} {
		if _, err := exec.LookPath(peer[0]); err != nil {
			if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
				t.Fatal(err)
			}
			t.Logf("SKIPPED: no %s on this machine", peer[0])
			continue
		}
		dir := t.TempDir()
		args := peer[1:]
		if last := len(args) - 1; strings.HasPrefix(args[last], "-o") {
			args[last] += dir
		} else {
			args = append(args, dir)
		}
		if out, err := exec.Command(peer[0], args...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", peer[0], err, out)
			continue
		}
		for name, want := range files {
			if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
				t.Errorf("%s: %s: %d bytes, %v", peer[0], name, len(got), err)
			}
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error)  { return 0, io.ErrNoProgress }
func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestAddFails(t *testing.T) {
	if _, err := Add(zip.NewWriter(io.Discard), failing{}, "x", File{Name: "n"}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("got %v", err)
	}
	if w, err := Add(zip.NewWriter(failing{}), zeros{}, "x", File{Name: "n"}); err == nil {
		if _, err = w.Write(make([]byte, 1<<20)); err == nil {
			t.Error("wrote to nowhere")
		}
	}
}

// TestDosTime: as unpackers print it, and never a month or a day that is zero.
func TestDosTime(t *testing.T) {
	for at, want := range map[time.Time][2]uint16{
		time.Date(2026, 11, 22, 2, 34, 56, 0, time.UTC):    {46<<9 | 11<<5 | 22, 2<<11 | 34<<5 | 28},
		time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC):        {1<<5 | 1, 0},
		time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC):        {1<<5 | 1, 0},
		time.Date(2107, 12, 31, 23, 59, 59, 9e8, time.UTC): {127<<9 | 12<<5 | 31, 23<<11 | 59<<5 | 29},
	} {
		if date, clock := dosTime(at); date != want[0] || clock != want[1] {
			t.Errorf("%v: %x %x, not %x", at, date, clock, want)
		}
	}
	z, err := zip.NewReader(bytes.NewReader(archive(t, map[string]string{"a": "b"}, "p")), int64(len(archive(t, map[string]string{"a": "b"}, "p"))))
	if err != nil || !z.File[0].Modified.Equal(time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)) {
		t.Errorf("%v, %v", z.File, err)
	}
}

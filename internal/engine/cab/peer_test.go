package cab

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"vitrine/internal/engine/cab/cabtest"
	"vitrine/internal/engine/codec/lzx/lzxtest"
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
	t.Skipf("%s is not installed (package %s): nothing to compare with", name, name)
}

func peerFiles() []cabtest.File {
	calls := bytes.Repeat([]byte{0xe8, 0x10, 0x20, 0, 0, 0x90, 0xe8, 0xf0, 0xff, 0xff, 0xff}, 9000)
	return []cabtest.File{{Name: "text", Data: text(1, 150_000)}, {Name: "calls", Data: calls}, {Name: "zeros", Data: make([]byte, 70_000)}, {Name: "last", Data: text(2, 333)}}
}

// TestPeerReads holds what the tests pack against another reader: our own
// writer and reader could be wrong in the same way. MSZIP is left out: the
// deflate of the tests is the standard library's, whose codes of one symbol
// cabextract refuses.
func TestPeerReads(t *testing.T) {
	peer(t, "cabextract")
	v, a, u := lzxtest.Verbatim, lzxtest.Aligned, lzxtest.Uncompressed
	for _, f := range []cabtest.Folder{
		{Method: cabtest.Stored},
		{Method: cabtest.LZX | 15<<8}, {Method: cabtest.LZX | 17<<8, Options: lzxtest.Options{Kinds: []lzxtest.Kind{a, u}, Block: 10_923}},
		{Method: cabtest.LZX | 21<<8, Options: lzxtest.Options{Kinds: []lzxtest.Kind{v, a, u}, Block: 20_001, CallSize: 200_000}},
		{Method: cabtest.Quantum | 12<<8}, {Method: cabtest.Quantum | 21<<8},
	} {
		f.Files = peerFiles()
		data, dir := cabtest.Cabinet(f), t.TempDir()
		if got := walk(t, data); len(got.problems) > 0 {
			t.Errorf("%#x: %q", f.Method, got.problems)
		}
		path := filepath.Join(dir, "x.cab")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("cabextract", "-q", "-d", dir, path).CombinedOutput(); err != nil {
			t.Errorf("%#x: cabextract: %v: %s", f.Method, err, out)
			continue
		}
		for _, x := range f.Files {
			if got, err := os.ReadFile(filepath.Join(dir, x.Name)); !bytes.Equal(got, x.Data) {
				t.Errorf("%#x: cabextract reads %q otherwise: %v", f.Method, x.Name, err)
			}
		}
	}
}

// TestPeerWrites unpacks what another writer makes.
func TestPeerWrites(t *testing.T) {
	peer(t, "gcab")
	dir := t.TempDir()
	for _, f := range peerFiles() {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i, options := range [][]string{{"-c", "-n"}, {"-c", "-n", "-z"}} {
		name := fmt.Sprint(i, ".cab")
		cmd := exec.Command("gcab", append(options, name, "text", "calls", "zeros", "last")...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("gcab %v: %v: %s", options, err, out)
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got := walk(t, data)
		for _, f := range peerFiles() {
			if got.data[f.Name] != string(f.Data) || len(got.problems) > 0 {
				t.Errorf("gcab %v: %q is wrong; %q", options, f.Name, got.problems)
			}
		}
	}
}

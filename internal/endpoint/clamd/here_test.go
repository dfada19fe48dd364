package clamd

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"vitrine/internal/endpoint/mounts"
	"vitrine/internal/endpoint/verdict"
)

func openAll(t *testing.T, names ...string) []*os.File {
	t.Helper()
	var all []*os.File
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Skipf("%s is needed: %v", name, err)
		}
		t.Cleanup(func() { f.Close() })
		all = append(all, f)
	}
	return all
}

// TestHere: files on disks of this machine and in memory are passed on; what
// somebody else answers for, what the kernel makes up, and what is no file is not.
func TestHere(t *testing.T) {
	dir := sample(t)
	files := openAll(t, filepath.Join(dir, "a.com"), "/proc/version", dir, "/dev/null")
	copy, err := copied(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer copy.Close()
	all, err := mounts.Read("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	var now, none, foreign localMounts
	now.set(all)
	for i := range all {
		all[i].Type = "fuse.test"
	}
	foreign.set(all)
	for _, c := range []struct {
		what                   string
		file                   *os.File
		onMounts, withoutKnown bool
	}{
		{"a file", files[0], true, false}, {"in memory", copy, true, true}, {"of the kernel", files[1], false, false}, {"a folder", files[2], false, false}, {"a device", files[3], false, false},
	} {
		if got := now.here(c.file); got != c.onMounts {
			t.Errorf("%s: %v", c.what, got)
		}
		if none.here(c.file) != c.withoutKnown {
			t.Errorf("%s, and no mount is known: %v", c.what, !c.withoutKnown)
		}
	}
	if foreign.here(files[0]) && !onMemory(t, files[0]) {
		t.Error("a file of another process was taken for one of this machine")
	}
}

// onMemory reports whether a file is known to lie in memory whatever the mounts
// are called: tests may run on such a file system.
func onMemory(t *testing.T, f *os.File) bool {
	t.Helper()
	var none localMounts
	return none.here(f)
}

// TestForeign: a file that the guard could have to wait for never reaches it, but
// a copy of it is scanned.
func TestForeign(t *testing.T) {
	remote, _ := brokered(t, Broker{Scanner: sizes{}})
	file := openAll(t, "/proc/version")[0]
	if _, err := remote.pass(context.Background(), "x", file); err == nil || err.Error() != notHere {
		t.Errorf("passed on as it is: %v", err)
	}
	text, err := os.ReadFile("/proc/version")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := remote.Scan(context.Background(), "x", file); err != nil || v.Size != int64(len(text)) {
		t.Errorf("%+v, %v, want %d bytes", v, err, len(text))
	}
	if _, err := remote.Scan(context.Background(), "x", openAll(t, "/dev/zero")[0]); !errors.Is(err, errTooLarge) {
		t.Errorf("a file without an end: %v", err)
	}
}

// sizes is a scanner that counts bytes.
type sizes struct{}

func (sizes) Scan(_ context.Context, _ string, f *os.File) (verdict.Verdict, error) {
	n, err := io.Copy(io.Discard, io.NewSectionReader(f, 0, 1<<30))
	return verdict.Verdict{State: verdict.Clean, Size: n}, err
}

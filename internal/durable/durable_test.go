package durable_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"vitrine/internal/durable"
	"vitrine/internal/durable/durabletest"
)

func TestWriteFileSurvivesPowerCut(t *testing.T) {
	cuts := 0
	durabletest.Each(
		func() string {
			dir := durabletest.Dir(t)
			if err := os.WriteFile(filepath.Join(dir, "state"), []byte("the old state"), 0o600); err != nil {
				t.Fatal(err)
			}
			return dir
		},
		func(disk durable.Disk, dir string) error {
			return disk.WriteFile(filepath.Join(dir, "state"), []byte("a new state, longer"), 0o600)
		},
		func(dir string, done bool) {
			cuts++
			got, err := os.ReadFile(filepath.Join(dir, "state"))
			if err != nil {
				t.Fatal(err)
			}
			if s := string(got); s != "a new state, longer" && (done || s != "the old state") {
				t.Errorf("after the cut (reported done: %v) the file holds %q", done, s)
			}
		})
	if cuts < 10 {
		t.Errorf("only %d cuts: the steps are not traced", cuts)
	}
}

// Without the fsync before the rename a cut leaves half a file: the test above
// must be able to see that.
func TestPowerCutSeesMissingSync(t *testing.T) {
	half := false
	durabletest.Each(func() string { return durabletest.Dir(t) },
		func(disk durable.Disk, dir string) error {
			name := filepath.Join(dir, "x")
			if err := disk.Trace(durable.Op{Kind: durable.Write, Name: name}); err != nil {
				return err
			}
			return os.WriteFile(name, []byte("12345678"), 0o600)
		},
		func(dir string, done bool) {
			got, _ := os.ReadFile(filepath.Join(dir, "x"))
			half = half || done && string(got) == "1234"
		})
	if !half {
		t.Error("a write that was never synced survived every cut")
	}
}

func TestReplaceFailing(t *testing.T) {
	dir := durabletest.Dir(t)
	name := filepath.Join(dir, "state")
	if err := (durable.Disk{}).WriteFile(name, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := durable.Disk{}.Replace(name, 0o600, func(w io.Writer) error {
		w.Write([]byte("half"))
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	entries, _ := os.ReadDir(dir)
	info, err := os.Stat(name)
	if len(entries) != 1 || err != nil || info.Size() != 3 || info.Mode() != 0o640 {
		t.Errorf("left %v, %v %v", entries, info, err)
	}
}

func TestFolders(t *testing.T) {
	dir := durabletest.Dir(t)
	disk := durable.Disk{}
	deep := filepath.Join(dir, "a", "b")
	for range 2 {
		if err := disk.MkdirAll(deep, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := disk.Rename(deep, filepath.Join(dir, "c")); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, ".pending-1"), nil, 0o600)
	if err := errors.Join(disk.Sweep(dir), disk.Remove(filepath.Join(dir, "a")), disk.Remove(filepath.Join(dir, "none"))); err != nil {
		t.Fatal(err)
	}
	entries, _ := os.ReadDir(dir)
	names := slices.Collect(func(yield func(string) bool) {
		for _, e := range entries {
			yield(e.Name())
		}
	})
	if !slices.Equal(names, []string{"c"}) {
		t.Errorf("left %v", names)
	}
	if err := disk.Sweep(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("sweep of nothing: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := disk.MkdirAll(filepath.Join(dir, "file", "x"), 0o700); err == nil {
		t.Error("made a folder in a file")
	}
}

func TestLock(t *testing.T) {
	name := filepath.Join(durabletest.Dir(t), "lock")
	held, err := durable.Lock(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := durable.Lock(name); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("second lock: %v", err)
	}
	if err := held.Unlock(); err != nil {
		t.Fatal(err)
	}
	again, err := durable.Lock(name)
	if err != nil {
		t.Fatal(err)
	}
	again.Unlock()
	if _, err := durable.Lock(filepath.Join(durabletest.Dir(t), "none", "lock")); err == nil {
		t.Error("locked in a folder that is not there")
	}
}

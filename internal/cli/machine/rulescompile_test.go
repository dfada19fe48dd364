package machine

import (
	"os"
	"path/filepath"
	"testing"
)

// TestReplaceFile: a file is replaced as a whole, a device is not.
func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	name, device := filepath.Join(dir, "rules.vyr"), filepath.Join(dir, "null")
	if err := os.Symlink(os.DevNull, device); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"one", "two, longer", "3"} {
		if err := replaceFile(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != text {
			t.Errorf("%q, %v", got, err)
		}
		if err := replaceFile(device, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Lstat(device); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the device was replaced: %v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("%d files, %v", len(left), err)
	}
	if err := replaceFile(dir, nil); err == nil {
		t.Error("a directory is written")
	}
}

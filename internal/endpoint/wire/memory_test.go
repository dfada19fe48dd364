package wire

import (
	"bytes"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func written(t *testing.T, text string) *os.File {
	t.Helper()
	file, err := NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
	return file
}

// What is sealed cannot change in any way, and is mapped as it is.
func TestSealedMemory(t *testing.T) {
	file := written(t, "compiled rules")
	for range 2 { // by the scanner, and by the guard that does not believe it
		if err := Seal(file); err != nil {
			t.Fatal(err)
		}
	}
	data, err := Map(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte("X"), 0); err == nil {
		t.Error("it was written to")
	}
	if file.Truncate(3) == nil || file.Truncate(1<<20) == nil {
		t.Error("its size was changed")
	}
	if again, err := unix.Mmap(int(file.Fd()), 0, 4, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err == nil {
		_ = unix.Munmap(again)
		t.Error("it was mapped to be written to")
	}
	file.Close()
	if !bytes.Equal(data, []byte("compiled rules")) {
		t.Errorf("mapped: %q", data)
	}
}

// What may change or be cut off is not mapped.
func TestUnsealedIsNotMapped(t *testing.T) {
	half := written(t, "x")
	if _, err := unix.FcntlInt(half.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_WRITE|unix.F_SEAL_GROW); err != nil {
		t.Fatal(err)
	}
	closed := written(t, "x")
	closed.Close()
	empty := written(t, "")
	if err := Seal(empty); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]*os.File{
		"no seal": written(t, "x"), "may shrink": half, "closed": closed, "on a disk": held(t, "x"), "empty": empty,
	} {
		if data, err := Map(file); err == nil {
			t.Errorf("%s: mapped %q", name, data)
		}
	}
}

// What cannot be sealed is told.
func TestCannotBeSealed(t *testing.T) {
	file := written(t, "rules")
	open, err := unix.Mmap(int(file.Fd()), 0, 5, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(open)
	if Seal(file) == nil || Seal(held(t, "x")) == nil {
		t.Error("sealed what somebody can write to")
	}
}

package durable

import (
	"path/filepath"
	"syscall"
	"testing"
)

// A program that is being started has every open file until it runs. It must not
// hold a lock that was given back.
func TestUnlockWithCopyOfFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	held, err := Lock(name)
	if err != nil {
		t.Fatal(err)
	}
	other, err := syscall.Dup(int(held.file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(other)
	if err := held.Unlock(); err != nil {
		t.Fatal(err)
	}
	again, err := Lock(name)
	if err != nil {
		t.Fatalf("given back, and still held: %v", err)
	}
	if err := again.Unlock(); err != nil {
		t.Fatal(err)
	}
}

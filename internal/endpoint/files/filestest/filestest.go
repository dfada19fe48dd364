// Package filestest gives tests of what reads files the system they need: a
// user who may not read everything, and word of what is missing. It changes
// nothing that outlives a test.
package filestest

import (
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// Missing skips a test for want of something, or fails it where
// VITRINE_REQUIRE_ALL says that all must run.
func Missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
		t.Fatalf("needs %s", what)
	}
	t.Skipf("NOT RUN: needs %s", what)
}

// Unprivileged takes from root the right to read everything, until the test
// ends and for its own goroutine only. Files that are to be read are best made
// afterwards.
func Unprivileged(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	const nobody = 65534
	runtime.LockOSThread()
	before, err := unix.SetfsuidRetUid(nobody)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Setfsuid(before); err != nil {
			return // the thread is locked, and ends with the goroutine
		}
		runtime.UnlockOSThread()
	})
}

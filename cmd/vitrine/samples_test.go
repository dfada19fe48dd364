package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// No file of the repository holds the EICAR test file as it is: a checkout
// must not set off the scanners of those who read it.
func TestTreeIsClean(t *testing.T) {
	listed, err := exec.Command("git", "ls-files", "-z", "../..").Output()
	if err != nil && os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
		t.Fatalf("git ls-files: %v", err)
	}
	if err != nil {
		t.Skipf("git ls-files: %v: this is no checkout", err)
	}
	files := strings.Split(strings.TrimSuffix(string(listed), "\x00"), "\x00")
	looked := 0
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // listed, but deleted in this working tree
		}
		looked++
		if bytes.Contains(data, []byte(eicar())) {
			t.Errorf("%s holds the EICAR test file as it is", name)
		}
	}
	if looked == 0 {
		t.Error("no file was looked at")
	}
}

package child

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// starts matches the ways to start a program that are not os/exec, which the
// architecture of the repository watches over.
var starts = regexp.MustCompile(`\b(os\.StartProcess|(syscall|unix)\.(ForkExec|Exec|StartProcess|Execve))\(`)

// Nobody else in the rooms of the machine starts a program, but for the hook, whose
// process becomes the administrator's own.
func TestOnlyThisPackageStartsPrograms(t *testing.T) {
	found := false
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if starts.Match(text) {
			if dir := filepath.Dir(path); dir != "../child" && dir != "../hook" {
				t.Errorf("%s starts a program", path)
			}
			found = true
		}
		return nil
	})
	if err != nil || !found {
		t.Errorf("found %v, %v", found, err)
	}
}

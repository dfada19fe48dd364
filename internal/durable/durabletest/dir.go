package durabletest

import (
	"os"
	"testing"
)

// Dir is a folder of a test that is removed at its end, in memory where the
// machine has such a place: there fsync costs nothing.
func Dir(t testing.TB) string {
	t.Helper()
	const memory = "/dev/shm"
	dir, err := os.MkdirTemp(memory, "vitrine-test-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

package local

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestInherit: another process may accept in the place of the one that made the
// socket, and what is handed over in its place by mistake is refused.
func TestInherit(t *testing.T) {
	l, err := Listen(filepath.Join(t.TempDir(), "s"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	i, err := Inherit(file)
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	client, err := Dial(l.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := i.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if server.Peer().PID != os.Getpid() {
		t.Errorf("the peer is %+v", server.Peer())
	}
	ended := make(chan error)
	go func() { _, err := i.Accept(); ended <- err }()
	i.Close()
	if err := <-ended; !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	server.Close()
	if _, err := os.Stat(l.Path()); err != nil {
		t.Errorf("the socket went with the heir: %v", err)
	}
	plain, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if _, err := Inherit(plain); err == nil {
		t.Error("a file was taken for a socket")
	}
}

package clamd

import (
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vitrine/internal/endpoint/local"
)

// TestGarbage: whatever clients send in whatever pieces, with and without files,
// each connection ends, nobody else notices, and nothing is left behind.
func TestGarbage(t *testing.T) {
	dir := sample(t)
	socket := serve(t, Server{Scanner: fake{}, MaxStream: 1 << 10, MaxHeld: 1 << 20, Threads: 2, Idle: time.Minute})
	file, err := os.Open(filepath.Join(dir, "a.com"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	parts := []string{
		"z", "n", "\x00", "\n", "\r", "PING", "zPING\x00", "nPING\n", "VERSION", "IDSESSION", "zIDSESSION\x00", "nIDSESSION\n", "END", "zEND\x00", "FILDES", "zFILDES\x00", "nFILDES\n",
		"SCAN " + dir, "zSCAN " + dir + "/clean\x00", "zALLMATCHSCAN relative\x00", "CONTSCAN ", "zINSTREAM\x00", "nINSTREAM\n", piece([]byte("x")), piece(eicar()), piece(nil), piece(make([]byte, 2000)),
		"\xff\xff\xff\xff", "\x00\x00\x00", strings.Repeat("A", 300), strings.Repeat("B", 5000), "STATS", "zSTATS\x00", "RELOAD", "\x80",
	}
	before := descriptors(t)
	var clients sync.WaitGroup
	for seed := range uint64(4) {
		clients.Go(func() {
			r := rand.New(rand.NewPCG(seed, 7))
			for range 150 {
				babble(t, socket, r, parts, file)
			}
		})
	}
	clients.Wait()
	if got := ask(t, socket, "zSCAN "+dir+"/a.com\x00"); got != dir+"/a.com"+found1+"\x00" {
		t.Errorf("after it: %q", got)
	}
	for end := time.Now().Add(time.Minute); descriptors(t) > before; { // connections that end are closed a moment later
		if time.Now().After(end) {
			t.Fatalf("%d descriptors were open, and %d are", before, descriptors(t))
		}
	}
}

// babble is one client that sends some parts and then waits for the end.
func babble(t *testing.T, socket string, r *rand.Rand, parts []string, file *os.File) {
	c, err := local.Dial(socket)
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	for range 1 + r.IntN(6) {
		text := []byte(parts[r.IntN(len(parts))])
		var files []*os.File
		for range r.IntN(8) / 6 * (1 + r.IntN(2)) {
			files = append(files, file)
		}
		if c.WriteRights(text, files...) != nil {
			break // it was left already
		}
	}
	if r.IntN(4) == 0 {
		return // gone without a word
	}
	_ = c.CloseWrite()
	if _, err := io.Copy(io.Discard, c); err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection does not end: %v", err)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("nothing counts descriptors here: %v", err)
	}
	return len(open)
}

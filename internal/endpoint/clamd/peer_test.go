package clamd

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"vitrine/internal/endpoint/local"
)

func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// original starts ClamAV's clamd with two signatures, the ones that fake finds.
func original(t *testing.T) (socket string) {
	t.Helper()
	program, err := exec.LookPath("clamd")
	if err != nil {
		skip(t, "there is no clamd (Debian's package clamav-daemon)")
	}
	dir := t.TempDir()
	socket = filepath.Join(dir, "s")
	account := "User root\n"
	if os.Geteuid() != 0 {
		account = ""
	}
	for name, text := range map[string]string{
		"a.ndb": fmt.Sprintf("Eicar-Test:0:*:%x\n", eicar()),
		"b.ndb": fmt.Sprintf("Other-Test:0:*:%x\n", eicar()[30:60]),
		"conf":  "DatabaseDirectory " + dir + "\nLocalSocket " + socket + "\nForeground yes\nStreamMaxLength 1K\nMaxThreads 4\n" + account,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "--config-file="+filepath.Join(dir, "conf"))
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		c, err := local.Dial(socket)
		if err == nil {
			c.Close()
			return socket
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("clamd ended: %v: %s", err, out.String())
		case <-time.After(20 * time.Millisecond): // it loads
		}
	}
	t.Fatalf("clamd does not answer: %s", out.String())
	return ""
}

// TestOriginal asks ClamAV's clamd and ours the same, and compares the answers
// byte for byte.
func TestOriginal(t *testing.T) {
	theirs := original(t)
	ours := serve(t, Server{Scanner: fake{}, MaxStream: 1 << 10, Threads: 4, Idle: time.Minute})
	dir := sample(t)
	number := regexp.MustCompile(`fd\[\d+\]`)
	open := func(name string) *os.File {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	var requests []string
	for _, path := range []string{"a.com", "clean", "empty", "missing", "missing/x", "clean/x", "d", "d/", "ok", "new\nline", strings.Repeat("n", 300)} {
		for _, word := range []string{"SCAN", "CONTSCAN", "MULTISCAN", "ALLMATCHSCAN"} {
			requests = append(requests, "z"+word+" "+dir+"/"+path+"\x00")
			if !strings.Contains(path, "\n") {
				requests = append(requests, "n"+word+" "+dir+"/"+path+"\n", word+" "+dir+"/"+path)
			}
		}
	}
	for _, data := range [][]byte{nil, []byte("x"), eicar(), make([]byte, 1<<10), make([]byte, 1<<10+1)} {
		for _, command := range []string{"zINSTREAM\x00", "nINSTREAM\n", "zIDSESSION\x00zINSTREAM\x00"} {
			request := command + piece(data)
			if len(data) > 0 {
				request += piece(nil)
			}
			if strings.Contains(command, "ID") {
				request += "zEND\x00"
			}
			requests = append(requests, request)
		}
	}
	requests = append(requests, "PING", "PING\n", "nPING\n", "zPING\x00", "PING\r\n", "nPING\r\n", "zFOO\x00", "zPING x\x00", "ping", "z\x00", "n\n", "\n", "GET / HTTP/1.1\r\n\r\n",
		"zEND\x00", "STATS", "INSTREAM\n", "IDSESSION", "END", "VERSIONCOMMANDS", "zSCAN\x00", "zSCAN \x00", "zSCAN  \x00", "zSCAN relative\x00", "SCAN", "zSCANx"+dir+"/a.com\x00",
		"zFILDES\x00\x00", "nFILDES\n\x00", "nIDSESSION\nnPING\nzPING\x00nEND\n", "zIDSESSION\x00zCONTSCAN /x\x00", "zIDSESSION\x00zRELOAD\x00", "zIDSESSION\x00nFOO\n", "zIDSESSION\x00zIDSESSION\x00")
	compare := func(request string, files ...*os.File) {
		t.Helper()
		want, got := number.ReplaceAllString(ask(t, theirs, request, files...), "fd[N]"), number.ReplaceAllString(ask(t, ours, request, files...), "fd[N]")
		if got != want {
			t.Errorf("%q\nours   %q\ntheirs %q", request, got, want)
		}
	}
	for _, r := range requests {
		compare(r)
	}
	for _, name := range []string{"a.com", "clean", "empty", "d"} {
		compare("zFILDES\x00\x00", open(name))
		compare("nFILDES\n\x00", open(name))
	}
	if t.Failed() {
		t.Logf("%d requests", len(requests))
	}
}

// TestReset: the original resets who sends too much; ours lets it be read.
func TestReset(t *testing.T) {
	ours := serve(t, Server{Scanner: fake{}, MaxStream: 1 << 10})
	c := dial(t, ours)
	big := make([]byte, 512<<10) // more than a socket holds: the client is in the middle of writing
	if _, err := c.Write([]byte("zINSTREAM\x00" + piece(make([]byte, 2<<10)))); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(big[:4<<10]); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the client cannot even finish: %v", err)
	}
	answer := make([]byte, 100)
	n, err := c.Read(answer)
	if err != nil || string(answer[:n]) != "INSTREAM size limit exceeded. ERROR\x00" {
		t.Errorf("%q, %v", answer[:n], err)
	}
}

package clamd

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vitrine/internal/endpoint/local"
)

// piece is one piece of a stream; none ends it.
func piece(data []byte) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(data)))) + string(data)
}

// sample is a folder with what the tests scan.
func sample(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"a.com": eicar(), "d/b.com": eicar(), "d/clean": []byte("hello"), "clean": []byte("hello"),
		"empty": nil, "new\nline": eicar(), "half": []byte("half of it"), "ok/1": []byte("1"),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"link": "a.com", "dlink": "d"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// ask writes all of a request at once and gives all of the answer.
func ask(t testing.TB, socket, request string, send ...*os.File) string {
	t.Helper()
	c, err := local.Dial(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if len(send) > 0 {
		err = c.WriteRights([]byte(request), send...)
	} else {
		_, err = c.Write([]byte(request))
	}
	if err != nil && !errors.Is(err, syscall.EPIPE) { // the answer may be there before all is written
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatalf("after %q: %v", answer, err)
	}
	return string(answer)
}

const (
	found1 = ": Eicar-Test.UNOFFICIAL FOUND"
	found2 = ": Other-Test.UNOFFICIAL FOUND"
)

// TestAnswers holds the answers against those of clamd 1.4.6, byte for byte.
// DIR stands for the folder of samples. What differs on purpose is in
// TestDifferences.
func TestAnswers(t *testing.T) {
	dir := sample(t)
	socket := serve(t, Server{Scanner: fake{}, MaxStream: 1 << 10, Version: "Test 1", Idle: time.Minute})
	for _, c := range []struct{ name, request, want string }{
		{"bare", "PING", "PONG\n"},
		{"bare with a newline", "PING\n", "PONG\n"},
		{"bare with both", "PING\r\n", "PONG\n"},
		{"n", "nPING\n", "PONG\n"},
		{"n with a return", "nPING\r\n", "PONG\n"},
		{"z", "zPING\x00", "PONG\x00"},
		{"one command a connection", "zPING\x00zPING\x00", "PONG\x00"},
		{"version", "zVERSION\x00", "Test 1\x00"},
		{"unknown", "zFOO\x00", "UNKNOWN COMMAND\x00"},
		{"garbage behind", "zPING x\x00", "UNKNOWN COMMAND\x00"},
		{"lower case", "ping", "UNKNOWN COMMAND\n"},
		{"nothing", "n\n", "UNKNOWN COMMAND\n"},
		{"newline", "\n", "UNKNOWN COMMAND\n"},
		{"of a browser", "GET / HTTP/1.1\r\n\r\n", "UNKNOWN COMMAND\n"},
		{"end of no session", "zEND\x00", "UNKNOWN COMMAND\x00"},
		{"bare where there is none", "STATS", "UNKNOWN COMMAND\n"},
		{"bare stream", "INSTREAM\n", "UNKNOWN COMMAND\n"},
		{"shutdown is refused", "zSHUTDOWN\x00", "COMMAND UNAVAILABLE\x00"},
		{"no path", "zSCAN\x00", "UNKNOWN COMMAND\x00"},
		{"an empty path", "zSCAN \x00", ": File path check failure: No such file or directory. ERROR\x00"},
		{"relative", "zSCAN a.com\x00", "a.com: File path check failure: No such file or directory. ERROR\x00"},
		{"missing", "zSCAN DIR/missing\x00", "DIR/missing: File path check failure: No such file or directory. ERROR\x00"},
		{"long", "zSCAN /" + strings.Repeat("a", 4080) + "\x00", "/" + strings.Repeat("a", 4080) + ": File path check failure: File name too long. ERROR\x00"},
		{"file", "zSCAN DIR/a.com\x00", "DIR/a.com" + found1 + "\x00"},
		{"file, n", "nSCAN DIR/a.com\n", "DIR/a.com" + found1 + "\n"},
		{"file, bare", "SCAN DIR/a.com", "DIR/a.com" + found1 + "\n"},
		{"any byte behind the word", "zSCAN:DIR/a.com\x00", "DIR/a.com" + found1 + "\x00"},
		{"file, all", "zALLMATCHSCAN DIR/a.com\x00", "DIR/a.com" + found1 + "\x00DIR/a.com" + found2 + "\x00"},
		{"clean", "zCONTSCAN DIR/clean\x00", "DIR/clean: OK\x00"},
		{"empty", "zMULTISCAN DIR/empty\x00", "DIR/empty: OK\x00"},
		{"clean folder", "zMULTISCAN DIR/ok\x00", "DIR/ok: OK\x00"},
		{"stops at the first", "zSCAN DIR\x00", "DIR/a.com" + found1 + "\x00"},
		{"newline in a name, z", "zSCAN DIR/new\nline\x00", "DIR/new\nline" + found1 + "\x00"},
		{"stream", "zINSTREAM\x00" + piece(eicar()) + piece(nil), "stream" + found1 + "\x00"},
		{"stream, n", "nINSTREAM\n" + piece(eicar()) + piece(nil), "stream" + found1 + "\n"},
		{"stream in pieces", "zINSTREAM\x00" + piece(eicar()[:30]) + piece(eicar()[30:]) + piece(nil), "stream" + found1 + "\x00"},
		{"stream of nothing", "zINSTREAM\x00" + piece(nil), "stream: OK\x00"},
		{"stream at the limit", "zINSTREAM\x00" + piece(make([]byte, 1<<10)) + piece(nil), "stream: OK\x00"},
		{"stream past the limit", "zINSTREAM\x00" + piece(make([]byte, 1<<10+1)) + piece(nil), "INSTREAM size limit exceeded. ERROR\x00"},
		{"stream past it in pieces", "zINSTREAM\x00" + piece(make([]byte, 600)) + piece(make([]byte, 600)), "INSTREAM size limit exceeded. ERROR\x00"},
		{"no file", "zFILDES\x00\x00", "No file descriptor received. ERROR\x00"},
		{"session", "nIDSESSION\nnPING\nzVERSION\x00nEND\n", "1: PONG\n2: Test 1\x00"},
		{"a command that is in no session", "zIDSESSION\x00zCONTSCAN /tmp\x00", "1: Command invalid inside IDSESSION. ERROR\x00"},
		{"an unknown one", "zIDSESSION\x00zFOO\x00", "1: Command invalid inside IDSESSION. ERROR\x00"},
		{"stream past the limit in a session", "zIDSESSION\x00zINSTREAM\x00" + piece(make([]byte, 2<<10)), "1: INSTREAM size limit exceeded. ERROR\x00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := strings.ReplaceAll(c.want, "DIR", dir)
			if got := ask(t, socket, strings.ReplaceAll(c.request, "DIR", dir)); got != want {
				t.Errorf("%q\nanswer %q\nwant   %q", c.request, got, want)
			}
		})
	}
}

// TestDifferences: where the original says OK of what it did not look at, and
// where a name could pass for an answer. docs/spec/clamd.md lists them.
func TestDifferences(t *testing.T) {
	dir := sample(t)
	socket := serve(t, Server{Scanner: fake{}})
	for _, c := range []struct{ request, want string }{
		{"zSCAN DIR/link\x00", "DIR/link" + found1 + "\x00"},
		{"zSCAN DIR/dlink\x00", "DIR/dlink/b.com" + found1 + "\x00"},
		{"zSCAN /dev/null\x00", "/dev/null: Not supported file type ERROR\x00"},
		{"zSCAN DIR/half\x00", "DIR/half: Not wholly scanned: too large by far ERROR\x00"},
		{"nSCAN DIR/new\nline\n", "DIR/new: File path check failure: No such file or directory. ERROR\n"},
		{"zSTATS\x00", "POOLS: 1\n\nSTATE: VALID PRIMARY\nTHREADS: live "},
		{"zVERSIONCOMMANDS\x00", "Vitrine| COMMANDS: SCAN QUIT RELOAD PING CONTSCAN VERSIONCOMMANDS VERSION END SHUTDOWN MULTISCAN FILDES STATS IDSESSION INSTREAM ALLMATCHSCAN\x00"},
		{"z" + strings.Repeat("A", 5000), "Command too long. ERROR\n"},
		{"zRELOAD\x00", "COMMAND UNAVAILABLE\x00"},
	} {
		want := strings.ReplaceAll(c.want, "DIR", dir)
		if got := ask(t, socket, strings.ReplaceAll(c.request, "DIR", dir)); !strings.HasPrefix(got, want) {
			t.Errorf("%.60q\nanswer %q\nwant   %q", c.request, got, want)
		}
	}
	for _, cmd := range []string{"nCONTSCAN DIR\n", "nMULTISCAN DIR\n"} {
		got := ask(t, socket, strings.ReplaceAll(cmd, "DIR", dir))
		lines := strings.Split(strings.TrimSuffix(strings.ReplaceAll(got, dir, "DIR"), "\n"), "\n")
		if len(lines) != 4 {
			t.Errorf("%s: %q", cmd, lines)
		}
		for _, want := range []string{"DIR/a.com" + found1, "DIR/d/b.com" + found1, "DIR/new?line" + found1, "DIR/half: Not wholly scanned: too large by far ERROR"} {
			if !strings.Contains("\n"+strings.Join(lines, "\n")+"\n", "\n"+want+"\n") {
				t.Errorf("%s: no line %q in %q", cmd, want, lines)
			}
		}
	}
	if got := ask(t, serve(t, Server{Scanner: fake{}, IncompleteOK: true}), "zSCAN "+dir+"/half\x00"); got != dir+"/half: OK\x00" {
		t.Errorf("incomplete, as configured: %q", got)
	}
}

// TestFiles: files come with the byte behind FILDES, or with the command.
func TestFiles(t *testing.T) {
	dir := sample(t)
	socket := serve(t, Server{Scanner: fake{}, Idle: time.Minute})
	open := func(name string, flags int) *os.File {
		f, err := os.OpenFile(filepath.Join(dir, name), flags, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	bad := open("a.com", os.O_RDONLY)
	for _, c := range []struct {
		request string
		file    *os.File
		want    string
	}{
		{"zFILDES\x00\x00", bad, "]" + found1 + "\x00"},
		{"nFILDES\n\x00", bad, "]" + found1 + "\n"},
		{"zIDSESSION\x00zFILDES\x00\x00zEND\x00", bad, "]" + found1 + "\x00"},
		{"zFILDES\x00\x00", open("clean", os.O_RDONLY), "]: OK\x00"},
		{"zFILDES\x00\x00", open("d", os.O_RDONLY), "]: Not a regular file ERROR\x00"},
		{"zFILDES\x00\x00", open("clean", os.O_WRONLY), "]: Scan failed: cannot be read ERROR\x00"},
		{"zIDSESSION\x00zPI", bad, "PROTOCOL ERROR: ancillary data sent without FILDES. ERROR\n"},
	} {
		got := ask(t, socket, c.request, c.file)
		if !strings.HasSuffix(got, c.want) || (strings.HasPrefix(c.want, "]") && !strings.Contains(got, "fd[")) {
			t.Errorf("%q: %q, want …%q", c.request, got, c.want)
		}
	}
	c := dial(t, socket)
	_ = c.WriteRights([]byte("zFILDES\x00\x00"), bad, bad) // the server may be gone before that returns
	if got, err := io.ReadAll(c); len(got) > 0 || err != nil {
		t.Errorf("two files at once: %q, %v", got, err)
	}
}

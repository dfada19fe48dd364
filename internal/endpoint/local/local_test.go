package local

import (
	"bytes"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func listenIn(t *testing.T, dir string) *Listener {
	t.Helper()
	l, err := Listen(filepath.Join(dir, "x.sock"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// pair gives both ends of a connection.
func pair(t *testing.T) (client, server *Conn) {
	t.Helper()
	l := listenIn(t, t.TempDir())
	client, err := Dial(l.Path())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return client, server
}

func TestTalk(t *testing.T) {
	client, server := pair(t)
	if _, err := client.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if server.Gone() {
		t.Error("a client that has finished speaking is taken for one that left")
	}
	got, err := io.ReadAll(server)
	if err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
	server.Close()
	if !client.Gone() || !server.Gone() {
		t.Error("a closed connection is taken for an open one")
	}
	if _, err := client.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after the other end has gone: %v", err)
	}
	if _, err := client.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("writing to nobody: %v", err)
	}
}

func TestPeer(t *testing.T) {
	client, server := pair(t)
	groups, err := os.Getgroups()
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]Peer{"of the server": client.Peer(), "of the client": server.Peer()} {
		if p.PID != os.Getpid() || p.UID != uint32(os.Geteuid()) || p.GID != uint32(os.Getegid()) || len(p.Groups) != len(groups) {
			t.Errorf("peer %s: %+v", name, p)
		}
		for _, g := range groups {
			if !p.In(uint32(g)) {
				t.Errorf("peer %s is not in group %d", name, g)
			}
		}
		if p.In(4294967294) {
			t.Errorf("peer %s is in every group", name)
		}
	}
}

func TestDeadlineAndClose(t *testing.T) {
	client, server := pair(t)
	past := time.Unix(1, 0)
	server.SetReadDeadline(past)
	if _, err := server.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read: %v", err)
	}
	if _, _, err := server.ReadRights(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read of files: %v", err)
	}
	server.SetDeadline(time.Time{})
	done := make(chan error)
	go func() {
		_, _, err := server.ReadRights(make([]byte, 1))
		done <- err
	}()
	server.Close()
	if err := <-done; !errors.Is(err, os.ErrClosed) {
		t.Errorf("read ended by Close: %v", err)
	}
	client.SetWriteDeadline(past)
	if err := client.WriteRights([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("write: %v", err)
	}
}

func TestListenTwice(t *testing.T) {
	dir := t.TempDir()
	first := listenIn(t, dir)
	if _, err := Listen(first.Path(), 0o600); !errors.Is(err, ErrTaken) {
		t.Errorf("a second listener: %v", err)
	}
	// One that holds no lock, such as another program, is respected as well.
	foreign, err := net.Listen("unix", filepath.Join(dir, "foreign"))
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Close()
	if _, err := Listen(filepath.Join(dir, "foreign"), 0o600); !errors.Is(err, ErrTaken) {
		t.Errorf("where another program listens: %v", err)
	}
	if conn, err := Dial(first.Path()); err != nil {
		t.Errorf("the first no longer answers: %v", err)
	} else {
		conn.Close()
	}
}

func TestListenersRace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.sock")
	leaveStale(t, path)
	var mu sync.Mutex
	var won []*Listener
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			l, err := Listen(path, 0o600)
			if err != nil && !errors.Is(err, ErrTaken) {
				t.Error(err)
			}
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				won = append(won, l)
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%d listeners at one path", len(won))
	}
	won[0].Close()
}

func leaveStale(t *testing.T, path string) {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
}

func TestListenReplacesOnlyStaleSockets(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.sock")
	leaveStale(t, path)
	l := listenIn(t, dir)
	info, err := os.Stat(path)
	if err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("made %v, %v", info, err)
	}
	l.Close()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left behind: %v", err)
	}
	os.WriteFile(path, []byte("precious"), 0o600)
	if _, err := Listen(path, 0o600); err == nil {
		t.Error("a file was replaced by a socket")
	}
	if got, _ := os.ReadFile(path); string(got) != "precious" {
		t.Errorf("the file holds %q", got)
	}
	os.Remove(path)
	os.Symlink("elsewhere", path)
	if _, err := Listen(path, 0o600); err == nil {
		t.Error("a link was replaced by a socket")
	}
	for _, bad := range []string{"", "@abstract", "a\x00b"} {
		if _, err := Dial(bad); err == nil {
			t.Errorf("connected to %q", bad)
		}
	}
}

func TestCloseLeavesTheNextOne(t *testing.T) {
	dir := t.TempDir()
	old := listenIn(t, dir)
	os.Remove(old.Path()) // somebody took the name away and put another there
	other, err := net.Listen("unix", old.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	old.Close()
	if _, err := os.Lstat(old.Path()); err != nil {
		t.Errorf("another's socket was removed: %v", err)
	}
	if _, err := old.Accept(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("accept after close: %v", err)
	}
}

func TestCloseEndsAccept(t *testing.T) {
	l := listenIn(t, t.TempDir())
	done := make(chan error)
	go func() {
		_, err := l.Accept()
		done <- err
	}()
	l.Close()
	if err := <-done; !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestLongPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", 120))
	l := listenIn(t, dir)
	conn, err := Dial(l.Path())
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if _, err := Dial(filepath.Join(dir, strings.Repeat("f", 200))); !errors.Is(err, unix.ENAMETOOLONG) {
		t.Errorf("got %v", err)
	}
	if _, err := Dial(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestChgrp(t *testing.T) {
	l := listenIn(t, t.TempDir())
	if err := l.Chgrp(os.Getegid()); err != nil {
		t.Error(err)
	}
}

func TestRights(t *testing.T) {
	client, server := pair(t)
	name := filepath.Join(t.TempDir(), "f")
	os.WriteFile(name, []byte("content"), 0o600)
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	client.Write([]byte("before"))
	if err := client.WriteRights([]byte("with"), file); err != nil {
		t.Fatal(err)
	}
	client.Write([]byte("behind"))
	client.CloseWrite()
	var said bytes.Buffer
	var held []*os.File
	for buf := make([]byte, 64); ; {
		n, files, err := server.ReadRights(buf)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(files) > 0 && !strings.HasSuffix(said.String()+string(buf[:n]), "with") {
			t.Errorf("the file came with %q behind %q", buf[:n], said.String())
		}
		said.Write(buf[:n])
		held = append(held, files...)
	}
	if said.String() != "beforewithbehind" || len(held) != 1 {
		t.Fatalf("got %q and %d files", said.String(), len(held))
	}
	got, err := io.ReadAll(held[0])
	if err != nil || string(got) != "content" {
		t.Errorf("read %q, %v", got, err)
	}
	held[0].Close()
}

func TestTooManyRights(t *testing.T) {
	client, server := pair(t)
	many := make([]*os.File, MaxRights+1)
	fds := make([]int, len(many))
	for i := range many {
		many[i], _ = os.Open("/dev/null")
		fds[i] = int(many[i].Fd())
		defer many[i].Close()
	}
	if client.WriteRights([]byte("x"), many...) == nil || client.WriteRights(nil, many[0]) == nil {
		t.Error("sent")
	}
	before := openFiles(t)
	if _, err := client.send([]byte("x"), unix.UnixRights(fds...)); err != nil {
		t.Fatal(err)
	}
	if _, files, err := server.ReadRights(make([]byte, 8)); err == nil || files != nil {
		t.Errorf("got %v, %v", files, err)
	}
	if after := openFiles(t); after != before {
		t.Errorf("%d descriptors open before, %d after", before, after)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestDatagram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d")
	receiver, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer receiver.Close()
	d, err := DialDatagram(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	large := bytes.Repeat([]byte("large "), 1<<20)
	for _, message := range [][]byte{[]byte("small"), large} {
		if err := d.Send(message); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, receiver); !bytes.Equal(got, message) {
			t.Errorf("got %d bytes instead of %d", len(got), len(message))
		}
	}
	for err == nil { // nobody receives: it must say so, and not wait
		err = d.Send([]byte("more"))
	}
	if !errors.Is(err, unix.EAGAIN) {
		t.Errorf("to a receiver that is not ready: %v", err)
	}
	receiver.Close()
	if err := d.Send([]byte("x")); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("to nobody: %v", err)
	}
}

// receive takes a message as the journal does.
func receive(t *testing.T, from *net.UnixConn) []byte {
	t.Helper()
	buf, control := make([]byte, 64), make([]byte, 64)
	n, used, _, _, err := from.ReadMsgUnix(buf, control)
	if err != nil {
		t.Fatal(err)
	}
	files, err := rightsIn(control[:used])
	if err != nil || len(files) == 0 {
		return buf[:n]
	}
	defer files[0].Close()
	seals, err := unix.FcntlInt(files[0].Fd(), unix.F_GET_SEALS, 0)
	if err != nil || seals&unix.F_SEAL_WRITE == 0 {
		t.Errorf("the file in memory can be changed: %x, %v", seals, err)
	}
	content, err := io.ReadAll(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestOnlyUnixSockets holds what the package comment promises.
func TestOnlyUnixSockets(t *testing.T) {
	family := regexp.MustCompile(`\bAF_[A-Z0-9]+|\bSockaddr\w+|SYS_(SOCKET|CONNECT|BIND)\w*`)
	names, _ := filepath.Glob("*.go")
	found := 0
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range family.FindAllString(string(text), -1) {
			found++
			if word != "AF_UNIX" && word != "SockaddrUnix" {
				t.Errorf("%s: %s", name, word)
			}
		}
		tree, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range tree.Imports {
			if strings.HasPrefix(i.Path.Value, `"net`) {
				t.Errorf("%s imports %s", name, i.Path.Value)
			}
		}
	}
	if found < 4 {
		t.Error("no socket is made at all: this test looks past the code")
	}
}

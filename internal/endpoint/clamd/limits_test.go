package clamd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vitrine/internal/endpoint/local"
	"vitrine/internal/endpoint/verdict"
)

func dial(t testing.TB, socket string) *local.Conn {
	t.Helper()
	c, err := local.Dial(socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	return c
}

// TestSlow: who says nothing, half a command or half a stream is left, and a
// client that waits for an answer is not.
func TestSlow(t *testing.T) {
	hold := make(chan struct{})
	socket := serve(t, Server{Scanner: fake{hold: hold}, Idle: 500 * time.Millisecond})
	var clients sync.WaitGroup
	defer clients.Wait()
	for _, request := range []string{"z", "zPI", "zINSTREAM\x00\x00\x00", "zINSTREAM\x00" + piece([]byte("abc"))[:6], "zIDSESSION\x00", "zFILDES\x00"} {
		clients.Go(func() {
			if got := ask(t, socket, request); got != "COMMAND READ TIMED OUT\n" {
				t.Errorf("%q: %q", request, got)
			}
		})
	}
	c := dial(t, socket)
	if _, err := c.Write([]byte("zIDSESSION\x00zINSTREAM\x00" + piece(eicar()) + piece(nil))); err != nil {
		t.Fatal(err)
	}
	other := ask(t, socket, "z") // by now the first was silent for as long
	close(hold)
	got, err := io.ReadAll(c)
	if err != nil || string(got) != "1: stream"+found1+"\x00COMMAND READ TIMED OUT\n" {
		t.Errorf("%q, %v; the other: %q", got, err, other)
	}
}

// TestSession: answers come as they are ready, each behind its number.
func TestSession(t *testing.T) {
	dir := sample(t)
	hold := make(chan struct{})
	socket := serve(t, Server{Scanner: fake{hold: hold}, Threads: 3})
	c := dial(t, socket)
	if _, err := fmt.Fprintf(c, "zIDSESSION\x00zSCAN %s/a.com\x00zINSTREAM\x00%s%szPING\x00", dir, piece([]byte("x")), piece(nil)); err != nil {
		t.Fatal(err)
	}
	first := make([]byte, len("3: PONG\x00"))
	if _, err := io.ReadFull(c, first); err != nil || string(first) != "3: PONG\x00" {
		t.Fatalf("%q, %v", first, err)
	}
	close(hold)
	if _, err := c.Write([]byte("zEND\x00")); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(c)
	lines := strings.Split(strings.TrimSuffix(string(rest), "\x00"), "\x00")
	slices.Sort(lines)
	if err != nil || !slices.Equal(lines, []string{"1: " + dir + "/a.com" + found1, "2: stream: OK"}) {
		t.Errorf("%q, %v", lines, err)
	}
}

// TestHeld: all streams together have a bound, and what ended is given back.
func TestHeld(t *testing.T) {
	socket := serve(t, Server{Scanner: fake{}, MaxStream: 1000, MaxHeld: 1500})
	begin := func() *local.Conn {
		c := dial(t, socket)
		if _, err := c.Write([]byte("zINSTREAM\x00" + piece(make([]byte, 1000)))); err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := begin()
	want := "Too much is being streamed at once. ERROR\x00"
	for ask(t, socket, "zINSTREAM\x00"+piece(make([]byte, 1000))+piece(nil)) != want { // the first may not have arrived yet
		if c.Gone() { // or it came while the other was there, and was turned away
			c = begin()
		}
	}
	if _, err := c.Write([]byte(piece(nil))); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); err != nil || string(got) != "stream: OK\x00" {
		t.Errorf("the first: %q, %v", got, err)
	}
	if got := ask(t, socket, "zINSTREAM\x00"+piece(make([]byte, 1000))+piece(nil)); got != "stream: OK\x00" {
		t.Errorf("after it: %q", got)
	}
}

// TestUsers: one user cannot take the places of all.
func TestUsers(t *testing.T) {
	r := (&Server{Connections: 8}).start(context.Background())
	if first, second, third := r.enter(7), r.enter(7), r.enter(7); !first || !second || third {
		t.Error("a quarter of eight is two")
	}
	if !r.enter(8) {
		t.Error("another user was refused")
	}
	r.leave(7)
	if !r.enter(7) {
		t.Error("a place was not given back")
	}
	for range 9 {
		if !r.enter(0) {
			t.Error("root was refused")
		}
	}
}

// TestReload: whoever may scan may not keep the machine busy with reloading.
func TestReload(t *testing.T) {
	now := time.Unix(1000, 0)
	times := 0
	s := Server{Scanner: fake{}, Now: func() time.Time { return now }, Reload: func(context.Context) error { times++; return errors.New("no") }}
	r := s.start(context.Background())
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{0, 1}, {time.Second, 1}, {time.Minute, 2}, {-time.Hour, 3}} {
		now = now.Add(c.after)
		if r.askReload(); times != c.want {
			t.Errorf("after %v more: %d times, want %d", c.after, times, c.want)
		}
	}
	if got := ask(t, serve(t, s), "zRELOAD\x00"); got != "RELOADING\x00" {
		t.Errorf("%q", got)
	}
}

// counting counts scans, and waits at the first until it may go on.
type counting struct {
	scans chan string
	next  chan struct{}
}

func (s counting) Scan(_ context.Context, name string, _ *os.File) (verdict.Verdict, error) {
	s.scans <- name
	<-s.next
	return verdict.Verdict{State: verdict.Clean}, nil
}

// TestGone: nobody scans on for a client that has left, and one that only has
// nothing more to say gets its answer.
func TestGone(t *testing.T) {
	dir := t.TempDir()
	for i := range 5 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := counting{make(chan string, 10), make(chan struct{})}
	socket := serve(t, Server{Scanner: s})
	c := dial(t, socket)
	if _, err := c.Write([]byte("zCONTSCAN " + dir + "\x00")); err != nil {
		t.Fatal(err)
	}
	<-s.scans
	c.Close()
	s.next <- struct{}{}

	quiet := dial(t, socket)
	if _, err := quiet.Write([]byte("zCONTSCAN " + dir + "\x00")); err != nil {
		t.Fatal(err)
	}
	if err := quiet.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		s.next <- struct{}{}
	}
	if got, err := io.ReadAll(quiet); err != nil || string(got) != dir+": OK\x00" {
		t.Errorf("half closed: %q, %v", got, err)
	}
	if n := len(s.scans); n != 5 {
		t.Errorf("%d scans for a client that left after one and another with five files", n+1)
	}
}

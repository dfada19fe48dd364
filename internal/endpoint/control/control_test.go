package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"vitrine/internal/endpoint/local"

	"golang.org/x/sys/unix"
)

// serve runs a server until the end of the test and gives its path.
func serve(t testing.TB, s *Server) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "control-*") // reachable for other users, unlike t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	os.Chmod(dir, 0o755)
	l, err := local.Listen(filepath.Join(dir, "guard.sock"), 0o666)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
		os.RemoveAll(dir)
	})
	return l.Path()
}

func client(t testing.TB, path string) *Client {
	t.Helper()
	c, err := Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// as runs do as another user, in one thread.
func as(t *testing.T, uid, gid int, do func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
			t.Fatal("only root can become another user")
		}
		t.Skip("only root can become another user")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	keep := ^uintptr(0)
	set := func(call, id uintptr) {
		if _, _, errno := unix.RawSyscall(call, keep, id, keep); errno != 0 {
			t.Fatal(errno)
		}
	}
	set(unix.SYS_SETRESGID, uintptr(gid))
	set(unix.SYS_SETRESUID, uintptr(uid))
	defer func() {
		set(unix.SYS_SETRESUID, 0)
		set(unix.SYS_SETRESGID, 0)
	}()
	do()
}

func echo() map[string]Verb {
	return map[string]Verb{
		"echo": {Open: true, Handle: func(_ context.Context, c Call) error {
			var args struct {
				Say   string
				Times int
			}
			if err := c.Decode(&args); err != nil {
				return err
			}
			for range args.Times {
				if err := c.Reply(args.Say); err != nil {
					return err
				}
			}
			return nil
		}},
		"who":  {Open: true, Handle: func(_ context.Context, c Call) error { return c.Reply(c.Peer) }},
		"root": {Handle: func(_ context.Context, c Call) error { return c.Reply("done") }},
		"no":   {Handle: func(context.Context, Call) error { return Refuse(No, "there is no %s", "such thing") }},
		"fail": {Handle: func(context.Context, Call) error { return fmt.Errorf("wrap: %w", io.ErrNoProgress) }},
		"hint": {Handle: func(context.Context, Call) error {
			return fmt.Errorf("wrapped: %w", &Error{Code: Usage, Text: "wrong", Hint: "do it right"})
		}},
		"panic": {Handle: func(context.Context, Call) error { panic("a mistake") }},
		"large": {Handle: func(_ context.Context, c Call) error { return c.Reply(strings.Repeat("x", MaxLine)) }},
	}
}

func TestCall(t *testing.T) {
	var told []string
	c := client(t, serve(t, &Server{Verbs: echo(), Trouble: func(err error) { told = append(told, err.Error()) }}))
	ctx := t.Context()
	got, err := All[string](ctx, c, "echo", map[string]any{"Say": "a\n\"b\"", "Times": 3})
	if err != nil || len(got) != 3 || got[2] != "a\n\"b\"" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := All[string](ctx, c, "echo", nil); err != nil || len(got) != 0 {
		t.Errorf("no values: %q, %v", got, err)
	}
	if p, err := One[local.Peer](ctx, c, "who", nil); err != nil || p.PID != os.Getpid() {
		t.Errorf("peer %+v, %v", p, err)
	}
	for _, q := range []struct {
		verb string
		args any
		code Code
		text string
		hint string
	}{
		{"no", nil, No, "there is no such thing", ""},
		{"fail", nil, Failed, "wrap: multiple Read calls", ""},
		{"hint", nil, Usage, "wrapped: wrong", "do it right"},
		{"panic", nil, Failed, "panic failed inside the guard", ""},
		{"large", nil, Failed, "more than 1048576 bytes", ""},
		{"nothing", nil, Usage, `no verb "nothing": there are echo, fail,`, ""},
		{"", nil, Usage, "no verb", ""},
		{"echo", map[string]int{"Tmes": 1}, Usage, `unknown field "Tmes"`, ""},
		{"echo", []int{1}, Usage, "arguments", ""},
		{"echo", map[string]string{"Say": strings.Repeat("x", MaxLine)}, "", "more than 1048576 bytes", ""},
	} {
		err := c.Call(ctx, q.verb, q.args, nil)
		var refused *Error
		errors.As(err, &refused)
		if err == nil || !strings.Contains(err.Error(), q.text) || q.code != "" && (refused == nil || refused.Code != q.code || refused.Hint != q.hint) {
			t.Errorf("%s: %v (%+v)", q.verb, err, refused)
		}
	}
	if len(told) != 1 || !strings.Contains(told[0], "a mistake") {
		t.Errorf("told of trouble: %q", told)
	}
	if _, err := One[string](ctx, c, "echo", map[string]int{"Times": 2}); err == nil {
		t.Error("two values passed for one")
	}
	if _, err := One[int](ctx, c, "root", nil); err == nil {
		t.Error("text passed for a number")
	}
	stop := errors.New("enough")
	if err := c.Call(ctx, "root", nil, func(json.RawMessage) error { return stop }); err != stop {
		t.Errorf("stopped by the caller: %v", err)
	}
}

func TestNotRunning(t *testing.T) {
	_, err := Dial(filepath.Join(t.TempDir(), "none"))
	var refused *Error
	if !errors.Is(err, ErrNotRunning) || !errors.As(err, &refused) || refused.Hint == "" {
		t.Errorf("got %v", err)
	}
}

func TestWhoMay(t *testing.T) {
	path := serve(t, &Server{Verbs: echo(), Privileged: Members(4242)})
	for _, u := range []struct {
		uid, gid int
		may      bool
	}{{0, 0, true}, {1234, 1234, false}, {1234, 4242, true}} {
		as(t, u.uid, u.gid, func() {
			if p, err := One[local.Peer](t.Context(), dialed(t, path), "who", nil); err != nil || p.UID != uint32(u.uid) || p.GID != uint32(u.gid) {
				t.Errorf("%+v: an open verb: %+v, %v", u, p, err)
			}
			for _, verb := range []string{"root", "nothing"} {
				err := dialed(t, path).Call(t.Context(), verb, nil, nil)
				var refused *Error
				if denied := errors.As(err, &refused) && refused.Code == Denied; denied == u.may {
					t.Errorf("%+v: %s: %v", u, verb, err)
				}
			}
		})
	}
}

// dialed has connected in this thread, as the user it runs as.
func dialed(t *testing.T, path string) *Client {
	t.Helper()
	c, err := Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// raw sends bytes as they are and gives what comes back.
func raw(t testing.TB, path string, text string) string {
	t.Helper()
	conn, err := local.Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.Write([]byte(text)) // may be cut short by the answer
	conn.CloseWrite()
	got, _ := io.ReadAll(conn)
	return string(got)
}

func TestHostileRequests(t *testing.T) {
	path := serve(t, &Server{Verbs: echo()})
	for text, want := range map[string]string{
		`{"verb":"root"}` + "\n":               `{"value":"done"}` + "\n" + `{"done":true}` + "\n", // a client that only finished speaking
		`{"verb":"root"}`:                      "",                                                 // half a line
		"":                                     "",
		"\n":                                   `"code":"usage"`,
		"[]\n":                                 `"code":"usage"`,
		`{"verb":"root"}{}` + "\n":             `"code":"usage"`,
		`{"verb":"root","x":1}` + "\n":         `"code":"usage"`,
		`{"verb":1}` + "\n":                    `"code":"usage"`,
		"{\"verb\":\"\xff\"}\n":                "not UTF-8",
		`{"verb":"` + "\x00" + `"}` + "\n":     `"code":"usage"`,
		strings.Repeat("[", 1<<19) + "\n":      `"code":"usage"`,
		strings.Repeat(" ", MaxLine) + "\n":    "more than 1048576 bytes",
		`{"verb":"` + strings.Repeat("v", 999): "",
	} {
		got := raw(t, path, text)
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%.40q: got %.200q", text, got)
		}
	}
}

// TestSlowClients: those who say nothing, and those who take nothing, end.
func TestSlowClients(t *testing.T) {
	left := make(chan error, 1)
	verbs := map[string]Verb{"flood": {Handle: func(_ context.Context, c Call) (err error) {
		for err == nil {
			err = c.Reply(strings.Repeat("x", 1<<16))
		}
		left <- err
		return err
	}}}
	path := serve(t, &Server{Verbs: verbs, Limits: Limits{Request: 20 * time.Millisecond, Write: 20 * time.Millisecond}})
	silent, err := local.Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if got, err := io.ReadAll(silent); err != nil || len(got) != 0 {
		t.Errorf("to one who says nothing: %q, %v", got, err)
	}
	greedy, err := local.Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	defer greedy.Close()
	greedy.Write([]byte(`{"verb":"flood"}` + "\n"))
	if err := <-left; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("to one who takes nothing: %v", err)
	}
}

// TestClientLeaves: a handler that waits for something else learns of it.
func TestClientLeaves(t *testing.T) {
	began, ended := make(chan bool, 4), make(chan bool, 4)
	verbs := map[string]Verb{"wait": {Handle: func(ctx context.Context, _ Call) error {
		began <- true
		<-ctx.Done()
		ended <- true
		return ctx.Err()
	}}}
	path := serve(t, &Server{Verbs: verbs})
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-began
		cancel(io.ErrShortBuffer)
	}()
	if err := client(t, path).Call(ctx, "wait", nil, nil); err != io.ErrShortBuffer {
		t.Errorf("a call that was ended: %v", err)
	}
	<-ended
	for _, more := range []string{"", "x"} { // one leaves after it has stopped writing, one says too much
		conn, err := local.Dial(path)
		if err != nil {
			t.Fatal(err)
		}
		conn.Write([]byte(`{"verb":"wait"}` + "\n"))
		<-began
		conn.Write([]byte(more))
		if more == "" {
			conn.CloseWrite()
			conn.Close()
		}
		<-ended
		conn.Close()
	}
}

func TestServerEnds(t *testing.T) {
	l, err := local.Listen(filepath.Join(t.TempDir(), "s"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	began := make(chan bool)
	s := &Server{Verbs: map[string]Verb{"wait": {Handle: func(ctx context.Context, _ Call) error {
		close(began)
		<-ctx.Done()
		return ctx.Err()
	}}}}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, l) }()
	called := make(chan error)
	go func() { called <- client(t, l.Path()).Call(t.Context(), "wait", nil, nil) }()
	<-began
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := <-called; err == nil {
		t.Error("a call that the end of the server cut off succeeded")
	}
	if _, err := Dial(l.Path()); !errors.Is(err, ErrNotRunning) {
		t.Errorf("after the end: %v", err)
	}
}

// TestManyConnections: ten thousand connections of one who may ask little leave
// root its place, and the server its descriptors.
func TestManyConnections(t *testing.T) {
	path := serve(t, &Server{Verbs: echo(), Limits: Limits{Request: time.Minute}})
	var held []*local.Conn
	refused := 0
	as(t, 1234, 1234, func() {
		for range 10000 {
			conn, err := local.Dial(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(held) < 4 {
				held = append(held, conn)
				continue
			}
			if text, _ := io.ReadAll(conn); bytes.Contains(text, []byte(`"code":"busy"`)) {
				refused++
			}
			conn.Close()
		}
	})
	if refused != 9996 {
		t.Errorf("%d of 10000 were refused", refused)
	}
	if err := client(t, path).Call(t.Context(), "root", nil, nil); err != nil {
		t.Errorf("root meanwhile: %v", err)
	}
	as(t, 1235, 1235, func() {
		if err := dialed(t, path).Call(t.Context(), "who", nil, nil); err != nil {
			t.Errorf("another user meanwhile: %v", err)
		}
	})
	for _, conn := range held {
		conn.Close()
	}
}

// TestUsersTogether: many users together leave root its place, too.
func TestUsersTogether(t *testing.T) {
	path := serve(t, &Server{Verbs: echo(), Limits: Limits{Users: 2, PerUser: 2, Admins: 1, Request: time.Minute}})
	for uid := 2000; uid < 2003; uid++ {
		as(t, uid, uid, func() {
			conn, err := local.Dial(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			if uid < 2002 {
				return
			}
			if text, _ := io.ReadAll(conn); !bytes.Contains(text, []byte("busy")) {
				t.Errorf("one user too many: %q", text)
			}
		})
	}
	if err := client(t, path).Call(t.Context(), "root", nil, nil); err != nil {
		t.Errorf("root: %v", err)
	}
}

func TestCallsAtOnce(t *testing.T) {
	c := client(t, serve(t, &Server{Verbs: echo()}))
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			say := fmt.Sprint("from ", i)
			got, err := All[string](t.Context(), c, "echo", map[string]any{"Say": say, "Times": 50})
			if err != nil || len(got) != 50 || got[49] != say {
				t.Errorf("%d values, %v", len(got), err)
			}
		})
	}
	wg.Wait()
}

func FuzzRequest(f *testing.F) {
	for _, seed := range []string{`{"verb":"status","args":{"a":[1,2]}}` + "\n", "\n", `{"verb":`, "{\"verb\":\"\xff\"}\n", `{"verb":"x"}` + "\n{}\n", "null\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		q, err := readRequest(bufio.NewReaderSize(bytes.NewReader(text), 16))
		if err != nil {
			return
		}
		again, err := line(q)
		if err != nil {
			t.Skip("longer when escaped")
		}
		back, err := readRequest(bufio.NewReader(bytes.NewReader(again)))
		if err != nil || back.Verb != q.Verb {
			t.Errorf("%q is read as %+v, %v", again, back, err)
		}
		var args any
		if err := (Call{Args: q.Args}).Decode(&args); err != nil {
			t.Errorf("arguments %q: %v", q.Args, err)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{`{"value":1}` + "\n" + `{"done":true}` + "\n", `{"error":"e","code":"no"}` + "\n", "{}\n{}\n", "\n", `{"value":`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r := bufio.NewReader(bytes.NewReader(text))
		for range len(text) + 2 {
			if done, err := next(r, "x", func(json.RawMessage) error { return nil }); done || err != nil {
				return
			}
		}
		t.Error("an answer without an end")
	})
}

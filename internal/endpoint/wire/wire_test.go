package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"vitrine/internal/endpoint/sandbox"
	"vitrine/internal/endpoint/verdict"
)

var identity = strings.Repeat("0a", 32)

// ends gives both, with the scanner's as a bare descriptor too.
func ends(t *testing.T) (*Guard, *Scanner, int) {
	t.Helper()
	g, theirs, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close(); theirs.Close() })
	fd := int(theirs.Fd())
	g.Deadline(time.Now().Add(10 * time.Second))
	return g, Open(fd), fd
}

func held(t *testing.T, text string) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// A whole conversation: what one side says is what the other hears.
func TestConversation(t *testing.T) {
	g, s, _ := ends(t)
	want := Setup{
		Rules:  Rules{Builtin: true, Paths: []string{"/a b", "/ü"}, Hashes: []string{"/h"}, Passwords: "/p"},
		Limits: Limits{MaxSize: 5, MaxTime: time.Second, Memory: 7}, Strict: true,
	}
	if err := g.Setup(want, nil); err != nil {
		t.Fatal(err)
	}
	if got, file, err := s.Setup(); err != nil || file != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("setup: %+v, %v, %v", got, file, err)
	}
	want.Compiled = &Compiled{SHA256: identity, Count: 4, Bundles: []string{"main 3"}}
	if err := g.Setup(want, held(t, "rules")); err != nil {
		t.Fatal(err)
	}
	if got, file, err := s.Setup(); err != nil || file == nil || !reflect.DeepEqual(got, want) {
		t.Errorf("setup: %+v, %v, %v", got, file, err)
	} else {
		file.Close()
	}
	loaded := Ready{Rules: identity, Count: 12, Hashes: 1, Bundles: []string{"main 3"}, Warnings: []string{"w"}, Sandbox: sandbox.Report{{Name: "landlock", InForce: true}}}
	if err := s.Ready(loaded); err != nil {
		t.Fatal(err)
	}
	if got, err := g.Ready(); err != nil || !reflect.DeepEqual(got, loaded) {
		t.Errorf("ready: %+v, %v", got, err)
	}
	if err := g.Send(Job{ID: 9, Time: time.Minute}, held(t, "content")); err != nil {
		t.Fatal(err)
	}
	job, file, err := s.Next()
	if err != nil || job != (Job{9, time.Minute}) {
		t.Fatalf("job: %+v, %v", job, err)
	}
	if text, err := io.ReadAll(file); string(text) != "content" || err != nil {
		t.Errorf("the file: %q, %v", text, err)
	}
	file.Close()
	v := verdict.Verdict{
		State: verdict.Malicious, Findings: []verdict.Finding{{Name: "x", Path: []string{"a\xff\n", "b"}, Digest: "sha256:00"}, {Name: "y"}},
		SHA256: identity, Size: 7, Objects: 2, Rules: identity, Why: "why", Took: 5,
	}
	if err := s.Answer(Answer{9, v}); err != nil {
		t.Fatal(err)
	}
	if got, err := g.Answer(9); err != nil || !reflect.DeepEqual(got.Verdict, v) {
		t.Errorf("answer: %+v, %v", got, err)
	}
	g.Close()
	if _, _, err := s.Next(); err != io.EOF {
		t.Errorf("the guard is gone: %v", err)
	}
}

func TestScannerThatCannotLoad(t *testing.T) {
	g, s, _ := ends(t)
	if err := s.Ready(Ready{Error: "no\x1b[31m rules"}); err != nil {
		t.Fatal(err)
	}
	_, err := g.Ready()
	var load *LoadError
	if !errors.As(err, &load) || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("got %q", err)
	}
}

// Whatever a scan has found, the answer fits and is taken.
func TestAnswersAreBounded(t *testing.T) {
	long := strings.Repeat("\xff\x00", 5000)
	many := verdict.Verdict{State: verdict.Malicious, Rules: identity, SHA256: identity, Why: long}
	for range 10_000 {
		many.Findings = append(many.Findings, verdict.Finding{Name: long, Path: slices.Repeat([]string{long}, 100), Digest: long})
	}
	short := many
	short.Findings = slices.Repeat([]verdict.Finding{{Name: "x"}}, 300)
	for name, v := range map[string]verdict.Verdict{"long": many, "short": short} {
		g, s, _ := ends(t)
		if err := s.Answer(Answer{1, v}); err != nil {
			t.Fatal(err)
		}
		a, err := g.Answer(1)
		if err != nil || len(a.Verdict.Findings) == 0 || len(a.Verdict.Findings) > MaxFindings || !strings.Contains(a.Verdict.Why, "findings more") {
			t.Errorf("%s: %d findings, why %.60q, %v", name, len(a.Verdict.Findings), a.Verdict.Why, err)
		}
		checkLine(t, a.Verdict.Why, maxWhy)
		checkLine(t, a.Verdict.Findings[0].Name, maxName)
	}
}

func checkLine(t *testing.T, s string, most int) {
	t.Helper()
	if len(s) > most || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		t.Errorf("%d bytes, not fit for a line: %.40q", len(s), s)
	}
}

// said is how a scanner that was taken over speaks: with bytes.
func TestHostileAnswers(t *testing.T) {
	finding := `{"name":"x"}`
	for name, text := range map[string]string{
		"nothing":         "A",
		"other kind":      "R{}",
		"no json":         "A\xff\xfe",
		"list":            "A[]",
		"unknown field":   `A{"id":1,"state":"clean","rules":"","size":0,"objects":0,"took":0,"exec":"x"}`,
		"something more":  `A{"id":1,"state":"clean"} {}`,
		"other id":        `A{"id":2,"state":"clean"}`,
		"no state":        `A{"id":1}`,
		"unknown state":   `A{"id":1,"state":"trusted"}`,
		"clean finding":   `A{"id":1,"state":"clean","findings":[` + finding + `]}`,
		"no finding":      `A{"id":1,"state":"malicious"}`,
		"empty finding":   `A{"id":1,"state":"malicious","findings":[{"name":""}]}`,
		"too many":        `A{"id":1,"state":"malicious","findings":[` + strings.TrimSuffix(strings.Repeat(finding+",", MaxFindings+1), ",") + `]}`,
		"long name":       `A{"id":1,"state":"malicious","findings":[{"name":"` + strings.Repeat("x", maxName+1) + `"}]}`,
		"long path":       `A{"id":1,"state":"malicious","findings":[{"name":"x","path":["` + strings.Repeat("QUFB", 400) + `"]}]}`,
		"many members":    `A{"id":1,"state":"malicious","findings":[{"name":"x","path":[` + strings.TrimSuffix(strings.Repeat(`"QQ==",`, maxMembers+1), ",") + `]}]}`,
		"negative size":   `A{"id":1,"state":"clean","size":-1}`,
		"negative time":   `A{"id":1,"state":"clean","took":-1}`,
		"negative number": `A{"id":1,"state":"clean","objects":-1}`,
		"no digest":       `A{"id":1,"state":"clean","sha256":"../../etc"}`,
		"no identity":     `A{"id":1,"state":"clean","rules":"x\n"}`,
		"deep":            "A" + strings.Repeat("[", 60_000),
		"large":           `A{"id":1,"state":"clean","why":"` + strings.Repeat("x", maxAnswer) + `"}`,
	} {
		g, _, fd := ends(t)
		if _, err := unix.Write(fd, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if a, err := g.Answer(1); err == nil {
			t.Errorf("%s: taken: %+v", name, a)
		}
	}
}

func TestOversizedMessage(t *testing.T) {
	g, _, fd := ends(t)
	if _, err := unix.Write(fd, bytes.Repeat([]byte("A"), MaxMessage+1)); err != nil {
		t.Skipf("the kernel takes no such message: %v", err)
	}
	if _, err := g.Answer(1); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("got %v", err)
	}
}

// Descriptors that nobody asked for never reach the guard, nor the message with them.
func TestUnaskedFiles(t *testing.T) {
	g, _, fd := ends(t)
	file := held(t, "x")
	before := open(t)
	message := []byte(`A{"id":1,"state":"clean","rules":"","size":0,"objects":0,"took":0}`)
	err := unix.Sendmsg(fd, message, unix.UnixRights(int(file.Fd()), int(file.Fd())), nil, 0)
	if err != nil {
		if !errors.Is(err, unix.EPERM) {
			t.Fatal(err)
		}
		return // the kernel has refused them for us
	}
	if a, err := g.Answer(1); err == nil {
		t.Errorf("taken: %+v", a)
	}
	if now := open(t); now != before {
		t.Errorf("%d descriptors, before %d", now, before)
	}
}

func open(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// A scanner takes a job with one file, and closes what it does not take.
func TestHostileJobs(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		files int
	}{
		"no file": {`J{"id":1,"time":0}`, 0}, "two files": {`J{"id":1,"time":0}`, 2}, "more than fit": {`J{"id":1,"time":0}`, 20},
		"no job": {`S{}`, 1}, "garbage": {"J\xff", 1}, "unknown field": {`J{"id":1,"x":0}`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			g, s, _ := ends(t)
			file := held(t, "x")
			var fds []int
			for range c.files {
				fds = append(fds, int(file.Fd()))
			}
			before := open(t)
			raw, err := g.socket.file.SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			err = errors.Join(raw.Control(func(fd uintptr) { err = unix.Sendmsg(int(fd), []byte(c.text), unix.UnixRights(fds...), nil, 0) }), err)
			if err != nil {
				t.Fatal(err)
			}
			if job, file, err := s.Next(); err == nil {
				t.Errorf("taken: %+v, %v", job, file.Name())
			}
			if now := open(t); now != before {
				t.Errorf("%d descriptors, before %d", now, before)
			}
		})
	}
}

func TestSetupTakesOneFile(t *testing.T) {
	g, s, _ := ends(t)
	raw, err := g.socket.file.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	file := held(t, "x")
	before := open(t)
	err = errors.Join(raw.Control(func(fd uintptr) {
		err = unix.Sendmsg(int(fd), []byte("S{}"), unix.UnixRights(int(file.Fd()), int(file.Fd())), nil, 0)
	}), err)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Setup(); err == nil {
		t.Error("taken")
	}
	if now := open(t); now != before {
		t.Errorf("%d descriptors, before %d", now, before)
	}
}

// A guard that waits for a scanner can be told to stop, and never waits past its deadline.
func TestDeadlines(t *testing.T) {
	g, _, _ := ends(t)
	g.Deadline(time.Now().Add(-time.Second))
	if _, err := g.Answer(1); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	g.Deadline(time.Time{})
	done := make(chan error)
	go func() {
		_, err := g.Answer(1)
		done <- err
	}()
	g.Close()
	if err := <-done; err == nil {
		t.Error("no error from a closed end")
	}
	if err := g.Send(Job{}, held(t, "x")); err == nil {
		t.Error("sent by a closed end")
	}
}

// A scanner that reads nothing does not hold the guard up.
func TestScannerThatReadsNothing(t *testing.T) {
	g, _, _ := ends(t)
	file := held(t, "x")
	var err error
	for n := 0; err == nil; n++ {
		if n > 100_000 {
			t.Fatal("100,000 jobs have room")
		}
		fd := int(file.Fd())
		err = g.socket.send(bytes.Repeat([]byte("J"), 50_000), fd, time.Now().Add(20*time.Millisecond))
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, unix.ETOOMANYREFS) {
		t.Errorf("got %v", err)
	}
	if err := g.Setup(Setup{Rules: Rules{Paths: []string{strings.Repeat("x", MaxMessage)}}}, nil); err == nil {
		t.Error("a message that is too large was sent")
	}
}

func TestClosedFileIsNotSent(t *testing.T) {
	g, _, _ := ends(t)
	file := held(t, "x")
	file.Close()
	if err := g.Send(Job{ID: 1}, file); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestReadyIsChecked(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "R{}", "short identity": `R{"rules":"ab"}`, "other kind": `A{}`,
		"negative": fmt.Sprintf(`R{"rules":%q,"count":-1}`, identity),
		"chatty":   fmt.Sprintf(`R{"rules":%q,"warnings":[%s""]}`, identity, strings.Repeat(`"",`, maxLines)),
	} {
		if r, err := decodeReady([]byte(text)); err == nil {
			t.Errorf("%s: taken: %+v", name, r)
		}
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.yar")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := Rules{Builtin: true, Installed: "/i", Paths: []string{file, dir, "/x.vyr", "/gone.yar"}, ClamAV: []string{"/c"}, Hashes: []string{"/h"}, Allow: []string{"/a"}, Passwords: "/p"}
	want := []string{"/i", file, dir, dir, "/x.vyr", "/gone.yar", "/c", "/h", "/a", "/p"}
	if got := r.Files(); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if got := (Rules{Installed: "/i"}).Files(); len(got) != 0 {
		t.Errorf("without built-in rules there are no bundles: %q", got)
	}
}

// What a guard takes from a scanner is bounded, whatever it is sent.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`A{"id":1,"state":"malicious","findings":[{"name":"x","path":["QQ=="],"digest":"d"}],"sha256":"","size":1,"objects":1,"rules":"ab","why":"w","took":1}`))
	f.Add([]byte(`A{"id":18446744073709551616}`))
	f.Add([]byte(`A{"id":1,"state":"clean","ID":2}`))
	f.Fuzz(func(t *testing.T, message []byte) {
		a, err := decodeAnswer(message)
		if err != nil {
			return
		}
		v := a.Verdict
		if (v.State == verdict.Malicious) != (len(v.Findings) > 0) || len(v.Findings) > MaxFindings || v.Size < 0 {
			t.Errorf("%+v", v)
		}
		checkLine(t, v.Why, maxWhy)
		again, err := encodeAnswer(a)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := decodeAnswer(again); err != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%+v\nonce more: %+v, %v", a, b, err)
		}
	})
}

// What a scanner takes from the guard never makes it panic.
func FuzzGuard(f *testing.F) {
	f.Add([]byte(`J{"id":1,"time":5}`))
	f.Add([]byte(`S{"rules":{"builtin":true,"paths":["/x"]},"limits":{"max_size":0,"max_time":0,"memory":0},"strict":true}`))
	f.Add([]byte(`R{"rules":"","sandbox":[{"name":"x"}]}`))
	f.Fuzz(func(t *testing.T, message []byte) {
		var j Job
		_ = decode(message, job, &j)
		var s Setup
		_ = decode(message, setup, &s)
		if r, err := decodeReady(message); err == nil {
			for _, line := range append(r.Warnings, r.Bundles...) {
				checkLine(t, line, maxLine)
			}
		}
	})
}

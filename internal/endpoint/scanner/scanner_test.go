package scanner

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vitrine/internal/endpoint/files"
	"vitrine/internal/endpoint/verdict"
	"vitrine/internal/endpoint/wire"
	"vitrine/internal/engine"
	"vitrine/internal/engine/limit"
	"vitrine/yara"
)

var identity = strings.Repeat("5e", 32)

// served is a scanner that is served in this very process.
type served struct {
	t     *testing.T
	guard *wire.Guard
	ended chan error
	next  uint64
}

func serve(t *testing.T, change func(*Config)) *served {
	t.Helper()
	rules, err := yara.Compile(`rule found { strings: $a = "needle" condition: $a }`)
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(engine.Config{Rules: rules})
	if err != nil {
		t.Fatal(err)
	}
	guard, theirs, err := wire.Pair()
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Engine: e, Rules: identity}
	if change != nil {
		change(&c)
	}
	s := &served{t: t, guard: guard, ended: make(chan error, 1)}
	go func() {
		defer theirs.Close()
		s.ended <- Serve(wire.Open(int(theirs.Fd())), c)
	}()
	t.Cleanup(func() { guard.Close() })
	return s
}

func (s *served) scan(file *os.File, limit time.Duration) verdict.Verdict {
	s.t.Helper()
	s.next++
	s.guard.Deadline(time.Now().Add(20 * time.Second))
	if err := s.guard.Send(wire.Job{ID: s.next, Time: limit}, file); err != nil {
		s.t.Fatal(err)
	}
	a, err := s.guard.Answer(s.next)
	if err != nil {
		s.t.Fatal(err)
	}
	if a.Verdict.Rules != identity {
		s.t.Errorf("rules: %q", a.Verdict.Rules)
	}
	return a.Verdict
}

func holding(t *testing.T, data []byte) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func TestServe(t *testing.T) {
	s := serve(t, func(c *Config) { c.Limits = wire.Limits{MaxSize: 4 << 20, Memory: 64 << 20} })
	large := append(bytes.Repeat([]byte("x"), 2<<20), "needle"...)
	for name, c := range map[string]struct {
		data  []byte
		state verdict.State
	}{
		"clean": {[]byte("hay"), verdict.Clean}, "small": {[]byte("a needle"), verdict.Malicious}, "mapped": {large, verdict.Malicious},
		"too large": {make([]byte, 4<<20+1), verdict.Incomplete}, "empty": {nil, verdict.Clean},
	} {
		v := s.scan(holding(t, c.data), 0)
		if v.State != c.state || v.Size != int64(len(c.data)) || (v.Why != "") != (c.state == verdict.Incomplete) {
			t.Errorf("%s: %+v", name, v)
		}
		sum := sha256.Sum256(c.data)
		if want := hex.EncodeToString(sum[:]); c.state == verdict.Malicious && v.SHA256 != want {
			t.Errorf("%s: sha256 %s, want %s", name, v.SHA256, want)
		}
	}
	s.guard.Close()
	if err := <-s.ended; err != nil {
		t.Errorf("the guard has gone: %v", err)
	}
}

// What a file does while it is looked at is in its verdict, never the end.
func TestFilesThatChange(t *testing.T) {
	var during atomic.Pointer[func() error]
	s := serve(t, func(c *Config) {
		c.Before = func([]byte) {
			if f := during.Load(); f != nil {
				if err := (*f)(); err != nil {
					t.Error(err)
				}
			}
		}
	})
	data := bytes.Repeat([]byte("x"), 3<<20)
	for name, change := range map[string]func(*os.File) error{
		"cut off": func(f *os.File) error { return f.Truncate(0) },
		"grown":   func(f *os.File) error { _, err := f.WriteAt([]byte("x"), int64(len(data))); return err },
	} {
		file := holding(t, data)
		f := func() error { return change(file) }
		during.Store(&f)
		if v := s.scan(file, 0); v.State != verdict.Incomplete || !strings.Contains(v.Why, "changed") {
			t.Errorf("%s: %+v", name, v)
		}
	}
	during.Store(nil)
	if v := s.scan(holding(t, []byte("needle")), 0); v.State != verdict.Malicious {
		t.Errorf("afterwards: %+v", v)
	}
}

func TestTimeOver(t *testing.T) {
	s := serve(t, nil)
	if v := s.scan(holding(t, []byte("hay")), 1); v.State != verdict.Incomplete && v.State != verdict.Failed {
		t.Errorf("%+v", v)
	}
}

func TestConversationThatIsNone(t *testing.T) {
	s := serve(t, nil)
	if err := s.guard.Setup(wire.Setup{}, nil); err != nil {
		t.Fatal(err)
	}
	if err := <-s.ended; err == nil {
		t.Error("a second setup was taken for a job")
	}
}

func TestShorter(t *testing.T) {
	for _, c := range []struct{ a, b, want time.Duration }{{0, 0, 0}, {1, 0, 1}, {0, 2, 2}, {1, 2, 1}, {3, 2, 2}} {
		if got := shorter(c.a, c.b); got != c.want {
			t.Errorf("%d, %d: %d", c.a, c.b, got)
		}
	}
}

func TestJudge(t *testing.T) {
	finding := []engine.Finding{{Name: "x", Path: []string{"m"}, Digest: "sha256:0"}}
	left := []engine.Incomplete{{Reason: limit.Depth, Detail: "too deep"}, {Reason: limit.Time}}
	for name, c := range map[string]struct {
		seen   files.Seen
		report engine.Report
		state  verdict.State
		why    string
	}{
		"clean":           {files.Seen{}, engine.Report{Objects: 1}, verdict.Clean, ""},
		"allowed":         {files.Seen{}, engine.Report{Objects: 1, Allowed: true}, verdict.Clean, "let be"},
		"malicious":       {files.Seen{}, engine.Report{Findings: finding}, verdict.Malicious, ""},
		"both":            {files.Seen{}, engine.Report{Findings: finding, Incomplete: left}, verdict.Malicious, "too deep (and 1 more parts)"},
		"incomplete":      {files.Seen{}, engine.Report{Incomplete: left[1:]}, verdict.Incomplete, "time"},
		"changed":         {files.Seen{Changed: true}, engine.Report{Objects: 1}, verdict.Incomplete, "changed"},
		"not shown":       {files.Seen{TooLarge: true, Size: 9}, engine.Report{}, verdict.Incomplete, "9 bytes"},
		"only its start":  {files.Seen{TooLarge: true}, engine.Report{Objects: 1}, verdict.Incomplete, "only its start"},
		"unread":          {files.Seen{Kind: files.Unread, Problem: &files.Problem{Op: "read", Err: io.ErrUnexpectedEOF}}, engine.Report{}, verdict.Failed, "read: unexpected EOF"},
		"no file":         {files.Seen{Kind: files.Special}, engine.Report{}, verdict.Failed, "no file"},
		"start of a find": {files.Seen{TooLarge: true}, engine.Report{Objects: 1, Findings: finding}, verdict.Malicious, "only its start"},
	} {
		v := judge(c.seen, c.report)
		if v.State != c.state || !strings.Contains(v.Why, c.why) || (c.why == "") != (v.Why == "") || len(v.Findings) != len(c.report.Findings) {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if v := judge(files.Seen{}, engine.Report{Findings: finding}); v.Findings[0].Name != "x" || v.Findings[0].Path[0] != "m" || v.Findings[0].Digest != "sha256:0" {
		t.Errorf("%+v", v)
	}
}

// A guard whose socket is broken ends the scanner.
func TestBrokenSocket(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	e, err := engine.New(engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := Serve(wire.Open(int(r.Fd())), Config{Engine: e}); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}

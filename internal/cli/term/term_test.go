package term

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

func TestExit(t *testing.T) {
	for _, c := range []struct {
		err    error
		code   Code
		stderr string
	}{
		{nil, 0, ""},
		{ErrNo, 1, ""},
		{fmt.Errorf("scan: %w", ErrNo), 1, ""},
		{ErrInterrupted, 130, ""},
		{ErrReported, 2, ""},
		{errors.New("no space"), 2, "v: no space\n"},
		{fmt.Errorf("write: %w", syscall.EPIPE), 2, ""},
		{Hint(errors.New("what"), "try %s", "this"), 2, "v: what\nhint: try this\n"},
		{fmt.Errorf("read: %w", Hint(errors.New("what"), "this")), 2, "v: read: what\nhint: this\n"},
		{errors.New("open a\nb\x1b[2J: gone"), 2, "v: open a\\nb\\x1b[2J: gone\n"},
	} {
		var b bytes.Buffer
		Report(&b, "v", c.err)
		if got := Exit(c.err); got != c.code || b.String() != c.stderr {
			t.Errorf("%v: code %d, want %d; printed %q, want %q", c.err, got, c.code, b.String(), c.stderr)
		}
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"":                 "",
		"plain name.txt":   "plain name.txt",
		"été":              "été",
		"a\nb\tc":          `a\nb\tc`,
		"\x1b[31m":         `\x1b[31m`,
		"\xff\xfe":         `\xff\xfe`,
		`back\slash`:       `back\\slash`,
		"rtl\u202egnp.exe": `rtl\u202egnp.exe`,
		"\u200b":           `\u200b`,
		"del\x7f":          `del\x7f`,
		"\ufffd":           "\ufffd",
		"日本":               "日本",
		"nul\x00":          `nul\x00`,
	} {
		if got := Escape(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// Two names never look the same, and no name is more than one line.
func FuzzEscape(f *testing.F) {
	f.Add("a\nb", `a\nb`)
	f.Add("\xff", `\xff`)
	f.Add("\ufffd", "\xff")
	f.Fuzz(func(t *testing.T, a, b string) {
		if a != b && Escape(a) == Escape(b) {
			t.Errorf("%q and %q look the same", a, b)
		}
		if strings.ContainsFunc(Escape(a), func(r rune) bool { return r < ' ' }) {
			t.Errorf("%q is not escaped", a)
		}
	})
}

func TestShorten(t *testing.T) {
	for _, c := range []struct {
		in      string
		columns int
		want    string
	}{{"abc", 3, "abc"}, {"abcd", 3, "…cd"}, {"été!", 3, "…é!"}, {"abc", 1, ""}, {"abc", -1, ""}} {
		if got := Shorten(c.in, c.columns); got != c.want {
			t.Errorf("%q in %d: %q, want %q", c.in, c.columns, got, c.want)
		}
	}
}

func TestUnits(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000"} {
		if got := Count(n); got != want {
			t.Errorf("count %d: %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 102400: "100 KiB", 1 << 30: "1.0 GiB", 1<<63 - 1: "8.0 EiB"} {
		if got := Bytes(n); got != want {
			t.Errorf("%d bytes: %s, want %s", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{84 * time.Millisecond: "84ms", 8400 * time.Millisecond: "8.4s", 192 * time.Second: "3m12s", 125 * time.Minute: "2h05m"} {
		if got := Elapsed(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
	if Plural(1, "file", "files") != "1 file" || Plural(0, "file", "files") != "0 files" {
		t.Error("plural")
	}
}

func TestParseBytes(t *testing.T) {
	for in, want := range map[string]int64{"0": 0, "512": 512, "5b": 5, "1K": 1024, "64M": 64 << 20, "2g": 2 << 30, "1GiB": 1 << 30, "3kb": 3072, "1T": 1 << 40} {
		if got, err := ParseBytes(in); got != want || err != nil {
			t.Errorf("%s: %d, %v, want %d", in, got, err, want)
		}
		var size, again Size
		if err := size.Set(in); err != nil || again.Set(size.String()) != nil || again != size {
			t.Errorf("%s: read back %s as %d", in, size.String(), again)
		}
	}
	for _, bad := range []string{"", "K", "-1", "1.5M", "1X", "1KK", "1i", "9999999T", "0x10", " 1"} {
		if n, err := ParseBytes(bad); err == nil {
			t.Errorf("%q: %d", bad, n)
		}
	}
}

func TestPaint(t *testing.T) {
	for _, c := range []struct {
		when     When
		terminal bool
		vars     map[string]string
		painted  bool
	}{
		{Auto, true, nil, true},
		{Auto, false, nil, false},
		{Auto, true, map[string]string{"NO_COLOR": "1"}, false},
		{Auto, true, map[string]string{"NO_COLOR": ""}, true},
		{Auto, true, map[string]string{"TERM": "dumb"}, false},
		{Always, false, map[string]string{"NO_COLOR": "1"}, true},
		{Never, true, nil, false},
	} {
		env := Env{
			Width:     func(any) (int, bool) { return 80, c.terminal },
			LookupEnv: func(name string) (string, bool) { v, ok := c.vars[name]; return v, ok },
		}
		if got := env.Paint(c.when, nil).Word(Bad, "FOUND"); (got != "FOUND") != c.painted || !strings.Contains(got, "FOUND") {
			t.Errorf("%+v: %q", c, got)
		}
	}
	var w When
	if err := w.Set("sometimes"); err == nil {
		t.Error("--color sometimes: no error")
	}
}

func TestNearest(t *testing.T) {
	words := []string{"scan", "explain", "version", "webshell_php_eval", "webshell_php_exec"}
	for in, want := range map[string][]string{
		"scna":              {"scan"},
		"SCAN":              {"scan"},
		"verison":           {"version"},
		"webshell_php_evel": {"webshell_php_eval", "webshell_php_exec"},
		"zzzzzz":            nil,
		"":                  nil,
	} {
		if got := Nearest(in, words); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestTable(t *testing.T) {
	var table Table
	table.Row("a", "long cell", "x")
	table.Row("wider", "é", "y")
	table.Row("one")
	var b bytes.Buffer
	if err := table.Print(&b, "  "); err != nil {
		t.Fatal(err)
	}
	want := "  a      long cell  x\n  wider  é          y\n  one\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestProgressText(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := Progress{Started: start}
	if got, want := p.Text("scanning", start, 80), "scanning 0  0 B"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	p.Add(1 << 20)
	p.Begin("/a/long/path/to/the\nfile")
	now := start.Add(2 * time.Second)
	if got, want := p.Text("scanning", now, 80), `scanning 1  1.0 MiB  512 KiB/s  /a/long/path/to/the\nfile`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	p.TotalFiles.Store(4)
	p.TotalBytes.Store(4 << 20)
	p.Counted.Store(true)
	if got, want := p.Text("scanning", now, 60), `scanning 1/4  1.0 MiB  512 KiB/s  6s left  …ath/to/the\nfile`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for columns := range 70 {
		if got := p.Text("scanning", now, columns); Columns(got) > columns {
			t.Errorf("%d columns: %q", columns, got)
		}
	}
}

func TestLine(t *testing.T) {
	var b bytes.Buffer
	l := Line{W: &b}
	l.Clear()
	l.Show("one")
	l.Show("two")
	l.Clear()
	l.Clear()
	if want := "\rone\x1b[K\rtwo\x1b[K\r\x1b[K"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestInterrupt(t *testing.T) {
	var send chan<- os.Signal
	stopped := make(chan bool, 2)
	env := Env{Notify: func(c chan<- os.Signal, _ ...os.Signal) func() {
		send = c
		return func() { stopped <- true }
	}}
	ctx, stop := env.Interrupt(context.Background(), os.Interrupt)
	defer stop()
	if ctx.Err() != nil {
		t.Fatal("ended before any signal")
	}
	send <- os.Interrupt
	<-ctx.Done()
	if context.Cause(ctx) != ErrInterrupted || len(stopped) != 1 {
		t.Errorf("cause %v; signals given back %d times, want once: the second Ctrl-C must kill", context.Cause(ctx), len(stopped))
	}
}

func build() *cobra.Command {
	root := &cobra.Command{Use: "v", Args: UnknownCommand, RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	var format string
	scan := &cobra.Command{Use: "scan", RunE: func(*cobra.Command, []string) error { return ErrNo }}
	scan.Flags().StringVar(&format, "format", "", "")
	scan.Flags().Int("jobs", 0, "")
	root.AddCommand(scan)
	return root
}

func TestRun(t *testing.T) {
	for _, c := range []struct {
		args   []string
		code   Code
		stderr string
	}{
		{[]string{"scan"}, 1, ""},
		{[]string{}, 0, ""},
		{[]string{"scna"}, 2, "v: \"scna\" is not a command\nhint: did you mean v scan?\n"},
		{[]string{"frobnicate"}, 2, "v: \"frobnicate\" is not a command\nhint: v --help lists the commands\n"},
		{[]string{"scan", "--formt", "x"}, 2, "v: unknown flag: --formt\nhint: did you mean --format?\n"},
		{[]string{"scan", "--jobs"}, 2, "v: flag needs an argument: --jobs\nhint: v scan --help\n"},
		{[]string{"scan", "-z"}, 2, "v: unknown shorthand flag: 'z' in -z\nhint: v scan --help\n"},
		{[]string{"scan", "--zzz"}, 2, "v: unknown flag: --zzz\nhint: v scan --help\n"},
		{[]string{"scan", "--jobs", "many"}, 2, "v: --jobs: \"many\" is not a number\nhint: v scan --help\n"},
	} {
		var out, errs bytes.Buffer
		code := Run(context.Background(), Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}, build(), c.args)
		if code != c.code || errs.String() != c.stderr {
			t.Errorf("%q: code %d, stderr %q; want %d, %q", c.args, code, errs.String(), c.code, c.stderr)
		}
	}
}

// A full disk under the answer is an error whether or not the command looks,
// and even when the answer would have been "found".
func TestRunNoticesALostAnswer(t *testing.T) {
	for err, stderr := range map[error]string{
		syscall.ENOSPC: "v: write the answer: no space left on device\n",
		syscall.EPIPE:  "",
	} {
		var errs bytes.Buffer
		env := Env{Stdin: strings.NewReader(""), Stdout: &Answer{Writer: full{err}}, Stderr: &errs}
		lost := &cobra.Command{Use: "v", RunE: func(*cobra.Command, []string) error {
			fmt.Fprintln(env.Stdout, "found")
			return ErrNo
		}}
		if code := Run(context.Background(), env, lost, nil); code != CouldNot || errs.String() != stderr {
			t.Errorf("%v: code %d, stderr %q, want 2, %q", err, code, errs.String(), stderr)
		}
	}
}

type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }

func TestAlternatives(t *testing.T) {
	for want, words := range map[string][]string{"": nil, "-a": {"a"}, "-a or -b": {"a", "b"}, "-a, -b or -c": {"a", "b", "c"}} {
		if got := Alternatives("-", words); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

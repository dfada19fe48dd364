package yaracmd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"vitrine/internal/cli/term"
	"vitrine/yara"
)

// typed runs the command as a shell would and gives what it printed.
func typed(t *testing.T, stdin string, args ...string) (stdout, stderr string, code term.Code) {
	t.Helper()
	var out, errs bytes.Buffer
	code = runWith(t.Context(), stdin, &out, &errs, args)
	return out.String(), errs.String(), code
}

func runWith(ctx context.Context, stdin string, stdout, stderr io.Writer, args []string) term.Code {
	env := term.Env{
		Stdin: strings.NewReader(stdin), Stdout: stdout, Stderr: stderr,
		Now:    func() time.Time { return time.Unix(1700000000, 0) },
		Notify: func(chan<- os.Signal, ...os.Signal) func() { return func() {} },
	}
	return term.Run(ctx, env, New(env, "1.2.3"), args)
}

const demoRules = `
import "console"
rule hello : greet polite {
	meta: author = "ana" level = 2
	strings: $a = "hello" $h = { 77 6f ?? 6c 64 } $p = "wor" private
	condition: any of them
}
rule shout { strings: $ = { 45 4C } $ = { 48 45 } condition: any of them }
private rule hidden { condition: true }
rule tiny : size { condition: filesize < 3 and console.log("tiny ", filesize) }
`

func demoTree(t *testing.T) {
	tree(t, map[string]string{
		"r.yar": demoRules, "d/a": "hello world", "d/b": "HELLO", "d/sub/c": "hello", "d/e": "",
		"bad.yar": "rule x { condition: $a }\nrule y { condition: 1 + }", "note.txt": "hello",
		"other.yar": "rule hello { condition: filesize == 5 }", "list": "d/b\nd/sub\nnote.txt\n",
	})
}

func TestCommand(t *testing.T) {
	tests := []struct {
		name string
		args string
		want string // lines of stdout; of a directory, file after file with -p 1
		code term.Code
	}{
		{"one file", "r.yar d/a", "hello d/a\n", 0},
		{"nothing found is no failure", "r.yar other.yar.txt", "", 2},
		{"strings", "-s r.yar d/a", "hello d/a\n0x0:$a: hello\n0x6:$h: 77 6F 72 6C 64\n", 0},
		{"flags after arguments, in one word", "r.yar d/a -gmeL", "default:hello [greet,polite] [author=\"ana\",level =2] d/a\n0x0:5:$a\n0x6:5:$h\n", 0},
		{"anonymous", "-s r.yar d/b", "shout d/b\n0x1:$: 45 4C\n0x0:$: 48 45\n", 0},
		{"directory", "-p 1 r.yar d", "hello d/a\nshout d/b\ntiny 0\ntiny d/e\n", 0},
		{"recursive", "-q -r -p 1 r.yar d", "hello d/a\nshout d/b\ntiny d/e\nhello d/sub/c\n", 0},
		{"quiet console", "-q r.yar d/e", "tiny d/e\n", 0},
		{"count of a file", "-c r.yar d/a", "1\n", 0},
		{"count of a directory", "-qc -p 1 r.yar d", "d/a: 1\nd/b: 1\nd/e: 1\n", 0},
		{"negate", "-n r.yar d/a", "shout d/a\ntiny d/a\n", 0},
		{"tag", "-p 1 -q -t size -t polite r.yar d", "hello d/a\ntiny d/e\n", 0},
		{"identifier", "-i shout -p 1 -q r.yar d", "shout d/b\n", 0},
		{"namespaces", "-e r.yar more:other.yar note.txt", "default:hello note.txt\nmore:hello note.txt\n", 0},
		{"scan list", "--scan-list -p 1 r.yar list", "shout d/b\nhello d/sub/c\nhello note.txt\n", 0},
		{"max rules", "-l 1 r.yar other:other.yar note.txt", "hello note.txt\n", 0},
		{"statistics", "-S -q other.yar d/e", "number of rules                    : 1\nnumber of strings                  : 0\n", 0},
		{"version", "-v", "1.2.3\n", 0},
		{"errors in rules", "bad.yar d/a", "", 2},
		{"unread file among others", "-q --scan-list r.yar r.yar.none", "", 2},
		{"process", "r.yar 4194304", "", 2},
		{"compiled rules", "-C r.yar d/a", "", 2},
		{"no target", "r.yar", "", 2},
		{"list that is a directory", "--scan-list r.yar d", "", 2},
		{"unknown flag", "--nope r.yar d", "", 2},
		{"variable without a value", "-d x r.yar d/a", "", 2},
		{"too many strings", "--max-strings-per-rule 2 r.yar d/a", "", 2},
	}
	demoTree(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := typed(t, "", strings.Fields(tt.args)...)
			if stdout != tt.want || code != tt.code {
				t.Errorf("exit %d, stdout:\n%swant %d:\n%sstderr: %s", code, stdout, tt.code, tt.want, stderr)
			}
			if (stderr != "") != (tt.code == term.CouldNot) {
				t.Errorf("exit %d with stderr %q", code, stderr)
			}
		})
	}
}

func TestCommandMessages(t *testing.T) {
	tests := []struct{ name, args, want string }{
		{"place of an error", "bad.yar d/a", `error: rule "x" in bad.yar(1): `},
		{"every error", "bad.yar d/a", `bad.yar(2): `},
		{"missing rules", "none.yar d/a", "error: open none.yar: no such file or directory\n"},
		{"missing target", "r.yar d/none", "error scanning d/none: no such file or directory\n"},
		{"process", "r.yar 4194304", "memory of processes is not scanned yet"},
		{"compiled rules", "-C r.yar d/a", "-C: r.yar holds no rules compiled"},
		{"skipped for its size", "-z 5 r.yar d", "skipping d/a (11 bytes): not smaller than 5 bytes\n"},
		{"wrong type of flag", "-a soon r.yar d", `--timeout: "soon" is not a number`},
		{"too many strings", "--max-strings-per-rule 2 r.yar d/a", `error: rule "hello" in r.yar(3): 3 strings, 2 are allowed`},
	}
	demoTree(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, stderr, _ := typed(t, "", strings.Fields(tt.args)...); !strings.Contains(stderr, tt.want) {
				t.Errorf("stderr %q, want %q in it", stderr, tt.want)
			}
		})
	}
}

func TestRulesFromStdin(t *testing.T) {
	demoTree(t)
	stdout, stderr, code := typed(t, "rule piped { condition: true }", "-", "d/a")
	if stdout != "piped d/a\n" || code != 0 {
		t.Errorf("exit %d, %q, %q", code, stdout, stderr)
	}
}

func TestModuleNames(t *testing.T) {
	stdout, _, code := typed(t, "", "-M")
	if want := strings.Join(yara.Modules(), "\n") + "\n"; stdout != want || code != 0 {
		t.Errorf("exit %d, %q, want %q", code, stdout, want)
	}
}

func TestWarnings(t *testing.T) {
	demoTree(t)
	tree(t, map[string]string{"w.yar": `rule w { strings: $a = { 41 [0-] 42 } condition: $a or "text" }`, "f": "xAxBx"})
	for _, tt := range []struct {
		args   string
		stdout string
		warns  bool
		code   term.Code
	}{
		{"w.yar f", "w f\n", true, 0},
		{"-w w.yar f", "w f\n", false, 0},
		{"--fail-on-warnings w.yar f", "", true, 2},
		{"-w --fail-on-warnings w.yar f", "w f\n", false, 0},
	} {
		stdout, stderr, code := typed(t, "", strings.Fields(tt.args)...)
		if stdout != tt.stdout || code != tt.code || strings.Contains(stderr, `warning: rule "w" in w.yar(1): `) != tt.warns {
			t.Errorf("%s: exit %d, %q, %q", tt.args, code, stdout, stderr)
		}
	}
}

func TestLimitsAreTold(t *testing.T) {
	rule := &yara.Rule{Name: "r"}
	result := &yara.Result{Limits: []yara.LimitHit{
		{Limit: yara.LimitMatches, Rule: rule, String: "$a"}, {Limit: yara.LimitRegex, Rule: rule, String: "$b"},
		{Limit: yara.LimitLoop, Rule: rule},
	}}
	for _, tt := range []struct {
		options Options
		lines   int
		fails   bool
	}{
		{Options{}, 2, false},
		{Options{NoWarnings: true}, 0, false},
		{Options{FailOnWarnings: true}, 2, true},
		{Options{FailOnWarnings: true, NoWarnings: true}, 0, false},
	} {
		var errs bytes.Buffer
		w := &worker{session: &session{call: &call{env: term.Env{Stderr: &errs}, options: tt.options}}}
		err := w.limits(result)
		if n := strings.Count(errs.String(), `warning: rule "r": `); n != tt.lines || (err != nil) != tt.fails {
			t.Errorf("%+v: %d lines, %v\n%s", tt.options, n, err, &errs)
		}
	}
}

func TestInterrupted(t *testing.T) {
	demoTree(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(term.ErrInterrupted)
	var out, errs bytes.Buffer
	if code := runWith(ctx, "", &out, &errs, []string{"-r", "r.yar", "d"}); code != term.Interrupted || errs.Len() > 0 {
		t.Errorf("exit %d, stderr %q; want 130 and silence", code, &errs)
	}
}

func TestFullDisk(t *testing.T) {
	demoTree(t)
	var errs bytes.Buffer
	code := runWith(t.Context(), "", &failing{err: errors.New("no space left on device")}, &errs, []string{"-r", "r.yar", "d"})
	if code != term.CouldNot || !strings.Contains(errs.String(), "write the answer: no space left on device") {
		t.Errorf("exit %d, stderr %q", code, &errs)
	}
}

// A file cut short while it is scanned must not end the process.
func TestGuardSurvivesATruncatedFile(t *testing.T) {
	tree(t, map[string]string{"r.yar": `rule r { strings: $a = "needle" condition: $a }`, "big": strings.Repeat("x", 4*smallFile)})
	c := &call{env: term.Env{Stderr: io.Discard}, out: newOutput(io.Discard)}
	rules, err := c.compile([]string{"r.yar"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := (&session{call: c, rules: rules}).newWorker()
	if err != nil {
		t.Fatal(err)
	}
	in, err := openInput("big", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate("big", 100); err != nil {
		t.Fatal(err)
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	if _, err := w.guard(t.Context(), "big", in.data); err == nil || !strings.Contains(err.Error(), "changed while it was scanned") {
		t.Errorf("error %v", err)
	}
	found, err := w.guard(t.Context(), "small", []byte("a needle"))
	if err != nil || found != 1 {
		t.Errorf("afterwards: %d found, %v", found, err)
	}
}

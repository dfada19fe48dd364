package vitrine

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A tutorial's console blocks are what a reader types and sees. A line that
// begins with "$ " is a command, "> " goes on with it; the lines after it are all
// it prints, on both streams. "…" in a line stands for anything in it; a line of "…" alone for any
// number of lines. The commands of a page run one after another in one shell,
// in a folder that holds testdata, with our programs on the PATH. A command may
// start others in the background, if it sends what they print elsewhere. An
// address 127.0.0.1:PORT on a page stands for one with a free port.

// exchange is one command and what the page says it prints.
type exchange struct {
	line    int
	command string
	output  []string
}

// TestTutorials runs every tutorial.
func TestTutorials(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	tutorials, err := filepath.Glob("docs/tutorials/*.md")
	if err != nil || len(tutorials) == 0 {
		t.Fatalf("no tutorials found: %v", err)
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin+"/", "./cmd/vitrine", "./cmd/vitrined", "./cmd/vitrine-witness").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for _, path := range tutorials {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "<!-- as root -->") && os.Geteuid() != 0 {
				if os.Getenv("VITRINE_REQUIRE_ALL") == "1" {
					t.Fatal("must run here: it needs root")
				}
				t.Skip("it needs root")
			}
			exchanges := consoleBlocks(freePorts(t, string(text)))
			if len(exchanges) == 0 {
				t.Fatal("no console block in it")
			}
			for _, p := range runTutorial(t, bin, exchanges) {
				t.Errorf("%s:%s", path, p)
			}
		})
	}
}

// consoleBlocks reads the exchanges out of a page.
func consoleBlocks(text string) []exchange {
	var all []exchange
	inside := false
	for i, line := range strings.Split(text, "\n") {
		switch {
		case !inside:
			inside = line == "```console"
		case line == "```":
			inside = false
		case strings.HasPrefix(line, "$ "):
			all = append(all, exchange{line: i + 1, command: line[2:]})
		case strings.HasPrefix(line, "> ") && len(all) > 0:
			all[len(all)-1].command += "\n" + line[2:]
		case len(all) > 0:
			all[len(all)-1].output = append(all[len(all)-1].output, line)
		}
	}
	return all
}

// freePorts puts a free port in the place of each port on a page.
func freePorts(t *testing.T, text string) string {
	t.Helper()
	free := map[string]string{}
	return regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllStringFunc(text, func(address string) string {
		if free[address] == "" {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			free[address] = l.Addr().String()
		}
		return free[address]
	})
}

// runTutorial gives one problem for each command that printed something else.
func runTutorial(t *testing.T, bin string, exchanges []exchange) []string {
	t.Helper()
	dir := t.TempDir()
	if _, err := os.Stat("testdata"); err == nil {
		if err := os.CopyFS(filepath.Join(dir, "testdata"), os.DirFS("testdata")); err != nil {
			t.Fatal(err)
		}
	}
	const mark = "----- next -----"
	var script strings.Builder
	for _, e := range exchanges {
		// The status goes on to the next command, which may ask for it.
		fmt.Fprintf(&script, "%s\nstatus=$?; echo '%s'; (exit $status)\n", e.command, mark)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", "exec 2>&1\n"+script.String())
	cmd.Dir, cmd.WaitDelay = dir, 5*time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what a page leaves running ends with it
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "LC_ALL=C.UTF-8", "HOME="+dir, "NO_COLOR=1")
	out, _ := cmd.Output() // the status is the last command's; the pages show those that matter
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	parts := strings.Split(string(out), mark+"\n")
	if len(parts) != len(exchanges)+1 {
		return []string{fmt.Sprintf(" %d of %d commands ran:\n%s", len(parts)-1, len(exchanges), out)}
	}
	var problems []string
	for i, e := range exchanges {
		if !printed(e.output, parts[i]) {
			problems = append(problems, fmt.Sprintf("%d: $ %s\nprints:\n%sthe page says:\n%s", e.line, e.command, parts[i], strings.Join(e.output, "\n")))
		}
	}
	return problems
}

// printed compares what the page says with what came.
func printed(want []string, got string) bool {
	var pattern strings.Builder
	pattern.WriteString(`\A`)
	for _, line := range want {
		if line == "…" {
			pattern.WriteString(`(?s:.*)`)
			continue
		}
		pattern.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", `[^\n]*`) + `\n`)
	}
	pattern.WriteString(`\z`)
	return regexp.MustCompile(pattern.String()).MatchString(got)
}

// TestTutorialRunnerSeesBreaks shows that a wrong page fails.
func TestTutorialRunnerSeesBreaks(t *testing.T) {
	const page = "text\n```console\n$ echo one; echo two >&2\none\ntwo\n$ false\n$ echo $?\n1\n$ seq 9\n1\n…\n9\n```\n" +
		"$ not a command\n```console\n$ echo took \\\n>  12 s\ntook … s\n```\n"
	good := consoleBlocks(page)
	if len(good) != 5 || good[4].line != 16 {
		t.Fatalf("read %+v", good)
	}
	if problems := runTutorial(t, t.TempDir(), good); problems != nil {
		t.Errorf("a right page fails: %q", problems)
	}
	for i, output := range [][]string{{"one"}, {"x"}, {"0"}, {"1", "…", "8"}, {"took … m"}} {
		bad := consoleBlocks(page)
		bad[i].output = output
		if problems := runTutorial(t, t.TempDir(), bad); len(problems) != 1 {
			t.Errorf("exchange %d made wrong: %d problems, want 1", i, len(problems))
		}
	}
}

package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"vitrine/internal/cli/clitest"
	"vitrine/internal/engine/document/documenttest"
)

var update = flag.Bool("update", false, "write expected output into the scripts instead of comparing")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"vitrine": main})
}

// TestScript tells what every command does, as stories in testdata/script.
func TestScript(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the program: each room has tests of its own")
	}
	samples, err := filepath.Abs("../../testdata/samples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("SAMPLES", samples)
			e.Values[theGuard{}] = &guards{}
			return os.WriteFile(filepath.Join(e.WorkDir, "e.yar"), []byte(oneRule), 0o644)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"eicar":    writeEICAR,
			"zipped":   zipped,
			"bomb":     bomb,
			"document": document,
			"image":    image,
			"wrapped":  wrapped,
			"packed":   packed,
			"signed":   signed,
			"fifo":     fifo,
			"conforms": clitest.Conforms(schemas),
			"named":    named,
			"signals":  signals,
			"tmpfs":    tmpfs,
			"await":    await,
			"guard":    guard,
			"xattr":    xattr,
			"entry":    entry,

			"configure": configure,
			"stopguard": stopguard,
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "root":
				return os.Geteuid() == 0, nil
			case "mounts":
				return exec.Command("unshare", "-m", "sh", "-c", "mount --bind / /mnt && mount -t proc none /mnt").Run() == nil, nil
			case "proc":
				_, err := os.Stat("/proc/self/status")
				return err == nil, nil
			case "all": // nothing may be left out for want of something
				return os.Getenv("VITRINE_REQUIRE_ALL") == "1", nil
			}
			return false, errors.New("no such condition")
		},
	})
}

// oneRule is there for every script as e.yar: quicker to load than the rules
// that come with the program.
const oneRule = `rule eicar_test_file { strings: $a = "EICAR-STANDARD" condition: $a in (20..40) }
`

// eicar is the EICAR test file, in pieces: this source must not be one.
func eicar() string {
	return `X5O!P%@AP[4\PZX54(P^)7CC)7}` + `$EICAR-STANDARD-` + `ANTIVIRUS-TEST-FILE!$H+H*`
}

// exits CODE COMMAND ARG... runs a command that must exit with that very code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// eicar FILE writes the EICAR test file.
func writeEICAR(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(eicar()), 0o644))
}

// zipped ARCHIVE FILE... packs files, by their base names.
func zipped(ts *testscript.TestScript, neg bool, args []string) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range args[1:] {
		w, err := z.Create(filepath.Base(name))
		ts.Check(err)
		_, err = w.Write([]byte(ts.ReadFile(name)))
		ts.Check(err)
	}
	ts.Check(z.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o644))
}

// document FILE SOURCE writes a document that holds the source as a macro, a
// script or an embedded object, as the ending of its name says.
func document(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile(args[1])
	var data []byte
	switch filepath.Ext(args[0]) {
	case ".bin", ".doc":
		data = documenttest.Compound([16]byte{}, documenttest.Project("", documenttest.Module{Name: "Module1", Source: text})...)
	case ".pdf":
		data = documenttest.PDF("<< /OpenAction << /S /JavaScript /JS 2 0 R >> >>", documenttest.StreamObject("/Filter /FlateDecode", documenttest.Flate(text)),
			"<< /F (run.vbs) /EF << /F 4 0 R >> >>", documenttest.StreamObject("/Filter /FlateDecode", documenttest.Flate(text)))
	case ".rtf":
		data = fmt.Appendf(nil, `{\rtf1{\object\objemb{\*\objdata %x}}}`, text)
	default:
		ts.Fatalf("no document is written to %s", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o644))
}

// bomb FILE SIZE writes a gzip file that unpacks to so many zeros.
func bomb(ts *testscript.TestScript, neg bool, args []string) {
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	file, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	z, err := gzip.NewWriterLevel(file, gzip.BestSpeed)
	ts.Check(err)
	_, err = io.CopyN(z, zeros{}, size)
	ts.Check(err)
	ts.Check(z.Close())
	ts.Check(file.Close())
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// fifo PATH makes a FIFO.
func fifo(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(unix.Mkfifo(ts.MkAbs(args[0]), 0o644))
}

// named DIR QUOTED... writes a file of the content "marker" for each name, given as
// a quoted Go string.
func named(ts *testscript.TestScript, neg bool, args []string) {
	for _, quoted := range args[1:] {
		name, err := strconv.Unquote(`"` + quoted + `"`)
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(args[0])+"/"+name, []byte("marker"), 0o644))
	}
}

// signals SIGNAL,... CODE COMMAND ARG... runs a command whose standard input
// stays open, waits for its first line of output, and sends the signals: USR1 must be
// answered with a line on stderr before the next is sent.
func signals(ts *testscript.TestScript, neg bool, args []string) {
	cmd := exec.Command(filepath.Join(strings.Split(ts.Getenv("PATH"), ":")[0], args[2]), args[3:]...)
	cmd.Dir = ts.MkAbs(".")
	stdin, err := cmd.StdinPipe()
	ts.Check(err)
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	ts.Check(err)
	stderr, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	out, errs := bufio.NewReader(stdout), bufio.NewReader(stderr)
	told := must(ts, out)
	var noted string
	for name := range strings.SplitSeq(args[0], ",") {
		switch name {
		case "USR1":
			ts.Check(cmd.Process.Signal(syscall.SIGUSR1))
			noted += must(ts, errs)
		case "INT":
			ts.Check(cmd.Process.Signal(syscall.SIGINT))
		case "TERM":
			ts.Check(cmd.Process.Signal(syscall.SIGTERM))
		}
	}
	rest, err := io.ReadAll(out)
	ts.Check(err)
	more, err := io.ReadAll(errs)
	ts.Check(err)
	_, err = ts.Stdout().Write([]byte(told + string(rest)))
	ts.Check(err)
	_, err = ts.Stderr().Write([]byte(noted + string(more)))
	ts.Check(err)
	err = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); strconv.Itoa(code) != args[1] {
		ts.Fatalf("exit code %d (%v), want %s; stderr:\n%s%s", code, err, args[1], noted, more)
	}
}

func must(ts *testscript.TestScript, r *bufio.Reader) string {
	line, err := r.ReadString('\n')
	ts.Check(err)
	return line
}

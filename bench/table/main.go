// Command table measures vitrine beside libyara, YARA-X and libclamav: the same
// rules and the same bytes in one run, every engine in a process of its own, the
// least of N times kept for each file. It prints a table in Markdown and draws a
// chart.
//
// It is for measuring only: it starts a compiler, node and the peers, and no
// binary of the product links it. docs/benchmarks.md says what is compared.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"vitrine/bench"
)

const usage = `table measures vitrine beside other engines and prints a table.

  go run ./bench/table [flags]

Without -rules the rules are made up; with it they are cut from directories of
public rule files. YARA-X takes part where -yarax names a directory in which
somebody ran: npm install @litko/yara-x @virustotal/yara-x

`

// options is what the command line asks.
type options struct {
	rules, corpora   []string
	sizes            []int
	megabytes        int64
	rounds           int
	packages         string
	windows, goroot  string
	yarac            string
	chart, data, out string
	signatures       bool
	wasm             bool
	yaraxMost        int
	from             string
}

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 3 && args[0] == "-serve" {
		return serveMain(args[1], args[2], stdin, stdout, stderr)
	}
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	var r *Results
	if err == nil && o.from != "" {
		r, err = readResults(list(o.from))
	} else if err == nil {
		r, err = measure(o, stderr)
	}
	if err == nil {
		err = publish(o, r, stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "table: %v\n", err)
		return 2
	}
	return 0
}

// serveMain is the child process: see server.
func serveMain(kind, path string, stdin io.Reader, stdout, stderr io.Writer) int {
	var e engine
	var err error
	switch kind {
	case "source":
		e, err = newYaraEngine(path)
	case "compiled":
		e, err = loadedYaraEngine(path)
	case "clamav":
		e, err = newClamEngine(path)
	default:
		err = fmt.Errorf("serve %q: unknown", kind)
	}
	if err == nil {
		err = serve(e, stdin, stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "table: %v\n", err)
		return 2
	}
	return 0
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var rules, sizes, kinds string
	f := flag.NewFlagSet("table", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() { fmt.Fprint(stderr, usage); f.PrintDefaults() }
	f.StringVar(&rules, "rules", "", "`directories` of public rules, separated by commas")
	f.StringVar(&sizes, "sizes", "1000,12000", "how many rules, separated by commas")
	f.StringVar(&kinds, "corpora", "", "of elf, source-tree, source-one-file, pe and tiny; empty: all")
	f.Int64Var(&o.megabytes, "size", 10, "size of a corpus in `MB`")
	f.IntVar(&o.rounds, "rounds", 5, "how often everybody scans each file; the best counts")
	f.StringVar(&o.packages, "yarax", "", "`directory` in which npm installed YARA-X")
	f.IntVar(&o.yaraxMost, "yarax-most", 12000, "leave YARA-X out with more than `n` rules: it takes minutes to compile them")
	f.BoolVar(&o.wasm, "wasm", false, "also measure YARA-X in WebAssembly; it is slow")
	f.StringVar(&o.windows, "pe", "", "`directory` of programs for Windows; empty: made up")
	f.StringVar(&o.goroot, "goroot", "", "source tree of Go; empty: that of the go command")
	f.StringVar(&o.yarac, "yarac", "yarac", "the yarac `command`")
	f.BoolVar(&o.signatures, "clamav", true, "also compare with libclamav")
	f.StringVar(&o.out, "o", "", "write the table to this `file` instead of printing it")
	f.StringVar(&o.chart, "chart", "", "draw the chart to this `file`, as SVG")
	f.StringVar(&o.data, "json", "", "write what was measured to this `file`")
	f.StringVar(&o.from, "from", "", "measure nothing: read what -json wrote to these `files`, separated by commas")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.rules, o.corpora = list(rules), list(kinds)
	for _, s := range list(sizes) {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return o, fmt.Errorf("-sizes %s: not a number of rules", s)
		}
		o.sizes = append(o.sizes, n)
	}
	if f.NArg() > 0 || len(o.sizes) == 0 || o.rounds < 1 || o.megabytes < 1 {
		return o, errors.New("unknown arguments, or nothing to do; -help tells more")
	}
	return o, nil
}

func list(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
}

// measure makes the rules and files and lets everybody scan.
func measure(o options, stderr io.Writer) (*Results, error) {
	say := func(format string, args ...any) { fmt.Fprintf(stderr, format+"\n", args...) }
	dir, err := os.MkdirTemp("", "vitrine-table")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	bins, err := findPrograms(dir, o, say)
	if err != nil {
		return nil, err
	}
	if o.goroot == "" {
		out, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			return nil, fmt.Errorf("find Go's sources: %w", err)
		}
		o.goroot = strings.TrimSpace(string(out))
	}
	files, err := corpora(o.goroot, o.windows, o.megabytes*1e6, o.corpora)
	if err != nil {
		return nil, err
	}
	rules := source(madeUp)
	if len(o.rules) > 0 {
		if rules, err = published(o, bins, dir, say); err != nil {
			return nil, err
		}
	}
	r := &Results{Machine: machine(), Versions: bins.versions(), Published: len(o.rules) > 0, RealPE: o.windows != ""}
	for _, n := range o.sizes {
		if err := r.measureSet(o, bins, rules, n, filepath.Join(dir, strconv.Itoa(n)), files, say); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func machine() string {
	return fmt.Sprintf("%s, %d processors, %s, %s", bench.Processor(), runtime.NumCPU(), runtime.Version(), runtime.GOARCH)
}

// publish writes the table, the chart and the figures.
func publish(o options, r *Results, stdout io.Writer) error {
	text := r.markdown()
	if o.out != "" {
		if err := os.WriteFile(o.out, []byte(text), 0o644); err != nil {
			return err
		}
	} else if _, err := io.WriteString(stdout, text); err != nil {
		return err
	}
	if o.chart != "" {
		if err := os.WriteFile(o.chart, []byte(r.chart()), 0o644); err != nil {
			return err
		}
	}
	if o.data == "" {
		return nil
	}
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.data, data, 0o644)
}

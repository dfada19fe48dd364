// Command diff holds vitrine/yara against the C implementation of YARA: over
// directories of public rules and directories of files it prints every
// difference in the rules that match and in the offset, length and name of
// every match of their strings.
//
// It is for measuring only: it starts yara and yarac, and no binary of the
// product links it. docs/benchmarks.md says how it is used.
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
	"slices"
	"time"

	"golang.org/x/term"

	"vitrine/bench/public"
)

const usage = `diff compares vitrine with yara over public rules and files.

  go run ./bench/diff [flags] RULESDIR... -- FILESDIR...

Every rule file is compiled by both, in a namespace of its own. What yara refuses
is listed and left out; what only vitrine refuses is a difference. Every file is
then scanned with all rules by both. A difference is a rule that only one finds,
or a match of a string (offset, length, name) that only one reports.

Exit status: 0 no differences, 1 differences, 2 the comparison could not be made.

`

// options is what the command line asks.
type options struct {
	yara, yarac   string
	rules, trees  []string
	largest       int64
	most, perPart int
	positives     int
	seed          uint64
	jobs, show    int
	json          bool
	timeout       time.Duration
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		var r *Report
		if r, err = differences(o, stderr); err == nil {
			return show(o, r, stdout)
		}
	}
	fmt.Fprintf(stderr, "diff: %v\n", err)
	return 2
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("diff", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() { fmt.Fprint(stderr, usage); f.PrintDefaults() }
	f.StringVar(&o.yara, "yara", "yara", "the yara `command`")
	f.StringVar(&o.yarac, "yarac", "", "the yarac `command` (default: the one beside yara)")
	f.Int64Var(&o.largest, "max-size", 1<<20, "leave out files of more `bytes`")
	f.IntVar(&o.most, "max-files", 0, "take `n` files, evenly over the sorted list; 0 takes all")
	f.IntVar(&o.perPart, "group", 8000, "rules compiled together, about `n`")
	f.IntVar(&o.positives, "positives", 0, "for up to `n` rules, spread evenly, also scan a file made of what the rule looks for; -1 for all rules")
	f.Uint64Var(&o.seed, "seed", 1, "of the made files")
	f.IntVar(&o.jobs, "jobs", defaultJobs(), "files scanned at a time")
	f.IntVar(&o.show, "show", 200, "print at most `n` differences")
	f.BoolVar(&o.json, "json", false, "print one JSON object")
	f.DurationVar(&o.timeout, "timeout", time.Minute, "for one file; what takes longer is reported apart")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	at := slices.Index(f.Args(), "--")
	if at < 1 {
		return o, errors.New("name directories of rules, then --, then directories of files; -help tells more")
	}
	o.rules, o.trees = f.Args()[:at], f.Args()[at+1:]
	if len(o.trees) == 0 && o.positives == 0 {
		return o, errors.New("no directories of files behind --, and no -positives")
	}
	return o, o.findCommands()
}

func (o *options) findCommands() error {
	yara, err := exec.LookPath(o.yara)
	if err != nil {
		return fmt.Errorf("find yara: %w", err)
	}
	o.yara = yara
	if o.yarac == "" {
		o.yarac = filepath.Join(filepath.Dir(yara), "yarac")
	}
	if o.yarac, err = exec.LookPath(o.yarac); err != nil {
		return fmt.Errorf("find yarac: %w", err)
	}
	return nil
}

// differences compares group by group, so that no more than one is held.
func differences(o options, stderr io.Writer) (*Report, error) {
	rules, err := public.Find(o.rules)
	if err != nil {
		return nil, err
	}
	if len(rules) == 0 {
		return nil, fmt.Errorf("%v hold no rule files", o.rules)
	}
	files, err := listFiles(o.trees, o.largest, o.most)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "vitrine-diff")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	r := &Report{Files: len(files)}
	if watched(stderr) {
		r.progress = stderr
		defer fmt.Fprintln(stderr)
	}
	share := o.share(public.Count(rules))
	for i, part := range public.Groups(rules, o.perPart) {
		if err := compareGroup(o, part, i, dir, files, share, r); err != nil {
			return nil, err
		}
	}
	r.sort()
	return r, nil
}

// watched says whether somebody looks: a line that changes fills a log.
func watched(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// share says that of so many rules every n-th gets a made file; 0 none.
func (o options) share(rules int) int {
	switch {
	case o.positives == 0:
		return 0
	case o.positives < 0:
		return 1
	}
	return max(1, (rules+o.positives-1)/o.positives)
}

func compareGroup(o options, part []public.File, number int, dir string, files []string, share int, r *Report) error {
	g, err := prepare(part, public.Yarac{Command: o.yarac, Dir: dir}, number, r)
	if err != nil {
		return err
	}
	r.Rules += g.rules.Len()
	if share > 0 {
		made, err := makePositives(g.files, share, o.seed, filepath.Join(dir, fmt.Sprintf("made%d", number)))
		if err != nil {
			return err
		}
		r.Files += len(made)
		files = append(slices.Clip(files), made...)
	}
	if err := g.scan(files, o.yara, o.timeout, o.jobs, r); err != nil {
		return err
	}
	return g.remove()
}

func show(o options, r *Report, stdout io.Writer) int {
	if o.json {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		if e.Encode(r) != nil {
			return 2
		}
	} else {
		r.print(stdout, o.show)
	}
	if len(r.Differences) > 0 {
		return 1
	}
	return 0
}

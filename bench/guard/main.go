// Command guard measures what protection costs: opening files, executing
// programs, building Go's standard library, and how soon a guard that was killed
// or hangs lets go. Nothing, vitrine and clamonacc take turns in one run, on a
// file system of memory that is made for it; the least of N rounds is kept.
//
//	sudo go run ./bench/guard [-rounds 3] [-rules FILE] [-build] [-o FILE]
//
// It needs root, and clamd with clamonacc for their column. No binary of the
// product links it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
)

// options is what the command line asks.
type options struct {
	rounds int
	rules  string // file of compiled rules for vitrine, beside the signatures that both have
	build  bool
	out    string
	only   string
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	var o options
	set := flag.NewFlagSet("guard", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.IntVar(&o.rounds, "rounds", 3, "times each is measured")
	set.StringVar(&o.rules, "rules", "", "compiled rules for vitrine (vitrine rules compile)")
	set.BoolVar(&o.build, "build", false, "build Go's standard library too: minutes")
	set.StringVar(&o.out, "o", "", "write the table to this file too")
	set.StringVar(&o.only, "only", "", "measure only this one: none, vitrine, vitrine-open, clamonacc")
	if err := set.Parse(args); err != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	text, err := measure(ctx, o, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "guard:", err)
		return 2
	}
	fmt.Fprint(stdout, text)
	if o.out != "" {
		if err := os.WriteFile(o.out, []byte(text), 0o644); err != nil {
			fmt.Fprintln(stderr, "guard:", err)
			return 2
		}
	}
	return 0
}

// measure makes the place, lets every contender run on it and writes the table.
func measure(ctx context.Context, o options, progress io.Writer) (string, error) {
	if os.Geteuid() != 0 {
		return "", errors.New("only root may watch files: run it with sudo")
	}
	work, err := os.MkdirTemp("", "vitrine-bench-guard-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	if err := os.Chmod(work, 0o755); err != nil {
		return "", err
	}
	p := place{work: work, mount: filepath.Join(work, "watched"), rules: o.rules}
	if err := p.make(ctx); err != nil {
		return "", err
	}
	defer p.remove()
	var columns []column
	for _, c := range contenders(p) {
		if o.only != "" && o.only != c.name && c.name != "none" {
			continue
		}
		fmt.Fprintf(progress, "%s:", c.name)
		col, err := one(ctx, o, p, c, progress)
		fmt.Fprintln(progress)
		if err != nil { // what was measured until then counts
			fmt.Fprintf(progress, "%s: %v\n", c.name, err)
		}
		columns = append(columns, col)
		if ctx.Err() != nil {
			break
		}
	}
	return table(columns), nil
}

// place is where it is measured.
type place struct {
	work, mount string
	rules       string
	program     string // vitrine, as built from this tree
}

// make mounts the file system and builds the program.
func (p *place) make(ctx context.Context) error {
	if err := os.Mkdir(p.mount, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount("vitrine-bench", p.mount, "tmpfs", 0, "size=6g,mode=755"); err != nil {
		return fmt.Errorf("mount %s: %w", p.mount, err)
	}
	p.program = filepath.Join(p.work, "vitrine")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", p.program, "vitrine/cmd/vitrine")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build vitrine: %w: %s", err, out)
	}
	return p.signatures()
}

func (p *place) remove() {
	for range 50 { // whoever still holds a file is on its way out
		if syscall.Unmount(p.mount, 0) == nil {
			return
		}
	}
	_ = syscall.Unmount(p.mount, syscall.MNT_DETACH)
}

// signatures writes the database that both scanners load: one signature of bytes
// and as many hashes of nothing.
func (p *place) signatures() error {
	dir := filepath.Join(p.work, "db")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "bench.ndb"), []byte("Bench.Marker:0:*:76697472696e652d62656e63682d6d61726b65722d3031\n"), 0o644)
}

// Command clamd measures how many small streams a second are scanned over
// clamd's protocol: by the process that vitrine guard starts for it, with
// scanners in processes of their own behind it, and by ClamAV's clamd, on the
// same streams with the same signatures. They take turns in one run; the best
// of N rounds is kept. In brackets is how many times as fast the first one is.
//
// A stream passes four processes here, and one there: where more wants to run
// than there are processors, each passing waits its turn.
//
//	sudo go run ./bench/clamd [-rounds 3] [-for 1s] [-hashes 10000] [-o FILE]
//
// It needs root, because scanners run as another user, and clamd for its column.
// No binary of the product links it.
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
	"strings"
	"syscall"
	"time"
)

// options is what the command line asks.
type options struct {
	rounds int
	length time.Duration
	hashes int
	out    string
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	var o options
	set := flag.NewFlagSet("clamd", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.IntVar(&o.rounds, "rounds", 3, "times each is measured")
	set.DurationVar(&o.length, "for", time.Second, "how long each time")
	set.IntVar(&o.hashes, "hashes", 10000, "digests in the database of both")
	set.StringVar(&o.out, "o", "", "write the table to this file too")
	if err := set.Parse(args); err != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	text, err := measure(ctx, o, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "clamd:", err)
		return 2
	}
	fmt.Fprint(stdout, text)
	if o.out == "" {
		return 0
	}
	if err := os.WriteFile(o.out, []byte(text), 0o644); err != nil {
		fmt.Fprintln(stderr, "clamd:", err)
		return 2
	}
	return 0
}

// load is one way to ask.
type load struct {
	size    int
	session bool // many streams over one connection, one after the other
	clients int  // at once
}

func loads() []load {
	var all []load
	for _, size := range []int{1 << 10, 16 << 10, 100 << 10} {
		for _, session := range []bool{false, true} {
			for _, clients := range []int{1, 4} {
				all = append(all, load{size, session, clients})
			}
		}
	}
	return all
}

func (l load) String() string {
	how := "a connection each"
	if l.session {
		how = "in a session"
	}
	return fmt.Sprintf("%d KiB, %s, %d at once", l.size>>10, how, l.clients)
}

// measure starts the contenders and lets them take turns.
func measure(ctx context.Context, o options, progress io.Writer) (string, error) {
	if os.Geteuid() != 0 {
		return "", errors.New("only root starts scanners as another user: run it with sudo")
	}
	work, err := os.MkdirTemp("", "vitrine-bench-clamd-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	if err := os.Chmod(work, 0o755); err != nil {
		return "", err
	}
	db := filepath.Join(work, "db")
	if err := signatures(db, o.hashes); err != nil {
		return "", err
	}
	names, sockets, stop, err := contenders(ctx, work, db, progress)
	defer stop()
	if err != nil {
		return "", err
	}
	best := map[string]float64{}
	for round := range o.rounds {
		fmt.Fprintf(progress, "round %d\n", round+1)
		for _, l := range loads() {
			for i, socket := range sockets {
				if ctx.Err() != nil {
					return "", ctx.Err()
				}
				rate, err := l.measure(ctx, socket, o.length)
				if err != nil {
					return "", fmt.Errorf("%s: %s: %w", names[i], l, err)
				}
				key := fmt.Sprint(names[i], l)
				best[key] = max(best[key], rate)
			}
		}
	}
	return table(names, best), nil
}

// contenders starts whoever is there.
func contenders(ctx context.Context, work, db string, progress io.Writer) (names, sockets []string, stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, s := range stops {
			s()
		}
	}
	ours, end, err := vitrine(ctx, work, db, progress)
	stops = append(stops, end)
	if err != nil {
		return nil, nil, stop, fmt.Errorf("vitrine: %w", err)
	}
	names, sockets = []string{"vitrine"}, []string{ours}
	if _, err := exec.LookPath("clamd"); err != nil {
		fmt.Fprintln(progress, "there is no clamd: vitrine alone")
		return names, sockets, stop, nil
	}
	for _, temporary := range []string{"/tmp", "/dev/shm"} {
		theirs, end, err := clamav(ctx, work, db, temporary)
		stops = append(stops, end)
		if err != nil {
			return nil, nil, stop, fmt.Errorf("clamd: %w", err)
		}
		names, sockets = append(names, "clamd, files in "+temporary), append(sockets, theirs)
	}
	return names, sockets, stop, nil
}

func table(names []string, best map[string]float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| streams a second | %s |\n|---|%s\n", strings.Join(names, " | "), strings.Repeat("---:|", len(names)))
	for _, l := range loads() {
		ours := best[fmt.Sprint(names[0], l)]
		fmt.Fprintf(&b, "| %s | %.0f |", l, ours)
		for _, n := range names[1:] {
			theirs := best[fmt.Sprint(n, l)]
			fmt.Fprintf(&b, " %.0f (%.2f×) |", theirs, ours/theirs)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

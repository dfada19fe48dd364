package yaracmd

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"vitrine/yara"
)

// worker scans one file at a time. It belongs to one goroutine.
type worker struct {
	*session
	scanner *yara.Scanner
	page    *page
	buf     []byte // of the last small file
	line    []byte
}

func (s *session) newWorker() (*worker, error) {
	w := &worker{session: s, page: s.out.page()}
	return w, w.reset()
}

// reset gives the worker a fresh Scanner.
func (w *worker) reset() (err error) {
	w.scanner, err = yara.NewScanner(w.rules, yara.ScanConfig{
		Matches:    w.options.wantsMatches(),
		Fast:       w.options.FastScan,
		Console:    w.console,
		ModuleData: w.data,
		Externals:  w.externals,
		Now:        w.env.Now,
	})
	return err
}

func (w *worker) console(line string) {
	if !w.options.NoConsole {
		w.page.printf("%s\n", line)
	}
}

// work takes every path, and scans while the context lives.
func (w *worker) work(ctx context.Context, paths <-chan string) {
	// A mapped file that shrinks while it is read faults; guard recovers.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	for path := range paths {
		if ctx.Err() == nil {
			w.file(ctx, path)
		}
	}
}

// file scans one file and prints its lines.
func (w *worker) file(ctx context.Context, path string) {
	in, err := openInput(path, w.buf[:0])
	found := 0
	if err == nil {
		found, err = w.guard(ctx, path, in.data)
		err = errors.Join(err, in.close())
		if !in.mapped && cap(in.data) > cap(w.buf) {
			w.buf = in.data
		}
	}
	w.count(path, found)
	if w.page.close() != nil {
		w.stop() // nobody hears the answers
	}
	if err != nil && ctx.Err() == nil {
		w.unread(path, err)
	}
}

// guard turns a panic of the scan into an error: the fault of a mapped file cut
// short meanwhile, or a mistake of ours, which must not take the other files
// with it. The Scanner is then in an unknown state and replaced.
func (w *worker) guard(ctx context.Context, path string, data []byte) (found int, err error) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		err = fmt.Errorf("internal error: %v", r)
		if _, fault := r.(interface{ Addr() uintptr }); fault {
			err = errors.New("changed while it was scanned")
		}
		err = errors.Join(err, w.reset())
	}()
	if w.options.PrintModuleData {
		if err := w.dump(ctx, data); err != nil {
			return 0, err
		}
	}
	result, err := w.scanner.Scan(ctx, data)
	if result == nil {
		return 0, err
	}
	if err == nil || !w.options.Negate {
		found = w.report(path, result)
	}
	return found, errors.Join(err, w.limits(result))
}

// limits tells what was cut short. How far a regular expression looks is not
// among it: in yara that is part of what the expression means.
func (w *worker) limits(result *yara.Result) error {
	told := 0
	for _, l := range result.Limits {
		switch l.Limit {
		case yara.LimitMatches:
			w.warn(`warning: rule "%s": %s has more matches than are kept, what is said of this rule may be wrong`, l.Rule.Name, l.String)
		case yara.LimitLoop:
			w.warn(`warning: rule "%s": its loops ran for too long, it was taken not to match`, l.Rule.Name)
		default:
			continue
		}
		told++
	}
	if told > 0 && w.options.FailOnWarnings && !w.options.NoWarnings {
		return errors.New("warnings, as told")
	}
	return nil
}

func (w *worker) count(path string, found int) {
	switch {
	case !w.options.Count:
	case w.many:
		w.page.printf("%s: %d\n", path, found)
	default:
		w.page.printf("%d\n", found)
	}
}

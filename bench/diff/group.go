package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"vitrine/bench/public"
	"vitrine/yara"
)

// group is one set of rules compiled by both engines.
type group struct {
	files    []public.File
	compiled string // by yarac
	rules    *yara.Rules
	byName   map[string]*yara.Rule
	path     map[string]string // of the rule file, by namespace
}

// prepare compiles what both take, and files what one refuses in the report.
func prepare(files []public.File, yarac public.Yarac, number int, r *Report) (*group, error) {
	theirs, err := yarac.Refused(files)
	if err != nil {
		return nil, err
	}
	files = public.Without(files, theirs)
	_, ours, err := public.Compile(files)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	r.refused(theirs, ours)
	g := &group{files: public.Without(files, ours), byName: map[string]*yara.Rule{}, path: map[string]string{}}
	g.compiled = filepath.Join(yarac.Dir, fmt.Sprintf("group%d.yarc", number))
	if g.rules, _, err = public.Compile(g.files); err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	if err := yarac.Compile(g.files, g.compiled); err != nil {
		return nil, err
	}
	for rule := range g.rules.All() {
		g.byName[rule.Namespace+":"+rule.Name] = rule
	}
	for _, f := range g.files {
		g.path[f.Namespace] = f.Path
	}
	return g, nil
}

// batch is how many files one process of the peer is given: loading the rules
// costs it as much as scanning some small files.
const batch = 100

// scan lets both engines scan the files and files the differences.
func (g *group) scan(files []string, command string, timeout time.Duration, jobs int, r *Report) error {
	work := make(chan []string)
	failed := make(chan error, jobs)
	var wait sync.WaitGroup
	for range jobs {
		wait.Add(1)
		go func() {
			defer wait.Done()
			if err := g.worker(work, peer{command, g.compiled, filepath.Dir(g.compiled), timeout}, r); err != nil {
				failed <- err
				for range work { // let the sender finish
				}
			}
		}()
	}
	for len(files) > 0 {
		n := min(batch, len(files))
		work <- files[:n]
		files = files[n:]
	}
	close(work)
	wait.Wait()
	close(failed)
	return <-failed
}

func (g *group) worker(work <-chan []string, p peer, r *Report) error {
	o, err := newOwn(g.rules, p.timeout)
	if err != nil {
		return err
	}
	for files := range work {
		ours, err := o.scan(files)
		if err != nil {
			return err
		}
		theirs, err := p.scan(files)
		if err != nil {
			return err
		}
		for i, name := range files {
			found := g.differences(name, ours[i], theirs[i])
			if open(found) {
				alone, _, err := p.run(files[i : i+1])
				if err != nil {
					return err
				}
				found = settle(found, g.differences(name, ours[i], alone[0]))
			}
			r.file(name, ours[i], theirs[i], found)
		}
	}
	return nil
}

// differences compares two answers and names the exceptions. What one did not
// give in time is not compared.
func (g *group) differences(name string, own, peer Answer) []Difference {
	if own == nil || peer == nil {
		return nil
	}
	found := compare(name, own, peer)
	table := exceptions()
	for i := range found {
		space, _, _ := strings.Cut(found[i].Rule, ":")
		found[i].RuleFile = g.path[space]
		explain(&found[i], g.byName[found[i].Rule], table)
	}
	return found
}

func defaultJobs() int { return runtime.NumCPU() }

// remove deletes what the peer compiled.
func (g *group) remove() error { return os.Remove(g.compiled) }

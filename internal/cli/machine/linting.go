package machine

import (
	"runtime"
	"slices"
	"sync"

	"vitrine/internal/cli/ruleset"
	"vitrine/internal/cli/yaracmd"
	"vitrine/internal/rulecheck"
	"vitrine/internal/rulecheck/hunting"
	"vitrine/internal/rulecheck/lint"
	"vitrine/yara"
	"vitrine/yara/syntax"
)

// linting gathers the findings of many files. Reading and compiling, and what
// compares one file with others, go on file by file; what looks at a file alone goes
// on beside that, one file on each processor.
type linting struct {
	meter
	options   lintOptions
	externals map[string]any
	linter    *lint.Linter
	hunting   *hunting.Checker
	seen      map[string]bool // sources: several files may include one
	report    lintReport

	slots chan struct{}
	wait  sync.WaitGroup
	aside []*[]rulecheck.Finding // of the files that are looked at beside
}

func newLinting(o lintOptions) (*linting, error) {
	externals, err := yaracmd.Externals(o.define)
	if err != nil {
		return nil, err
	}
	foreign := map[string]bool{}
	for _, name := range []string{"filename", "filepath", "extension", "filetype", "owner"} {
		if _, defined := externals[name]; !defined {
			externals[name], foreign[name] = "", true
		}
	}
	return &linting{options: o, externals: externals, hunting: hunting.New(), seen: map[string]bool{},
		linter: lint.New(lint.Config{Meta: o.meta, Externals: foreign}), slots: make(chan struct{}, runtime.GOMAXPROCS(0))}, nil
}

// file looks at one file and what it includes.
func (l *linting) file(f *ruleset.File) {
	l.begin(f.Name)
	l.add(lint.Diagnostics(f.Errors, rulecheck.High))
	l.add(lint.Diagnostics(f.Warnings, rulecheck.Low))
	parsed := make([]*syntax.File, len(f.Sources))
	for i, s := range f.Sources {
		parsed[i], _ = syntax.Parse(s.Name, s.Text, syntax.Options{})
	}
	for i, s := range f.Sources {
		if !l.seen[s.Name] {
			l.seen[s.Name] = true
			l.source(parsed[i], s.Text, slices.Delete(slices.Clone(parsed), i, i+1), f.Rules)
		}
	}
}

// source looks at one of the files that are compiled together.
func (l *linting) source(f *syntax.File, text []byte, with []*syntax.File, compiled *yara.Rules) {
	for range f.Rules() {
		l.report.Rules++
	}
	l.report.Files++
	l.progress.Add(int64(len(text)))
	l.add(l.linter.Correct(f, text, with...))
	found := new([]rulecheck.Finding)
	l.aside = append(l.aside, found)
	l.slots <- struct{}{}
	l.wait.Go(func() {
		defer func() { <-l.slots }()
		*found = l.hunting.File(f, with...)
		if compiled != nil {
			*found = append(*found, lint.Speed(f, compiled)...)
		}
	})
}

// finish waits for all and puts the findings in order.
func (l *linting) finish() {
	l.wait.Wait()
	l.line.Clear()
	for _, found := range l.aside {
		l.add(*found)
	}
	rulecheck.Sort(l.report.Findings)
}

func (l *linting) add(findings []rulecheck.Finding) {
	for _, f := range findings {
		if len(l.options.only) == 0 || slices.Contains(l.options.only, string(f.Kind)) {
			l.report.Findings = append(l.report.Findings, f)
		}
	}
}

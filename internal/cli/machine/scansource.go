package machine

import (
	"context"
	"fmt"
	"io"
	"os"

	"vitrine/internal/cli/machine/sweep"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/files"
)

// sources is what a scan goes through: the named paths, then those of the list.
type sources struct {
	walker files.Walker
	stdin  io.Reader
	paths  []string
	list   string // the file of --file-list, or "-"
	null   bool
}

func (o *scanOptions) sources(env term.Env, paths []string) (*sources, error) {
	s := &sources{stdin: env.Stdin, paths: paths, list: o.fileList, null: o.null}
	s.walker.OneFileSystem = o.oneFileSystem
	here := "/"
	if wd, err := os.Getwd(); err == nil {
		here = wd
	}
	for _, text := range o.exclude {
		p, err := files.ParsePattern(text, here)
		if err != nil {
			return nil, err
		}
		s.walker.Exclude = append(s.walker.Exclude, p)
	}
	if s.list != "" && s.list != "-" {
		file, err := os.Open(s.list)
		if err != nil {
			return nil, fmt.Errorf("read file list: %w", err)
		}
		file.Close()
	}
	return s, nil
}

// each is the sweep.Source of the scan.
func (s *sources) each(ctx context.Context, visit func(sweep.Item) bool) {
	more := true
	walk := func(path string) bool {
		s.walker.Walk(ctx, path, func(e files.Entry) bool {
			more = visit(sweep.Item{Entry: e})
			return more
		})
		return more && ctx.Err() == nil
	}
	for _, path := range s.paths {
		if path == "-" {
			more = visit(sweep.Item{Entry: files.Entry{Path: "-", Named: true}, Stream: s.stdin})
		} else {
			walk(path)
		}
		if !more || ctx.Err() != nil {
			return
		}
	}
	if err := s.listed(walk); err != nil {
		problem := &files.Problem{Op: "read", Reason: files.Failed, Err: err}
		visit(sweep.Item{Entry: files.Entry{Path: s.list, Kind: files.Unread, Err: problem}})
	}
}

// listed calls walk for the paths of the list.
func (s *sources) listed(walk func(string) bool) error {
	switch s.list {
	case "":
		return nil
	case "-":
		return files.List(s.stdin, s.null, walk)
	}
	file, err := os.Open(s.list)
	if err != nil {
		return err
	}
	defer file.Close()
	return files.List(file, s.null, walk)
}

// count goes through everything once more, ahead of the scan, for the totals
// of the progress line. What can be read only once has no totals.
func (s *sources) count(ctx context.Context, p *term.Progress) {
	if s.list == "-" {
		return
	}
	s.each(ctx, func(item sweep.Item) bool {
		if item.Kind == files.File && item.Stream == nil {
			p.TotalFiles.Add(1)
			p.TotalBytes.Add(item.Size())
		}
		return true
	})
	for _, path := range s.paths {
		if path == "-" {
			p.TotalFiles.Add(1)
		}
	}
	p.Counted.Store(ctx.Err() == nil)
}

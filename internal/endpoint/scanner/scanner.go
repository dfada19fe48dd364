// Package scanner is the side that looks into files: a process without a user, a
// network or a file system, which is handed one open file after another and says
// what is in it. It opens nothing, keeps nothing of a file once it has answered,
// and decides nothing: what is done about a finding is the guard's business.
package scanner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"vitrine/internal/endpoint/files"
	"vitrine/internal/endpoint/verdict"
	"vitrine/internal/endpoint/wire"
	"vitrine/internal/engine"
)

// Config is a scanner that is ready to work.
type Config struct {
	Engine *engine.Engine
	Rules  string // the identity of all that the engine looks for, in hexadecimal
	Limits wire.Limits
	Now    func() time.Time // nil: time.Now

	// Before is called with the bytes of every file before they are scanned, in
	// tests; nil: nothing is.
	Before func(data []byte)
}

// Serve looks into files until the guard wants no more. An error is one of the
// connection: what is wrong with a file is in its verdict.
func Serve(guard *wire.Scanner, c Config) error {
	if c.Now == nil {
		c.Now = time.Now
	}
	w, err := c.Engine.NewWorker()
	if err != nil {
		return err
	}
	s := &scanner{config: c, worker: w, view: files.View{MaxSize: c.Limits.MaxSize}}
	if c.Limits.Memory > 0 {
		s.view.MaxCopy = c.Limits.Memory / 4
	}
	tidy := time.AfterFunc(tidyAfter, debug.FreeOSMemory)
	defer tidy.Stop()
	for {
		job, file, err := guard.Next()
		tidy.Stop()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		v := s.scan(job, file)
		file.Close()
		if err := guard.Answer(wire.Answer{ID: job.ID, Verdict: v}); err != nil {
			return err
		}
		tidy.Reset(tidyAfter)
	}
}

// tidyAfter is how long a scanner has had nothing to do when it gives back the
// memory that files took.
const tidyAfter = 5 * time.Second

type scanner struct {
	config Config
	worker *engine.Worker
	view   files.View
}

// scan looks into one file.
func (s *scanner) scan(job wire.Job, file *os.File) verdict.Verdict {
	ctx, cancel := context.Background(), func() {}
	if limit := shorter(job.Time, s.config.Limits.MaxTime); limit > 0 {
		ctx, cancel = context.WithTimeout(ctx, limit)
	}
	defer cancel()
	begun := s.config.Now()
	var report engine.Report
	var sum string
	// Others share the offset, and may have read on.
	if at, err := file.Seek(0, io.SeekCurrent); err == nil && at != 0 {
		_, _ = file.Seek(0, io.SeekStart)
		defer file.Seek(at, io.SeekStart)
	}
	seen := s.view.Stream(ctx, file, func(data []byte) {
		if s.config.Before != nil {
			s.config.Before(data)
		}
		report = s.worker.Scan(ctx, data)
		if len(report.Findings) > 0 {
			d := sha256.Sum256(data)
			sum = hex.EncodeToString(d[:])
		}
	})
	v := judge(seen, report)
	if v.State == verdict.Malicious && !seen.TooLarge {
		v.SHA256 = sum
	}
	v.Rules, v.Took = s.config.Rules, max(s.config.Now().Sub(begun), 0)
	return v
}

// shorter is the shorter of two limits, of which zero is none.
func shorter(a, b time.Duration) time.Duration {
	if a <= 0 || b > 0 && b < a {
		return b
	}
	return a
}

// judge puts what was seen and found into one verdict.
func judge(seen files.Seen, r engine.Report) verdict.Verdict {
	v := verdict.Verdict{State: verdict.Clean, Size: seen.Size, Objects: r.Objects}
	switch {
	case seen.Kind == files.Unread:
		v.State, v.Why = verdict.Failed, seen.Problem.Error()
		return v
	case seen.Kind != files.File:
		v.State, v.Why = verdict.Failed, "it is no file"
		return v
	}
	for _, f := range r.Findings {
		v.Findings = append(v.Findings, verdict.Finding{Name: f.Name, Path: f.Path, Digest: f.Digest})
	}
	v.Why = missed(seen, r)
	switch {
	case len(v.Findings) > 0:
		v.State = verdict.Malicious
	case v.Why != "":
		v.State = verdict.Incomplete
	case r.Allowed:
		v.Why = "its digest is on the list of what is let be"
	}
	return v
}

// missed says what was not looked at; empty: nothing.
func missed(seen files.Seen, r engine.Report) string {
	switch {
	case seen.TooLarge && r.Objects == 0:
		return fmt.Sprintf("not looked at: its %d bytes are more than max_file_size", seen.Size)
	case seen.TooLarge:
		return "only its start was looked at: the rest does not fit into memory"
	case seen.Changed:
		return "it changed while it was looked at"
	case len(r.Incomplete) == 0:
		return ""
	}
	i := r.Incomplete[0]
	text := i.Detail
	if text == "" {
		text = string(i.Reason)
	}
	if n := len(r.Incomplete) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more parts)", n)
	}
	return text
}

package daemon

import (
	"context"
	"errors"
	"os"
	"time"

	"vitrine/internal/endpoint/condition"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/process"
)

// people knows who processes are that may have ended by the time somebody asks:
// the kernel tells of each as it becomes a program.
type people struct{ table *process.Table }

// followExecs has the table filled, for as long as the guard runs.
func (d *daemon) followExecs(ctx context.Context) people {
	p := people{process.NewTable(0)}
	execs, err := process.ListenExecs()
	if err != nil {
		d.missing = append(d.missing, condition.Missing{
			Part: "network", Feature: "process connector", Uncovered: "a program that ends as soon as it was refused is named by its number alone",
		})
		return p
	}
	d.background(ctx, func(ctx context.Context) {
		defer context.AfterFunc(ctx, func() { _ = execs.Close() })()
		for {
			pids, _, err := execs.Next()
			if errors.Is(err, os.ErrDeadlineExceeded) {
				continue
			}
			if err != nil {
				return
			}
			for _, pid := range pids {
				p.note(pid)
			}
		}
	})
	return p
}

func (p people) note(pid int) {
	start, err := process.Proc{}.Start(pid)
	if err != nil {
		return // it has ended already
	}
	if who, err := (process.Proc{}).Look(pid); err == nil {
		p.table.Put(process.Key{PID: pid, Start: start}, who)
	}
}

// young is how long ago a process that is not there any more may have begun to be
// taken for the one that is meant: numbers are given out anew.
const young = time.Minute

// look says who a process is, or was.
func (p people) look(pid int) (event.Process, error) {
	now, err := process.Proc{}.Look(pid)
	if err == nil && now.Exe != "" {
		return now, nil
	}
	if was, ok := p.table.Latest(pid); ok && (err == nil && was.Comm == now.Comm || time.Since(was.Started) < young) {
		return was, nil
	}
	return now, err
}

package eventlog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/event"
)

// Args is what the verb events takes; all of it may be missing.
type Args struct {
	Since  time.Time    `json:"since,omitzero"`
	Kinds  []event.Kind `json:"kinds,omitempty"`
	Follow bool         `json:"follow,omitempty"` // go on with what happens from now on
}

// waiting is how many lines may wait for one who follows.
const waiting = 4096

// Verbs gives what the guard's socket answers about events. Each value is a line
// as the file has them. The past is read from the file and those that were put
// aside; without a file it is what the log remembers.
func (l *Log) Verbs(file string, keep int) map[string]control.Verb {
	return map[string]control.Verb{"events": {Handle: func(ctx context.Context, c control.Call) error {
		var args Args
		if err := c.Decode(&args); err != nil {
			return err
		}
		return l.answer(ctx, c, Filter{args.Since, args.Kinds}, args.Follow, func(each func(Line) error) error {
			return l.past(file, keep, Filter{args.Since, args.Kinds}, each)
		})
	}}}
}

func (l *Log) answer(ctx context.Context, c control.Call, want Filter, follow bool, past func(func(Line) error) error) error {
	var f *Follower
	if follow { // before the past is read, so that nothing falls between
		f = l.Follow(waiting)
		defer f.Leave()
	}
	began := l.o.Now()
	told := map[string]bool{} // what may come twice
	err := past(func(line Line) error {
		if follow && line.Event.Time.After(began.Add(-time.Minute)) {
			told[line.Event.ID] = true
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return c.Reply(json.RawMessage(line.JSON))
	})
	if err != nil || !follow {
		return err
	}
	return l.forward(ctx, c, want, f, told)
}

// past gives what has happened, from the file if it can be read.
func (l *Log) past(file string, keep int, want Filter, each func(Line) error) error {
	if file != "" {
		given := false
		_, err := Read(file, keep, want, func(line Line) error {
			given = true
			return each(line)
		})
		if err == nil || given {
			return err
		}
	}
	for _, line := range l.Recent() {
		if !want.Wants(&line.Event) {
			continue
		}
		if err := each(line); err != nil {
			return err
		}
	}
	return nil
}

// forward gives what happens, until the client leaves or the log ends.
func (l *Log) forward(ctx context.Context, c control.Call, want Filter, f *Follower, told map[string]bool) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case line, open := <-f.Lines():
			if !open {
				return nil
			}
			if n := f.Lost(); n > 0 {
				if err := l.tellLost(c, n); err != nil {
					return err
				}
			}
			if told[line.Event.ID] || !want.Wants(&line.Event) {
				continue
			}
			if err := c.Reply(json.RawMessage(line.JSON)); err != nil {
				return err
			}
		}
	}
}

// tellLost tells one follower alone what it has missed.
func (l *Log) tellLost(c control.Call, n int64) error {
	e := l.own(event.Event{Kind: event.Lost, Severity: event.Medium, Count: n, Message: fmt.Sprintf("%d events are missing here: they came faster than they were taken", n)})
	text, err := Encode(e, l.o.Product)
	if err != nil {
		return err
	}
	return c.Reply(json.RawMessage(text))
}

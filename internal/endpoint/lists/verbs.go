package lists

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/quantity"
	"vitrine/internal/spelling"
)

// AddArgs is what allow.add and exclude.add take. For is a duration such as
// "30d"; empty: until somebody removes it.
type AddArgs struct {
	What   string `json:"what"`
	Reason string `json:"reason"`
	For    string `json:"for,omitempty"`
}

// RemoveArgs is what allow.remove and exclude.remove take.
type RemoveArgs struct {
	What string `json:"what"`
}

// TestArgs is what exclude.test takes: an absolute path, escaped as
// spelling.Escape does it because paths are bytes.
type TestArgs struct {
	Path string `json:"path"`
	Dir  bool   `json:"dir,omitempty"`
}

// Tested is what exclude.test answers.
type Tested struct {
	Path     string `json:"path"` // as it was asked
	Excluded bool   `json:"excluded"`
	By       *Entry `json:"by"` // which entry leaves it out; null: none
}

// changes is what both lists have in common.
type changes interface {
	Add(Entry) (Entry, error)
	Remove(string) (Entry, error)
	All() []Entry
}

// Verbs gives what the guard's socket answers about the two lists. Each value is
// an Entry, or a Tested. After each change the sink is told, and changed is
// called, so that what was remembered of files can be forgotten.
func Verbs(a *Allowed, x *Excluded, sink event.Sink, changed func()) map[string]control.Verb {
	verbs := map[string]control.Verb{"exclude.test": {Handle: func(_ context.Context, c control.Call) error { return answerTest(x, c) }}}
	for name, list := range map[string]changes{"allow": a, "exclude": x} {
		tell := func(c control.Call, what string, e Entry) {
			changed()
			sink.Emit(event.Event{
				Kind: event.Change, Severity: event.Medium,
				Message: fmt.Sprintf("uid %d %s of the %s list: %s: %s", c.Peer.UID, what, name, e.What, e.Reason),
			})
		}
		verbs[name+".list"] = control.Verb{Handle: func(_ context.Context, c control.Call) error { return answerList(list, c) }}
		verbs[name+".add"] = control.Verb{Handle: func(_ context.Context, c control.Call) error { return answerAdd(list, c, a.list.now, tell) }}
		verbs[name+".remove"] = control.Verb{Handle: func(_ context.Context, c control.Call) error { return answerRemove(list, c, tell) }}
	}
	return verbs
}

func answerList(list changes, c control.Call) error {
	if err := c.Decode(&struct{}{}); err != nil {
		return err
	}
	for _, e := range list.All() {
		if err := c.Reply(e); err != nil {
			return err
		}
	}
	return nil
}

func answerAdd(list changes, c control.Call, now func() time.Time, tell func(control.Call, string, Entry)) error {
	var args AddArgs
	if err := c.Decode(&args); err != nil {
		return err
	}
	e := Entry{What: args.What, Reason: args.Reason, UID: c.Peer.UID}
	if args.For != "" {
		d, err := quantity.ParseDuration(args.For)
		if err != nil {
			return control.Refuse(control.Usage, "%v", err)
		}
		e.Until = now().Add(d)
	}
	e, err := list.Add(e)
	var broken *keepError
	switch {
	case errors.As(err, &broken):
		return err
	case err != nil:
		return control.Refuse(control.Usage, "%v", err)
	}
	tell(c, "added an entry", e)
	return c.Reply(e)
}

func answerRemove(list changes, c control.Call, tell func(control.Call, string, Entry)) error {
	var args RemoveArgs
	if err := c.Decode(&args); err != nil {
		return err
	}
	e, err := list.Remove(args.What)
	if errors.Is(err, ErrNone) {
		return control.Refuse(control.No, "%v", err)
	}
	if err != nil {
		return err
	}
	tell(c, "removed an entry", e)
	return c.Reply(e)
}

func answerTest(x *Excluded, c control.Call) error {
	var args TestArgs
	if err := c.Decode(&args); err != nil {
		return err
	}
	path, err := spelling.Unescape(args.Path)
	if err != nil || path == "" || path[0] != '/' {
		return control.Refuse(control.Usage, "%q is not an absolute path, escaped", args.Path)
	}
	t := Tested{Path: args.Path}
	if e, ok := x.Match(path, args.Dir); ok {
		t.Excluded, t.By = true, &e
	}
	return c.Reply(t)
}

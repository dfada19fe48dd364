package monitor

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/check"
	"vitrine/internal/chain/fsck"
	"vitrine/proof/statement"

	"golang.org/x/mod/sumdb/tlog"
)

// entries checks the log of each mirror, as far as it is new there, and reads
// each new entry once: from the first mirror whose log is whole.
func (r *run) entries(ctx context.Context) error {
	who := r.anyTrust()
	if who == nil && len(r.bySize()) > 0 {
		r.unknown("entries", r.policy.Origin(), "no mirror says who may sign: entries were not read")
	}
	read := who == nil
	for _, v := range r.bySize() {
		size := v.seen.tree.Size
		c := fsck.Config{Fetch: v.tile, Checkpoint: v.seen.tree, From: min(r.state.Mirrors[v.Name], size)}
		var l *ledger
		if !read {
			l = &ledger{run: r, size: size, state: r.state.clone(), who: &asker{trust: who.client, known: map[string]answer{}}}
			c.From, c.Progress = min(c.From, r.state.Size), r.Progress
			c.Look, c.Take = l.look, l.take
		}
		found, err := fsck.Check(ctx, c)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.damage(v, found, err)
		v.whole = err == nil && found.Whole()
		if !v.whole {
			continue
		}
		if l != nil {
			read = true
			l.adopt(max(size, r.state.Size))
		}
		r.state.Mirrors[v.Name] = size
	}
	return nil
}

// damage reports what is wrong with a mirror's tree.
func (r *run) damage(v *view, found *fsck.Report, err error) {
	if err != nil && !errors.Is(err, fsck.ErrEnough) {
		r.unknown("log", v.Name, "%v", err)
	}
	if found == nil {
		return
	}
	for _, p := range found.Problems {
		if p.Kind == fsck.Unreadable && !missing(p.Err) {
			r.unknown("log", v.Name, "%s: %v", p.File, p.Err)
		} else {
			r.alarm("log", v.Name, "%s is %s: %v", p.File, p.Kind, p.Err)
		}
	}
}

// fact is what there is to know of an entry by itself.
type fact struct {
	index     int64
	hash      tlog.Hash
	kind      string
	statement statement.Statement
	signers   []string
	unread    error // why it cannot be read
	unsigned  error // why it must not be believed
}

// ledger reads entries in order. What it learns counts only if all of them are
// good ones of the log.
type ledger struct {
	run    *run
	state  *state
	who    *asker
	named  []*named
	fresh  []NewEntry
	size   int64 // of the log
	alarms int64
	count  int64
}

// look reads a bundle's entries, several bundles at once.
func (l *ledger) look(b *fsck.Bundle) {
	list := make([]fact, 0, len(b.Entries))
	for i, data := range b.Entries {
		index := b.First + int64(i)
		if index < l.run.state.Size {
			continue
		}
		list = append(list, l.read(index, b.Hashes[i], data))
	}
	b.Seen = list
}

func (l *ledger) read(index int64, hash tlog.Hash, data []byte) fact {
	f := fact{index: index, hash: hash}
	e, err := statement.ParseLeaf(data)
	if unknown := (*statement.UnknownTypeError)(nil); errors.As(err, &unknown) {
		f.kind = unknown.Type
	}
	if err != nil {
		f.unread = err
		return f
	}
	f.kind, f.statement = e.Statement.Predicate.Type(), e.Statement
	may, err := l.who.ask(e.Statement)
	if err != nil {
		f.unsigned = err
		return f
	}
	signed, err := e.Verify(may.Keys, may.Threshold)
	f.unsigned = err
	for _, k := range signed {
		f.signers = append(f.signers, k.ID)
	}
	return f
}

// asker remembers who may say what.
type asker struct {
	trust authors.Trust
	mu    sync.Mutex
	known map[string]answer
}

type answer struct {
	may check.Authors
	err error
}

func (a *asker) ask(s statement.Statement) (check.Authors, error) {
	name := s.Predicate.Type()
	switch p := s.Predicate.(type) {
	case statement.RuleBundle:
		name += p.Channel
	case statement.RuleRevoke:
		name += p.Channel
	case statement.Rebuild:
		name += p.Rebuilder
	case statement.Trust:
		name += p.File
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	found, ok := a.known[name]
	if !ok {
		found.may, found.err = authors.Of(a.trust, s)
		if len(a.known) < maxEvents { // names come from the log
			a.known[name] = found
		}
	}
	return found.may, found.err
}

// counted is what an entry is counted as. Names that only the log chooses are
// not kept.
func counted(f fact) string {
	if f.unread != nil && f.kind != "" {
		return "unknown"
	}
	return short(f.kind)
}

// maxNew is how many new entries a report lists.
const maxNew = 100

// take takes a bundle's entries in order.
func (l *ledger) take(b *fsck.Bundle) {
	list, _ := b.Seen.([]fact)
	for _, f := range list {
		l.entry(f)
	}
}

func (l *ledger) entry(f fact) {
	l.count++
	l.state.Types[counted(f)]++
	if f.index >= l.size-maxNew {
		l.fresh = append(l.fresh, rowOf(f))
	}
	for _, id := range f.signers {
		l.state.Signers[id]++
	}
	switch {
	case f.unread != nil && f.kind != "":
		l.alarm(f, "unknown-type", "is of the unknown type %.200q", f.kind)
	case f.unread != nil:
		l.alarm(f, "entry", "cannot be read: %v", f.unread)
	default:
		l.statement(f)
	}
}

func rowOf(f fact) NewEntry {
	row := NewEntry{Index: f.index, Type: counted(f), Subjects: []string{}, SignedBy: append([]string{}, f.signers...)}
	for _, s := range f.statement.Subject {
		row.Subjects = append(row.Subjects, s.Name)
	}
	return row
}

func (l *ledger) alarm(f fact, kind, format string, args ...any) {
	l.alarms++
	l.run.alarm(kind, fmt.Sprintf("entry %d", f.index), format, args...)
}

func (l *ledger) notice(f fact, kind, format string, args ...any) {
	l.run.notice(kind, fmt.Sprintf("entry %d", f.index), format, args...)
}

// adopt makes what was learned the monitor's.
func (l *ledger) adopt(size int64) {
	r := l.run
	ahead, fork, evidence := r.state.Ahead, r.state.Fork, r.state.Evidence
	r.state = l.state
	r.state.Ahead, r.state.Fork, r.state.Evidence = ahead, fork, evidence
	r.state.Size = size
	r.state.Earlier += l.alarms
	r.fresh = l.named
	r.report.Checked = l.count
	r.report.New = append(r.report.New, l.fresh...)
}

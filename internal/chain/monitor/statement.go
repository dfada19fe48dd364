package monitor

import (
	"maps"
	"strings"

	"vitrine/proof/statement"

	"golang.org/x/mod/sumdb/tlog"
)

// short is a type without what all types have.
func short(kind string) string {
	if kind == "" {
		return "unreadable"
	}
	return strings.TrimSuffix(strings.TrimPrefix(kind, statement.TypePrefix), statement.TypeSuffix)
}

// statement takes what an entry says, by what it is.
func (l *ledger) statement(f fact) {
	if f.unsigned != nil {
		l.alarm(f, "signature", "%s is not signed by those who may: %v", short(f.kind), f.unsigned)
	}
	l.chain(f)
	if f.unsigned != nil {
		return
	}
	for _, s := range published(f.statement) {
		l.named = append(l.named, &named{Name: s.Name, SHA256: s.SHA256.String(), Index: f.index, Bundle: bundleOf(f.statement)})
	}
	switch p := f.statement.Predicate.(type) {
	case statement.RuleBundle:
		if p.Urgent {
			l.notice(f, "urgent", "bundle %d went out through the urgent channel", p.Serial)
		}
	case statement.RuleRevoke:
		l.notice(f, "revoked", "bundle %d of %s was taken back: %s", p.Serial, p.Channel, p.Reason)
	case statement.Release:
		l.notice(f, "release", "version %s", p.Version)
		l.state.Releases[p.Version] = release{Leaf: hexOf(f.hash[:]), Index: f.index, Words: map[string]string{}}
	case statement.Rebuild:
		l.rebuild(f, p)
	case statement.Trust:
		l.trust(f, p)
	}
}

// bundleOf is what an entry says of a bundle, to compare it with.
func bundleOf(s statement.Statement) *bundleFacts {
	if p, ok := s.Predicate.(statement.RuleBundle); ok {
		return &bundleFacts{p.Channel, p.Serial, p.Size, p.Blob.String()}
	}
	return nil
}

// rebuild notes a rebuilder's word. One who got other bytes stands against the
// release, whatever is said later.
func (l *ledger) rebuild(f fact, p statement.Rebuild) {
	rel, ok := l.state.Releases[p.Version]
	if !ok || rel.Leaf != hexOf(p.Release[:]) {
		l.alarm(f, "rebuild", "is a word on version %s that names another entry than the release's", p.Version)
		return
	}
	if p.Result == statement.Mismatch {
		l.alarm(f, "rebuild", "the rebuilder %.16s… got other bytes for version %s", p.Rebuilder, p.Version)
	}
	if rel.Words[p.Rebuilder] != statement.Mismatch {
		rel.Words = maps.Clone(rel.Words)
		rel.Words[p.Rebuilder] = p.Result
		l.state.Releases[p.Version] = rel
	}
}

// trust notes a change of what machines trust.
func (l *ledger) trust(f fact, p statement.Trust) {
	l.notice(f, "trust", "version %d of %s, from %s", p.Version, p.File, stamp(p.EffectiveNotBefore))
	if p.File != statement.TrustPolicy {
		return
	}
	for _, s := range f.statement.Subject {
		l.state.Policies[s.SHA256.String()] = change{f.index, p.EffectiveNotBefore}
	}
}

// link is an entry's place in a chain.
type link struct {
	name   string
	serial int64
	prev   tlog.Hash
	joins  bool // may begin later than with 1
}

func linkOf(s statement.Statement) (link, bool) {
	switch p := s.Predicate.(type) {
	case statement.RuleBundle:
		return link{"rules " + p.Channel, p.Serial, p.Prev, false}, true
	case statement.Release:
		return link{"release", p.Serial, p.Prev, false}, true
	case statement.Trust:
		return link{"trust " + p.File, p.Version, p.Prev, true}, true
	}
	return link{}, false
}

// chain checks that an entry follows the one before it. After a gap it goes on
// from there: one mistake is one alarm.
func (l *ledger) chain(f fact) {
	at, ok := linkOf(f.statement)
	if !ok {
		return
	}
	last, begun := l.state.Chains[at.name]
	if !begun && f.unsigned != nil {
		return // names that only the log chooses are not kept
	}
	switch {
	case !begun && at.serial != 1 && !at.joins:
		l.alarm(f, "chain", "%s begins with %d", at.name, at.serial)
	case begun && at.serial != last.Serial+1:
		l.alarm(f, "chain", "%s: %d follows %d", at.name, at.serial, last.Serial)
	case begun && hexOf(at.prev[:]) != last.Leaf:
		l.alarm(f, "chain", "%s: %d names another entry before it than %d, entry %d", at.name, at.serial, last.Serial, last.Index)
	}
	l.state.Chains[at.name] = end{at.serial, hexOf(f.hash[:]), f.index}
}

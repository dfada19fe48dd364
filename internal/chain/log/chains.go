package log

import (
	"context"
	"fmt"

	"vitrine/proof"
	"vitrine/proof/statement"
	"vitrine/proof/tile"

	"golang.org/x/mod/sumdb/tlog"
)

// chains knows every entry by its hash, and the end of each chain: of bundles
// of a channel, of releases, of versions of a trusted file. An entry of a chain
// names the one before it, so whoever is shown one can tell which others exist.
type chains struct {
	entries map[tlog.Hash]*pending
	ends    map[string]end
}

// end is the newest entry of a chain.
type end struct {
	serial int64
	hash   tlog.Hash
}

// link is an entry's place in a chain.
type link struct {
	chain  string
	serial int64
	prev   tlog.Hash
	joins  bool // may begin later than with 1: a file that was trusted before there was a log
}

func newChains() *chains {
	return &chains{entries: map[tlog.Hash]*pending{}, ends: map[string]end{}}
}

// linkOf gives the place that a statement claims, and false if its type has no
// chain.
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

// next checks that a statement continues its chain, and gives its place.
func (c *chains) next(s statement.Statement) ([]link, error) {
	l, ok := linkOf(s)
	if !ok {
		return nil, nil
	}
	last, begun := c.ends[l.chain]
	switch {
	case !begun && l.serial != 1 && !l.joins:
		return nil, fmt.Errorf("%s: begins with %d, not with 1", l.chain, l.serial)
	case begun && l.serial != last.serial+1:
		return nil, fmt.Errorf("%s: %d follows %d", l.chain, l.serial, last.serial)
	case l.prev != last.hash:
		return nil, fmt.Errorf("%s: %d names %s as the entry before it, and that is %s", l.chain, l.serial, l.prev, last.hash)
	}
	return []link{l}, nil
}

// take notes an entry as the end of its chain. What it gives takes that back.
func (c *chains) take(hash tlog.Hash, links []link, p *pending) (undo func()) {
	before := map[string]end{}
	c.entries[hash] = p
	for _, l := range links {
		before[l.chain] = c.ends[l.chain]
		c.ends[l.chain] = end{l.serial, hash}
	}
	return func() {
		delete(c.entries, hash)
		for chain, e := range before {
			if e == (end{}) {
				delete(c.ends, chain)
			} else {
				c.ends[chain] = e
			}
		}
	}
}

// remember reads the log's own entries, also those that are not published yet.
func (l *Log) remember(ctx context.Context) error {
	size, err := l.reader.IntegratedSize(ctx)
	if err != nil {
		return err
	}
	for at := uint64(0); at < size; at += tile.Width {
		width := min(size-at, tile.Width)
		data, err := l.reader.ReadEntryBundle(ctx, at/tile.Width, uint8(width%tile.Width))
		if err != nil {
			return fmt.Errorf("read the log's entries: %w", err)
		}
		leaves, err := tile.ParseBundle(data, int(width))
		if err != nil {
			return fmt.Errorf("read the log's entries: %w", err)
		}
		for i, leaf := range leaves {
			l.chains.recall(int64(at)+int64(i), leaf)
		}
	}
	return nil
}

// recall notes an entry of the log as it stands there.
func (c *chains) recall(index int64, leaf []byte) {
	p := &pending{hash: proof.LeafHash(leaf), done: make(chan struct{}), index: index}
	close(p.done)
	var links []link
	if envelope, err := statement.ParseLeaf(leaf); err == nil {
		if l, ok := linkOf(envelope.Statement); ok {
			links = []link{l}
		}
	}
	c.take(p.hash, links, p)
}

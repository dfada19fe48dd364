package log

import (
	"context"
	"errors"
	"fmt"

	"vitrine/proof"
	"vitrine/proof/statement"

	"github.com/transparency-dev/tessera"
	"golang.org/x/mod/sumdb/tlog"
)

// ErrRefused is wrapped by errors that say what is wrong with an entry. Other
// errors of Add are the log's or its witnesses'.
var ErrRefused = errors.New("entry refused")

// ErrClosing is given to entries that come while the log shuts down.
var ErrClosing = errors.New("the log is shutting down")

// Add appends an entry and gives its proof, when it is published. An entry that
// is in the log already gets the proof of the first. When ctx ends before the
// witnesses answered, the entry may be published later: ask again.
func (l *Log) Add(ctx context.Context, leaf []byte) ([]byte, error) {
	if entry := l.known(leaf); entry != nil {
		return l.published(ctx, entry)
	}
	envelope, err := statement.ParseLeaf(leaf)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	who, err := l.cfg.Authors(ctx, envelope.Statement)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if _, err := envelope.Verify(who.Keys, who.Threshold); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	entry, err := l.admit(leaf, envelope.Statement)
	if err != nil {
		return nil, err
	}
	return l.published(ctx, entry)
}

// known gives an entry that is in the log, or on its way. Whether its authors
// may still say so is not asked: it has been said.
func (l *Log) known(leaf []byte) *pending {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.chains.entries[proof.LeafHash(leaf)]
}

// pending is an entry on its way into the log, or in it.
type pending struct {
	hash  tlog.Hash
	done  chan struct{} // closed when index or err is set
	index int64
	err   error
}

// admit gives an entry its place in its chain and starts to append it.
func (l *Log) admit(leaf []byte, s statement.Statement) (*pending, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	hash := proof.LeafHash(leaf)
	if p := l.chains.entries[hash]; p != nil {
		return p, nil
	}
	if l.closed {
		return nil, ErrClosing
	}
	links, err := l.chains.next(s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	p := &pending{hash: hash, done: make(chan struct{})}
	undo := l.chains.take(hash, links, p)
	l.adding.Go(func() { l.append(leaf, p, undo) })
	return p, nil
}

// append hands an entry to the tree. It does not end with the request: what has
// an index is in the log, whether somebody waits for it or not.
func (l *Log) append(leaf []byte, p *pending, undo func()) {
	index, err := l.appender.Add(context.Background(), tessera.NewEntry(leaf))()
	if err != nil {
		l.mu.Lock()
		undo()
		l.mu.Unlock()
	}
	p.index, p.err = int64(index.Index), err
	close(p.done)
}

// published waits until an entry is in a published checkpoint.
func (l *Log) published(ctx context.Context, p *pending) ([]byte, error) {
	select {
	case <-p.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if p.err != nil {
		return nil, fmt.Errorf("append: %w", p.err)
	}
	_, checkpoint, err := l.awaiter.Await(ctx, func() (tessera.Index, error) { return tessera.Index{Index: uint64(p.index)}, nil })
	if err != nil {
		return nil, fmt.Errorf("the entry has the index %d, and is not published yet: %w", p.index, err)
	}
	return l.proofOf(p, checkpoint)
}

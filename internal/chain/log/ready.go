package log

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"vitrine/proof/policy"
)

// satisfied says what a checkpoint lacks by the policies of today. When it was
// cosigned is the readers' business, and no clock is asked.
func (c Config) satisfied(checkpoint []byte) error {
	for _, p := range []*policy.Policy{c.Policy, c.Next} {
		if p == nil {
			continue
		}
		if _, err := p.Verify(checkpoint, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
			return err
		}
	}
	return nil
}

// askAgain has a checkpoint cosigned anew if it satisfies only an older policy.
// The tree's library does that when the file is old, and by nothing else.
func (l *Log) askAgain() error {
	name := filepath.Join(l.cfg.Dir, "checkpoint")
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || l.cfg.satisfied(data) == nil {
		return err
	}
	long := time.Unix(0, 0)
	return os.Chtimes(name, long, long)
}

// ready waits until there is a checkpoint that readers will believe.
func (l *Log) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*or(l.cfg.Timeout, witnessTimeout))
	defer cancel()
	for {
		data, err := l.reader.ReadCheckpoint(ctx)
		if err == nil {
			err = l.cfg.satisfied(data)
		}
		if err == nil {
			return nil
		}
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %v", ErrNoCheckpoint, err)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%w: %v", ErrNoCheckpoint, err)
		}
	}
}

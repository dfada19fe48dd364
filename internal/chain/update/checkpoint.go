package update

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"vitrine/internal/chain/installed"
	"vitrine/internal/chain/site"
	"vitrine/proof"
	"vitrine/proof/policy"
	"vitrine/proof/tile"
)

// Staleness is how old the witnesses' newest word is.
type Staleness uint8

// How old is too old. None of them switches anything off.
const (
	FreshEnough Staleness = iota
	Old                   // over a day: somebody should look
	TooOld                // over three days: rules may be kept from this machine
)

const (
	oldAfter    = 24 * time.Hour
	tooOldAfter = 72 * time.Hour
)

// StalenessOf is how stale a quorum's word of a time is.
func StalenessOf(fresh, now time.Time) Staleness {
	switch age := now.Sub(fresh); {
	case age > tooOldAfter:
		return TooOld
	case age > oldAfter:
		return Old
	}
	return FreshEnough
}

// newest asks for the newest checkpoint: it says how fresh all else is.
func (u *updater) newest(ctx context.Context) error {
	note, err := u.Site.Fetch(ctx, site.Checkpoint, proof.MaxNote)
	if err != nil {
		return judged(err)
	}
	v, err := u.policy.Verify(note, u.now)
	if err != nil {
		return fmt.Errorf("%w: the log's checkpoint: %w", ErrRefused, err)
	}
	if err := u.follow(ctx, v); err != nil {
		return err
	}
	u.report.Log, u.report.Size = v.Checkpoint.Origin, v.Checkpoint.Size
	u.report.Fresh, u.report.Cosigned = v.Fresh, v.Cosigned
	u.report.Stale = StalenessOf(v.Fresh, u.now)
	return nil
}

// follow checks that a verified checkpoint is of the same history as the newest
// one this machine knows, and keeps it if it is newer.
func (u *updater) follow(ctx context.Context, v *policy.Verified) error {
	kept, err := u.Dir.Checkpoint()
	if err != nil {
		return err
	}
	if kept != nil {
		ours, _, err := proof.OpenCheckpoint(kept, u.policy.Log.Verifier)
		if err != nil {
			return fmt.Errorf("the checkpoint this machine keeps: %w", err)
		}
		if err := u.sameHistory(ctx, ours, kept, v); err != nil || v.Checkpoint.Size <= ours.Size {
			return u.vouch(v, err)
		}
	}
	if err := u.Dir.SetCheckpoint(v.Note); err != nil {
		return err
	}
	return u.vouch(v, nil)
}

// vouch takes note of the time that a quorum signed at, unless there was an
// error.
func (u *updater) vouch(v *policy.Verified, err error) error {
	if err != nil || !v.Fresh.After(u.state.Time) {
		return err
	}
	u.state.Time = v.Fresh.UTC()
	return u.Dir.SetState(u.state)
}

// sameHistory computes, from the tiles of the larger tree, the root that the
// smaller one must have. The tiles are verified against the larger one's root,
// so another root is no accident: both were signed, and both cannot be true.
func (u *updater) sameHistory(ctx context.Context, ours proof.Checkpoint, kept []byte, v *policy.Verified) error {
	small, large := ours, v.Checkpoint
	if small.Size > large.Size {
		small, large = large, small
	}
	root := large.Root
	if small.Size < large.Size {
		var err error
		root, err = tile.NewReader(ctx, u.tile, large).Root(small.Size)
		if unreachable := (*unreachableError)(nil); errors.As(err, &unreachable) {
			return fmt.Errorf("how %d entries became %d: %w", small.Size, large.Size, err)
		}
		if err != nil {
			return u.unexplained(small.Size, large.Size, kept, v.Note, err)
		}
	}
	if root == small.Root {
		return nil
	}
	return u.forked(kept, v.Note)
}

// unreachableError is an error of the way to the site. It says nothing about the
// log.
type unreachableError struct{ error }

// Unwrap implements the interface of errors.Unwrap.
func (e *unreachableError) Unwrap() error { return e.error }

func (u *updater) tile(ctx context.Context, path string, limit int64) ([]byte, error) {
	data, err := u.Site.Fetch(ctx, site.Tile(path), limit)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, site.ErrTooLarge) {
		return nil, &unreachableError{err}
	}
	return data, err
}

// unexplained keeps two notes whose trees nobody showed to be of one history. It
// may be a fork whose one side is hidden, or a site that is incomplete: others,
// who see more, can tell by the notes.
func (u *updater) unexplained(small, large int64, ours, theirs []byte, why error) error {
	folder, err := u.Dir.Evidence(u.now, ours, theirs)
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: the log does not show how %d entries became %d; both signed notes are kept in %s: %w", ErrRefused, small, large, folder, why)
}

// forked keeps the evidence and stops updates for good: until somebody has
// looked, nothing of this log can be believed.
func (u *updater) forked(ours, theirs []byte) error {
	folder, err := u.Dir.Evidence(u.now, ours, theirs)
	if err != nil {
		return err
	}
	u.state.Problem = &installed.Problem{Kind: "fork", Text: "two signed notes that cannot both be true are in " + folder}
	if err := u.Dir.SetState(u.state); err != nil {
		return err
	}
	return fmt.Errorf("%w: the log has forked: it showed this machine one history and now shows another; both signed notes are kept in %s", ErrRefused, folder)
}

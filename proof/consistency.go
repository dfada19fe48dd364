package proof

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrFork says that two checkpoints of one log have the same size and different
// roots. If both are signed, the two notes together are proof that the log
// showed different histories: keep them.
var ErrFork = errors.New("same size, different roots: the log forked")

// maxConsistencyHashes is what tlog-witness lets a client send.
const maxConsistencyHashes = 63

// CheckConsistency says whether the hashes prove that the tree of newer begins
// with all entries of older, in order. Any other failure than [ErrFork] says
// only that this proof is not one: another mirror may have it.
//
// SPEC: RFC 6962, section 2.1.2; tlog-witness, add-checkpoint: from size zero,
// and between equal sizes, the proof is empty.
func CheckConsistency(older, newer Checkpoint, hashes []tlog.Hash) error {
	if err := checkConsistency(older, newer, hashes); err != nil {
		return fmt.Errorf("check consistency: %w", err)
	}
	return nil
}

func checkConsistency(older, newer Checkpoint, hashes []tlog.Hash) error {
	if older.Origin != newer.Origin {
		return fmt.Errorf("logs %q and %q, expected one", older.Origin, newer.Origin)
	}
	for _, c := range []Checkpoint{older, newer} {
		if err := c.check(); err != nil {
			return err
		}
	}
	if older.Size > newer.Size {
		return fmt.Errorf("sizes %d and %d, expected the older tree not to be larger", older.Size, newer.Size)
	}
	if older.Size == newer.Size && older.Root != newer.Root {
		return fmt.Errorf("size %d, roots %s and %s: %w", older.Size, older.Root, newer.Root, ErrFork)
	}
	if older.Size == 0 || older.Size == newer.Size {
		if len(hashes) != 0 {
			return fmt.Errorf("%d hashes from size %d to %d, expected none", len(hashes), older.Size, newer.Size)
		}
		return nil
	}
	if len(hashes) > maxConsistencyHashes {
		return fmt.Errorf("%d hashes, expected at most %d", len(hashes), maxConsistencyHashes)
	}
	if err := tlog.CheckTree(hashes, newer.Size, newer.Root, older.Size, older.Root); err != nil {
		return fmt.Errorf("the tree of %d entries is not shown to begin with that of %d: %w", newer.Size, older.Size, err)
	}
	return nil
}

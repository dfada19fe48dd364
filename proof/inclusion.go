package proof

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// LeafHash is the hash of an entry in the tree: SHA-256 of a zero byte and the
// entry.
//
// SPEC: RFC 6962, section 2.1.
func LeafHash(leaf []byte) tlog.Hash { return tlog.RecordHash(leaf) }

// CheckInclusion says whether the hashes, from the leaf's neighbour upwards,
// prove that leaf stands at index in the tree of c.
//
// The way from a leaf to the root of a tree of n entries turns right where the
// leaf lies in the left part, and left where it lies in the right one. Walking
// it with each hash on its side gives the root, and only the true hashes do.
//
// SPEC: RFC 6962, section 2.1.1.
func CheckInclusion(leaf tlog.Hash, index int64, hashes []tlog.Hash, c Checkpoint) error {
	if err := c.check(); err != nil {
		return fmt.Errorf("check inclusion: %w", err)
	}
	// Bounds before arithmetic: the tree functions trust theirs.
	if index < 0 || index >= c.Size {
		return fmt.Errorf("check inclusion: index %d, expected one below the tree's size %d", index, c.Size)
	}
	if want := pathLength(index, c.Size); len(hashes) != want {
		return fmt.Errorf("check inclusion: %d hashes, expected %d for entry %d of %d", len(hashes), want, index, c.Size)
	}
	if err := tlog.CheckRecord(hashes, c.Size, c.Root, index, leaf); err != nil {
		return fmt.Errorf("check inclusion: entry %d with hash %s is not in the tree of %d entries with root %s: %w", index, leaf, c.Size, c.Root, err)
	}
	return nil
}

// pathLength counts the hashes between a leaf and the root. Where index and the
// last index agree, from the top, the leaf is on the tree's right edge: there a
// level counts only if it has a left neighbour, which is where the bit is one.
// Below, the subtree is complete and every level counts.
func pathLength(index, size int64) int {
	inner := bits.Len64(uint64(index ^ (size - 1)))
	return inner + bits.OnesCount64(uint64(index)>>inner)
}

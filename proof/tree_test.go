package proof_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api/layout"
	"github.com/transparency-dev/tessera/client"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	ours "vitrine/proof"
	"vitrine/proof/prooftest"
	"vitrine/proof/tile"
)

// Every proof of every entry of every small tree, and nothing that differs from
// it in one hash, in the index, in the size or in the leaf.
func TestInclusionOfSmallTrees(t *testing.T) {
	log := prooftest.NewLog("log.example/a")
	log.AppendNumbered(40)
	for size := int64(1); size <= log.Size(); size++ {
		c := log.Checkpoint(size)
		for index := range size {
			leaf := ours.LeafHash(log.Leaf(index))
			hashes := log.Prove(index, size, nil).Hashes
			if err := ours.CheckInclusion(leaf, index, hashes, c); err != nil {
				t.Fatalf("entry %d of %d: %v", index, size, err)
			}
			for wrong := range changes(leaf, index, hashes, c) {
				if ours.CheckInclusion(wrong.leaf, wrong.index, wrong.hashes, wrong.c) == nil {
					t.Fatalf("entry %d of %d: accepted with %s", index, size, wrong.what)
				}
			}
		}
	}
}

type claim struct {
	what   string
	leaf   tlog.Hash
	index  int64
	hashes []tlog.Hash
	c      ours.Checkpoint
}

func changes(leaf tlog.Hash, index int64, hashes []tlog.Hash, c ours.Checkpoint) func(func(claim) bool) {
	return func(yield func(claim) bool) {
		flipped := leaf
		flipped[31] ^= 1
		rooted := c
		rooted.Root[0] ^= 1
		list := []claim{
			{"another leaf", flipped, index, hashes, c},
			{"another root", leaf, index, hashes, rooted},
			{"a negative index", leaf, -1, hashes, c},
			{"an index beyond the tree", leaf, c.Size, hashes, c},
			{"a hash too many", leaf, index, append(slices.Clone(hashes), leaf), c},
		}
		if c.Size > 1 {
			list = append(list, claim{"another index", leaf, (index + 1) % c.Size, hashes, c})
		}
		for i := range hashes {
			changed := slices.Clone(hashes)
			changed[i][0] ^= 0x80
			list = append(list, claim{"a changed hash", leaf, index, changed, c}, claim{"a hash left out", leaf, index, slices.Delete(slices.Clone(hashes), i, i+1), c})
		}
		for _, l := range list {
			if !yield(l) {
				return
			}
		}
	}
}

func TestConsistencyOfSmallTrees(t *testing.T) {
	log := prooftest.NewLog("log.example/a")
	log.AppendNumbered(40)
	for newer := int64(0); newer <= log.Size(); newer++ {
		for older := int64(0); older <= newer; older++ {
			var hashes []tlog.Hash
			if older > 0 {
				var err error
				if hashes, err = tlog.ProveTree(newer, older, log); err != nil {
					t.Fatal(err)
				}
			}
			a, b := log.Checkpoint(older), log.Checkpoint(newer)
			if err := ours.CheckConsistency(a, b, hashes); err != nil {
				t.Fatalf("%d to %d: %v", older, newer, err)
			}
			if ours.CheckConsistency(a, b, append(slices.Clone(hashes), a.Root)) == nil {
				t.Fatalf("%d to %d: accepted with a hash too many", older, newer)
			}
			if older < newer && ours.CheckConsistency(b, a, hashes) == nil {
				t.Fatalf("%d to %d: accepted backwards", older, newer)
			}
			for i := range hashes {
				changed := slices.Clone(hashes)
				changed[i][5] ^= 1
				if ours.CheckConsistency(a, b, changed) == nil {
					t.Fatalf("%d to %d: accepted with hash %d changed", older, newer, i)
				}
			}
		}
	}
}

func TestForkIsTold(t *testing.T) {
	a, b := prooftest.NewLog("log.example/a"), prooftest.NewLog("log.example/a")
	a.AppendNumbered(7)
	b.AppendNumbered(6)
	b.Append([]byte("another last entry"))
	if err := ours.CheckConsistency(a.Checkpoint(7), b.Checkpoint(7), nil); !errors.Is(err, ours.ErrFork) {
		t.Errorf("%v, expected ErrFork", err)
	}
	if err := ours.CheckConsistency(a.Checkpoint(6), b.Checkpoint(6), nil); err != nil {
		t.Errorf("before the fork: %v", err)
	}
	hashes, err := tlog.ProveTree(7, 5, b)
	if err != nil {
		t.Fatal(err)
	}
	if err := ours.CheckConsistency(a.Checkpoint(5), a.Checkpoint(7), hashes); err == nil || errors.Is(err, ours.ErrFork) {
		t.Errorf("a proof of the other history: %v, expected an error that is not ErrFork", err)
	}
}

// What is beyond the bounds never reaches the tree functions.
func TestBoundsBeforeArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := ours.Checkpoint{Origin: "o", Size: rapid.Int64().Draw(t, "size"), Root: tlog.Hash{1}}
		d := ours.Checkpoint{Origin: "o", Size: rapid.Int64().Draw(t, "other size"), Root: tlog.Hash{2}}
		hashes := make([]tlog.Hash, rapid.IntRange(0, 64).Draw(t, "hashes"))
		if ours.CheckInclusion(tlog.Hash{}, rapid.Int64().Draw(t, "index"), hashes, c) == nil {
			t.Fatal("an entry of a made-up tree is proved")
		}
		if ours.CheckConsistency(c, d, hashes) == nil {
			t.Fatal("two made-up trees are consistent")
		}
	})
}

// On 1,000 random entries and 1,000 random pairs of sizes of a log of random
// size, the proofs read from tiles are those of x/mod's tree and of the peer's
// proof builder, and what we accept the peer accepts.
func TestProofsAgreeWithPeers(t *testing.T) {
	const proofs = 1000
	rnd := rand.New(rand.NewPCG(1, 2))
	size := 70_000 + rnd.Int64N(2_000)
	log := prooftest.NewLog("log.example/big")
	log.AppendNumbered(size)
	files := log.Files(size)
	c := log.Checkpoint(size)
	reader := tile.NewReader(t.Context(), prooftest.Fetch(files), c)
	builder, err := client.NewProofBuilder(t.Context(), uint64(size), func(_ context.Context, level, index uint64, p uint8) ([]byte, error) {
		return files[layout.TilePath(level, index, p)], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range proofs {
		index := rnd.Int64N(size)
		got, err := reader.Inclusion(index)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := builder.InclusionProof(t.Context(), uint64(index))
		if err != nil {
			t.Fatal(err)
		}
		xmod := log.Prove(index, size, nil).Hashes
		if !slices.Equal(got, xmod) || !sameHashes(got, theirs) {
			t.Fatalf("entry %d of %d: three different proofs", index, size)
		}
		leaf := ours.LeafHash(log.Leaf(index))
		if err := ours.CheckInclusion(leaf, index, got, c); err != nil {
			t.Fatal(err)
		}
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(index), uint64(size), leaf[:], theirs, c.Root[:]); err != nil {
			t.Fatal(err)
		}
	}
	for range proofs {
		older := 1 + rnd.Int64N(size)
		got, err := reader.Consistency(older)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := builder.ConsistencyProof(t.Context(), uint64(older), uint64(size))
		if err != nil {
			t.Fatal(err)
		}
		xmod, err := tlog.ProveTree(size, older, log)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, []tlog.Hash(xmod)) || !sameHashes(got, theirs) {
			t.Fatalf("size %d of %d: three different proofs", older, size)
		}
		if err := ours.CheckConsistency(log.Checkpoint(older), c, got); err != nil {
			t.Fatal(err)
		}
	}
}

func sameHashes(a []tlog.Hash, b [][]byte) bool {
	return slices.EqualFunc(a, b, func(x tlog.Hash, y []byte) bool { return bytes.Equal(x[:], y) })
}

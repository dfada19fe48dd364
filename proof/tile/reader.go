package tile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/mod/sumdb/tlog"

	"vitrine/proof"
)

// Fetch gets the file at a path below the log's prefix, such as
// tile/0/x001/234.p/5. It gives an error that is fs.ErrNotExist if there is no
// such file, and an error if the file has more than limit bytes.
type Fetch func(ctx context.Context, path string, limit int64) ([]byte, error)

// maxKept bounds the tiles a Reader keeps: 4 MiB of hashes.
const maxKept = 512

// A Reader reads the log of one checkpoint. It is for one goroutine at a time.
type Reader struct {
	ctx    context.Context
	fetch  Fetch
	tree   proof.Checkpoint
	ahead  int
	kept   map[tlog.Tile][]byte // checked against the checkpoint
	hashes tlog.HashReader
}

// NewReader reads the log of a checkpoint that the caller has verified. ctx
// bounds every fetch the reader makes.
func NewReader(ctx context.Context, fetch Fetch, c proof.Checkpoint) *Reader {
	r := &Reader{ctx: ctx, fetch: fetch, tree: c, kept: map[tlog.Tile][]byte{}}
	r.hashes = tlog.TileHashReader(tlog.Tree{N: c.Size, Hash: c.Root}, &tileReader{r})
	return r
}

// ReadAhead lets [Reader.Entries] fetch and hash up to n bundles at once, n-1 of
// them before they are asked for. Fetch must then be safe to call from several
// goroutines. A bundle takes at most 16 MiB, and as much as its entries as a rule.
func (r *Reader) ReadAhead(n int) { r.ahead = n }

// Checkpoint is the one whose log is read.
func (r *Reader) Checkpoint() proof.Checkpoint { return r.tree }

// Inclusion gives the proof that entry index is in the tree, for
// [proof.CheckInclusion].
func (r *Reader) Inclusion(index int64) ([]tlog.Hash, error) {
	if err := r.checkIndex(index); err != nil {
		return nil, fmt.Errorf("prove entry %d: %w", index, err)
	}
	hashes, err := tlog.ProveRecord(r.tree.Size, index, r.hashes)
	if err != nil {
		return nil, fmt.Errorf("prove entry %d in a tree of %d: %w", index, r.tree.Size, err)
	}
	return hashes, nil
}

// Consistency gives the proof that the tree begins with its first olderSize
// entries, for [proof.CheckConsistency].
func (r *Reader) Consistency(olderSize int64) ([]tlog.Hash, error) {
	if err := r.checkSize(olderSize); err != nil {
		return nil, fmt.Errorf("prove size %d: %w", olderSize, err)
	}
	if olderSize == 0 || olderSize == r.tree.Size {
		return nil, nil
	}
	hashes, err := tlog.ProveTree(r.tree.Size, olderSize, r.hashes)
	if err != nil {
		return nil, fmt.Errorf("prove size %d in a tree of %d: %w", olderSize, r.tree.Size, err)
	}
	return hashes, nil
}

// Root gives the root the tree had when it had size entries. An older checkpoint
// with another root is of another history.
func (r *Reader) Root(size int64) (tlog.Hash, error) {
	if err := r.checkSize(size); err != nil {
		return tlog.Hash{}, fmt.Errorf("root at size %d: %w", size, err)
	}
	root, err := tlog.TreeHash(size, r.hashes)
	if err != nil {
		return tlog.Hash{}, fmt.Errorf("root at size %d: %w", size, err)
	}
	return root, nil
}

// LeafHash gives the hash of entry index.
func (r *Reader) LeafHash(index int64) (tlog.Hash, error) {
	if err := r.checkIndex(index); err != nil {
		return tlog.Hash{}, fmt.Errorf("hash of entry %d: %w", index, err)
	}
	hashes, err := r.hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
	if err != nil {
		return tlog.Hash{}, fmt.Errorf("hash of entry %d: %w", index, err)
	}
	return hashes[0], nil
}

func (r *Reader) checkSize(size int64) error {
	if r.tree.Size < 0 || r.tree.Size > proof.MaxTreeSize {
		return fmt.Errorf("tree of size %d, expected 0 to %d", r.tree.Size, int64(proof.MaxTreeSize))
	}
	if size < 0 || size > r.tree.Size {
		return fmt.Errorf("expected at most the tree's size %d", r.tree.Size)
	}
	return nil
}

func (r *Reader) checkIndex(index int64) error {
	if index < 0 || index >= r.tree.Size {
		return fmt.Errorf("expected an index below the tree's size %d", r.tree.Size)
	}
	return r.checkSize(index)
}

// get fetches a file that is wide enough for width hashes or entries: the
// partial one, or the full one once that has replaced it. limit tells how many
// bytes a width can take.
func (r *Reader) get(ctx context.Context, level int, n int64, width int, limit func(int) int64) (data []byte, full bool, err error) {
	path := Path(level, n, width)
	data, err = r.fetch(ctx, path, limit(width))
	// SPEC: tlog-tiles, "Partial Tiles": a partial tile may be gone once the
	// full one is there.
	if width < Width && errors.Is(err, fs.ErrNotExist) {
		width, path = Width, Path(level, n, Width)
		data, err = r.fetch(ctx, path, limit(width))
	}
	if err != nil {
		return nil, false, fmt.Errorf("fetch %s: %w", path, err)
	}
	if most := limit(width); int64(len(data)) > most {
		return nil, false, fmt.Errorf("fetch %s: %d bytes, expected at most %d", path, len(data), most)
	}
	return data, width == Width, nil
}

// tileReader is what [tlog.TileHashReader] reads from. It is a type of its own
// so that these methods are not the Reader's.
type tileReader struct{ *Reader }

// Height is that of all tiles of c2sp.org/tlog-tiles.
func (t *tileReader) Height() int { return height }

// ReadTiles gives tiles that were checked before, and fetches others.
func (t *tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	all := make([][]byte, len(tiles))
	for i, tile := range tiles {
		if data, ok := t.kept[tile]; ok {
			all[i] = data
			continue
		}
		data, full, err := t.get(t.ctx, tile.L, tile.N, tile.W, func(width int) int64 { return int64(width) * tlog.HashSize })
		if err != nil {
			return nil, err
		}
		want := tile.W * tlog.HashSize
		if full {
			want = Width * tlog.HashSize
		}
		if len(data) != want {
			return nil, fmt.Errorf("fetch %s: %d bytes, expected %d", Path(tile.L, tile.N, tile.W), len(data), want)
		}
		all[i] = data[:tile.W*tlog.HashSize]
	}
	return all, nil
}

// SaveTiles keeps tiles that were found to belong to the checkpoint.
func (t *tileReader) SaveTiles(tiles []tlog.Tile, data [][]byte) {
	for i, tile := range tiles {
		if _, ok := t.kept[tile]; !ok && len(t.kept) >= maxKept {
			t.drop()
		}
		t.kept[tile] = data[i]
	}
}

// drop makes room: the tiles of the lowest levels are many and soon not needed
// again, those above are needed for all of them.
func (t *tileReader) drop() {
	for level := 0; len(t.kept) >= maxKept; level++ {
		for tile := range t.kept {
			if tile.L <= level {
				delete(t.kept, tile)
			}
		}
	}
}

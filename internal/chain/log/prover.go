package log

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"vitrine/proof"
	"vitrine/proof/tile"

	"golang.org/x/mod/sumdb/tlog"
)

// prover makes the proofs of entries. Thousands may be published by one
// checkpoint: it is opened once for all of them, each tile is read once, and
// each node in it is hashed once. What comes out is checked, not what goes in.
type prover struct {
	read func(path string, limit int64) ([]byte, error)

	mu         sync.Mutex
	checkpoint []byte
	tree       proof.Checkpoint
	tiles      map[tileID][][]tlog.Hash // by level above the tile's own
}

type tileID struct {
	level int
	n     int64
}

// maxTiles bounds what a prover keeps: 8 MiB.
const maxTiles = 512

// tileHeight is that of all tiles of c2sp.org/tlog-tiles.
const tileHeight = 8

// proofOf makes the proof of an entry in a checkpoint.
func (l *Log) proofOf(e *pending, checkpoint []byte) ([]byte, error) {
	p := &l.prover
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tiles == nil || !bytes.Equal(p.checkpoint, checkpoint) {
		c, _, err := proof.OpenCheckpoint(checkpoint, l.cfg.Policy.Log.Verifier)
		if err != nil {
			return nil, err
		}
		p.checkpoint, p.tree, p.tiles = checkpoint, c, map[tileID][][]tlog.Hash{}
		p.read = func(path string, limit int64) ([]byte, error) { return l.fetch(context.Background(), path, limit) }
	}
	hashes, err := tlog.ProveRecord(p.tree.Size, e.index, tlog.HashReaderFunc(p.hashes))
	if err != nil {
		return nil, fmt.Errorf("prove entry %d: %w", e.index, err)
	}
	if err := proof.CheckInclusion(e.hash, e.index, hashes, p.tree); err != nil {
		return nil, fmt.Errorf("the log's own tiles are damaged: %w", err)
	}
	return proof.InclusionProof{Index: e.index, Hashes: hashes, Checkpoint: checkpoint}.Marshal(), nil
}

// hashes gives nodes of the tree by their stored index.
func (p *prover) hashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		above := level % tileHeight
		id := tileID{level / tileHeight, n >> (tileHeight - above)}
		nodes, err := p.tile(id)
		if err != nil {
			return nil, err
		}
		at := n - id.n<<(tileHeight-above)
		if at >= int64(len(nodes[above])) {
			return nil, fmt.Errorf("node %d of level %d is not in a tree of %d", n, level, p.tree.Size)
		}
		out[i] = nodes[above][at]
	}
	return out, nil
}

// tile gives all nodes of a tile, as wide as the tree's size makes it.
func (p *prover) tile(id tileID) ([][]tlog.Hash, error) {
	if nodes := p.tiles[id]; nodes != nil {
		return nodes, nil
	}
	width := min(tile.Width, p.tree.Size>>(tileHeight*id.level)-id.n*tile.Width)
	if width <= 0 {
		return nil, fmt.Errorf("tile %d of level %d is not in a tree of %d", id.n, id.level, p.tree.Size)
	}
	data, err := p.read(tile.Path(id.level, id.n, int(width)), width*tlog.HashSize)
	if errors.Is(err, fs.ErrNotExist) && width < tile.Width { // the full one has replaced it
		data, err = p.read(tile.Path(id.level, id.n, tile.Width), tile.Width*tlog.HashSize)
	}
	if err != nil {
		return nil, err
	}
	if int64(len(data)) < width*tlog.HashSize {
		return nil, fmt.Errorf("tile %d of level %d has %d bytes", id.n, id.level, len(data))
	}
	if len(p.tiles) >= maxTiles {
		clear(p.tiles)
	}
	p.tiles[id] = nodesOf(data[:width*tlog.HashSize])
	return p.tiles[id], nil
}

// nodesOf gives the nodes over a row of hashes, row by row.
func nodesOf(data []byte) [][]tlog.Hash {
	row := make([]tlog.Hash, len(data)/tlog.HashSize)
	for i := range row {
		row[i] = tlog.Hash(data[i*tlog.HashSize:])
	}
	all := [][]tlog.Hash{row}
	for len(all) < tileHeight {
		next := make([]tlog.Hash, len(row)/2)
		for i := range next {
			next[i] = tlog.NodeHash(row[2*i], row[2*i+1])
		}
		all, row = append(all, next), next
	}
	return all
}

// Package prooftest is a log and its witnesses in memory, for tests: real keys,
// real hashes, real signatures, made from names so that every run is the same.
// It serves a log as the static files of c2sp.org/tlog-tiles. It never belongs
// into a program: whoever knows a name knows the key.
package prooftest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"vitrine/proof"
	"vitrine/proof/tile"
)

// Seed is 32 bytes that follow from a name.
func Seed(name string) [32]byte { return sha256.Sum256([]byte("prooftest " + name)) }

// seedReader gives the bytes of a seed, again and again.
type seedReader struct {
	seed [32]byte
	used int
}

func (r *seedReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.seed[r.used%len(r.seed)]
		r.used++
	}
	return len(p), nil
}

// A Log keeps all it ever had, so that it can speak of any of its trees.
type Log struct {
	Signer note.Signer
	VKey   string

	leaves [][]byte
	hashes []tlog.Hash
}

// NewLog is an empty log. Its key follows from its origin.
func NewLog(origin string) *Log {
	skey, vkey, err := note.GenerateKey(&seedReader{seed: Seed("log " + origin)}, origin)
	must(err)
	signer, err := note.NewSigner(skey)
	must(err)
	return &Log{Signer: signer, VKey: vkey}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Append adds entries.
func (l *Log) Append(leaves ...[]byte) {
	for _, leaf := range leaves {
		hashes, err := tlog.StoredHashes(l.Size(), leaf, l)
		must(err)
		l.hashes = append(l.hashes, hashes...)
		l.leaves = append(l.leaves, leaf)
	}
}

// AppendNumbered adds n entries that tell their index.
func (l *Log) AppendNumbered(n int64) {
	for range n {
		l.Append(fmt.Appendf(nil, "entry %d of %s", l.Size(), l.Signer.Name()))
	}
}

// Size is the number of entries.
func (l *Log) Size() int64 { return int64(len(l.leaves)) }

// Leaf is entry index.
func (l *Log) Leaf(index int64) []byte { return l.leaves[index] }

// ReadHashes makes the log a [tlog.HashReader].
func (l *Log) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	all := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(l.hashes)) {
			return nil, fmt.Errorf("hash %d of %d", index, len(l.hashes))
		}
		all[i] = l.hashes[index]
	}
	return all, nil
}

// Checkpoint is the head of the tree of the first size entries.
func (l *Log) Checkpoint(size int64) proof.Checkpoint {
	root, err := tlog.TreeHash(size, l)
	must(err)
	return proof.Checkpoint{Origin: l.Signer.Name(), Size: size, Root: root}
}

// Sign signs a checkpoint by the log and then the others, in order.
func (l *Log) Sign(c proof.Checkpoint, others ...note.Signer) []byte {
	msg, err := note.Sign(&note.Note{Text: c.Text()}, append([]note.Signer{l.Signer}, others...)...)
	must(err)
	return msg
}

// Prove is the proof of entry index under a signed checkpoint of size entries.
func (l *Log) Prove(index, size int64, checkpoint []byte) proof.InclusionProof {
	hashes, err := tlog.ProveRecord(size, index, l)
	must(err)
	return proof.InclusionProof{Index: index, Hashes: hashes, Checkpoint: checkpoint}
}

// Files is the log as static files at the given size: every tile and bundle by
// its path.
func (l *Log) Files(size int64) map[string][]byte {
	files := map[string][]byte{}
	for _, t := range tlog.NewTiles(8, 0, size) {
		data, err := tlog.ReadTileData(t, l)
		must(err)
		files[tile.Path(t.L, t.N, t.W)] = data
		if t.L == 0 {
			files[tile.Path(tile.Entries, t.N, t.W)] = l.bundle(t.N, t.W)
		}
	}
	return files
}

func (l *Log) bundle(n int64, width int) []byte {
	var data []byte
	for i := range int64(width) {
		var err error
		data, err = tile.AppendEntry(data, l.leaves[n*tile.Width+i])
		must(err)
	}
	return data
}

// Fetch gets files by path, as a mirror would.
func Fetch(files map[string][]byte) tile.Fetch {
	return func(ctx context.Context, path string, limit int64) ([]byte, error) {
		data, ok := files[path]
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !ok:
			return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
		case int64(len(data)) > limit:
			return nil, errors.New(path + ": too large")
		}
		return data, nil
	}
}

// Drop gives the files without some.
func Drop(files map[string][]byte, paths ...string) map[string][]byte {
	rest := maps.Clone(files)
	for _, path := range paths {
		delete(rest, path)
	}
	return rest
}

// Package chaintest makes logs with witnesses in memory, honest ones and
// others: it cosigns whatever it is told to. It is for tests.
package chaintest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"vitrine/internal/chain/site"
	"vitrine/proof"
	"vitrine/proof/policy"
	"vitrine/proof/statement"
	"vitrine/proof/tile"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Origin is the name of every Log.
const Origin = "log.example/av1"

// Author makes the author's key of a name: always the same.
func Author(name string) statement.Signer {
	seed := sha256.Sum256([]byte("author " + name))
	return statement.NewSigner(ed25519.NewKeyFromSeed(seed[:]))
}

// Log is a log with three witnesses, W1 to W3, of which two make a quorum.
type Log struct {
	Now     time.Time // of cosignatures
	Entries [][]byte

	t       testing.TB
	signer  note.Signer
	vkey    string
	witness map[string]note.Signer
	vkeys   map[string]string
	stored  []tlog.Hash
}

// New makes an empty log. All have the same keys, so two logs of one test are
// two histories of the same log.
func New(t testing.TB, now time.Time) *Log {
	t.Helper()
	l := &Log{Now: now, t: t, witness: map[string]note.Signer{}, vkeys: map[string]string{}}
	skey, vkey, err := note.GenerateKey(seeded("log"), Origin)
	l.must(err)
	l.vkey = vkey
	l.signer, err = note.NewSigner(skey)
	l.must(err)
	for _, name := range []string{"W1", "W2", "W3"} {
		skey, vkey, err := proof.GenerateCosignatureKey(seeded(name), "witness.example/"+name)
		l.must(err)
		l.vkeys[name] = vkey
		l.witness[name], err = proof.NewCosignatureSigner(skey, func() time.Time { return l.Now })
		l.must(err)
	}
	return l
}

// seeded is a source of randomness that is always the same.
func seeded(name string) *bytes.Reader {
	seed := sha256.Sum256([]byte("seed " + name))
	return bytes.NewReader(bytes.Repeat(seed[:], 4))
}

func (l *Log) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// PolicyText is the policy that fits the log.
func (l *Log) PolicyText() []byte {
	b := fmt.Appendf(nil, "log %s\n", l.vkey)
	for _, name := range []string{"W1", "W2", "W3"} {
		b = fmt.Appendf(b, "witness %s %s\n", name, l.vkeys[name])
	}
	return append(b, "group enough 2 W1 W2 W3\nquorum enough\n"...)
}

// Policy is PolicyText, parsed.
func (l *Log) Policy() *policy.Policy {
	l.t.Helper()
	p, err := policy.Parse(l.PolicyText())
	l.must(err)
	return p
}

// Append adds an entry and gives its index.
func (l *Log) Append(leaf []byte) int64 {
	l.t.Helper()
	index := int64(len(l.Entries))
	more, err := tlog.StoredHashes(index, leaf, l.hashes())
	l.must(err)
	l.stored = append(l.stored, more...)
	l.Entries = append(l.Entries, leaf)
	return index
}

func (l *Log) hashes() tlog.HashReaderFunc {
	return func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = l.stored[x]
		}
		return out, nil
	}
}

// Size is the number of entries.
func (l *Log) Size() int64 { return int64(len(l.Entries)) }

// Head is the unsigned checkpoint of the first size entries.
func (l *Log) Head(size int64) proof.Checkpoint {
	l.t.Helper()
	c := proof.Checkpoint{Origin: Origin, Size: size, Root: proof.EmptyRoot()}
	if size > 0 {
		var err error
		c.Root, err = tlog.TreeHash(size, l.hashes())
		l.must(err)
	}
	return c
}

// Checkpoint signs the head of the first size entries, with the witnesses
// named; with none named, with W1 and W2.
func (l *Log) Checkpoint(size int64, witnesses ...string) []byte {
	l.t.Helper()
	if witnesses == nil {
		witnesses = []string{"W1", "W2"}
	}
	return l.Sign(l.Head(size), witnesses...)
}

// Sign signs any checkpoint, with the log's key and those of witnesses.
func (l *Log) Sign(c proof.Checkpoint, witnesses ...string) []byte {
	l.t.Helper()
	signers := []note.Signer{l.signer}
	for _, name := range witnesses {
		signers = append(signers, l.witness[name])
	}
	data, err := note.Sign(&note.Note{Text: c.Text()}, signers...)
	l.must(err)
	return data
}

// Proof is the file that shows an entry's place in the tree of a checkpoint
// made by Checkpoint(size, witnesses...).
func (l *Log) Proof(index, size int64, witnesses ...string) []byte {
	l.t.Helper()
	hashes, err := tlog.ProveRecord(size, index, l.hashes())
	l.must(err)
	return proof.InclusionProof{Index: index, Hashes: hashes, Checkpoint: l.Checkpoint(size, witnesses...)}.Marshal()
}

// Publish writes the log's tree and a checkpoint into a site.
func (l *Log) Publish(to site.Memory, witnesses ...string) {
	l.t.Helper()
	size := l.Size()
	to[site.Checkpoint] = l.Checkpoint(size, witnesses...)
	for _, t := range tlog.NewTiles(8, 0, size) {
		data, err := tlog.ReadTileData(t, l.hashes())
		l.must(err)
		to[site.Tile(tile.Path(t.L, t.N, t.W))] = data
		if t.L > 0 {
			continue
		}
		var bundle []byte
		for i := range t.W {
			bundle, err = tile.AppendEntry(bundle, l.Entries[int(t.N)*256+i])
			l.must(err)
		}
		to[site.Tile(tile.Path(-1, t.N, t.W))] = bundle
	}
}

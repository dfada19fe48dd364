package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"vitrine/internal/chain/site"
	"vitrine/proof"
	"vitrine/proof/statement"
	"vitrine/proof/tile"

	"golang.org/x/mod/sumdb/tlog"
)

func digest(data []byte) [32]byte { return sha256.Sum256(data) }

// forge SITE WHAT PATTERN REPLACEMENT makes the newest bundle's entry say
// something else. Whoever can do that has the keys of the authors, of the log, of
// two witnesses, and of the metadata. WHAT is
//
//	statement  what is said is changed, and signed; the log is made to hold it
//	envelope   what is around it is changed; the log is made to hold it
//	unlogged   what is said is changed, and signed; the log stays as it is
func (e evil) forge(args []string) error {
	folder, what := args[0], args[1]
	targets, err := e.repo(folder).Targets("rules-core")
	if err != nil {
		return err
	}
	newest := targets[len(targets)-1]
	name := filepath.Join(folder, filepath.FromSlash(site.Leaf(newest.Path)))
	leaf, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	old := leaf
	if what == "envelope" {
		leaf, err = substitute(leaf, args[2], args[3])
	} else {
		leaf, err = e.say(leaf, args[2], args[3])
	}
	if err != nil {
		return err
	}
	if err := os.WriteFile(name, leaf, 0o644); err != nil {
		return err
	}
	index := 0
	if what != "unlogged" {
		if index, err = e.logAgain(folder, newest.Path, old, leaf); err != nil {
			return err
		}
	}
	hash := proof.LeafHash(leaf)
	newest.Raw = nil
	newest.Custom = map[string]any{"origin": "log.example/av1", "index": index, "leaf": hex.EncodeToString(hash[:])}
	return e.repo(folder).Publish("rules-core", append(targets[:len(targets)-1], newest), e.op.Signers)
}

// say changes a leaf's statement and has the authors sign it.
func (e evil) say(leaf []byte, pattern, with string) ([]byte, error) {
	var envelope struct{ Payload []byte }
	if err := json.Unmarshal(leaf, &envelope); err != nil {
		return nil, err
	}
	payload, err := substitute(envelope.Payload, pattern, with)
	if err != nil {
		return nil, err
	}
	signers, err := e.op.Signers("rules-core")
	if err != nil {
		return nil, err
	}
	slices.SortFunc(signers, func(a, b statement.Signer) int { return cmp.Compare(a.Key().ID, b.Key().ID) })
	var signatures [][]byte
	for _, s := range signers {
		sig, err := s.Sign(fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(statement.PayloadType), statement.PayloadType, len(payload), payload))
		if err != nil {
			return nil, err
		}
		signatures = append(signatures, fmt.Appendf(nil, `{"keyid":"%s","sig":"%s"}`, s.Key().ID, base64.StdEncoding.EncodeToString(sig)))
	}
	return fmt.Appendf(nil, `{"payload":"%s","payloadType":"%s","signatures":[%s]}`,
		base64.StdEncoding.EncodeToString(payload), statement.PayloadType, bytes.Join(signatures, []byte(","))), nil
}

// logAgain puts a leaf into the log in place of another, as if it had always
// been there.
func (e evil) logAgain(folder, target string, old, leaf []byte) (index int, err error) {
	leaves, err := e.leaves(folder)
	if err != nil {
		return 0, err
	}
	index = slices.IndexFunc(leaves, func(l []byte) bool { return bytes.Equal(l, old) })
	if index < 0 {
		return 0, errors.New("the newest bundle is not in the log")
	}
	leaves[index] = leaf
	var stored []tlog.Hash
	hashes := tlog.HashReaderFunc(func(indexes []int64) (list []tlog.Hash, err error) {
		for _, x := range indexes {
			list = append(list, stored[x])
		}
		return list, nil
	})
	for i, l := range leaves {
		more, err := tlog.StoredHashes(int64(i), l, hashes)
		if err != nil {
			return 0, err
		}
		stored = append(stored, more...)
	}
	return index, e.writeLog(folder, target, index, leaves, hashes)
}

func (e evil) writeLog(folder, target string, index int, leaves [][]byte, hashes tlog.HashReader) error {
	p, err := e.op.Policy()
	if err != nil {
		return err
	}
	size := int64(len(leaves))
	c := proof.Checkpoint{Origin: p.Origin(), Size: size}
	if c.Root, err = tlog.TreeHash(size, hashes); err != nil {
		return err
	}
	signed, err := e.checkpoint(c, "1", "2")
	if err != nil {
		return err
	}
	path, err := tlog.ProveRecord(size, int64(index), hashes)
	if err != nil {
		return err
	}
	t := tlog.Tile{H: 8, W: int(size)}
	tree, err := tlog.ReadTileData(t, hashes)
	if err != nil {
		return err
	}
	var bundle []byte
	for _, l := range leaves {
		if bundle, err = tile.AppendEntry(bundle, l); err != nil {
			return err
		}
	}
	for name, data := range map[string][]byte{
		site.Checkpoint:                            signed,
		site.Proof(target):                         proof.InclusionProof{Index: int64(index), Hashes: path, Checkpoint: signed}.Marshal(),
		site.Tile(tile.Path(0, 0, t.W)):            tree,
		site.Tile(tile.Path(tile.Entries, 0, t.W)): bundle,
	} {
		if err := os.WriteFile(filepath.Join(folder, filepath.FromSlash(name)), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

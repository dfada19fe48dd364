package log

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"vitrine/internal/chain/web"
	"vitrine/internal/chain/witness"
	"vitrine/proof"
	"vitrine/proof/policy"
	"vitrine/proof/tile"

	"github.com/transparency-dev/tessera"
)

// witnesses gives whose cosignatures a checkpoint needs.
func (c Config) witnesses() (tessera.WitnessGroup, error) {
	now, err := witnesses(c.Policy)
	if err != nil || c.Next == nil {
		return now, err
	}
	next, err := witnesses(c.Next)
	return tessera.NewWitnessGroup(2, now, next), err
}

// all gives every witness of the policies, each once.
func (c Config) all() []policy.Witness {
	list := slices.Clone(c.Policy.Witnesses)
	if c.Next == nil {
		return list
	}
	for _, w := range c.Next.Witnesses {
		if !slices.ContainsFunc(list, func(other policy.Witness) bool { return other.VKey == w.VKey }) {
			list = append(list, w)
		}
	}
	return list
}

// witnesses turns a policy into the library's groups. The library's own reader
// takes some policies that nobody has to cosign for, so it is handed only what
// ours has read, in our spelling.
func witnesses(p *policy.Policy) (tessera.WitnessGroup, error) {
	at := map[string]string{}
	for _, w := range p.Witnesses {
		switch other, taken := at[w.URL]; {
		case w.URL == "":
			return tessera.WitnessGroup{}, fmt.Errorf("the policy does not say at which URL the witness %s is", w.Name)
		case taken:
			return tessera.WitnessGroup{}, fmt.Errorf("the witnesses %s and %s are at the same URL: of two such only one is asked", other, w.Name)
		}
		at[w.URL] = w.Name
	}
	return tessera.NewWitnessGroupFromPolicy(p.Encode())
}

// ErrBehind says that a witness has seen more of the log than the folder holds,
// or something else.
var ErrBehind = errors.New("this folder is not the newest state of the log: it was restored from a backup, or is a copy")

// behind asks each witness what it has seen. One that does not answer cannot
// tell; without a quorum nothing is published anyway.
func (l *Log) behind(ctx context.Context) error {
	size, err := l.reader.IntegratedSize(ctx)
	if err != nil {
		return err
	}
	for _, w := range l.cfg.all() {
		seen, err := l.seenBy(ctx, w)
		if err != nil || seen == nil {
			continue
		}
		if seen.Size > int64(size) {
			return fmt.Errorf("%w: witness %s has cosigned %d entries, and %d are here", ErrBehind, w.Name, seen.Size, size)
		}
		if _, err := tile.NewReader(ctx, l.fetch, *seen).Root(seen.Size); err != nil {
			return fmt.Errorf("%w: witness %s has cosigned other entries (%v)", ErrBehind, w.Name, err)
		}
	}
	return nil
}

// seenBy gives the newest checkpoint that a witness has cosigned, or nil.
func (l *Log) seenBy(ctx context.Context, w policy.Witness) (*proof.Checkpoint, error) {
	at, err := web.New(w.URL, or(l.cfg.Timeout, witnessTimeout))
	if err != nil {
		return nil, err
	}
	data, err := at.Fetch(ctx, witness.OriginHash(l.cfg.Policy.Origin())+"/checkpoint", proof.MaxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c, _, err := proof.OpenCheckpoint(data, l.cfg.Policy.Log.Verifier)
	return &c, err
}

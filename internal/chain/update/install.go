package update

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"vitrine/internal/chain/bundle"
	"vitrine/internal/chain/installed"
	"vitrine/internal/chain/site"
)

// install fetches a proved bundle, tries it on this machine, and switches to it.
func (u *updater) install(ctx context.Context, o *offer) error {
	if older(u.Engine, o.bundle.EngineMin) {
		return fmt.Errorf("%w: it needs version %s of the engine, and this is %s", ErrRefused, o.bundle.EngineMin, u.Engine)
	}
	sum, err := o.target.SHA256()
	if err != nil {
		return err
	}
	if o.target.Length > bundle.MaxSize {
		return fmt.Errorf("%w: %d bytes, and %d are the most", ErrRefused, o.target.Length, bundle.MaxSize)
	}
	data, err := u.Site.Fetch(ctx, site.File(o.target.Path, sum), o.target.Length)
	if err != nil {
		return judged(err)
	}
	if err := o.target.Check(data); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	b, err := u.try(ctx, o, data)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if err := u.Dir.Install(u.info(o, b, sum), b.Blob, o.claim.Leaf, o.claim.Proof); err != nil {
		return err
	}
	u.state.Channels[o.channel] = installed.Channel{Serial: o.serial, Leaf: o.custom.Leaf}
	return u.Dir.SetState(u.state)
}

// try opens a bundle, compares it with what was logged, and runs its self-test
// and the files of this machine.
func (u *updater) try(ctx context.Context, o *offer, data []byte) (*bundle.Bundle, error) {
	b, err := bundle.Open(data)
	if err != nil {
		return nil, err
	}
	switch {
	case b.BlobDigest() != [32]byte(o.bundle.Blob):
		return nil, fmt.Errorf("the rules in it are not those that were logged")
	case b.Manifest.Channel != o.channel || b.Manifest.Serial != o.serial:
		return nil, fmt.Errorf("it says that it is bundle %d of %s", b.Manifest.Serial, b.Manifest.Channel)
	}
	var clean []bundle.File
	if u.Clean != nil {
		clean = u.Clean()
	}
	_, err = b.SelfTest(ctx, clean)
	return b, err
}

func (u *updater) info(o *offer, b *bundle.Bundle, sum [32]byte) installed.Info {
	info := installed.Info{
		Channel: o.channel, Serial: o.serial, Target: o.target.Path, SHA256: hex.EncodeToString(sum[:]), Blob: b.Manifest.Blob, Rules: b.Manifest.Rules,
		Leaf: o.custom.Leaf, Index: o.result.Index, Log: o.result.Verified.Checkpoint.Origin, Cosigned: o.result.Verified.Fresh,
		NotBefore: o.bundle.NotBefore, Expires: o.bundle.Expires, Installed: u.now.UTC().Truncate(time.Second),
	}
	for _, k := range o.result.SignedBy {
		info.SignedBy = append(info.SignedBy, k.ID)
	}
	for _, c := range o.result.Verified.Cosigned {
		info.Witnesses = append(info.Witnesses, c.Witness)
	}
	return info
}

// older compares versions of the form 1.2.3; what follows a hyphen is not
// looked at. A version that is no version is not older than any: it is a build
// of somebody who knows.
func older(have, need string) bool {
	h, err := numbers(have)
	if err != nil {
		return false
	}
	n, err := numbers(need)
	return err == nil && slices.Compare(h, n) < 0
}

func numbers(version string) ([]int, error) {
	version, _, _ = strings.Cut(strings.TrimPrefix(version, "v"), "-")
	var list []int
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	return list, nil
}

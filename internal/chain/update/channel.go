package update

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/check"
	"vitrine/internal/chain/installed"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tuf"
	"vitrine/proof/statement"
)

// offer is a bundle that a channel's role names.
type offer struct {
	channel string
	serial  int64
	target  tuf.Target
	custom  struct {
		Origin string `json:"origin"`
		Index  int64  `json:"index"`
		Leaf   string `json:"leaf"`
	}
	claim  check.Claim
	result *check.Result
	bundle statement.RuleBundle
	turn   time.Time // when this machine may take it
}

func (u *updater) channels(ctx context.Context) error {
	var problems error
	for _, name := range u.Channels {
		c, err := u.channel(ctx, name)
		if err != nil {
			problems = errors.Join(problems, fmt.Errorf("channel %s: %w", name, err))
			c.Failed = true
		}
		u.report.Channels = append(u.report.Channels, c)
	}
	return problems
}

// channel looks at what a channel offers, newest first, and takes the newest
// that is in force.
func (u *updater) channel(ctx context.Context, name string) (Channel, error) {
	known := u.state.Channels[name]
	out := Channel{Name: name, Serial: known.Serial, Before: known.Serial}
	offers, err := u.offers(ctx, name)
	if err != nil {
		return out, err
	}
	if len(offers) == 0 && known.Serial == 0 {
		return out, nil
	}
	if len(offers) == 0 || offers[0].serial < known.Serial {
		return out, fmt.Errorf("%w: its newest bundle is older than %d, which this machine has", ErrRefused, known.Serial)
	}
	for _, o := range offers {
		if o.serial <= known.Serial {
			if err := u.isKnown(ctx, o, known); err != nil {
				return out, err
			}
			out.Again, err = u.mend(ctx, o, known)
			return out, err
		}
		err := u.prove(ctx, o, known)
		if errors.Is(err, check.ErrNotYet) {
			out.Waits = o.turn
			continue
		}
		if err != nil {
			return out, fmt.Errorf("bundle %d: %w", o.serial, err)
		}
		if err := u.install(ctx, o); err != nil {
			return out, fmt.Errorf("bundle %d: %w", o.serial, err)
		}
		out.Serial = o.serial
		return out, nil
	}
	return out, nil
}

// offers gives the bundles that the channel's role names, newest first.
func (u *updater) offers(ctx context.Context, channel string) ([]*offer, error) {
	targets, err := u.tuf.TargetsOf(ctx, authors.Rules(channel))
	if err != nil {
		return nil, judged(err)
	}
	var list []*offer
	for _, t := range targets {
		o := &offer{channel: channel, target: t}
		number, ok := strings.CutSuffix(path.Base(t.Path), ".bundle")
		if o.serial, err = strconv.ParseInt(number, 10, 64); !ok || err != nil || t.Path != site.RuleBundle(channel, o.serial) {
			return nil, fmt.Errorf("%w: the metadata name %q, which is no bundle of the channel", ErrRefused, t.Path)
		}
		if err := json.Unmarshal(t.Custom, &o.custom); err != nil {
			return nil, fmt.Errorf("%w: the metadata of %s: %w", ErrRefused, t.Path, err)
		}
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b *offer) int { return int(b.serial - a.serial) })
	return list, nil
}

// isKnown compares an offer of a serial that this machine has with what it has.
// If it is another, what is said to prove it may show that the log has forked.
func (u *updater) isKnown(ctx context.Context, o *offer, known installed.Channel) error {
	if o.serial != known.Serial || o.custom.Leaf == known.Leaf {
		return nil
	}
	if err := u.fetchClaim(ctx, o.target.Path, &o.claim); err != nil {
		return fmt.Errorf("bundle %d: %w", o.serial, err)
	}
	if r, err := check.InLog(u.policy, o.claim, u.now); err == nil {
		if err := u.follow(ctx, r.Verified); err != nil {
			return fmt.Errorf("bundle %d: %w", o.serial, err)
		}
	}
	return fmt.Errorf("%w: bundle %d is offered with another entry of the log than this machine has for it", ErrRefused, o.serial)
}

// mend installs the bundle that a machine knows once more, if it was damaged there.
// It is proved once more, too.
func (u *updater) mend(ctx context.Context, o *offer, known installed.Channel) (bool, error) {
	if o.serial != known.Serial || !u.Dir.Damaged(o.channel, o.serial) {
		return false, nil
	}
	err := u.prove(ctx, o, installed.Channel{})
	if err == nil {
		err = u.install(ctx, o)
	}
	if err != nil {
		return false, fmt.Errorf("bundle %d, which is damaged here: %w", o.serial, err)
	}
	return true, nil
}

// prove finds out whether everybody can see the bundle, and whether it is the
// next one.
func (u *updater) prove(ctx context.Context, o *offer, known installed.Channel) error {
	if err := u.fetchClaim(ctx, o.target.Path, &o.claim); err != nil {
		return err
	}
	leaf, err := statement.ParseLeaf(o.claim.Leaf)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	who, err := authors.Of(u.tuf, leaf.Statement)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if o.result, err = check.Logged(u.policy, who, o.claim, u.now); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if err := o.agrees(); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if err := u.follow(ctx, o.result.Verified); err != nil {
		return err
	}
	if err := u.succeeds(ctx, o, known); err != nil {
		return err
	}
	return u.isItsTurn(o)
}

// isItsTurn says whether this machine may take the bundle now.
func (u *updater) isItsTurn(o *offer) error {
	wait, err := u.Dir.Turn(o.result.Leaf, o.bundle.Rollout, u.Random)
	if err != nil {
		return err
	}
	o.turn = o.bundle.NotBefore.Add(wait)
	if u.now.Before(o.turn) {
		return fmt.Errorf("%w on this machine before %s", check.ErrNotYet, o.turn.Format(time.RFC3339))
	}
	return check.InForce(o.bundle, u.now)
}

// fetchClaim fetches what shows that a target is in the log. A site that names
// the target and does not have that shows nothing, and nothing is taken.
func (u *updater) fetchClaim(ctx context.Context, target string, c *check.Claim) (err error) {
	if c.Leaf, err = u.Site.Fetch(ctx, site.Leaf(target), statement.MaxLeaf); err == nil {
		c.Proof, err = u.Site.Fetch(ctx, site.Proof(target), check.MaxProof)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: nothing shows that it is in the log: %w", ErrRefused, err)
	}
	return judged(err)
}

// agrees compares what the log says with what the metadata say.
func (o *offer) agrees() error {
	sum, err := o.target.SHA256()
	if err != nil {
		return err
	}
	if err := o.result.Speaks(o.target.Path, sum); err != nil {
		return err
	}
	if o.bundle, err = o.result.RuleBundle(o.channel); err != nil {
		return err
	}
	switch {
	case o.bundle.Serial != o.serial:
		return fmt.Errorf("the log says it is bundle %d", o.bundle.Serial)
	case o.bundle.Size != o.target.Length:
		return fmt.Errorf("the log says it has %d bytes, and the metadata %d", o.bundle.Size, o.target.Length)
	case o.custom.Leaf != hex.EncodeToString(o.result.Leaf[:]) || o.custom.Index != o.result.Index:
		return errors.New("the metadata name another entry of the log")
	}
	return nil
}

// maxSkipped is how many bundles a machine may have missed and still check that
// each followed the one before.
const maxSkipped = 10_000

// succeeds walks the channel back to the bundle this machine has. Each bundle
// names the one before, so none was offered in place of another.
func (u *updater) succeeds(ctx context.Context, o *offer, known installed.Channel) error {
	if known.Serial == 0 {
		return nil
	}
	if o.serial-known.Serial > maxSkipped {
		return fmt.Errorf("%w: %d bundles were missed, and %d are the most", ErrRefused, o.serial-known.Serial, maxSkipped)
	}
	prev := o.bundle.Prev
	for serial := o.serial - 1; serial > known.Serial; serial-- {
		b, err := u.skipped(ctx, o.channel, serial, prev[:])
		if err != nil {
			return fmt.Errorf("bundle %d, which was missed: %w", serial, err)
		}
		prev = b.Prev
	}
	if hex.EncodeToString(prev[:]) != known.Leaf {
		return fmt.Errorf("%w: it does not follow bundle %d that this machine has", ErrRefused, known.Serial)
	}
	return nil
}

// skipped proves that a missed bundle is in the log. It is not installed, so who
// signed it is not asked: keys may have changed since.
func (u *updater) skipped(ctx context.Context, channel string, serial int64, leaf []byte) (b statement.RuleBundle, err error) {
	var c check.Claim
	if err := u.fetchClaim(ctx, site.RuleBundle(channel, serial), &c); err != nil {
		return b, err
	}
	r, err := check.InLog(u.policy, c, u.now)
	if err != nil {
		return b, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	envelope, err := statement.ParseLeaf(c.Leaf)
	if err != nil {
		return b, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	r.Statement = envelope.Statement
	if b, err = r.RuleBundle(channel); err != nil {
		return b, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if hex.EncodeToString(r.Leaf[:]) != hex.EncodeToString(leaf) || b.Serial != serial {
		return b, fmt.Errorf("%w: it is not the one that the next bundle names", ErrRefused)
	}
	return b, u.follow(ctx, r.Verified)
}

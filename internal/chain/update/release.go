package update

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"vitrine/internal/chain/authors"
	"vitrine/internal/chain/installed"
	"vitrine/internal/chain/released"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tuf"
	"vitrine/proof"

	"golang.org/x/mod/sumdb/tlog"
)

// Release is what became of the newest release of the program.
type Release struct {
	Version string // "" if none is published
	File    string // where it lies ready; "" if it does not
	New     bool   // it was not there before this update
	Matches int    // rebuilders who got the same bytes
	Needed  int    // how many must
}

// maxProgram is the largest program in bytes.
const maxProgram = 256 << 20

// release lays the newest release of the program ready, if enough rebuilders got
// the same bytes and none got others. It runs nothing and replaces nothing.
func (u *updater) release(ctx context.Context) error {
	if u.Release == "" {
		return nil
	}
	u.report.Release = &Release{}
	target, err := u.releaseTarget(ctx)
	if err != nil || target == nil {
		return err
	}
	version := path.Base(path.Dir(target.Path))
	u.report.Release.Version = version
	if err := u.takeRelease(ctx, version, *target); err != nil {
		if errors.Is(err, released.ErrUnproved) {
			err = fmt.Errorf("%w: %w", ErrRefused, err)
		}
		return fmt.Errorf("the release %s: %w", version, err)
	}
	return nil
}

// releaseTarget gives this machine's program among the files of the newest
// release, or nil if nothing was ever published for it.
func (u *updater) releaseTarget(ctx context.Context) (*tuf.Target, error) {
	targets, err := u.tuf.TargetsOf(ctx, authors.Releases)
	if err != nil {
		return nil, err
	}
	for i, t := range targets {
		if path.Base(t.Path) != u.Release {
			continue
		}
		if t.Path != site.ReleaseFile(path.Base(path.Dir(t.Path)), u.Release) || t.Length > maxProgram {
			return nil, fmt.Errorf("%w: the metadata name %q, of %d bytes, for a program", ErrRefused, t.Path, t.Length)
		}
		return &targets[i], nil
	}
	if u.state.Release.Serial > 0 {
		return nil, fmt.Errorf("%w: the metadata name no release, and this machine has %s", ErrRefused, u.state.Release.Version)
	}
	return nil, nil
}

func (u *updater) takeRelease(ctx context.Context, version string, target tuf.Target) error {
	reader := released.Reader{Site: u.Site, Trust: u.tuf, Policy: u.policy, Now: u.now}
	r, err := reader.Find(ctx, version)
	if err != nil {
		return err
	}
	if err := u.follow(ctx, r.Verified); err != nil {
		return err
	}
	sum, err := releaseAgrees(r, target)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	known := u.state.Release
	if r.Said.Serial < known.Serial || r.Said.Serial == known.Serial && r.LeafHex() != known.Leaf {
		return fmt.Errorf("%w: it is release %d, and this machine has another one that is not before it: %s, release %d", ErrRefused, r.Said.Serial, known.Version, known.Serial)
	}
	size, agreed, err := u.rebuilt(ctx, reader, r)
	if err != nil || !agreed {
		return err
	}
	next := installed.Release{
		Version: version, Serial: r.Said.Serial, Leaf: r.LeafHex(), Index: r.Index, Size: size,
		File: program(u.Release), SHA256: hex.EncodeToString(sum[:]),
	}
	if known.Serial != next.Serial || u.Dir.Staged(known) != nil {
		if err := u.stage(ctx, r, target, next); err != nil {
			return err
		}
		u.report.Release.New = true
	}
	u.report.Release.File = u.Dir.ReleaseFile(next)
	u.state.Release = next
	return u.Dir.SetState(u.state)
}

// program is a binary's name without its platform.
func program(file string) string {
	name, _, _ := strings.Cut(file, "_")
	return name
}

// releaseAgrees compares what the log says with what the metadata say, and
// gives the program's digest.
func releaseAgrees(r *released.Release, target tuf.Target) (sum [32]byte, err error) {
	var custom struct {
		Index int64  `json:"index"`
		Leaf  string `json:"leaf"`
	}
	if sum, err = target.SHA256(); err != nil {
		return sum, err
	}
	if err := json.Unmarshal(target.Custom, &custom); err != nil {
		return sum, fmt.Errorf("the metadata of %s: %w", target.Path, err)
	}
	if custom.Leaf != r.LeafHex() || custom.Index != r.Index {
		return sum, errors.New("the metadata name another entry of the log")
	}
	return sum, r.Speaks(target.Path, sum)
}

// rebuilt asks the log what rebuilders say, up to its newest end. One who got
// other bytes blocks the release, also after it was laid ready.
func (u *updater) rebuilt(ctx context.Context, reader released.Reader, r *released.Release) (size int64, agreed bool, err error) {
	if u.report.Stale == TooOld {
		return 0, false, errors.New("no quorum of witnesses has been heard for days: whether a rebuilder got other bytes cannot be known")
	}
	note, err := u.Dir.Checkpoint()
	if err != nil {
		return 0, false, err
	}
	tree, _, err := proof.OpenCheckpoint(note, u.policy.Log.Verifier)
	if err != nil {
		return 0, false, fmt.Errorf("the checkpoint this machine keeps: %w", err)
	}
	known, err := u.knownRelease()
	if err != nil {
		return 0, false, err
	}
	o, err := reader.Opinion(ctx, r, tree, known)
	if err != nil {
		return 0, false, err
	}
	u.report.Release.Matches, u.report.Release.Needed = o.Matches(), o.Needed
	if against := o.Mismatches(); len(against) > 0 {
		err := u.Dir.Unstage()
		return 0, false, errors.Join(fmt.Errorf("%w: built again, it is not the same: so says the rebuilder %s", ErrRefused, strings.Join(against, ", ")), err)
	}
	return tree.Size, o.Reached(), nil
}

func (u *updater) knownRelease() (*released.Known, error) {
	known := u.state.Release
	if known.Serial == 0 {
		return nil, nil
	}
	leaf, err := hex.DecodeString(known.Leaf)
	if err != nil || len(leaf) != tlog.HashSize {
		return nil, fmt.Errorf("the machine's state: %q is no hash of an entry", known.Leaf)
	}
	return &released.Known{Leaf: tlog.Hash(leaf), Index: known.Index}, nil
}

func (u *updater) stage(ctx context.Context, r *released.Release, target tuf.Target, next installed.Release) error {
	sum, err := target.SHA256()
	if err != nil {
		return err
	}
	data, err := u.Site.Fetch(ctx, site.File(target.Path, sum), target.Length)
	if err != nil {
		return err
	}
	if err := target.Check(data); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return u.Dir.Stage(next, data, r.Claim.Leaf, r.Claim.Proof)
}

package monitor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"vitrine/internal/chain/bundle"
	"vitrine/internal/chain/check"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tuf"
	"vitrine/internal/rulecheck"
	"vitrine/proof/policy"
	"vitrine/proof/statement"
)

// maxFile is the largest file that is fetched.
const maxFile = 512 << 20

// maxPending is how many files are remembered that a mirror has not shown yet.
const maxPending = 100_000

// bundleFacts is what an entry says of a bundle.
type bundleFacts struct {
	Channel string `json:"channel"`
	Serial  int64  `json:"serial"`
	Size    int64  `json:"size"`
	Blob    string `json:"blob"`
}

// files fetches every file that new entries speak of, from every mirror, and all
// that the metadata name now: a file can change after it was looked at.
func (r *run) files(ctx context.Context) {
	pending := r.state.Pending
	for _, n := range r.fresh {
		pending = append(pending, *n)
	}
	r.state.Pending = nil
	for _, n := range pending {
		if !r.everywhere(ctx, &n) && len(r.state.Pending) < maxPending {
			r.state.Pending = append(r.state.Pending, n)
		}
	}
	for _, v := range r.bySize() {
		if v.trust == nil {
			continue
		}
		for _, t := range v.trust.targets {
			r.current(ctx, v, t)
		}
	}
}

// everywhere fetches a file from each mirror. It is true once all have shown it.
func (r *run) everywhere(ctx context.Context, n *named) bool {
	raw, err := hex.DecodeString(n.SHA256)
	if err != nil || len(raw) != sha256.Size {
		return true
	}
	all := len(r.bySize()) == len(r.views)
	for _, v := range r.bySize() {
		if v.seen.tree.Size <= n.Index {
			all = false // it is behind
			continue
		}
		data, good := r.file(ctx, v, n.Name, [32]byte(raw))
		if good && n.Bundle != nil {
			r.bundle(n, data)
			n.Bundle = nil // its bytes are the same everywhere
		}
		all = all && good
	}
	return all
}

// file fetches a file from a mirror and hashes it, once in a run.
func (r *run) file(ctx context.Context, v *view, name string, sum [32]byte) (data []byte, good bool) {
	path := site.File(name, sum)
	key := v.Name + " " + path
	if good, done := r.fetched[key]; done {
		return nil, good
	}
	if !site.Valid(path) {
		r.alarm("file", v.Name, "%s can be on no site", name)
		return nil, false
	}
	data, err := v.Site.Fetch(ctx, path, maxFile)
	switch {
	case ctx.Err() != nil:
		return nil, false
	case missing(err):
		r.alarm("file", v.Name, "%s is not there as it was logged: %v", name, err)
	case err != nil:
		r.unknown("file", v.Name, "%s: %v", name, err)
	case sha256.Sum256(data) != sum:
		r.alarm("file", v.Name, "%s is not the file that was logged: its SHA-256 is %x, expected %x", name, sha256.Sum256(data), sum)
	default:
		good = true
	}
	r.fetched[key] = good
	return data, good
}

// current checks a file that the metadata name: that the log speaks of it, and
// that it is what the log speaks of.
func (r *run) current(ctx context.Context, v *view, t tuf.Target) {
	sum, err := t.SHA256()
	if err != nil {
		r.alarm("unlogged", v.Name, "%v", err)
		return
	}
	if _, logged := r.state.Policies[hex.EncodeToString(sum[:])]; t.Path != site.Policy || !logged {
		if err := r.logged(ctx, v, t.Path, sum); err != nil {
			if !errors.Is(err, errUnlogged) && !missing(err) {
				r.unknown("unlogged", v.Name, "%s: %v", t.Path, err)
				return
			}
			r.alarm("unlogged", v.Name, "%s with the SHA-256 %x is named to machines, and not shown to be in the log: %v", t.Path, sum, err)
		}
	}
	r.file(ctx, v, t.Path, sum)
}

var errUnlogged = errors.New("not in the log")

// logged proves, by what lies beside a file, that the log speaks of it.
func (r *run) logged(ctx context.Context, v *view, name string, sum [32]byte) error {
	var c check.Claim
	var err error
	if c.Leaf, err = v.Site.Fetch(ctx, site.Leaf(Beside(name)), statement.MaxLeaf); err != nil {
		return err
	}
	if c.Proof, err = v.Site.Fetch(ctx, site.Proof(Beside(name)), check.MaxProof); err != nil {
		return err
	}
	if _, err := check.InLog(r.policy, c, r.Now); err != nil {
		return errors.Join(errUnlogged, err)
	}
	e, err := statement.ParseLeaf(c.Leaf)
	if err != nil || !Speaks(e.Statement, name, sum) {
		return errors.Join(errUnlogged, errors.New("the entry beside it does not speak of it"))
	}
	return nil
}

// bundle opens a bundle, makes it again from its sources, and looks for rules
// that ought not to be in it.
func (r *run) bundle(n *named, data []byte) {
	b, err := bundle.Open(data)
	if err != nil {
		r.entryAlarm("bundle", n.Name, "%v", err)
		return
	}
	sum := b.BlobDigest()
	switch want := n.Bundle; {
	case b.Manifest.Channel != want.Channel || b.Manifest.Serial != want.Serial:
		r.entryAlarm("bundle", n.Name, "it says that it is bundle %d of %s", b.Manifest.Serial, b.Manifest.Channel)
	case hex.EncodeToString(sum[:]) != want.Blob:
		r.entryAlarm("bundle", n.Name, "the compiled rules are not those that were logged")
	case int64(len(data)) != want.Size:
		r.entryAlarm("bundle", n.Name, "%d bytes, and %d were logged", len(data), want.Size)
	}
	if err := b.Reproduce(); err != nil {
		r.entryAlarm("reproduce", n.Name, "%v", err)
	}
	for _, f := range b.Lint() {
		if f.Severity >= rulecheck.High {
			r.entryAlarm("lint", n.Name, "%s:%d: rule %s: %s (%s)", f.File, f.Line, f.Rule, f.Reason, f.Check)
		}
	}
}

// entryAlarm is an alarm that this run alone raises: the bundle will not be
// looked at again.
func (r *run) entryAlarm(kind, subject, format string, args ...any) {
	r.state.Earlier++
	r.alarm(kind, subject, format, args...)
}

// newPolicy takes a new witness policy, if the metadata name one that was logged
// by those who may, and its time has come. It counts from the next run on.
func (r *run) newPolicy(ctx context.Context) error {
	for _, v := range r.bySize() {
		if v.trust == nil {
			continue
		}
		for _, t := range v.trust.targets {
			sum, err := t.SHA256()
			if t.Path != site.Policy || err != nil {
				continue
			}
			change, logged := r.state.Policies[hex.EncodeToString(sum[:])]
			if !logged || r.Now.Before(change.Effective) {
				continue
			}
			return r.adopt(ctx, v, sum)
		}
	}
	return nil
}

func (r *run) adopt(ctx context.Context, v *view, sum [32]byte) error {
	text, err := r.Dir.Policy()
	if err != nil || sha256.Sum256(text) == sum {
		return err
	}
	text, err = v.Site.Fetch(ctx, site.File(site.Policy, sum), policy.MaxPolicy)
	if err != nil || sha256.Sum256(text) != sum {
		return nil // said already of the file
	}
	next, err := policy.Parse(text)
	if err != nil || next.Origin() != r.policy.Origin() {
		r.alarm("policy", v.Name, "the new witness policy is none, or of another log (%v)", err)
		return nil
	}
	r.notice("policy", v.Name, "a new witness policy is in force")
	return r.Dir.SetPolicy(text)
}

package monitor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"vitrine/internal/chain/site"
	"vitrine/proof"
	"vitrine/proof/policy"
	"vitrine/proof/tile"
)

// view is what a mirror shows.
type view struct {
	Mirror
	seen     *note            // signed by the log, whether or not by enough witnesses
	verified *policy.Verified // nil if not good
	whole    bool             // its log was checked, and is
	trust    *trust           // nil if its metadata are not good
}

// note is a checkpoint that the log signed, and who showed it.
type note struct {
	from      string
	tree      proof.Checkpoint
	data      []byte
	witnesses []string // whose cosignatures are on it
}

func (v *view) tile(ctx context.Context, path string, limit int64) ([]byte, error) {
	data, err := v.Site.Fetch(ctx, site.Tile(path), limit)
	if err != nil && !missing(err) {
		err = fmt.Errorf("%w: %w", errLine, err)
	}
	return data, err
}

// openMirrors reads each mirror's checkpoint.
func (r *run) openMirrors(ctx context.Context) {
	for _, m := range r.Mirrors {
		v := &view{Mirror: m}
		r.views = append(r.views, v)
		data, err := m.Site.Fetch(ctx, site.Checkpoint, proof.MaxNote)
		if missing(err) {
			r.alarm("checkpoint", m.Name, "there is no checkpoint")
			continue
		}
		if err != nil {
			r.unknown("checkpoint", m.Name, "%v", err)
			continue
		}
		verified, err := r.policy.Verify(data, r.Now)
		if verified != nil { // the log signed it: it is bound by it
			v.seen = &note{from: m.Name, tree: verified.Checkpoint, data: data}
			for _, c := range verified.Cosigned {
				v.seen.witnesses = append(v.seen.witnesses, c.Witness)
			}
		}
		if err != nil {
			r.alarm("checkpoint", m.Name, "%v", err)
			continue
		}
		v.verified = verified
	}
}

// missing tells a file that is not there, or is too large to be one, from one
// that could not be asked for.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, site.ErrTooLarge)
}

// compare holds all that was ever signed against the largest tree there is.
func (r *run) compare(ctx context.Context) error {
	kept, err := r.kept()
	if err != nil {
		return err
	}
	notes := slices.Clone(kept)
	for _, v := range r.views {
		if v.seen != nil {
			notes = append(notes, v.seen)
		}
	}
	notes = append(notes, r.askWitnesses(ctx)...)
	largest := r.largest()
	if largest == nil {
		return nil
	}
	r.behind(kept, largest)
	r.report.Log, r.report.Size, r.report.Root = largest.seen.tree.Origin, largest.seen.tree.Size, largest.seen.tree.Root.String()
	r.waiting, r.state.Ahead = r.state.Ahead, nil
	for _, n := range notes {
		if r.state.Fork != "" {
			return nil // two notes are enough, and for good
		}
		if err := r.holdAgainst(ctx, largest, n); err != nil {
			return err
		}
	}
	if r.state.Fork != "" || r.unproved || len(kept) > 0 && kept[0].tree.Size >= largest.seen.tree.Size {
		return nil
	}
	return r.Dir.SetCheckpoint(largest.verified.Note)
}

// behind raises an alarm for a mirror that has gone behind itself, and if all of
// them are behind what was seen before. One that lags while another is out of
// reach is neither.
func (r *run) behind(kept []*note, largest *view) {
	all := true
	for _, v := range r.views {
		switch {
		case v.verified == nil:
			all = false
		case v.seen.tree.Size < r.before[v.Name]:
			r.alarm("rollback", v.Name, "%d entries, and it had %d before", v.seen.tree.Size, r.before[v.Name])
		}
	}
	if all && len(kept) > 0 && kept[0].tree.Size > largest.seen.tree.Size {
		r.alarm("rollback", largest.Name, "%d entries, and %d were there before", largest.seen.tree.Size, kept[0].tree.Size)
	}
}

// largest is the mirror with the most entries that enough witnesses vouch for.
func (r *run) largest() *view {
	var best *view
	for _, v := range r.views {
		if v.verified != nil && (best == nil || v.seen.tree.Size > best.seen.tree.Size) {
			best = v
		}
	}
	return best
}

// kept gives the notes of earlier runs: the newest checkpoint first, and then
// those that nothing could be held against.
func (r *run) kept() ([]*note, error) {
	data, err := r.Dir.Checkpoint()
	if err != nil || data == nil {
		return nil, err
	}
	n, err := r.openNote("an earlier run", data)
	if err != nil {
		return nil, fmt.Errorf("the checkpoint this monitor keeps: %w", err)
	}
	list := []*note{n}
	for _, a := range r.state.Ahead {
		if n, err := r.openNote(a.From, a.Note); err == nil {
			list = append(list, n)
		}
	}
	return list, nil
}

// openNote reads a note that the log must have signed.
func (r *run) openNote(from string, data []byte) (*note, error) {
	verified, err := r.policy.Verify(data, r.Now)
	if verified == nil {
		return nil, err
	}
	n := &note{from: from, tree: verified.Checkpoint, data: data}
	for _, c := range verified.Cosigned {
		n.witnesses = append(n.witnesses, c.Witness)
	}
	return n, nil
}

// askWitnesses asks each witness for the newest checkpoint that it cosigned.
func (r *run) askWitnesses(ctx context.Context) (notes []*note) {
	if r.Witness == nil {
		return nil
	}
	for _, w := range r.policy.Witnesses {
		status := WitnessStatus{Name: w.Name}
		if n := r.askWitness(ctx, w, &status); n != nil {
			notes = append(notes, n)
		}
		r.report.Witnesses = append(r.report.Witnesses, status)
	}
	return notes
}

func (r *run) askWitness(ctx context.Context, w policy.Witness, status *WitnessStatus) *note {
	if w.URL == "" {
		return nil
	}
	at, err := r.Witness(w.URL)
	var data []byte
	if err == nil {
		// SPEC: tlog-witness, monitor retrieval: by the hash of the origin.
		sum := sha256.Sum256([]byte(r.policy.Origin()))
		data, err = at.Fetch(ctx, hex.EncodeToString(sum[:])+"/checkpoint", proof.MaxNote)
	}
	if errors.Is(err, fs.ErrNotExist) {
		r.notice("witness", w.Name, "has not cosigned anything of this log")
		return nil
	}
	if err != nil {
		r.notice("witness", w.Name, "does not answer: %v", err) // the quorum counts; silence is noticed by itself
		return nil
	}
	n, err := r.openNote("witness "+w.Name, data)
	if err == nil && !slices.Contains(n.witnesses, w.Name) {
		err = errors.New("not cosigned by the witness itself")
	}
	if err != nil {
		r.alarm("witness", w.Name, "serves as the newest it has cosigned what is none: %v", err)
		return nil
	}
	status.Good, status.Size = true, n.tree.Size
	if v, _ := r.policy.Verify(data, r.Now); v != nil {
		for _, c := range v.Cosigned {
			if at := c.Time.UTC(); c.Witness == w.Name {
				status.Time = &at
			}
		}
	}
	return n
}

// patience is how long a note may be ahead of all mirrors: a witness signs
// before the log publishes.
const patience = time.Hour

// holdAgainst computes, from the tiles of the largest tree, the root that a
// smaller one must have. The tiles are checked against the larger root, so
// another root is no accident: the log signed both, and both cannot be true.
func (r *run) holdAgainst(ctx context.Context, largest *view, n *note) error {
	tree := largest.seen.tree
	if n.tree.Size > tree.Size {
		r.keepAhead(n)
		return nil
	}
	if n.tree.Size == tree.Size {
		if n.tree.Root != tree.Root {
			return r.forked(largest.seen, n)
		}
		return nil
	}
	var problems error
	for _, v := range append([]*view{largest}, r.views...) {
		root, err := tile.NewReader(ctx, v.tile, tree).Root(n.tree.Size)
		if err != nil {
			problems = errors.Join(problems, err)
			continue
		}
		if root != n.tree.Root {
			return r.forked(largest.seen, n)
		}
		return nil
	}
	r.alarmOrUnknown(problems, "history", n.from, "no mirror shows how %d entries became %d: %v", n.tree.Size, tree.Size, problems)
	r.unproved = true
	r.keepAhead(n)
	return nil
}

// errLine is wrapped by errors of files that could not be asked for, as against
// those that are not what they must be.
var errLine = errors.New("could not be asked for")

// alarmOrUnknown is an alarm, unless it is only that something did not answer.
func (r *run) alarmOrUnknown(err error, kind, subject, format string, args ...any) {
	if errors.Is(err, errLine) {
		r.unknown(kind, subject, format, args...)
		return
	}
	r.alarm(kind, subject, format, args...)
}

// keepAhead keeps a note for later runs.
func (r *run) keepAhead(n *note) {
	a := ahead{n.from, n.data, r.Now.UTC()}
	for _, old := range r.waiting {
		if string(old.Note) == string(n.data) {
			a.Seen, a.From = old.Seen, old.From
		}
	}
	switch {
	case slices.ContainsFunc(r.state.Ahead, func(b ahead) bool { return string(a.Note) == string(b.Note) }):
		return
	case n.tree.Size <= r.report.Size: // was said already
	case r.Now.Sub(a.Seen) > patience:
		r.alarm("hidden", a.From, "has seen %d entries since %s, and no mirror shows them", n.tree.Size, stamp(a.Seen))
	default:
		r.notice("ahead", a.From, "has seen %d entries, and no mirror shows them yet", n.tree.Size)
	}
	if len(r.state.Ahead) < maxEvents {
		r.state.Ahead = append(r.state.Ahead, a)
	}
}

// forked keeps both notes and says who has lied: whoever signed both.
func (r *run) forked(a, b *note) error {
	folder, err := r.Dir.Evidence(r.Now, a.data, b.data)
	if err != nil {
		return err
	}
	var both []string
	for _, w := range a.witnesses {
		if slices.Contains(b.witnesses, w) {
			both = append(both, w)
		}
	}
	text := fmt.Sprintf("the log signed two histories and so has lied: %d entries with root %s, shown by %s (cosigned by %s), and %d entries with root %s, shown by %s (cosigned by %s)",
		a.tree.Size, a.tree.Root, a.from, list(a.witnesses), b.tree.Size, b.tree.Root, b.from, list(b.witnesses))
	if len(both) > 0 {
		text += fmt.Sprintf("; the witnesses %s cosigned both and have lied, or lost what they had seen", list(both))
	} else {
		text += "; no witness cosigned both"
	}
	r.state.Fork, r.state.Evidence = text+"; both signed notes are kept in "+folder, folder
	return nil
}

func list(names []string) string {
	if len(names) == 0 {
		return "nobody"
	}
	return strings.Join(names, ", ")
}

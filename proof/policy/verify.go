package policy

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"vitrine/proof"
)

// MaxAhead is how far a cosignature's time may lie before the verifier's clock.
// Beyond it the witness's clock, or its word, is worth nothing.
const MaxAhead = 10 * time.Minute

// ErrNotEnough says that the log signed the checkpoint but the cosignatures that
// count do not satisfy the policy: a supervisor is missing, or the checkpoint
// was shown to nobody else.
var ErrNotEnough = errors.New("not enough cosignatures")

// Verified is a checkpoint that satisfied a policy.
type Verified struct {
	Checkpoint proof.Checkpoint
	Note       []byte     // the signed note, as it was given
	Cosigned   []Cosigned // whose cosignatures counted, in the order of the policy
	Ignored    []Ignored  // valid ones that did not count, in the order of the policy

	// Fresh is the newest time T such that the cosignatures made at T or later
	// satisfy the policy by themselves: of k needed, the k-th newest. One
	// witness with a wrong clock cannot move it further than a quorum would.
	Fresh time.Time
}

// Cosigned is one witness's cosignature.
type Cosigned struct {
	Witness string // its name in the policy
	Time    time.Time
}

// Ignored is a cosignature that is valid and did not count.
type Ignored struct {
	Witness string // its name in the policy
	Reason  string
}

// Verify opens a signed checkpoint: the log must have signed it, its origin must
// be the log's name, no signature by a known key may be wrong, and the
// cosignatures not more than MaxAhead before now must satisfy the quorum. Each
// key counts once. A checkpoint that only lacks cosignatures gives ErrNotEnough
// and the Verified without Fresh, to tell who is missing.
func (p *Policy) Verify(checkpoint []byte, now time.Time) (*Verified, error) {
	n, err := proof.OpenNote(checkpoint, p.verifiers...)
	if err != nil {
		return nil, fmt.Errorf("verify checkpoint: %w", err)
	}
	c, err := p.open(n)
	if err != nil {
		return nil, fmt.Errorf("verify checkpoint: %w", err)
	}
	v := &Verified{Checkpoint: c, Note: bytes.Clone(checkpoint)}
	times := p.collect(v, n, now)
	fresh, ok := p.fresh(p.Quorum, times)
	if !ok {
		return v, fmt.Errorf("verify checkpoint of %s, size %d: %w: %s", c.Origin, c.Size, ErrNotEnough, p.missing(v))
	}
	v.Fresh = fresh
	return v, nil
}

// open wants the log's own signature among those that were verified, and reads
// the text it signed.
func (p *Policy) open(n *note.Note) (proof.Checkpoint, error) {
	if !slices.ContainsFunc(n.Sigs, func(s note.Signature) bool { return signedBy(s, p.Log.Verifier) }) {
		return proof.Checkpoint{}, fmt.Errorf("no signature by the log %s", p.Origin())
	}
	c, err := proof.ParseCheckpoint(n.Text)
	if err != nil {
		return proof.Checkpoint{}, err
	}
	// SPEC: tlog-policy, "Defining a log": the key's name MUST be the origin.
	if c.Origin != p.Origin() {
		return proof.Checkpoint{}, fmt.Errorf("origin %q, expected %q", c.Origin, p.Origin())
	}
	return c, nil
}

func signedBy(s note.Signature, v note.Verifier) bool {
	return s.Name == v.Name() && s.Hash == v.KeyHash()
}

// collect gives the time of each cosignature that counts, by witness.
func (p *Policy) collect(v *Verified, n *note.Note, now time.Time) map[string]time.Time {
	times := map[string]time.Time{}
	for _, w := range p.Witnesses {
		i := slices.IndexFunc(n.Sigs, func(s note.Signature) bool { return signedBy(s, w.Verifier) })
		if i < 0 {
			continue
		}
		t, err := proof.CosignatureTime(n.Sigs[i])
		switch {
		case err != nil:
			v.Ignored = append(v.Ignored, Ignored{w.Name, err.Error()})
		// SPEC: tlog-cosignature, "Format": verifiers MAY reject times in the
		// future.
		case t.After(now.Add(MaxAhead)):
			v.Ignored = append(v.Ignored, Ignored{w.Name, fmt.Sprintf("its time %s is more than %s ahead of %s", t.Format(time.RFC3339), MaxAhead, now.UTC().Format(time.RFC3339))})
		default:
			v.Cosigned = append(v.Cosigned, Cosigned{w.Name, t})
			times[w.Name] = t
		}
	}
	return times
}

// fresh answers two questions in one: is the witness or group satisfied, and by
// cosignatures how old at most. For a witness that is its own time. A group of
// threshold k is satisfied by the cosignatures since T when k of its members
// are, so its newest T is the k-th newest of theirs.
func (p *Policy) fresh(name string, times map[string]time.Time) (time.Time, bool) {
	g, ok := p.group(name)
	if !ok {
		t, ok := times[name]
		return t, ok
	}
	var members []time.Time
	for _, m := range g.Members {
		if t, ok := p.fresh(m, times); ok {
			members = append(members, t)
		}
	}
	if len(members) < g.Threshold {
		return time.Time{}, false
	}
	slices.SortFunc(members, func(a, b time.Time) int { return b.Compare(a) })
	return members[g.Threshold-1], true
}

// missing tells an operator where to look.
func (p *Policy) missing(v *Verified) string {
	var have []string
	for _, c := range v.Cosigned {
		have = append(have, c.Witness)
	}
	text := fmt.Sprintf("cosigned by %q, expected quorum %s", have, p.Quorum)
	if g, ok := p.group(p.Quorum); ok {
		text += fmt.Sprintf(" (%d of %q)", g.Threshold, g.Members)
	}
	for _, i := range v.Ignored {
		text += fmt.Sprintf("; ignored %s: %s", i.Witness, i.Reason)
	}
	return text
}

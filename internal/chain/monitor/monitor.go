// Package monitor watches over a log for everybody who does not: that it shows
// one history to all, that what is on its site is what it speaks of, and that
// what it speaks of is what it ought to be. It follows a log, the witnesses and
// any number of mirrors, and says what is wrong, and whose word it is against
// whose.
//
// It looks at new entries only, and keeps what it has seen; what cannot be both
// true is kept as evidence, for good. It installs nothing, changes nothing on a
// site, and tells a site nothing but the paths of what it reads.
package monitor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"vitrine/internal/chain/installed"
	"vitrine/internal/chain/site"
	"vitrine/proof/policy"
)

// Mirror is a copy of the site.
type Mirror struct {
	Name string // URL or folder
	Site site.Fetcher
}

// Config is what to watch.
type Config struct {
	Dir     installed.Dir // the monitor's own
	Mirrors []Mirror      // at least one
	Now     time.Time

	// Witness opens what a witness serves; nil to ask no witness.
	Witness func(url string) (site.Fetcher, error)

	// Root and Policy are the trust of the first start.
	Root, Policy []byte

	// Quiet is how old the newest cosignatures may be; 0 for an hour.
	Quiet time.Duration

	// Again looks at every entry once more, as if there had been no run before.
	Again bool

	// Progress, if not nil, is told how many entries of all are done.
	Progress func(done, all int64)
}

// run is one look at everything.
type run struct {
	Config
	state  *state
	policy *policy.Policy
	report *Report

	before   map[string]int64 // entries that each mirror was seen to hold
	unproved bool             // whether this is the history that was seen before is not known
	views    []*view          // of the mirrors
	waiting  []ahead          // notes that earlier runs could hold against nothing
	fresh    []*named         // files that new entries speak of, and those of before
	fetched  map[string]bool  // by mirror and path: whether a file was what it must be
	needed   int              // rebuilders who must agree; 0 if not known
}

// Run looks once. The report is there even if an error says that the monitor
// itself could not work, unless it could not begin.
func Run(ctx context.Context, c Config) (*Report, error) {
	if len(c.Mirrors) == 0 {
		return nil, errors.New("nothing to watch: no site is named")
	}
	if c.Quiet <= 0 {
		c.Quiet = time.Hour
	}
	held, err := c.Dir.Lock()
	if err != nil {
		return nil, err
	}
	defer held.Unlock()
	if err := c.Dir.Sweep(); err != nil {
		return nil, err
	}
	r := &run{Config: c, report: newReport(c.Now), fetched: map[string]bool{}}
	if err := r.load(); err != nil {
		return nil, err
	}
	err = r.look(ctx)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	r.conclude()
	if err == nil {
		err = r.save()
	}
	return r.report, err
}

func (r *run) load() error {
	text, err := r.Dir.Policy()
	if err != nil {
		return err
	}
	if text == nil {
		if text = r.Policy; text == nil {
			return errors.New("nobody is trusted yet: a first run needs a policy and a root")
		}
		if err := r.Dir.SetPolicy(text); err != nil {
			return err
		}
	}
	if r.policy, err = policy.Parse(text); err != nil {
		return fmt.Errorf("the witness policy: %w", err)
	}
	if r.state, err = readState(r.Dir); err != nil {
		return err
	}
	if err := r.keepRoot(); err != nil {
		return err
	}
	r.before = maps.Clone(r.state.Mirrors)
	if r.Again {
		r.state.forget()
	}
	return nil
}

// look does all there is to do. Only what the monitor's own folder does is an
// error; all else is reported.
func (r *run) look(ctx context.Context) error {
	r.openMirrors(ctx)
	if err := r.compare(ctx); err != nil {
		return err
	}
	r.silence()
	if r.state.Fork != "" {
		r.alarm("fork", r.policy.Origin(), "%s", r.state.Fork)
		return nil // nothing more of this log can be believed
	}
	if r.unproved {
		return nil // what is read now might be of another history
	}
	for _, v := range r.views {
		r.metadata(ctx, v)
	}
	if err := r.entries(ctx); err != nil {
		return err
	}
	r.files(ctx)
	return r.newPolicy(ctx)
}

// silence raises an alarm if no quorum has been heard for too long.
func (r *run) silence() {
	var newest time.Time
	for _, v := range r.views {
		if v.verified != nil && v.verified.Fresh.After(newest) {
			newest = v.verified.Fresh
		}
	}
	if newest.IsZero() {
		return // said already of each mirror
	}
	if age := r.Now.Sub(newest); age > r.Quiet {
		r.alarm("silence", r.policy.Origin(), "no quorum of witnesses has signed since %s, %s ago", stamp(newest), age.Round(time.Minute))
	}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

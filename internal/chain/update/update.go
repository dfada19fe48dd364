// Package update brings a machine the newest rules, if everybody can see them:
// named by the metadata of those who may, signed by their authors, in a log that
// enough witnesses have seen, in unbroken succession, and good on this machine.
//
// What it has once trusted it never goes behind. When anything is wrong it says
// so, keeps the rules there are, and protection goes on: it cannot be switched
// off by keeping updates away. It tells a site nothing but the paths of files.
package update

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"vitrine/internal/chain/bundle"
	"vitrine/internal/chain/installed"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tuf"
	"vitrine/proof/policy"
)

// Config is what an update works with.
type Config struct {
	Dir      installed.Dir
	Site     site.Fetcher
	Now      func() time.Time
	Engine   string   // version of the engine, as bundles name it
	Channels []string // channels to follow, in order

	// Release is the file of a release that runs on this machine, such as
	// vitrine_linux_amd64, to lay the newest one ready; empty for not to.
	Release string

	// Root and Policy are the trust of the first start. They are not looked at
	// once the machine has its own.
	Root, Policy []byte

	// Random makes the machine's own number, once, by which it finds its turn.
	Random io.Reader

	// Clean gives files of this machine in which no rule may find anything. It is
	// asked only when there is a new bundle. Nil for none.
	Clean func() []bundle.File
}

// Report is what an update found and did.
type Report struct {
	Channels []Channel
	Log      string    // origin
	Size     int64     // entries of the newest checkpoint
	Fresh    time.Time // when a quorum of witnesses last vouched for it
	Cosigned []policy.Cosigned
	Stale    Staleness
	Release  *Release // nil if it was not asked for
	Clock    error    // the machine's clock is behind what is known; nil if not
}

// Channel is what became of one channel.
type Channel struct {
	Name   string
	Serial int64 // in use now; 0 for none
	Before int64 // in use before
	Waits  time.Time
	Again  bool // the bundle was damaged here, and was installed once more
	Failed bool // what is offered now was not taken, or could not be found out
}

// ErrRefused is wrapped by errors that say that what was offered must not be
// taken. Other errors say that it could not be found out.
var ErrRefused = errors.New("refused")

// updater is one run.
type updater struct {
	Config
	state  installed.State
	policy *policy.Policy

	policySum [32]byte // of its text
	tuf       *tuf.Client
	now       time.Time // never before what is known
	report    *Report
}

// Run looks for what is new, proves it and installs it. Whatever it returns, the
// rules in use are good ones.
func Run(ctx context.Context, c Config) (*Report, error) {
	held, err := c.Dir.Lock()
	if err != nil {
		return nil, err
	}
	defer held.Unlock()
	if err := c.Dir.Sweep(); err != nil {
		return nil, err
	}
	u := &updater{Config: c, report: &Report{}}
	if err := u.load(); err != nil {
		return nil, err
	}
	if err = u.run(ctx); err != nil && ctx.Err() != nil {
		return u.report, err // it was told to stop: that is no problem of the site
	}
	return u.report, errors.Join(err, u.remember(err))
}

func (u *updater) run(ctx context.Context) error {
	if p := u.state.Problem; p != nil && p.Kind == "fork" {
		return fmt.Errorf("%w: the log has forked, and updates have stopped: %s", ErrRefused, p.Text)
	}
	for _, step := range []func(context.Context) error{u.refresh, u.newPolicy, u.newest, u.channels, u.release} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// load brings up what the machine knows.
func (u *updater) load() error {
	var err error
	if u.state, err = u.Dir.State(); err != nil {
		return err
	}
	text, err := u.Dir.Policy()
	if err != nil {
		return err
	}
	first := text == nil
	if first {
		text = u.Policy
	}
	if u.policy, err = policy.Parse(text); err != nil {
		return fmt.Errorf("the witness policy: %w", err)
	}
	u.policySum = sha256.Sum256(text)
	if first {
		err = u.Dir.SetPolicy(text)
	}
	u.setClock()
	return err
}

// setClock takes the newest time that is known for certain, if the machine's
// clock is before it. It says so only if that is more than clocks differ by.
func (u *updater) setClock() {
	u.now = u.Now()
	if !u.now.Before(u.state.Time) {
		return
	}
	if u.now.Add(policy.MaxAhead).Before(u.state.Time) {
		u.report.Clock = fmt.Errorf("the clock says %s, and witnesses have signed at %s", u.now.UTC().Format(time.RFC3339), u.state.Time.Format(time.RFC3339))
	}
	u.now = u.state.Time
}

// remember keeps how it went. A fork stays a fork until somebody looks at it.
func (u *updater) remember(err error) error {
	u.state.Tried = u.now.UTC().Truncate(time.Second)
	switch {
	case u.state.Problem != nil && u.state.Problem.Kind == "fork":
	case err == nil:
		u.state.Problem, u.state.Succeeded = nil, u.state.Tried
	case errors.Is(err, ErrRefused):
		text := strings.ReplaceAll(err.Error(), ErrRefused.Error()+": ", "") // the kind says it
		u.state.Problem = &installed.Problem{Kind: "refused", Text: text}
	default:
		u.state.Problem = &installed.Problem{Kind: "failed", Text: err.Error()}
	}
	return u.Dir.SetState(u.state)
}

// refresh asks who may speak now, starting from the newest root this machine
// has ever trusted.
func (u *updater) refresh(ctx context.Context) error {
	var err error
	u.tuf, err = tuf.New(tuf.Config{Store: u.Dir.Store(), Fetcher: site.Metadata{Site: u.Site}, Root: u.Root, Now: u.now})
	if err != nil {
		return err
	}
	return judged(u.tuf.Refresh(ctx))
}

// judged makes an error about what was fetched one that refuses it. That
// something is too old proves nobody wrong: it is what a machine sees whose
// network is cut, or whose operator sleeps.
func judged(err error) error {
	if errors.Is(err, tuf.ErrBad) && !errors.Is(err, tuf.ErrExpired) || errors.Is(err, site.ErrTooLarge) {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}

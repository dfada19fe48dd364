package machine

import (
	"errors"
	"fmt"

	"vitrine/internal/cli/machine/scanreport"
	"vitrine/internal/cli/quarry"
	"vitrine/internal/cli/ruleset"
	"vitrine/internal/cli/state"
	"vitrine/internal/cli/term"
	"vitrine/internal/engine"
	"vitrine/internal/engine/clamav"
	"vitrine/internal/engine/hashset"
)

// prepared is a scan with everything it looks for.
type prepared struct {
	engine      *engine.Engine
	set         *ruleset.Set
	deny, allow *hashset.Set
	signatures  *clamav.Database
	bundles     []scanreport.Bundle
}

// prepare loads rules, lists and passwords. What is wrong with them is told on
// stderr in full.
func (o *scanOptions) prepare(env term.Env) (*prepared, error) {
	p := &prepared{}
	var err error
	if p.set, err = o.loadRules(env, p); err != nil {
		return nil, err
	}
	if p.deny, err = quarry.Lists(o.hashes, nil); err != nil {
		return nil, tell(env, err)
	}
	if p.allow, err = quarry.Lists(o.allow, nil); err != nil {
		return nil, tell(env, err)
	}
	if p.signatures, err = o.loadSignatures(env); err != nil {
		return nil, err
	}
	passwords, err := quarry.Passwords(o.passwordFile, nil)
	if err != nil {
		return nil, err
	}
	p.engine, err = engine.New(engine.Config{
		Rules:     p.set.Rules,
		Deny:      p.deny,
		Allow:     p.allow,
		Limits:    o.limits(),
		Passwords: passwords,
		NoUnpack:  o.noUnpack,
		Matches:   o.matches,

		Signatures: p.signatures,
	})
	return p, err
}

// loadRules loads the rules of bundles, or those of the program, and those that
// the user names. A bundle that was proved may still be none for this program, if
// the program is another than the one that installed it.
func (o *scanOptions) loadRules(env term.Env, p *prepared) (*ruleset.Set, error) {
	paths, err := o.installed(env, p)
	if err != nil {
		return nil, err
	}
	if len(paths) > 0 {
		if set, err := ruleset.Load(ruleset.Config{Paths: append(paths, o.rules...)}); err == nil {
			return set, nil
		}
		if _, err := ruleset.Load(ruleset.Config{Paths: paths}); err != nil {
			fmt.Fprintf(env.Stderr, "vitrine: warning: the installed rules: %v; the rules that come with the program are used\n", err)
			p.bundles, paths = nil, nil
		}
	}
	return loadRules(env, append(paths, o.rules...), !o.noDefaultRules && len(paths) == 0)
}

// installed gives the files of the bundles that vitrine update has brought. They
// take the place of the rules that come with the program. Where they cannot be
// read, the scan goes on with those, and says so: a scan must not be switched off
// by what an update left.
func (o *scanOptions) installed(env term.Env, p *prepared) ([]string, error) {
	if o.noDefaultRules {
		return nil, nil
	}
	dir, err := state.Installed(env, o.state)
	if err != nil {
		return nil, nil // no home, nothing installed
	}
	rules, err := dir.Rules()
	if err != nil {
		fmt.Fprintf(env.Stderr, "vitrine: warning: %v; the rules that come with the program are used\n", err)
		return nil, nil
	}
	var paths []string
	for _, r := range rules {
		if r.Instead != nil {
			fmt.Fprintf(env.Stderr, "vitrine: warning: bundle %d of %s is used instead of a newer one: %v\n", r.Info.Serial, r.Info.Channel, r.Instead)
		}
		paths = append(paths, r.File)
		p.bundles = append(p.bundles, scanreport.Bundle{
			Channel: r.Info.Channel, Serial: r.Info.Serial, Log: r.Info.Log, Index: r.Info.Index, Witnesses: r.Info.Witnesses, Cosigned: r.Info.Cosigned,
		})
	}
	return paths, nil
}

// loadRules loads the rules of the program, if wanted, and those named by the
// user, and tells everything that is wrong with them.
func loadRules(env term.Env, paths []string, starter bool) (*ruleset.Set, error) {
	c := ruleset.Config{Paths: paths}
	if starter {
		c.Builtin = quarry.Builtin()
	}
	if len(c.Builtin) == 0 && len(paths) == 0 {
		return &ruleset.Set{}, nil
	}
	set, err := ruleset.Load(c)
	return set, tellRules(env, err)
}

// maxMistakes is how many mistakes in rules are printed. Whoever has more wants
// to know what to do about them, not each one.
const maxMistakes = 25

// tellRules prints what keeps rules from being loaded, up to maxMistakes of it.
func tellRules(env term.Env, err error) error {
	var all ruleset.Errors
	if !errors.As(err, &all) || len(all) <= maxMistakes {
		return tell(env, err)
	}
	_ = tell(env, all[:maxMistakes])
	fmt.Fprintf(env.Stderr, "vitrine: and %d more\nhint: vitrine rules lint lists them all; vitrine rules import keeps the files without mistakes\n", len(all)-maxMistakes)
	return term.ErrReported
}

// tell prints an error that has several lines, one by one.
func tell(env term.Env, err error) error { return term.Lines(env, "vitrine", err) }

package guardcmd

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"os"
	"strings"
	"time"

	"vitrine/internal/chain/installed"
	"vitrine/internal/cli/quarry"
	"vitrine/internal/cli/ruleset"
	"vitrine/internal/endpoint/wire"
	"vitrine/internal/engine"
	"vitrine/internal/engine/clamav"
	"vitrine/internal/engine/hashset"
	"vitrine/internal/engine/limit"
)

// armed is all that a scanner looks for, loaded.
type armed struct {
	engine *engine.Engine
	ready  wire.Ready
}

// arming is what is being loaded. Without strict, what cannot be loaded is left out
// with a warning: a machine is better looked after by some rules than by none.
type arming struct {
	setup wire.Setup
	ready wire.Ready
	sum   hash.Hash // over everything that is loaded

	compiled *os.File // rules as another scanner has compiled them, or for another; nil: neither
	held     bool     // compiled holds all rules there are
}

// arm loads what a setup names. Compiled rules come from the file, or go there; nil:
// there is none.
func arm(setup wire.Setup, compiled *os.File) (*armed, error) {
	a := &arming{setup: setup, sum: sha256.New(), compiled: compiled}
	a.part("engine", engine.Version)
	a.part("limits", setup.Limits)
	c := engine.Config{Limits: limits(setup.Limits)}
	set, err := a.rules()
	if err != nil {
		return nil, err
	}
	c.Rules = set.Rules
	a.ready.Count = set.Identity.Count
	a.part("rules", set.Identity.SHA256)
	if err := a.lists(&c); err != nil {
		return nil, err
	}
	a.ready.Rules = hex.EncodeToString(a.sum.Sum(nil))
	e, err := engine.New(c)
	return &armed{e, a.ready}, err
}

// part begins a part of what the identity is made of.
func (a *arming) part(name string, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		text = []byte(err.Error()) // strings and numbers have none
	}
	fmt.Fprintf(a.sum, "\x00%s %d %s\x00", name, len(text), text)
}

// allow makes an error a warning, unless all has to be as it was asked for.
func (a *arming) allow(err error, instead string) error {
	if err == nil || a.setup.Strict {
		return err
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		a.ready.Warnings = append(a.ready.Warnings, line)
	}
	a.ready.Warnings = append(a.ready.Warnings, instead)
	return nil
}

// rules loads the rules that were named, and those of installed bundles or else
// those of the program.
func (a *arming) rules() (*ruleset.Set, error) {
	if set, ok := a.given(); ok {
		return set, nil
	}
	r := a.setup.Rules
	bundles, err := a.installed()
	if err != nil {
		return nil, err
	}
	c := ruleset.Config{Paths: append(bundles, r.Paths...)}
	if r.Builtin && len(bundles) == 0 {
		c.Builtin = quarry.Builtin()
	}
	if len(c.Builtin) == 0 && len(c.Paths) == 0 {
		return &ruleset.Set{}, nil
	}
	if len(c.Builtin) == 0 && len(c.Paths) == 1 {
		c.Hold = a.hold
	}
	set, err := ruleset.Load(c)
	if err == nil {
		a.give(set)
		return set, nil
	}
	if err := a.allow(err, "the rules that come with the program are used instead"); err != nil {
		return nil, err
	}
	a.ready.Bundles = nil
	return ruleset.Load(ruleset.Config{Builtin: quarry.Builtin()})
}

// installed gives the files of the bundles in use.
func (a *arming) installed() ([]string, error) {
	if a.setup.Rules.Installed == "" || !a.setup.Rules.Builtin {
		return nil, nil
	}
	dir := installed.Dir{Path: a.setup.Rules.Installed}
	if !dir.Used() {
		return nil, nil
	}
	rules, err := dir.Rules()
	if err := a.allow(err, "the installed bundles are left out"); err != nil {
		return nil, err
	}
	var paths []string
	for _, r := range rules {
		if r.Instead != nil {
			a.ready.Warnings = append(a.ready.Warnings, fmt.Sprintf("bundle %d of %s is used instead of a newer one: %v", r.Info.Serial, r.Info.Channel, r.Instead))
		}
		paths = append(paths, r.File)
		a.ready.Bundles = append(a.ready.Bundles, fmt.Sprintf("%s %d", r.Info.Channel, r.Info.Serial))
	}
	return paths, nil
}

// lists loads all but rules.
func (a *arming) lists(c *engine.Config) error {
	r := a.setup.Rules
	var err error
	a.part("hashes", len(r.Hashes))
	if c.Deny, err = quarry.Lists(r.Hashes, a.sum); err != nil {
		if err = a.allow(err, "no list of digests is used"); err != nil {
			return err
		}
	}
	a.part("allow", len(r.Allow))
	if c.Allow, err = quarry.Lists(r.Allow, a.sum); err != nil {
		if err = a.allow(err, "no list of what is let be is used"); err != nil {
			return err
		}
	}
	a.part("passwords", "")
	if c.Passwords, err = quarry.Passwords(r.Passwords, a.sum); err != nil {
		if err = a.allow(err, "no passwords are tried on archives"); err != nil {
			return err
		}
	}
	if c.Signatures, err = a.signatures(); err != nil {
		return err
	}
	a.count(c.Deny, c.Allow, c.Signatures)
	return nil
}

func (a *arming) count(deny, allow *hashset.Set, signatures *clamav.Database) {
	a.ready.Hashes, a.ready.Allowed, a.ready.Sigs = deny.Len(), allow.Len(), signatures.Len()
}

// signatures loads ClamAV's databases. A malformed line in them is a warning.
func (a *arming) signatures() (*clamav.Database, error) {
	if len(a.setup.Rules.ClamAV) == 0 {
		return nil, nil
	}
	a.part("clamav", "")
	d, report, err := quarry.Databases(a.setup.Rules.ClamAV, clamav.Config{Now: time.Now}, a.sum)
	if err != nil {
		return nil, a.allow(err, "no databases of ClamAV are used")
	}
	for _, p := range report.Problems[:min(len(report.Problems), 3)] {
		a.ready.Warnings = append(a.ready.Warnings, p.Error())
	}
	if n := len(report.Problems) + report.More - 3; n > 0 {
		a.ready.Warnings = append(a.ready.Warnings, fmt.Sprintf("and %d more malformed lines", n))
	}
	return d, nil
}

// limits fits the engine's into the memory that the process has.
func limits(l wire.Limits) limit.Limits {
	out := limit.Limits{MaxTime: l.MaxTime}.Filled()
	if l.Memory > 0 {
		out.MaxMemory = min(out.MaxMemory, l.Memory/4)
		out.MaxObject = min(out.MaxObject, l.Memory/4)
		out.MaxDict = min(out.MaxDict, l.Memory/8)
	}
	return out
}

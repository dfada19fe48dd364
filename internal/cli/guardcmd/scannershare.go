package guardcmd

import (
	"fmt"
	"io"

	"vitrine/internal/cli/ruleset"
	"vitrine/internal/endpoint/wire"
	"vitrine/yara"
)

// Compiled rules are large, and the same for every scanner. So they are in one sealed
// file in memory that all of them map: the first writes it, and uses it as the others
// do.

// given takes the rules that another scanner has compiled.
func (a *arming) given() (*ruleset.Set, bool) {
	c := a.setup.Compiled
	if a.compiled == nil || c == nil {
		return nil, false
	}
	rules, err := mapped(a)
	if err != nil {
		a.compiled = nil  // it is no file to write to
		return nil, false // they are there as they were named, too
	}
	a.ready.Bundles = c.Bundles
	return &ruleset.Set{Rules: rules, Identity: ruleset.Identity{Count: c.Count, SHA256: c.SHA256}}, true
}

// give leaves the rules to scanners that start later, and uses them from there. Rules
// that are put together of several compiled ones cannot be given.
func (a *arming) give(set *ruleset.Set) {
	if a.compiled == nil || len(a.ready.Warnings) > 0 {
		return
	}
	if !a.held {
		data, err := set.Rules.MarshalBinary()
		if err != nil {
			return
		}
		if _, err := a.compiled.Write(data); err != nil || wire.Seal(a.compiled) != nil {
			return
		}
		rules, err := mapped(a)
		if err != nil {
			return
		}
		set.Rules = rules
	}
	a.ready.Compiled = set.Identity.SHA256
}

// hold takes the only file of compiled rules there is to where others can have it from.
func (a *arming) hold(contents io.Reader) ([]byte, error) {
	if a.compiled == nil {
		return io.ReadAll(contents)
	}
	if _, err := io.Copy(a.compiled, contents); err != nil {
		return nil, fmt.Errorf("keep compiled rules: %w", err)
	}
	if err := wire.Seal(a.compiled); err != nil {
		return nil, err
	}
	data, err := wire.Map(a.compiled)
	a.held = err == nil
	return data, err
}

// mapped loads the rules in the file that is for them.
func mapped(a *arming) (*yara.Rules, error) {
	data, err := wire.Map(a.compiled)
	if err != nil {
		return nil, err
	}
	return yara.Load(data)
}

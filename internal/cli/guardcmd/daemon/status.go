package daemon

import (
	"os"
	"slices"

	"vitrine/internal/endpoint/condition"
	"vitrine/internal/endpoint/gap"
	"vitrine/internal/endpoint/sweep"
)

// condition gathers how the machine is protected.
func (d *daemon) condition() condition.Condition {
	c := condition.Condition{
		Version: d.options.Version, PID: os.Getpid(), Started: d.started, Mode: d.config.Protection.Mode,
		Missing: append([]condition.Missing(nil), d.missing...),
	}
	d.tellWatch(&c)
	d.tellScanners(&c)
	d.tellSwitch(&c)
	d.tellStores(&c)
	d.tellNetwork(&c)
	c.Judge()
	return c
}

func (d *daemon) tellWatch(c *condition.Condition) {
	s := d.guard.Stats()
	watched, not, _ := d.guard.Coverage()
	c.Watch = condition.Watch{
		Mounts: len(watched), Seen: s.Events, Scanned: s.Scans, Cached: s.CacheHits, Blocked: s.Blocked, Found: s.Detections,
		Timeouts: s.Timeouts, Overflows: s.Overflows, Allowed: len(d.allowed.All()), Excluded: len(d.excluded.All()),
	}
	for _, path := range slices.Concat(d.config.Protection.Paths, d.config.Protection.Open) {
		if _, err := os.Lstat(path); err != nil {
			c.Problem("what is to be watched is not there: %v", err)
		}
	}
	for _, u := range not {
		c.Missing = append(c.Missing, condition.Missing{Part: "guard", Feature: u.Point + " (" + u.Type + ")", Uncovered: u.Why})
	}
	for _, m := range d.guard.Missing() {
		c.Missing = append(c.Missing, condition.Missing{Part: "guard", Feature: m.Feature, Uncovered: m.Uncovered})
	}
}

func (d *daemon) tellScanners(c *condition.Condition) {
	s := d.scanning.pool.Status()
	d.mu.Lock()
	c.Rules = condition.Rules{Identity: s.Rules, Loaded: d.loaded, Count: s.Count + s.Signatures, Digests: s.Hashes}
	d.mu.Unlock()
	c.Scanner = condition.Scanner{Workers: len(s.Workers), Waiting: s.Queued, User: d.config.Scanner.User}
	for _, w := range s.Workers {
		if w.State == "busy" {
			c.Scanner.Busy++
		}
		// One that still loads its rules, or is not needed now, is not missing.
		if w.PID != 0 || w.State == "resting" {
			c.Scanner.Alive++
		}
		c.Scanner.Restarts += int64(w.Restarts)
	}
	for _, part := range s.Sandbox.Missing() {
		c.Missing = append(c.Missing, condition.Missing{Part: "scanner", Feature: part.Name, Uncovered: part.Without})
	}
	for _, w := range s.Warnings {
		c.Problem("rules: %s", w)
	}
}

func (d *daemon) tellSwitch(c *condition.Condition) {
	s := d.toggle.Status()
	if err := d.toggle.Unkept(); err != nil {
		c.Problem("%v", err)
	}
	if s.State == gap.Off {
		c.Switch = &condition.Switch{Since: s.Since, Until: s.Until, Reason: s.Reason, By: s.By}
	}
	if w := s.Work; w != nil && s.State == gap.Closing {
		c.Closing = &condition.Closing{Step: w.Step, Seen: w.Seen, Suspects: w.Suspects, Scanned: w.Scanned, Found: w.Found, Why: w.Why}
	} else if s.State == gap.Closing {
		c.Closing = &condition.Closing{Step: "waiting"}
	}
	if n := len(s.Gaps); n > 0 {
		g := s.Gaps[n-1]
		c.LastGap = &condition.Gap{
			Began: g.From, Ended: g.To, Why: string(g.Why), Reason: g.Reason, Looked: g.Scanned, Found: g.Found, Complete: !g.Closed.IsZero(),
		}
	}
}

func (d *daemon) tellStores(c *condition.Condition) {
	for _, text := range d.troubles {
		c.Problem("%s", text)
	}
	if d.store != nil {
		c.Quarantine.Files, c.Quarantine.Bytes = d.store.Usage()
	} else {
		c.Problem("nothing is taken away: the quarantine cannot be used: %v", d.storeErr)
	}
	c.Quarantine.Limit = d.config.Quarantine.MaxSize
	s := d.log.Stats()
	c.Events = condition.Events{File: d.config.Events.File, Written: s.Kept, Dropped: s.Dropped, Broken: s.Broken, Kinds: s.Kinds, Actions: s.Actions}
	for _, one := range d.sweeps.List() {
		counts := func(which *string) {
			*which, c.Sweep.Files, c.Sweep.Found = string(one.Profile), one.Files, one.Found
		}
		switch one.State {
		case sweep.Running:
			counts(&c.Sweep.Running)
		case sweep.Done:
			if c.Sweep.Running == "" {
				counts(&c.Sweep.Last)
				c.Sweep.Ended = one.Ended
			}
		}
	}
}

func (d *daemon) tellNetwork(c *condition.Condition) {
	d.mu.Lock()
	network, err := d.network, d.netErr
	d.mu.Unlock()
	if err != nil {
		c.Network.Enabled = true
		c.Problem("connections are not guarded: %v", err)
	}
	if network != nil {
		var missing []condition.Missing
		c.Network, missing = network.Status().Condition()
		c.Missing = append(c.Missing, missing...)
	}
	c.Clamd = condition.Clamd{
		Enabled: d.config.Clamd.Enabled, Sessions: int(d.clients.Clients.Load()), Scanned: d.clients.Scanned.Load(), Found: d.clients.Found.Load(),
	}
}

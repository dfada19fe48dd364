package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"vitrine/internal/cli/guardcmd/clamdfront"
	"vitrine/internal/endpoint/child"
	"vitrine/internal/endpoint/clamd"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/netguard"
	"vitrine/internal/endpoint/watchdog"

	"golang.org/x/sys/unix"
)

// WatchdogMode is the argument that makes this program the guard's watchdog: its
// next argument is the limit, descriptor 3 has the beats and 4 is the guard.
const WatchdogMode = "mode-watchdog"

// startWatchdog starts the process that ends this one when it hangs. Without it
// the guard works all the same, and says so.
func (d *daemon) startWatchdog(ctx context.Context) error {
	limit := d.config.Protection.Watchdog
	if limit <= 0 {
		return nil
	}
	pulse, beats, err := watchdog.NewPulse()
	if err != nil {
		return fmt.Errorf("watchdog: %w", err)
	}
	defer beats.Close()
	me, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		d.say(event.Degraded, event.Medium, "no watchdog: this kernel has no pidfd: %v", err)
		return pulse.Close()
	}
	guard := os.NewFile(uintptr(me), "guard")
	defer guard.Close()
	p, err := child.Start(child.Spec{
		Mode: WatchdogMode, Args: []string{limit.String()}, NoNetwork: true, Files: []*os.File{beats, guard}, Line: d.line("watchdog"),
	})
	if err != nil {
		return fmt.Errorf("start the watchdog: %w", err)
	}
	d.own(p.PID())
	d.pulse = func() {
		if errors.Is(pulse.Beat(), watchdog.ErrNobody) {
			d.pulse = func() {}
		}
	}
	go func() {
		<-p.Done()
		if ctx.Err() == nil {
			d.say(event.Degraded, event.High, "the watchdog has ended: %v", p.Exit())
		}
	}()
	d.atEnd(func() { _ = pulse.Close(); p.Stop(time.Second) })
	return nil
}

// line tells what a child writes: nothing, as long as all is well.
func (d *daemon) line(who string) func(string) {
	return func(text string) { d.say(event.Degraded, event.Low, "%s: %s", who, text) }
}

// own has the guard let a child do its work.
func (d *daemon) own(pid int) {
	if _, err := d.guard.Own(pid); err != nil {
		d.say(event.Degraded, event.Medium, "process %d is looked at like any other: %v", pid, err)
	}
}

// ownAll is own for the processes of an export.
func (d *daemon) ownAll(pids []int) {
	for _, pid := range pids {
		d.own(pid)
	}
}

// ownScanners has the guard let scanners do their work: those that run, and each
// that is started later before it opens anything.
func (d *daemon) ownScanners(ctx context.Context) error {
	d.owned.by(d.guard.Own, d.scanning.pool.Pids())
	d.every(ctx, time.Minute, func() { d.owned.ended(d.scanning.pool.Pids()) })
	return nil
}

// startClamd has the process run that answers clamd's protocol.
func (d *daemon) startClamd(ctx context.Context) error {
	c := d.config.Clamd
	if !c.Enabled {
		return nil
	}
	f := clamdfront.Front{
		Socket: c.Socket, Settings: clamdfront.Settings{MaxStream: c.MaxStream, Threads: c.Threads, Idle: c.Idle, IncompleteOK: c.IncompleteOK, Version: "Vitrine " + d.options.Version},
		Broker: clamd.Broker{Scanner: forClients{d.scanning}, Reload: d.reload, Sink: d.sink, Stats: &d.clients},
		Own:    d.guard.Own, Line: d.line("clamd"),
	}
	if c.Group != "" {
		gid, err := groupID(c.Group)
		if err != nil {
			d.trouble("clamd.group: nobody but root may ask: %v", err)
		}
		f.Group = int(gid)
	}
	d.background(ctx, func(ctx context.Context) {
		if err := f.Run(ctx); err != nil && ctx.Err() == nil {
			d.say(event.Degraded, event.High, "%v", err)
		}
	})
	return nil
}

// startNetwork puts the network guard in force. Files are guarded without it too.
func (d *daemon) startNetwork(ctx context.Context) error {
	if !d.config.Network.Enabled {
		// What one that was killed has left in the packet filter is in nobody's force.
		if err := netguard.Remove(netguard.Config{}); err != nil {
			d.say(event.Degraded, event.Low, "what an earlier guard has left in the packet filter: %v", err)
		}
		return nil
	}
	c, err := netguard.Of(d.config.Network, nil)
	if err != nil {
		return err
	}
	c.Look = d.followExecs(ctx).look
	g, err := netguard.Start(ctx, c, d.sink)
	if err != nil {
		d.netErr = err
		d.say(event.Degraded, event.High, "connections are not guarded: %v", err)
		return nil
	}
	d.mu.Lock()
	d.network = g
	d.mu.Unlock()
	d.atEnd(func() { _ = g.Close() })
	return nil
}

// running gives the network guard; nil: there is none.
func (d *daemon) running() *netguard.Guard {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.network
}

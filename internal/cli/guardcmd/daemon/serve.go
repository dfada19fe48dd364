package daemon

import (
	"context"
	"fmt"
	"maps"
	"os/user"
	"strconv"
	"time"

	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/lists"
	"vitrine/internal/endpoint/local"
	"vitrine/internal/endpoint/netguard"
)

// serve guards, and answers at the socket, until ctx ends or nothing is guarded
// any more.
func (d *daemon) serve(ctx context.Context) error {
	if err := d.listen(ctx); err != nil {
		return err
	}
	d.ready.Store(true)
	ended := make(chan error, 1)
	d.background(ctx, func(ctx context.Context) { ended <- d.guard.Run(ctx) })
	if !d.watching(ctx) {
		return nil
	}
	d.background(ctx, func(ctx context.Context) {
		if err := d.toggle.Run(ctx); err != nil && ctx.Err() == nil {
			d.say(event.Degraded, event.High, "what happened while protection was off is not looked at: %v", err)
		}
	})
	d.every(ctx, 2*time.Second, func() {
		c := d.condition()
		d.toggle.Missing(c.Problems)
	})
	if d.config.Scanner.Builtin {
		d.followUpdates(ctx)
	}
	d.notify.tell("READY=1", "STATUS=watching "+strconv.Itoa(d.condition().Watch.Mounts)+" file systems")
	select {
	case <-ctx.Done():
		return nil
	case err := <-ended:
		return err
	}
}

// watching waits until what was mounted at the start is watched; false: the guard
// is to end.
func (d *daemon) watching(ctx context.Context) bool {
	for {
		if _, _, ready := d.guard.Coverage(); ready {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// listen answers at the control socket.
func (d *daemon) listen(ctx context.Context) error {
	l, err := local.Listen(d.config.Control.Socket, 0o666) // who may ask what is decided for each peer
	if err != nil {
		return fmt.Errorf("the control socket: %w", err)
	}
	s := control.Server{Verbs: d.verbs(), Trouble: func(err error) { d.say(event.Degraded, event.Medium, "the control socket: %v", err) }}
	if name := d.config.Control.Group; name != "" {
		if gid, err := groupID(name); err == nil {
			s.Privileged = control.Members(gid)
		} else {
			d.trouble("control.group: nobody but root may ask: %v", err)
		}
	}
	d.background(ctx, func(ctx context.Context) {
		if err := s.Serve(ctx, l); err != nil && ctx.Err() == nil {
			d.say(event.Degraded, event.High, "nobody can ask the guard any more: %v", err)
		}
	})
	return nil
}

func groupID(name string) (uint32, error) {
	g, err := user.LookupGroup(name)
	if err != nil {
		return 0, err
	}
	id, err := strconv.ParseUint(g.Gid, 10, 32)
	return uint32(id), err
}

// verbs is all that can be asked.
func (d *daemon) verbs() map[string]control.Verb {
	all := map[string]control.Verb{
		"status": {Open: true, Handle: func(_ context.Context, c control.Call) error {
			if err := c.Decode(&struct{}{}); err != nil {
				return err
			}
			return c.Reply(d.condition())
		}},
		"reload": {Handle: d.answerReload},
		"config": {Handle: d.answerConfig},
	}
	if d.store != nil {
		maps.Copy(all, d.store.Verbs())
	}
	for _, some := range []map[string]control.Verb{
		d.sweeps.Verbs(), d.toggle.Verbs(), netguard.Verbs(d.running), d.log.Verbs(d.config.Events.File, d.config.Events.Keep),
		lists.Verbs(d.allowed, d.excluded, d.sink, d.listsChanged),
	} {
		maps.Copy(all, some)
	}
	return all
}

// listsChanged has everything looked at again as the lists say now.
func (d *daemon) listsChanged() {
	if err := d.guard.Exclude(d.leftOut); err != nil {
		d.say(event.Degraded, event.High, "what is left out: %v", err)
	}
	if err := d.scanning.changed(); err != nil {
		d.say(event.Degraded, event.High, "what was known of files is not forgotten: %v", err)
	}
}

// answerReload reads the rules and the lists of the network guard again.
func (d *daemon) answerReload(ctx context.Context, c control.Call) error {
	if err := c.Decode(&struct{}{}); err != nil {
		return err
	}
	if err := d.reload(ctx); err != nil {
		return err
	}
	return c.Reply(d.condition())
}

// reload reads rules, lists and what is left out anew. What cannot be read stays
// as it is.
func (d *daemon) reload(ctx context.Context) error {
	d.notify.tell("RELOADING=1")
	defer d.notify.tell("READY=1")
	loaded, err := d.options.Again()
	if err != nil {
		return err
	}
	if err := d.excluded.Fix(loaded.Config.Protection.Exclude, loaded.File); err != nil {
		return err
	}
	if err := d.scanning.pool.Use(ctx, rulesOf(loaded.Config.Scanner)); err != nil {
		return err
	}
	d.mu.Lock()
	d.loaded = d.options.Now()
	network := d.network
	d.mu.Unlock()
	if network != nil {
		if err := network.Update(netguard.Files(loaded.Config.Network.Lists)); err != nil {
			return err
		}
	}
	d.adopt(loaded)
	d.say(event.Change, event.Info, "rules, lists and exclusions were read again")
	return d.scanning.changed()
}

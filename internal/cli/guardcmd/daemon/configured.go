package daemon

import (
	"context"
	"strings"

	"vitrine/internal/endpoint/config"
	"vitrine/internal/endpoint/control"
	"vitrine/internal/endpoint/event"
)

// adopt notes what a reload has put in force, and says what it has not.
func (d *daemon) adopt(loaded *config.Loaded) {
	d.mu.Lock()
	left := d.options.Loaded.Adopt(loaded, "protection.exclude", "network.lists",
		"scanner.rules", "scanner.builtin", "scanner.clamav", "scanner.hashes", "scanner.allow", "scanner.passwords", "scanner.state")
	d.mu.Unlock()
	if len(left) > 0 {
		d.say(event.Change, event.Low, "changed, and not in force before a restart: %s", strings.Join(left, ", "))
	}
}

// answerConfig says what the guard goes by.
func (d *daemon) answerConfig(_ context.Context, c control.Call) error {
	if err := c.Decode(&struct{}{}); err != nil {
		return err
	}
	d.mu.Lock()
	listing := d.options.Loaded.Listing()
	d.mu.Unlock()
	return c.Reply(listing)
}

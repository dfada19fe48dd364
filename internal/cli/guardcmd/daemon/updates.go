package daemon

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"vitrine/internal/endpoint/event"
)

// updateEvery is how often it is looked whether vitrine update has brought rules.
const updateEvery = 30 * time.Second

// followUpdates has the rules read again when others were put in use. The file that
// says which are in use is replaced as a whole, and only looked at from outside here.
func (d *daemon) followUpdates(ctx context.Context) {
	name := filepath.Join(d.config.Scanner.State, "current.json")
	seen := written(name)
	d.every(ctx, updateEvery, func() {
		now := written(name)
		if now.Equal(seen) {
			return
		}
		seen = now
		if err := d.reload(ctx); err != nil && ctx.Err() == nil {
			d.say(event.Degraded, event.Medium, "rules that came with an update are not in use: %v", err)
		}
	})
}

// written is when a file was written; zero: there is none.
func written(name string) time.Time {
	info, err := os.Stat(name)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

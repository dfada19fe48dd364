package sweep

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"vitrine/internal/endpoint/event"
)

// kept is the file that outlives the process.
type kept struct {
	Next   int         `json:"next"`
	Sweeps []keptSweep `json:"sweeps"`
}

type keptSweep struct {
	Status
	Last position `json:"last"`
}

// maxKept bounds what is read back.
const maxKept = 64 << 20

func (r *Runner) file() string { return filepath.Join(r.config.Dir, "sweeps.json") }

// save makes it safe which sweeps there are and how far they are. The lock is
// held.
func (r *Runner) save() error {
	k := kept{Next: r.next}
	for _, s := range r.sweeps {
		k.Sweeps = append(k.Sweeps, keptSweep{s.Status, s.Last})
	}
	data, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return r.config.Disk.WriteFile(r.file(), data, 0o600)
}

// keep is save for a sweep on its way, which does not stop because the disk is
// full: after a restart it would go back a little further.
func (r *Runner) keep() {
	if err := r.save(); err != nil {
		r.events.Emit(event.Event{Kind: event.Degraded, Severity: event.Medium, Message: fmt.Sprintf("how far sweeps are could not be kept: %v", err)})
	}
}

// forget drops the oldest of those that are over. The lock is held.
func (r *Runner) forget() {
	over := 0
	for _, s := range r.sweeps {
		if s.State.Over() {
			over++
		}
	}
	r.sweeps = slices.DeleteFunc(r.sweeps, func(s *sweep) bool {
		drop := s.State.Over() && over > maxOver
		if drop {
			over--
		}
		return drop
	})
}

// load reads what was kept. What cannot be read is told and begins anew, and so is
// a folder that cannot be used: neither a damaged note nor a full disk may keep
// the machine from being scanned.
func (r *Runner) load() {
	err := r.config.Disk.MkdirAll(r.config.Dir, 0o700)
	if err == nil {
		err = r.config.Disk.Sweep(r.config.Dir)
	}
	if err != nil {
		r.events.Emit(event.Event{Kind: event.Degraded, Severity: event.Medium, Message: fmt.Sprintf("how far sweeps are cannot be kept: %v", err)})
	}
	data, err := readBounded(r.file(), maxKept)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var k kept
	if err == nil {
		err = json.Unmarshal(data, &k)
	}
	if err != nil {
		r.events.Emit(event.Event{Kind: event.Degraded, Severity: event.Medium, Message: fmt.Sprintf("which sweeps were under way could not be read: %v", err)})
		return
	}
	r.next = k.Next
	for _, s := range k.Sweeps {
		r.sweeps = append(r.sweeps, &sweep{Status: s.Status, Last: s.Last})
	}
}

func readBounded(name string, most int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("%s: no file, or larger than %d bytes", name, most)
	}
	return os.ReadFile(name)
}

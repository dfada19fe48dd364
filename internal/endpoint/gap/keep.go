package gap

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"vitrine/internal/durable"

	"golang.org/x/sys/unix"
)

// Two files outlive the guard: switch.json, written when something changes, and
// alive.json, written again and again to say that it still runs.

// kept is switch.json.
type kept struct {
	Off  *off      `json:"off,omitempty"`
	Open []openGap `json:"open,omitempty"` // oldest first
	Gaps []Gap     `json:"gaps,omitempty"`
}

// off is that somebody switched off.
type off struct {
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"` // zero: until somebody switches on
	By     string    `json:"by"`
	Reason string    `json:"reason"`
}

// openGap is a gap with what is needed to close it.
type openGap struct {
	Gap
	Mounts []string `json:"mounts"` // that were there when it began
}

// alive is alive.json: the guard ran at that moment.
type alive struct {
	Wall   time.Time     `json:"wall"`
	Boot   string        `json:"boot"`
	Uptime time.Duration `json:"uptime"` // since the machine started, with sleep
	Clean  bool          `json:"clean"`  // it ended here, in good order
	Mounts []string      `json:"mounts"`
}

// maxKept bounds what is read back of each file.
const maxKept = 32 << 20

// store is the folder of both.
type store struct {
	disk durable.Disk
	dir  string
}

func (s store) write(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.disk.WriteFile(filepath.Join(s.dir, name), data, 0o600)
}

// read reads a file into v; false when there is none.
func (s store) read(name string, v any) (bool, error) {
	path := filepath.Join(s.dir, name)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxKept {
		return false, fmt.Errorf("%s: no file, or larger than %d bytes", path, maxKept)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	return true, nil
}

// Clock is the time as people and as the machine count it.
type Clock struct {
	Now func() time.Time
	// Boot gives what tells this run of the machine from others, and how long it
	// has lasted, sleep included. Nobody can set that one.
	Boot func() (id string, uptime time.Duration)
}

// machineClock is the machine's own.
func machineClock() Clock { return Clock{Now: time.Now, Boot: boot} }

func boot() (string, time.Duration) {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id") // without it every start counts as a new run
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return "", 0
	}
	return string(id[:min(len(id), 36)]), time.Duration(t.Nano())
}

// jump is how far the clock may be behind before it was set back: it is always
// adjusted a little.
const jump = 2 * time.Second

// setBack reports whether the clock shows less than it did at a, or less than
// it must by the machine's own count.
func (a alive) setBack(now time.Time, boot string, uptime time.Duration) bool {
	if a.Boot != "" && a.Boot == boot {
		return now.Sub(a.Wall) < uptime-a.Uptime-jump
	}
	return now.Before(a.Wall.Add(-jump))
}

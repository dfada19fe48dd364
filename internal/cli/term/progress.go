package term

import (
	"strings"
	"sync/atomic"
	"time"
)

// When and how often progress is drawn: not at all for what is over at once,
// and never so often that it costs.
const (
	ProgressAfter = 300 * time.Millisecond
	ProgressEvery = 100 * time.Millisecond
)

// fileCost is what opening a file takes, counted in bytes read, so that the
// time left is right for many small files as well as for few big ones.
const fileCost = 32 << 10

// Progress counts what is done. Any goroutine may add to it.
type Progress struct {
	Started time.Time

	Files, Bytes           atomic.Int64 // done
	TotalFiles, TotalBytes atomic.Int64 // seen by whoever counts ahead
	Counted                atomic.Bool  // the totals are final

	current atomic.Pointer[string]
}

// Begin names the file that is being worked on.
func (p *Progress) Begin(path string) { p.current.Store(&path) }

// Add counts one more file as done.
func (p *Progress) Add(bytes int64) {
	p.Files.Add(1)
	p.Bytes.Add(bytes)
}

// Text is the state in one line of at most columns cells: files, bytes, rate,
// time left when the totals are known, and as much of the current path as fits.
func (p *Progress) Text(verb string, now time.Time, columns int) string {
	parts := []string{verb + " " + p.files(), Bytes(p.Bytes.Load())}
	elapsed := now.Sub(p.Started)
	if elapsed > 0 {
		parts = append(parts, Bytes(int64(float64(p.Bytes.Load())/elapsed.Seconds()))+"/s")
	}
	if left, ok := p.left(elapsed); ok {
		parts = append(parts, left.Round(time.Second).String()+" left")
	}
	for len(parts) > 1 && Columns(strings.Join(parts, "  ")) > columns {
		parts = parts[:len(parts)-1]
	}
	text := Shorten(strings.Join(parts, "  "), columns)
	if room := columns - Columns(text) - 2; room > 8 && p.current.Load() != nil {
		text += "  " + Shorten(Escape(*p.current.Load()), room)
	}
	return text
}

func (p *Progress) files() string {
	done := Count(p.Files.Load())
	if !p.Counted.Load() {
		return done
	}
	return done + "/" + Count(p.TotalFiles.Load())
}

// left guesses the time that remains from the share of the work done.
func (p *Progress) left(elapsed time.Duration) (time.Duration, bool) {
	if !p.Counted.Load() {
		return 0, false
	}
	done := float64(p.Bytes.Load() + fileCost*p.Files.Load())
	all := float64(p.TotalBytes.Load() + fileCost*p.TotalFiles.Load())
	if done <= 0 || all <= done {
		return 0, false
	}
	return time.Duration(float64(elapsed) * (all - done) / done), true
}

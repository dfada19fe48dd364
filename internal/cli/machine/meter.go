package machine

import (
	"time"

	"vitrine/internal/cli/term"
)

// room is left at the end of the progress line for the ^C that a terminal
// writes there: with more the line would wrap, and could not be taken away.
const room = 3

// meter is the progress line of a command that goes through files. What else is
// written to stderr comes after line.Clear.
type meter struct {
	env      term.Env
	verb     string
	progress term.Progress
	line     term.Line
	drawing  bool      // stderr is a terminal that can redraw a line
	drawn    time.Time // last
}

func (m *meter) start(env term.Env, verb string, quiet bool) {
	m.env, m.verb, m.line.W = env, verb, env.Stderr
	m.progress.Started = env.Now()
	m.drawing = env.Terminal(env.Stderr) && env.Getenv("TERM") != "dumb" && !quiet
}

// draw draws the progress line.
func (m *meter) draw(now time.Time) {
	if !m.drawing || now.Sub(m.progress.Started) < term.ProgressAfter {
		return
	}
	if columns, ok := m.env.Width(m.env.Stderr); ok {
		m.line.Show(m.progress.Text(m.verb, now, max(columns-room, 1)))
		m.drawn = now
	}
}

// begin names a file, for those who have no ticker: it draws when it is time to.
func (m *meter) begin(path string) {
	if !m.drawing {
		return
	}
	m.progress.Begin(path)
	if now := m.env.Now(); now.Sub(m.drawn) >= term.ProgressEvery {
		m.draw(now)
	}
}

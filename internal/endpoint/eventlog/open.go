package eventlog

import (
	"crypto/rand"
	"errors"
	"time"

	"vitrine/internal/endpoint/condition"
	"vitrine/internal/endpoint/config"
)

// Start is what Open makes a log of.
type Start struct {
	Config  config.Events
	Product Product
	Now     func() time.Time
	Tick    <-chan time.Time // each second

	Journal string                    // the journal's socket; empty: JournalSocket
	Metrics func() []byte             // for the file of counters
	Exec    func(argv []string) error // starts a program and does not wait; nil: no desktops
}

// Open starts the log that the configuration asks for. What this machine has not
// got is left out and given back. A file that cannot be opened now is tried again
// each second, and until then is an outage in Stats.
func Open(s Start) (*Log, []condition.Missing) {
	var keepers []Named
	var missing []condition.Missing
	without := func(feature string, err error) {
		missing = append(missing, condition.Missing{Part: "events", Feature: feature, Uncovered: err.Error()})
	}
	if c := s.Config; c.File != "" {
		keepers = append(keepers, Named{c.File, &File{name: c.File, max: c.MaxSize, keep: c.Keep}})
	}
	if s.Config.Journal {
		if s.Journal == "" {
			s.Journal = JournalSocket
		}
		j, err := OpenJournal(s.Journal)
		switch {
		case errors.Is(err, ErrNoJournal):
			without("journal", ErrNoJournal)
		case err != nil:
			j = &Journal{path: s.Journal} // tries again
			fallthrough
		default:
			keepers = append(keepers, Named{"the journal", j})
		}
	}
	if s.Config.Metrics != "" && s.Metrics != nil {
		keepers = append(keepers, Named{s.Config.Metrics, &Metrics{Path: s.Config.Metrics, Text: s.Metrics}})
	}
	if s.Config.Desktop && s.Exec != nil {
		d := &Desktop{Run: s.Exec, Now: s.Now}
		if err := d.Check(); err != nil {
			without("notify-send", err)
		} else {
			keepers = append(keepers, Named{"desktops", d})
		}
	}
	return New(Options{Keepers: keepers, Product: s.Product, Now: s.Now, Run: rand.Text()[:8], Tick: s.Tick}), missing
}

package eventlog

import (
	"errors"
	"os"
	"path/filepath"
)

// Metrics keeps a file of counters for a collector that reads files, such as
// Prometheus' node exporter. A reader finds the old file or the new one, whole;
// after a power cut it may find an old or an empty one, which the next second
// that is due replaces.
type Metrics struct {
	Path  string
	Every int           // syncs, which are seconds, between two files; 0: 15
	Text  func() []byte // what is written; it must not wait for the log

	left int
	err  error // why the file is not as it should be
}

// outdated is an error by which no event is lost.
type outdated struct{ error }

// Keep keeps nothing, and says that the file is out of date as long as it is:
// otherwise every event would end the outage.
func (m *Metrics) Keep(Line) error { return m.err }

// Sync writes the file when it is time.
func (m *Metrics) Sync() error {
	if m.left--; m.left >= 0 {
		return m.err
	}
	m.left = m.Every - 1
	if m.Every <= 0 {
		m.left = 14
	}
	m.err = nil
	if err := replace(m.Path, m.Text()); err != nil {
		m.err = outdated{err}
	}
	return m.err
}

// Close removes the file: counters of a guard that does not run are not true.
func (m *Metrics) Close() error {
	err := os.Remove(m.Path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// replace puts a file there in one step, for everybody to read.
func replace(name string, text []byte) error {
	// A collector takes every file that ends in .prom, so this one does not.
	file, err := os.CreateTemp(filepath.Dir(name), ".vitrine-*")
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Chmod(0o644)
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// Package durable writes files so that a power cut leaves the old one or the
// new one, whole, and what was reported as written stays written. It never
// changes a file in place and never reports success before the disk has it.
//
// The order is POSIX's for this: write a new file beside the old one, fsync
// it, rename it over the old one, fsync the folder.
package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Disk is a disk. The zero value is the machine's own.
type Disk struct {
	// Trace, if set, is told of each step before it is done. An error ends the
	// work there, as a power cut would. Tests use it, through durabletest.
	Trace func(Op) error
}

// Kind is a kind of step.
type Kind uint8

// The steps.
const (
	Create  Kind = iota // an empty file Name is made
	Write               // bytes go to Name; they are safe only after Sync
	Sync                // what Name holds is made safe
	Rename              // Name becomes To; safe only after SyncDir
	Remove              // Name goes; safe only after SyncDir
	Mkdir               // the folder Name is made; safe only after SyncDir of its parent
	SyncDir             // the entries of the folder Name are made safe
)

// String is the step's usual name.
func (k Kind) String() string {
	return [...]string{"create", "write", "fsync", "rename", "remove", "mkdir", "fsync folder"}[k]
}

// Op is one step.
type Op struct {
	Kind Kind
	Name string
	To   string // of Rename
}

// pending marks the files that were not finished. Sweep removes them.
const pending = ".pending-"

func (d Disk) step(kind Kind, name, to string, do func() error) error {
	if d.Trace != nil {
		if err := d.Trace(Op{kind, name, to}); err != nil {
			return err
		}
	}
	return do()
}

// WriteFile makes name hold data. The folder must exist.
func (d Disk) WriteFile(name string, data []byte, perm fs.FileMode) error {
	return d.Replace(name, perm, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// Replace makes name hold what write writes. If write fails, name stays what
// it was and nothing is left behind.
func (d Disk) Replace(name string, perm fs.FileMode, write func(io.Writer) error) error {
	if err := d.replace(name, perm, write); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func (d Disk) replace(name string, perm fs.FileMode, write func(io.Writer) error) error {
	var file *os.File
	err := d.step(Create, name, "", func() (err error) {
		file, err = os.CreateTemp(filepath.Dir(name), pending+"*")
		return err
	})
	if err != nil {
		return err
	}
	err = d.fill(file, perm, write)
	if err == nil {
		err = d.step(Rename, file.Name(), name, func() error { return os.Rename(file.Name(), name) })
	}
	if err != nil {
		return errors.Join(err, d.discard(file.Name()))
	}
	return d.SyncDir(filepath.Dir(name))
}

func (d Disk) fill(file *os.File, perm fs.FileMode, write func(io.Writer) error) error {
	err := d.step(Write, file.Name(), "", func() error { return write(file) })
	if err == nil {
		err = file.Chmod(perm)
	}
	if err == nil {
		err = d.step(Sync, file.Name(), "", file.Sync)
	}
	return errors.Join(err, file.Close())
}

// discard removes a file that did not become anything. Where power is off, it
// stays, for Sweep.
func (d Disk) discard(name string) error {
	err := d.step(Remove, name, "", func() error { return os.Remove(name) })
	if d.Trace != nil {
		return nil
	}
	return err
}

// Rename moves a file or folder within one disk.
func (d Disk) Rename(from, to string) error {
	if err := d.step(Rename, from, to, func() error { return os.Rename(from, to) }); err != nil {
		return err
	}
	if err := d.SyncDir(filepath.Dir(to)); err != nil || filepath.Dir(from) == filepath.Dir(to) {
		return err
	}
	return d.SyncDir(filepath.Dir(from))
}

// Remove removes a file or a folder with all in it. It is no error if there is
// none.
func (d Disk) Remove(name string) error {
	if err := d.step(Remove, name, "", func() error { return os.RemoveAll(name) }); err != nil {
		return err
	}
	return d.SyncDir(filepath.Dir(name))
}

// MkdirAll makes a folder and those above it.
func (d Disk) MkdirAll(name string, perm fs.FileMode) error {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(name)
	if parent != name {
		if err := d.MkdirAll(parent, perm); err != nil {
			return err
		}
	}
	err := d.step(Mkdir, name, "", func() error { return os.Mkdir(name, perm) })
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return d.SyncDir(parent)
}

// SyncDir makes the entries of a folder safe: which names it holds.
func (d Disk) SyncDir(name string) error {
	return d.step(SyncDir, name, "", func() error {
		dir, err := os.Open(name)
		if err != nil {
			return err
		}
		return errors.Join(dir.Sync(), dir.Close())
	})
}

// Sweep removes what unfinished writes left in a folder. Whoever owns the
// folder calls it at start, while nobody else writes there.
func (d Disk) Sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), pending) {
			err = errors.Join(err, d.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

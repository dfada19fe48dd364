// Package durabletest cuts the power of a durable.Disk at a chosen step, and
// then takes from the disk what was not yet safe. It is for tests.
package durabletest

import (
	"errors"
	"os"
	"path/filepath"

	"vitrine/internal/durable"
)

// ErrPowerCut is what every step from the cut on fails with.
var ErrPowerCut = errors.New("the power is cut")

// PowerCut is a disk whose power is cut before its At-th step, counted from 0.
// Steps counts on, so that a first run with a large At tells how many there are.
type PowerCut struct {
	At    int
	Steps int

	unsynced map[string]bool     // files whose content is not safe
	undo     map[string][]func() // by folder: how to take back what is not safe in it
}

// Disk is the disk that will lose its power.
func (p *PowerCut) Disk() durable.Disk { return durable.Disk{Trace: p.trace} }

func (p *PowerCut) trace(op durable.Op) error {
	if p.Steps >= p.At {
		p.Steps++
		return ErrPowerCut
	}
	p.Steps++
	p.note(op)
	return nil
}

func (p *PowerCut) note(op durable.Op) {
	if p.unsynced == nil {
		p.unsynced, p.undo = map[string]bool{}, map[string][]func(){}
	}
	dir := filepath.Dir(op.Name)
	switch op.Kind {
	case durable.Write:
		p.unsynced[op.Name] = true
	case durable.Sync:
		delete(p.unsynced, op.Name)
	case durable.Rename:
		p.noteRename(op)
	case durable.Remove:
		p.undo[dir] = append(p.undo[dir], p.keep(op.Name))
	case durable.Mkdir:
		p.undo[dir] = append(p.undo[dir], func() { os.RemoveAll(op.Name) })
	case durable.SyncDir:
		delete(p.undo, op.Name)
	}
}

func (p *PowerCut) noteRename(op durable.Op) {
	if p.unsynced[op.Name] {
		delete(p.unsynced, op.Name)
		p.unsynced[op.To] = true
	}
	back := p.keep(op.To)
	dir := filepath.Dir(op.To)
	p.undo[dir] = append(p.undo[dir], func() {
		os.Rename(op.To, op.Name)
		back()
	})
}

// keep copies what name holds aside, and gives what brings it back.
func (p *PowerCut) keep(name string) func() {
	info, err := os.Stat(name)
	if err != nil {
		return func() {}
	}
	if info.IsDir() {
		aside, err := os.MkdirTemp("", "powercut-*")
		if err != nil || os.CopyFS(aside, os.DirFS(name)) != nil {
			return func() {}
		}
		return func() { os.MkdirAll(name, info.Mode()); os.CopyFS(name, os.DirFS(aside)); os.RemoveAll(aside) }
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return func() {}
	}
	return func() { os.WriteFile(name, data, info.Mode()) }
}

// Lose takes from the disk what was not safe when the power went: files
// written and not synced keep half of their bytes. If entries is true, names
// made, changed and removed in folders that were not synced are taken back as
// well. A disk may do either, so a test tries both.
func (p *PowerCut) Lose(entries bool) {
	for name := range p.unsynced {
		if info, err := os.Stat(name); err == nil {
			os.Truncate(name, info.Size()/2)
		}
	}
	if !entries {
		return
	}
	for _, undo := range p.undo {
		for i := len(undo) - 1; i >= 0; i-- {
			undo[i]()
		}
	}
}

// Each runs a story once for each step at which the power can go, and each way
// a disk may lose what was not safe. Story does the work on the disk it is
// given, in a fresh folder; after the cut, check looks at that folder. done
// tells check whether the story had reported success.
func Each(newFolder func() string, story func(disk durable.Disk, folder string) error, check func(folder string, done bool)) {
	for at := 0; ; at++ {
		finished := false
		for _, entries := range []bool{false, true} {
			cut := &PowerCut{At: at}
			folder := newFolder()
			err := story(cut.Disk(), folder)
			finished = cut.Steps <= at
			cut.Lose(entries)
			check(folder, err == nil)
		}
		if finished {
			return
		}
	}
}

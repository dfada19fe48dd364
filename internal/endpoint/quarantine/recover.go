package quarantine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"vitrine/internal/durable"
	"vitrine/internal/endpoint/event"
)

// Recovered is something that was half done when the store was last left.
type Recovered struct {
	ID   string `json:"id"`
	What string `json:"what"` // one line for people
}

// Recovered gives what Open found half done, and what became of it.
func (s *Store) Recovered() []Recovered { return s.recovered }

// recover removes what did not become an entry, and settles every entry that
// was on its way. Nobody else is in the store. What cannot be settled, on a full
// disk say, is told and waits: no malware may stay where it is for that.
func (s *Store) recover() error {
	names, err := os.ReadDir(s.config.Dir)
	if err != nil {
		return err
	}
	s.trouble("", s.disk.Sweep(s.config.Dir))
	for _, n := range names {
		if strings.HasPrefix(n.Name(), newPrefix) || strings.HasPrefix(n.Name(), gonePrefix) {
			s.trouble("", s.disk.Remove(s.path(n.Name())))
		}
	}
	ids, err := s.ids()
	if err != nil {
		return err
	}
	for _, id := range ids {
		s.trouble(id, s.settle(id))
	}
	return nil
}

// trouble tells what could not be settled.
func (s *Store) trouble(id string, err error) {
	if err == nil {
		return
	}
	what := "something half done is left in the quarantine: " + oneLine(err)
	s.recovered = append(s.recovered, Recovered{id, what})
	s.emit(event.Event{Kind: event.Degraded, Severity: event.Medium, Quarantine: id, Message: what})
}

// settle brings one entry to rest.
func (s *Store) settle(id string) error {
	e, err := s.read(id)
	if err != nil {
		s.tell(e, event.Medium, event.Reported, fmt.Sprintf("entry %s is damaged: %s", id, e.Why))
		return nil
	}
	if at, _ := idOf(id); at.After(s.lastID) {
		s.lastID = at
	}
	if err := s.disk.Sweep(s.path(id)); err != nil {
		return err
	}
	s.count(id, &e)
	switch e.State {
	case Taking:
		return s.settleTaking(e)
	case Restoring:
		return s.settleRestoring(e)
	}
	return nil
}

// tell notes what was done about an entry.
func (s *Store) tell(e Entry, severity event.Severity, action event.Action, what string) {
	s.recovered = append(s.recovered, Recovered{e.ID, what})
	s.emit(about(e, severity, action, what))
}

// rest writes that an entry is the only copy now.
func (s *Store) rest(e Entry, why, what string) error {
	e.State, e.Why, e.Restoring = Kept, why, ""
	if err := s.write(e.ID, e); err != nil {
		return err
	}
	s.tell(e, event.Medium, event.Quarantined, what)
	return nil
}

// wait leaves an entry for the next start.
func (s *Store) wait(e Entry, err error) error {
	e.Why = oneLine(err)
	s.tell(e, event.Medium, event.Reported, fmt.Sprintf("whether the original of %s is gone is not known: %s", e.Path.Shown(), e.Why))
	return s.write(e.ID, e)
}

// settleTaking finishes the removal of an original, if the copy is good. The
// original goes by its bytes: inode and device numbers may be others after a
// start of the machine.
func (s *Store) settleTaking(e Entry) error {
	if e.Root != "" {
		return s.rest(e, "it was seen from "+e.Root+": whether the original is gone is not known",
			"whether the original is gone is not known: "+e.Path.Shown()+" was seen from "+e.Root)
	}
	p, err := locate(nil, string(e.Path))
	if err != nil {
		return s.wait(e, err)
	}
	defer p.close()
	ctx := context.Background()
	if err := s.plain(ctx, s.path(e.ID, blobName), &e, func(int64, []byte) error { return nil }); err != nil {
		return s.takeBack(e, p, err)
	}
	if err := s.settleCell(e, p); err != nil {
		return s.wait(e, err)
	}
	same, file, err := p.holds(ctx, &e)
	if err != nil {
		return s.wait(e, err)
	}
	if file == nil {
		return s.rest(e, "", "taken into the quarantine, as the store now knows: "+e.Path.Shown())
	}
	defer file.Close()
	if !same {
		return s.rest(e, "", "another file stands now where this was taken: "+e.Path.Shown())
	}
	if gone, err := s.remove(p, file, e.ID, flagsOf(file)); err != nil || !gone {
		return s.wait(e, err)
	}
	return s.rest(e, "", "the removal of the original has been finished: "+e.Path.Shown())
}

// takeBack gives up an entry whose copy is damaged, when the original is there.
func (s *Store) takeBack(e Entry, p place, why error) error {
	cell, open := openCell(place{p.dir, cellPrefix + e.ID, p.folder}, e.ID)
	if open == nil {
		why = errors.Join(why, s.giveBack(cell, p, e.ID), s.tearDown(cell))
		cell.close()
	}
	same, file, err := p.holds(context.Background(), &e)
	if file != nil {
		file.Close()
	}
	if err != nil || !same {
		return s.wait(e, errors.Join(why, err))
	}
	if err := s.drop(e.ID); err != nil {
		return err
	}
	s.tell(e, event.High, event.Reported, "the original is where it was and its copy was damaged: nothing is kept of "+e.Path.Shown())
	return nil
}

// settleCell empties the folder in which an original was being removed.
func (s *Store) settleCell(e Entry, p place) error {
	beside := place{p.dir, cellPrefix + e.ID, p.folder}
	st, err := beside.stat()
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return err
	}
	c := cell{place: beside}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		if c, err = openCell(beside, e.ID); err != nil {
			return err
		}
		defer c.close()
	}
	same, file, err := c.holds(context.Background(), &e)
	if file != nil {
		defer file.Close()
	}
	switch {
	case err != nil:
		return err
	case same:
		err = s.step(durable.Remove, c.path(), "", func() error { return unix.Unlinkat(int(c.dir.Fd()), c.name, 0) })
	case file != nil:
		err = s.giveBack(c, p, e.ID)
	}
	if err == nil {
		err = s.tearDown(c)
	}
	if err == nil {
		err = s.step(durable.SyncDir, p.folder, "", p.sync)
	}
	return err
}

// holds opens what stands under the name, if it is a file, and says whether it
// holds the bytes of an entry. The file is nil when nothing stands there.
func (p place) holds(ctx context.Context, e *Entry) (same bool, file *os.File, err error) {
	file, err = p.open()
	if errors.Is(err, unix.ENOENT) {
		return false, nil, nil
	}
	if err != nil {
		return false, nil, err
	}
	st, err := fstat(file)
	if err != nil || st.Size != e.Size {
		return false, file, err
	}
	sum, err := digest(ctx, file, st.Size)
	return err == nil && sum == e.SHA256, file, err
}

// settleRestoring looks whether the file had been put back: then it is made
// safe and the entry goes. Else the entry stays.
func (s *Store) settleRestoring(e Entry) error {
	p, err := locate(nil, string(e.Restoring))
	if err != nil {
		return s.rest(e, "it may have been restored to "+e.Restoring.Shown(), "not known to be restored, and still kept: "+e.Path.Shown())
	}
	defer p.close()
	temp := place{p.dir, tempPrefix + e.ID, p.folder}
	if st, err := temp.stat(); err == nil && st.Mode&unix.S_IFMT == unix.S_IFREG {
		_ = s.step(durable.Remove, temp.path(), "", func() error { return unix.Unlinkat(int(temp.dir.Fd()), temp.name, 0) })
	}
	same, file, err := p.holds(context.Background(), &e)
	if file != nil {
		defer file.Close()
	}
	if err != nil || !same || !e.Meta.of(file) {
		return s.rest(e, "", "was not restored, and is still kept: "+e.Path.Shown())
	}
	if err := errors.Join(e.Meta.applyFlags(file), file.Sync(), p.sync()); err != nil {
		return s.rest(e, "it may have been restored to "+e.Restoring.Shown(), "not known to be restored, and still kept: "+oneLine(err))
	}
	if err := s.drop(e.ID); err != nil {
		return err
	}
	s.tell(e, event.Medium, event.Restored, "had been restored to "+e.Restoring.Shown())
	return nil
}

// of reports whether a file has the metadata that Restore gives last.
func (m *Metadata) of(file *os.File) bool {
	st, err := fstat(file)
	return err == nil && st.Uid == m.UID && st.Gid == m.GID && st.Mode&0o7777 == m.Mode
}

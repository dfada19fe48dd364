package quarantine

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"vitrine/internal/durable"
)

// cellPrefix begins the name of what stands beside a file while it is removed.
const cellPrefix = ".vitrine-quarantine-"

// errMoved: what stood under the name was another file when it was removed.
var errMoved = errors.New("another file came under its name")

// remove takes the name of an open file away, and that of no other file. Between
// comparing a name with a file and removing the name anybody who may write in
// the folder can put another file there. So the name is first moved into a new
// folder beside it that only this user can enter, compared there, and removed
// there; what turns out to be another file is moved back.
//
// Gone says that the file is not under its name any more: the entry must stay,
// even if there is an error.
func (s *Store) remove(p place, file *os.File, id string, flags int) (gone bool, err error) {
	before, err := fstat(file)
	if err != nil {
		return false, err
	}
	now, err := p.stat()
	if err != nil || inodeOf(&now) != inodeOf(&before) {
		return false, fmt.Errorf("%w: %w", ErrStays, errors.Join(err, errMoved))
	}
	if flags&fixing != 0 {
		if err := setFlags(file, flagsOf(file)&^fixing); err != nil {
			return false, fmt.Errorf("%w: it is immutable: %w", ErrStays, err)
		}
		// Whatever comes of it: what names remain are of an immutable file.
		defer func() { _ = setFlags(file, flagsOf(file)|flags&fixing) }()
	}
	return s.removeFrom(p, before, id)
}

func (s *Store) removeFrom(p place, before unix.Stat_t, id string) (gone bool, err error) {
	c, err := s.cell(p, id)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrStays, err)
	}
	defer c.close()
	err = s.step(durable.Rename, p.path(), c.path(), func() error { return c.catch(p) })
	if err != nil {
		return false, errors.Join(fmt.Errorf("%w: %w", ErrStays, err), s.tearDown(c))
	}
	mine, err := s.removeCaught(c.place, before)
	if err != nil {
		back := s.giveBack(c, p, id)
		return mine && back != nil, errors.Join(err, back, s.tearDown(c))
	}
	if err = s.tearDown(c); err == nil || errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTEMPTY) {
		// Somebody who moved the empty folder away changed nothing for the file.
		err = s.step(durable.SyncDir, p.folder, "", p.sync)
	}
	return true, err
}

// removeCaught removes what was caught if it is the file; mine says whether it is.
func (s *Store) removeCaught(c place, before unix.Stat_t) (mine bool, err error) {
	now, err := c.stat()
	switch {
	case err != nil:
		return false, fmt.Errorf("%w: %w", ErrStays, err)
	case inodeOf(&now) != inodeOf(&before):
		return false, fmt.Errorf("%w: %w", ErrStays, errMoved)
	case now.Size != before.Size || now.Mtim != before.Mtim:
		return true, ErrChanged
	}
	err = s.step(durable.Remove, c.path(), "", func() error { return unix.Unlinkat(int(c.dir.Fd()), c.name, 0) })
	if err != nil {
		return true, fmt.Errorf("%w: %w", ErrStays, err)
	}
	return true, nil
}

// cell is where a name is moved to: a name in a folder that only this user can
// enter or, when a full disk has no room for one, in the same folder.
type cell struct {
	place
	beside *place // where the folder stands, and what it is called; nil: the same folder
}

func (c cell) close() {
	if c.beside != nil {
		_ = c.dir.Close()
	}
}

func (s *Store) cell(p place, id string) (cell, error) {
	beside := place{p.dir, cellPrefix + id, p.folder}
	err := s.step(durable.Mkdir, beside.path(), "", func() error {
		return unix.Mkdirat(int(p.dir.Fd()), beside.name, 0o700)
	})
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return cell{place: beside}, nil
	}
	if err != nil {
		return cell{}, err
	}
	c, err := openCell(beside, id)
	if err == nil {
		// The folder must be safe before a file goes into it.
		err = s.step(durable.SyncDir, p.folder, "", p.sync)
	}
	return c, err
}

// openCell opens the folder, if it is one that nobody else can enter.
func openCell(beside place, id string) (cell, error) {
	dir, err := beneath(int(beside.dir.Fd()), beside.name, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return cell{}, err
	}
	st, err := fstat(dir)
	if err == nil && (int(st.Uid) != os.Geteuid() || st.Mode&0o777 != 0o700) {
		err = errors.New("somebody put another folder in place of the one made for it")
	}
	if err != nil {
		return cell{}, errors.Join(err, dir.Close())
	}
	return cell{place{dir, id, beside.path()}, &beside}, nil
}

// tearDown removes the folder, which must be empty.
func (s *Store) tearDown(c cell) error {
	if c.beside == nil {
		return nil
	}
	inside, err := fstat(c.dir)
	if err != nil {
		return err
	}
	now, err := c.beside.stat()
	if err != nil || inodeOf(&now) != inodeOf(&inside) {
		return errors.Join(err, unix.ENOENT)
	}
	return s.step(durable.Remove, c.beside.path(), "", func() error {
		return unix.Unlinkat(int(c.beside.dir.Fd()), c.beside.name, unix.AT_REMOVEDIR)
	})
}

// catch moves a name in.
func (c cell) catch(p place) error {
	err := unix.Renameat2(int(p.dir.Fd()), p.name, int(c.dir.Fd()), c.name, unix.RENAME_NOREPLACE)
	if noFlag(err) && c.beside != nil {
		// A file system without that flag. In a new folder there is nothing to replace.
		return unix.Renameat(int(p.dir.Fd()), p.name, int(c.dir.Fd()), c.name)
	}
	return err
}

func noFlag(err error) bool { return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) }

// release moves what was caught to a name that must be free.
func (c cell) release(to place) error {
	err := unix.Renameat2(int(c.dir.Fd()), c.name, int(to.dir.Fd()), to.name, unix.RENAME_NOREPLACE)
	if !noFlag(err) || c.beside == nil {
		return err
	}
	// A link never replaces either, and nobody else can touch what is in the folder.
	if err = unix.Linkat(int(c.dir.Fd()), c.name, int(to.dir.Fd()), to.name, 0); err != nil {
		return err
	}
	return unix.Unlinkat(int(c.dir.Fd()), c.name, 0)
}

// giveBack moves what was caught back under its name or, when that has been
// given to something else by now, under one beside it. Nothing is replaced.
func (s *Store) giveBack(c cell, p place, id string) error {
	if _, err := c.stat(); errors.Is(err, unix.ENOENT) {
		return nil
	}
	const names = 8
	to := p
	for n := range names {
		err := s.step(durable.Rename, c.path(), to.path(), func() error { return c.release(to) })
		if err == nil && n == 0 {
			return s.step(durable.SyncDir, p.folder, "", p.sync)
		}
		if err == nil {
			return errors.Join(fmt.Errorf("what stood there for a moment is now %s", Name(to.path()).Shown()),
				s.step(durable.SyncDir, p.folder, "", p.sync))
		}
		if !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("it lies now in %s: %w", Name(c.path()).Shown(), err)
		}
		to.name = fmt.Sprintf("%.200s.%s-%d", p.name, id, n+1)
	}
	return fmt.Errorf("it lies now in %s", Name(c.path()).Shown())
}

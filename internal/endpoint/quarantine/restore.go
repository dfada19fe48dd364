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
	"vitrine/internal/endpoint/verdict"
)

// What Restore's errors are. With each of them the entry is kept and nothing
// was put anywhere.
var (
	// ErrMalicious: the rules of now still find it, or could not look at all of it.
	ErrMalicious = errors.New("it is not known to be harmless")
	// ErrExists: something stands where it would go.
	ErrExists = errors.New("something is there already")
	// ErrNoFolder: the folder it would go into is not there.
	ErrNoFolder = errors.New("its folder is not there")
	// ErrNeedsTo: it cannot go where it was, because that was no path of this machine's own.
	ErrNeedsTo = errors.New("it cannot go back to where it was")
	// ErrLossy: not all of its metadata can be kept there.
	ErrLossy = errors.New("not all of its metadata can be kept there")
	// ErrNoScanner: nobody is there to look at it.
	ErrNoScanner = errors.New("no scanner is there to look at it")
)

// Restore says how an entry is to be put back.
type Restore struct {
	To     string // absolute path without links in it, in raw bytes; "": where it was
	Allow  bool   // even if it is malicious; its digest goes on the allow list
	Force  bool   // even if part of its metadata cannot be kept there
	NoScan bool   // do not look at it again
	By     string // who wants it, for the event and the allow list; may be empty
}

// Restored is what came of it.
type Restored struct {
	Entry   Entry            `json:"entry"` // which is not there any more
	Path    Name             `json:"path"`
	Verdict *verdict.Verdict `json:"verdict,omitempty"` // of the rules of now; nil with NoScan
	Allowed bool             `json:"allowed"`           // its digest is on the allow list now
	Lost    []string         `json:"lost,omitempty"`    // metadata that could not be kept
}

// tempPrefix begins the name a file has while it is put back, where a file
// cannot be without a name.
const tempPrefix = ".vitrine-restore-"

// Restore puts a file back as it was: bytes, holes, owner, mode, times,
// extended attributes. It replaces nothing. The entry goes once the file is
// safe on the disk.
func (s *Store) Restore(ctx context.Context, id string, how Restore) (Restored, error) {
	id, err := s.Find(id)
	if err != nil {
		return Restored{}, err
	}
	leave, err := s.enter(ctx, id)
	if err != nil {
		return Restored{}, err
	}
	defer leave()
	e, err := s.read(id)
	if err != nil {
		return Restored{}, err
	}
	r := restoring{store: s, how: how, done: Restored{Entry: e, Path: Name(how.To)}}
	defer r.close()
	if err := r.run(ctx); err != nil {
		return Restored{}, fmt.Errorf("restore %s to %s: %w", id, r.done.Path.Shown(), err)
	}
	s.emit(about(e, event.Medium, event.Restored, r.said()))
	return r.done, nil
}

// restoring is one file on its way back.
type restoring struct {
	store *Store
	how   Restore
	done  Restored

	place place
	file  *os.File
	named bool // it has the temporary name
	there bool // it has its name
}

func (r *restoring) close() {
	if r.file != nil {
		_ = r.file.Close()
	}
	if r.place.dir != nil {
		_ = r.place.close()
	}
}

func (r *restoring) said() string {
	text := "restored from the quarantine" + who(r.how.By) + ": " + r.done.Path.Shown()
	if r.done.Allowed {
		text += "; allowed from now on"
	}
	if len(r.done.Lost) > 0 {
		text += "; lost: " + strings.Join(r.done.Lost, ", ")
	}
	return text
}

func (r *restoring) run(ctx context.Context) error {
	if err := r.aim(); err != nil {
		return err
	}
	e := r.done.Entry
	e.State, e.Restoring = Restoring, r.done.Path
	if err := r.store.write(e.ID, e); err != nil {
		return err
	}
	err := r.make(ctx)
	if r.there {
		if err != nil {
			return fmt.Errorf("it is there, and the entry is kept as well: %w", err)
		}
		return r.store.drop(e.ID)
	}
	return errors.Join(err, r.giveUp())
}

// aim finds where the file goes, and that nothing is there.
func (r *restoring) aim() error {
	e := r.done.Entry
	if r.how.To == "" {
		r.done.Path = e.Path
		if e.Root != "" || e.Deleted && strings.HasPrefix(string(e.Path), "/memfd:") {
			return ErrNeedsTo
		}
	}
	p, err := locate(nil, string(r.done.Path))
	if errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("%w: %w", ErrNoFolder, err)
	}
	if err != nil {
		return err
	}
	r.place = p
	return r.free()
}

func (r *restoring) free() error {
	_, err := r.place.stat()
	if err == nil {
		return ErrExists
	}
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

// make makes the whole file and then gives it its name.
func (r *restoring) make(ctx context.Context) error {
	if err := r.create(); err != nil {
		return err
	}
	if err := r.fill(ctx); err != nil {
		return err
	}
	if err := r.judge(ctx); err != nil {
		return err
	}
	lost, err := r.done.Entry.Meta.apply(r.file)
	if err != nil {
		return err
	}
	if len(lost) > 0 && !r.how.Force {
		return fmt.Errorf("%w: %s", ErrLossy, strings.Join(lost, ", "))
	}
	r.done.Lost = lost
	if err := r.store.step(durable.Sync, r.temp().path(), "", r.file.Sync); err != nil {
		return err
	}
	if err := r.allow(ctx); err != nil {
		return err
	}
	return r.link()
}

func (r *restoring) temp() place {
	return place{r.place.dir, tempPrefix + r.done.Entry.ID, r.place.folder}
}

// create makes an empty file without a name or, where there are no such, with
// one of its own.
func (r *restoring) create() error {
	dir, temp := int(r.place.dir.Fd()), r.temp()
	return r.store.step(durable.Create, temp.path(), "", func() error {
		fd, err := -1, error(unix.EOPNOTSUPP)
		if !r.store.named {
			fd, err = unix.Openat(dir, ".", unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
		}
		if err != nil && !errors.Is(err, unix.ENOSPC) && !errors.Is(err, unix.EROFS) {
			fd, err = unix.Openat(dir, temp.name, unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
			r.named = err == nil
		}
		if err != nil {
			return fmt.Errorf("make a file in %s: %w", Name(r.place.folder).Shown(), err)
		}
		r.file = os.NewFile(uintptr(fd), temp.path())
		return nil
	})
}

func (r *restoring) fill(ctx context.Context) error {
	e, s := &r.done.Entry, r.store
	return s.step(durable.Write, r.temp().path(), "", func() error {
		if err := r.file.Truncate(e.Size); err != nil {
			return err
		}
		return s.plain(ctx, s.path(e.ID, blobName), e, func(offset int64, data []byte) error {
			_, err := r.file.WriteAt(data, offset)
			return err
		})
	})
}

// judge asks the scanner, which gets a descriptor that it cannot write with.
func (r *restoring) judge(ctx context.Context) error {
	if r.how.NoScan {
		return nil
	}
	if r.store.config.Scanner == nil {
		return ErrNoScanner
	}
	look, err := readOnly(r.file)
	if err != nil {
		return err
	}
	defer look.Close()
	v, err := r.store.config.Scanner.Scan(ctx, look, r.done.Path.Shown())
	if err != nil {
		return err
	}
	r.done.Verdict = &v
	if v.State == verdict.Clean || r.how.Allow {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrMalicious, reason(v))
}

// reason says in one line why a verdict is not clean.
func reason(v verdict.Verdict) string {
	var names []string
	for _, f := range v.Findings {
		names = append(names, f.Name)
	}
	text := string(v.State)
	if len(names) > 0 {
		text += ": " + strings.Join(names, ", ")
	}
	if v.Why != "" {
		text += ": " + v.Why
	}
	return text
}

func (r *restoring) allow(ctx context.Context) error {
	if !r.how.Allow {
		return nil
	}
	if r.store.config.Allow == nil {
		return errors.New("nobody is there to put it on the allow list")
	}
	err := r.store.config.Allow.Allow(ctx, r.done.Entry.SHA256, "restored from the quarantine"+who(r.how.By)+" to "+r.done.Path.Shown())
	if err != nil {
		return fmt.Errorf("put it on the allow list: %w", err)
	}
	r.done.Allowed = true
	return nil
}

// link gives the file its name, which must be free.
func (r *restoring) link() error {
	temp := r.temp()
	err := r.store.step(durable.Rename, temp.path(), r.place.path(), func() error {
		if r.named {
			c := cell{temp, &temp}
			return c.release(r.place)
		}
		return linkOpen(r.file, r.place)
	})
	if errors.Is(err, unix.EEXIST) {
		return ErrExists
	}
	if err != nil {
		return err
	}
	now, err := r.place.stat()
	mine, err2 := fstat(r.file)
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	if inodeOf(&now) != inodeOf(&mine) {
		return errMoved
	}
	r.there = true
	if err := r.done.Entry.Meta.applyFlags(r.file); err != nil && !r.how.Force {
		return fmt.Errorf("give it its flags: %w", err)
	}
	return r.store.step(durable.SyncDir, r.place.folder, "", r.place.sync)
}

// linkOpen names a file that has no name. By its descriptor alone only root may.
func linkOpen(file *os.File, to place) error {
	err := unix.Linkat(int(file.Fd()), "", int(to.dir.Fd()), to.name, unix.AT_EMPTY_PATH)
	if errors.Is(err, unix.ENOENT) {
		own := fmt.Sprintf("/proc/self/fd/%d", file.Fd())
		err = unix.Linkat(unix.AT_FDCWD, own, int(to.dir.Fd()), to.name, unix.AT_SYMLINK_FOLLOW)
	}
	return err
}

// giveUp leaves the entry as it was.
func (r *restoring) giveUp() error {
	if r.named {
		temp := r.temp()
		_ = r.store.step(durable.Remove, temp.path(), "", func() error { return unix.Unlinkat(int(temp.dir.Fd()), temp.name, 0) })
	}
	err := r.store.write(r.done.Entry.ID, r.done.Entry)
	if err != nil && r.store.disk.Trace == nil {
		return err
	}
	return nil
}

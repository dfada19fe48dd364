package quarantine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"vitrine/internal/durable"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/verdict"
)

// What Take's errors are. With each of them nothing was stored, and the file is
// as it was.
var (
	// ErrNotFile: it is no regular file.
	ErrNotFile = errors.New("it is no regular file")
	// ErrChanged: it changed while it was copied, or since it was judged.
	ErrChanged = errors.New("it changes while it is taken")
	// ErrStays: it could not be removed.
	ErrStays = errors.New("it could not be removed")
	// ErrFull: the quarantine is as large as it may get, or the disk is full.
	ErrFull = errors.New("the quarantine is full")
	// ErrTooLarge: it is larger than Config.MaxFile.
	ErrTooLarge = errors.New("it is too large")
)

// About is what is known of a file that is to be taken.
type About struct {
	// Path is the file's path, in raw bytes, as the kernel tells it of the
	// descriptor: absolute, without links.
	Path string
	// Root is the root that Path is seen from, such as /proc/PID/root, for a
	// file that is not found under Path from this process's own; nil: there is
	// no other.
	Root    *os.File
	Process *event.Process // who wrote, ran or opened it; nil: not known
	// Verdict is what was found. Its SHA256, if set, is that of the file that
	// was judged: another one is not taken.
	Verdict verdict.Verdict
}

// tries is how often a file that changes is copied.
const tries = 3

// Take moves a file into the quarantine: it stores a copy of what file reads,
// proves the copy, and then removes the name. Other names of the same file stay
// and are told in the Entry. A file without a name is stored all the same. file
// stays the caller's; its offset is put back where it was.
//
// When Take fails nothing was stored and the original is where it was. When
// the file has been taken a moment ago by another caller, that entry is given.
func (s *Store) Take(ctx context.Context, file *os.File, about About) (Entry, error) {
	e, err := s.take(ctx, file, about)
	if err != nil {
		err = fmt.Errorf("quarantine %s: %w", Name(about.Path).Shown(), err)
		s.emit(stays(about, err))
		return Entry{}, err
	}
	return e, nil
}

func stays(about About, err error) event.Event {
	return event.Event{
		Kind: event.Quarantine, Severity: event.High, Actions: []event.Action{event.Reported},
		Process: about.Process, File: &event.File{Path: about.Path, Size: about.Verdict.Size, Hash: about.Verdict.SHA256},
		Findings: about.Verdict.Findings, Rules: about.Verdict.Rules,
		Message: fmt.Sprintf("the original is still there and nothing was stored: %v", err),
	}
}

func (s *Store) take(ctx context.Context, file *os.File, about About) (Entry, error) {
	st, err := fstat(file)
	if err != nil {
		return Entry{}, err
	}
	leave, err := s.enter(ctx, inodeOf(&st).key())
	if err != nil {
		return Entry{}, err
	}
	defer leave()
	if st, err = fstat(file); err != nil {
		return Entry{}, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return Entry{}, ErrNotFile
	}
	if e, ok := s.already(ctx, file, &st); ok {
		return e, nil
	}
	t := taking{store: s, file: file, about: about, st: st}
	defer t.close()
	if err := t.prepare(); err != nil {
		return Entry{}, err
	}
	return t.run(ctx)
}

// taking is one file on its way into the store.
type taking struct {
	store *Store
	file  *os.File
	about About
	st    unix.Stat_t // before the first copy

	place *place // nil: the file has no name
	root  string
	e     Entry
}

func (t *taking) close() {
	if t.place != nil {
		_ = t.place.close()
	}
}

// prepare finds out what can be found without copying anything.
func (t *taking) prepare() error {
	if t.st.Size > t.store.config.MaxFile {
		return fmt.Errorf("%w: %d bytes, and at most %d are taken", ErrTooLarge, t.st.Size, t.store.config.MaxFile)
	}
	if t.st.Nlink == 0 {
		return nil
	}
	if strings.HasPrefix(t.about.Path, filepath.Clean(t.store.config.Dir)+"/") {
		return fmt.Errorf("%w: it belongs to the quarantine itself", ErrStays)
	}
	var fs unix.Statfs_t
	if err := unix.Fstatfs(int(t.file.Fd()), &fs); err == nil && fs.Flags&unix.ST_RDONLY != 0 {
		return fmt.Errorf("%w: %w", ErrStays, unix.EROFS)
	}
	if err := t.find(nil); err != nil {
		if t.about.Root == nil {
			return err
		}
		if other := t.find(t.about.Root); other != nil {
			return errors.Join(err, other)
		}
	}
	return nil
}

// find looks whether the path leads to the file from one root.
func (t *taking) find(root *os.File) error {
	p, err := locate(root, t.about.Path)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStays, err)
	}
	st, err := p.stat()
	if err == nil && inodeOf(&st) != inodeOf(&t.st) {
		err = errors.New("another file stands under its name")
	}
	if err != nil {
		return errors.Join(fmt.Errorf("%w: %w", ErrStays, err), p.close())
	}
	t.place = &p
	if root != nil {
		t.root = root.Name()
	}
	return nil
}

func (t *taking) run(ctx context.Context) (Entry, error) {
	for try := 1; ; try++ {
		err := t.once(ctx)
		if errors.Is(err, ErrChanged) && try < tries && t.sameAsJudged() {
			continue
		}
		if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
			err = fmt.Errorf("%w: %w", ErrFull, err)
		}
		return t.e, err
	}
}

// sameAsJudged reports whether a further try can succeed.
func (t *taking) sameAsJudged() bool {
	return t.about.Verdict.SHA256 == "" || t.e.SHA256 == "" || t.e.SHA256 == t.about.Verdict.SHA256
}

// once copies the file, proves the copy and removes the original.
func (t *taking) once(ctx context.Context) error {
	if err := t.describe(); err != nil {
		return err
	}
	leave, err := t.store.enter(ctx, t.e.ID)
	if err != nil {
		return err
	}
	defer leave()
	if err := t.copy(ctx); err != nil {
		return err
	}
	gone, err := t.remove()
	if err != nil && !gone {
		return errors.Join(err, t.store.drop(t.e.ID))
	}
	t.finish(err)
	return nil
}

// describe begins an entry.
func (t *taking) describe() error {
	st, err := fstat(t.file)
	if err != nil {
		return err
	}
	st.Atim = t.st.Atim // ours is no access
	meta, err := metadataOf(t.file, &st)
	if err != nil {
		return err
	}
	id, err := t.store.newID()
	if err != nil {
		return err
	}
	t.e = Entry{
		ID: id, State: Taking, Taken: t.store.config.Now().UTC(),
		Path: Name(t.about.Path), Root: t.root, Size: st.Size, Meta: meta,
		Findings: shownFindings(t.about.Verdict.Findings), Rules: t.about.Verdict.Rules, Process: shownProcess(t.about.Process),
	}
	if t.place == nil {
		t.e.Deleted, t.e.State = true, Kept
		t.e.Path = Name(strings.TrimSuffix(t.about.Path, " (deleted)"))
	} else if meta.Nlink > 1 {
		t.e.OtherNames = t.place.others(inodeOf(&st))
	}
	t.e.Extents, t.e.Holes, err = layout(t.file, st.Size)
	return err
}

// shownFindings has names of members that JSON can hold.
func shownFindings(findings []verdict.Finding) (out []verdict.Finding) {
	for _, f := range findings {
		f.Path = shownAll(f.Path)
		out = append(out, f)
	}
	return out
}

func shownProcess(p *event.Process) *event.Process {
	if p == nil {
		return nil
	}
	q := *p
	q.Comm, q.Exe, q.Argv = Name(p.Comm).Shown(), Name(p.Exe).Shown(), shownAll(p.Argv)
	return &q
}

// maxShown is how many bytes are kept of arguments, or of names: a process may
// have megabytes of them.
const maxShown = 32 << 10

func shownAll(names []string) (out []string) {
	room := maxShown
	for _, n := range names {
		if room -= len(n); room < 0 {
			return append(out, "…")
		}
		out = append(out, Name(n).Shown())
	}
	return out
}

// copy makes the whole entry, and leaves nothing when it fails.
func (t *taking) copy(ctx context.Context) error {
	s, folder := t.store, newPrefix+t.e.ID
	if err := s.room(ctx, t.e.ID, t.e.data()); err != nil {
		return err
	}
	err := s.step(durable.Mkdir, s.path(folder), "", func() error { return os.Mkdir(s.path(folder), 0o700) })
	if err == nil {
		err = t.fill(ctx, folder)
	}
	if err == nil {
		err = s.disk.Rename(s.path(folder), s.path(t.e.ID))
	}
	if err != nil {
		s.count(t.e.ID, nil)
		return errors.Join(err, s.discard(folder))
	}
	s.count(t.e.ID, &t.e)
	return nil
}

func (t *taking) fill(ctx context.Context, folder string) error {
	s, blob := t.store, t.store.path(folder, blobName)
	err := s.disk.Replace(blob, 0o600, func(w io.Writer) (err error) {
		t.e.SHA256, err = s.encrypt(ctx, w, t.file, &t.e)
		return err
	})
	if err != nil {
		return err
	}
	info, err := os.Lstat(blob)
	if err != nil {
		return err
	}
	t.e.Stored = info.Size()
	if err := t.prove(ctx, blob); err != nil {
		return err
	}
	return s.write(folder, t.e)
}

// prove compares what was stored with the file, which is read once more: its
// times alone do not tell a change that came quickly enough.
func (t *taking) prove(ctx context.Context, blob string) error {
	if judged := t.about.Verdict.SHA256; judged != "" && !strings.EqualFold(judged, t.e.SHA256) {
		return fmt.Errorf("%w: it is not the file that was judged", ErrChanged)
	}
	err := t.store.plain(ctx, blob, &t.e, func(int64, []byte) error { return nil })
	if err != nil {
		return fmt.Errorf("read back what was stored: %w", err)
	}
	sum, err := digest(ctx, t.file, t.e.Size)
	if errors.Is(err, io.ErrUnexpectedEOF) || err == nil && sum != t.e.SHA256 {
		return ErrChanged
	}
	if err != nil {
		return err
	}
	return t.unchanged()
}

// unchanged compares what the kernel tells of the file with what was stored.
func (t *taking) unchanged() error {
	st, err := fstat(t.file)
	if err != nil {
		return err
	}
	if m := t.e.Meta; st.Size != t.e.Size || st.Mtim.Nano() != m.Mtime || st.Ctim.Nano() != m.Ctime {
		return ErrChanged
	}
	return nil
}

// remove takes the name away.
func (t *taking) remove() (gone bool, err error) {
	if t.place == nil {
		return true, nil
	}
	if err := t.unchanged(); err != nil {
		return false, err
	}
	return t.store.remove(*t.place, t.file, t.e.ID, t.e.Meta.Flags)
}

// finish says that the entry is now the only copy or, when there was trouble,
// why that is not sure. Should the note fail, the next start makes it.
func (t *taking) finish(trouble error) {
	s := t.store
	if t.e.State == Taking && trouble == nil {
		t.e.State = Kept
	} else if trouble != nil {
		t.e.Why = oneLine(trouble)
	}
	if err := errors.Join(trouble, s.write(t.e.ID, t.e)); err != nil {
		s.emit(event.Event{Kind: event.Degraded, Severity: event.Medium, Quarantine: t.e.ID,
			Message: "a file was taken into the quarantine, and then: " + oneLine(err)})
	}
	s.remember(inode{t.e.Meta.Dev, t.e.Meta.Ino}, t.e)
	s.emit(about(t.e, event.High, event.Quarantined, t.said()))
}

func (t *taking) said() string {
	text := "taken into the quarantine: " + t.e.Path.Shown()
	if n := t.e.Meta.Nlink; n > 1 {
		text += fmt.Sprintf("; the same file has %d further names, which stay", n-1)
		for _, other := range t.e.OtherNames {
			text += ", " + other.Shown()
		}
	}
	return text
}

// about is an event of an entry.
func about(e Entry, severity event.Severity, action event.Action, message string) event.Event {
	id := verdict.File{Dev: e.Meta.Dev, Ino: e.Meta.Ino, Size: e.Size, Mtime: e.Meta.Mtime, Ctime: e.Meta.Ctime}
	return event.Event{
		Kind: event.Quarantine, Severity: severity, Actions: []event.Action{action}, Process: e.Process,
		File:     &event.File{Path: string(e.Path), ID: id, Size: e.Size, Hash: e.SHA256},
		Findings: e.Findings, Rules: e.Rules, Quarantine: e.ID, Message: message,
	}
}

// taken remembers who took a file, for those who still have it open.
type taken struct {
	id, sum string
	at      time.Time
}

const (
	recently  = time.Minute
	maxRecent = 1024
)

func (s *Store) remember(i inode, e Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.config.Now()
	for old, t := range s.recent {
		if now.Sub(t.at) > recently || len(s.recent) >= maxRecent {
			delete(s.recent, old)
		}
	}
	s.recent[i] = taken{e.ID, e.SHA256, now}
}

// already gives the entry of a file that has just been taken: it has no name
// any more, and the bytes that were stored.
func (s *Store) already(ctx context.Context, file *os.File, st *unix.Stat_t) (Entry, bool) {
	s.mu.Lock()
	t, ok := s.recent[inodeOf(st)]
	s.mu.Unlock()
	if !ok || st.Nlink > 0 {
		return Entry{}, false
	}
	sum, err := digest(ctx, file, st.Size)
	if err != nil || sum != t.sum {
		return Entry{}, false
	}
	e, err := s.read(t.id)
	return e, err == nil
}

// others gives further names that the file has in the same folder, looking at
// no more than a few thousand.
func (p place) others(i inode) (names []Name) {
	const most = 4096
	dir, err := beneath(int(p.dir.Fd()), ".", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil
	}
	defer dir.Close()
	list, _ := dir.Readdirnames(most)
	room := maxShown
	for _, name := range list {
		other := place{p.dir, name, p.folder}
		if st, err := other.stat(); err != nil || inodeOf(&st) != i || name == p.name {
			continue
		}
		if room -= len(other.path()); room < 0 {
			break
		}
		names = append(names, Name(other.path()))
	}
	return names
}

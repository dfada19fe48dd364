package fanotify

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Errors that callers branch on; those of Group wrap them with the kernel's own.
var (
	ErrPermission  = errors.New("fanotify needs CAP_SYS_ADMIN in the first user namespace")
	ErrUnsupported = errors.New("the kernel does not support this")
	ErrLimit       = errors.New("too many fanotify groups, marks or open files")
	ErrBusy        = errors.New("in use by another listener or being unmounted")
	ErrGone        = errors.New("nobody waits for this answer") // the opener was killed
)

// Config is how a group is opened. The zero value is right for a guard.
type Config struct {
	// BoundedQueue keeps the kernel's own limit of waiting events
	// (fs.fanotify.max_queued_events) instead of none. Beyond it the kernel
	// drops events, permission events too: openers pass unseen.
	BoundedQueue bool
}

// MaxEvents is how many events one Read gives at most: with their descriptors
// they must fit below the limit of open files.
const MaxEvents = 64

// Group is one listener. Read is for one goroutine; everything else may be
// called from any. When the process dies the kernel ends the group and lets
// every waiting opener through.
type Group struct {
	file      *os.File                       // non-blocking: Close wakes a reader and no number is reused under it
	buf       [MaxEvents * metadataSize]byte // holds no more events than that, however small
	evictable atomic.Bool
	missing   []Missing
}

// eventFlags are those of the descriptors that come with events: reading
// leaves no trace, and a FIFO does not hold the reader.
const eventFlags = unix.O_RDONLY | unix.O_LARGEFILE | unix.O_CLOEXEC | unix.O_NONBLOCK | unix.O_NOATIME

// initialiser is fanotify_init(2).
type initialiser func(flags, eventFlags uint) (int, error)

// New opens a group. What the kernel lacks is in Missing; an error means that
// there is nothing to guard with.
func New(c Config) (*Group, error) { return open(c, unix.FanotifyInit) }

func open(c Config, start initialiser) (*Group, error) {
	flags := uint(unix.FAN_CLASS_CONTENT | unix.FAN_CLOEXEC | unix.FAN_NONBLOCK | unix.FAN_UNLIMITED_MARKS)
	if !c.BoundedQueue {
		flags |= unix.FAN_UNLIMITED_QUEUE
	}
	fd, missing, err := firstThatWorks(flags, start)
	if err != nil {
		return nil, fmt.Errorf("open a fanotify group: %w", explain(err))
	}
	g := &Group{file: os.NewFile(uintptr(fd), "fanotify"), missing: missing}
	g.evictable.Store(true)
	if probeEvictable(fd) == unix.EINVAL {
		g.evictable.Store(false)
		g.missing = append(g.missing, Missing{"FAN_MARK_EVICTABLE", "5.19", "nothing; every file that was found clean stays in memory until it is written or the rules change"})
	}
	return g, nil
}

// firstThatWorks drops what older kernels do not know, newest first.
func firstThatWorks(flags uint, start initialiser) (fd int, missing []Missing, err error) {
	optional := []struct {
		flag uint
		Missing
	}{
		{unix.FAN_REPORT_FD_ERROR, Missing{"FAN_REPORT_FD_ERROR", "6.13", "nothing; the reason why the kernel could not open a file for the guard is not told"}},
		{unix.FAN_REPORT_PIDFD, Missing{"FAN_REPORT_PIDFD", "5.15", "a process that ends while its file is looked at may not be named"}},
	}
	for _, o := range optional {
		flags |= o.flag
	}
	fd, err = start(flags, eventFlags)
	for _, o := range optional {
		if err != unix.EINVAL {
			break
		}
		flags &^= o.flag
		if o.Uncovered != "" {
			missing = append(missing, o.Missing)
		}
		fd, err = start(flags, eventFlags)
	}
	return fd, missing, err
}

// probeEvictable asks on a file that nobody else can open.
func probeEvictable(group int) error {
	fd, err := unix.MemfdCreate("probe", unix.MFD_CLOEXEC)
	if err != nil {
		return nil // unknown: the first ignore mark will tell
	}
	defer unix.Close(fd)
	return unix.FanotifyMark(group, unix.FAN_MARK_ADD|unix.FAN_MARK_IGNORED_MASK|unix.FAN_MARK_EVICTABLE, uint64(opens), fd, "")
}

// Missing is what the running kernel does not have; it does not change.
func (g *Group) Missing() []Missing { return g.missing }

// Read waits for events and puts them into events, whose length must be at
// least MaxEvents, from the start. It ends with os.ErrDeadlineExceeded after
// the deadline, os.ErrClosed after Close, ErrLimit when the process has run out
// of descriptors (the kernel has refused that one opener), and any other error
// when the group is of no more use.
func (g *Group) Read(events []Event) (int, error) {
	if len(events) < MaxEvents {
		return 0, fmt.Errorf("read fanotify events: room for %d, needs %d", len(events), MaxEvents)
	}
	n, err := g.file.Read(g.buf[:])
	if err != nil {
		return 0, fmt.Errorf("read fanotify events: %w", explain(err))
	}
	got, err := parse(g.buf[:n], events[:0:len(events)])
	if err != nil {
		for i := range got {
			got[i].Close()
		}
		return 0, fmt.Errorf("read fanotify events: %w", err)
	}
	return len(got), nil
}

// SetReadDeadline ends a Read at t, also one that is under way.
func (g *Group) SetReadDeadline(t time.Time) error { return g.file.SetReadDeadline(t) }

// Respond lets the opener of a permission event through, or refuses it with
// EPERM. It never waits. Every event is answered once; a second answer, or one
// for an opener that was killed, is ErrGone.
func (g *Group) Respond(fd int, allow bool) error {
	var answer [8]byte
	binary.NativeEndian.PutUint32(answer[:], uint32(fd))
	word := uint32(unix.FAN_DENY)
	if allow {
		word = unix.FAN_ALLOW
	}
	binary.NativeEndian.PutUint32(answer[4:], word)
	if _, err := g.file.Write(answer[:]); err != nil {
		return fmt.Errorf("answer a fanotify event: %w", explain(err))
	}
	return nil
}

// Close ends the group: its marks are gone and every waiting opener passes. A
// process that was forked from this one and waits itself, before it has become
// another program, keeps the group alive: answer what is open before Close, and
// have every child end with its parent.
func (g *Group) Close() error { return g.file.Close() }

// explain puts what callers branch on before the kernel's word.
func explain(err error) error {
	for errno, means := range map[unix.Errno]error{
		unix.EPERM: ErrPermission, unix.ENOSYS: ErrUnsupported, unix.EINVAL: ErrUnsupported, unix.EOPNOTSUPP: ErrUnsupported,
		unix.ENODEV: ErrUnsupported, unix.EXDEV: ErrUnsupported,
		unix.EMFILE: ErrLimit, unix.ENFILE: ErrLimit, unix.ENOSPC: ErrLimit, unix.ENOMEM: ErrLimit, unix.ENOENT: ErrGone,
		unix.EBUSY: ErrBusy,
	} {
		if errors.Is(err, errno) {
			return fmt.Errorf("%w: %w", means, err)
		}
	}
	return err
}

package quarantine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"vitrine/internal/endpoint/event"
)

// young is how long an entry is safe from everything but Delete and Restore: a
// flood of detections must not push out what somebody is about to look at.
const young = time.Hour

// overhead is more than encryption adds to 64 KiB, and to the whole.
const (
	overheadPiece = 16
	overheadWhole = 1024
)

// count notes how large an entry is; nil: it is gone.
func (s *Store) count(id string, e *Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e == nil {
		delete(s.index, id)
		return
	}
	s.index[id] = size{e.Taken, e.Stored}
}

// Usage is how many entries there are and how many bytes they take on disk.
func (s *Store) Usage() (entries int, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.index {
		bytes += e.stored
	}
	return len(s.index), bytes
}

// Retain removes what has been kept for longer than Config.Keep, and the oldest
// as long as all take more than Config.MaxSize, but nothing that was taken
// within the last hour. It gives what it removed.
func (s *Store) Retain(ctx context.Context) ([]Entry, error) {
	var removed []Entry
	for _, old := range s.old(0, 0) {
		e, err := s.expire(ctx, old)
		if err != nil {
			return removed, err
		}
		removed = append(removed, e)
	}
	return removed, nil
}

// expiry is an entry that goes, and why.
type expiry struct {
	id, why string
	size
}

// old lists what is to go so that more bytes and entries have room, oldest first.
func (s *Store) old(bytes int64, entries int) (gone []expiry) {
	used, n := bytes, entries
	var all []expiry
	s.mu.Lock()
	for id, e := range s.index {
		all = append(all, expiry{id: id, size: e})
		used, n = used+e.stored, n+1
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b expiry) int { return cmp.Compare(a.id, b.id) })
	now := s.config.Now()
	for _, e := range all {
		age := now.Sub(e.taken)
		full := s.config.MaxSize > 0 && used > s.config.MaxSize || n > s.config.MaxEntries
		late := s.config.Keep > 0 && age > s.config.Keep
		if age <= young || !full && !late {
			continue
		}
		e.why = fmt.Sprintf("kept for longer than %v", s.config.Keep)
		if !late {
			e.why = "the quarantine is full and it was the oldest"
		}
		used, n = used-e.stored, n-1
		gone = append(gone, e)
	}
	return gone
}

func (s *Store) expire(ctx context.Context, x expiry) (Entry, error) {
	leave, err := s.enter(ctx, x.id)
	if err != nil {
		return Entry{}, err
	}
	defer leave()
	e, err := s.read(x.id)
	if errors.Is(err, ErrNoEntry) {
		s.count(x.id, nil)
		return e, nil
	}
	if err := s.drop(x.id); err != nil {
		return e, fmt.Errorf("remove %s from the quarantine: %w", x.id, err)
	}
	s.emit(about(e, event.Low, event.Deleted, "removed from the quarantine: "+e.Path.Shown()+": "+x.why))
	return e, nil
}

// room makes room for an entry of so many bytes, and keeps it free for it. It
// removes nothing when that would not be enough.
func (s *Store) room(ctx context.Context, id string, bytes int64) error {
	bytes += bytes/(64<<10)*overheadPiece + overheadWhole
	gone := s.old(bytes, 1)
	entries, used := s.Usage()
	for _, e := range gone {
		entries, used = entries-1, used-e.stored
	}
	if s.config.MaxSize > 0 && used+bytes > s.config.MaxSize || entries >= s.config.MaxEntries {
		return fmt.Errorf("%w: %d entries take %d of %d bytes, and %d more are needed", ErrFull, entries, used, s.config.MaxSize, bytes)
	}
	for _, e := range gone {
		if _, err := s.expire(ctx, e); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.index[id] = size{s.config.Now(), bytes}
	return nil
}

// Delete removes an entry for good, a broken one too. by says who wants it, for
// the event.
func (s *Store) Delete(ctx context.Context, id, by string) (Entry, error) {
	id, err := s.Find(id)
	if err != nil {
		return Entry{}, err
	}
	leave, err := s.enter(ctx, id)
	if err != nil {
		return Entry{}, err
	}
	defer leave()
	e, err := s.read(id)
	if errors.Is(err, ErrNoEntry) {
		return e, err
	}
	if err := s.drop(id); err != nil {
		return e, fmt.Errorf("delete %s: %w", id, err)
	}
	s.emit(about(e, event.Medium, event.Deleted, "deleted from the quarantine"+who(by)+": "+e.Path.Shown()))
	return e, nil
}

// drop takes an entry away as a whole: first its name, at once, then the rest.
func (s *Store) drop(id string) error {
	if err := s.disk.Rename(s.path(id), s.path(gonePrefix+id)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	s.count(id, nil)
	return s.disk.Remove(s.path(gonePrefix + id))
}

// discard removes a folder of something that did not come about. Where the power
// is off it stays, for the next start.
func (s *Store) discard(folder string) error {
	err := s.disk.Remove(s.path(folder))
	if s.disk.Trace != nil {
		return nil
	}
	return err
}

// who says who did it, if that is known.
func who(by string) string {
	if by == "" {
		return ""
	}
	return " by " + by
}

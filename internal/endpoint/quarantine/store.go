package quarantine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"filippo.io/age"

	"vitrine/internal/durable"
	"vitrine/internal/endpoint/event"
	"vitrine/internal/endpoint/verdict"
)

var (
	// ErrNoEntry: there is no entry of that id.
	ErrNoEntry = errors.New("no such entry in the quarantine")
	// ErrBroken: what is stored cannot be read back as it was.
	ErrBroken = errors.New("the stored copy is damaged")
)

// Scanner says what the rules of now make of a file. Name is for people.
type Scanner interface {
	Scan(ctx context.Context, file *os.File, name string) (verdict.Verdict, error)
}

// Sorter tells documents: people's own content, which does not leave the
// machine by itself. It gives the kinds found in the file and in what is packed
// inside it, such as "pdf"; none: it looked at everything and there is none.
type Sorter interface {
	Documents(ctx context.Context, file *os.File) ([]string, error)
}

// Allower puts a file on the list of those that are not malicious here.
type Allower interface {
	Allow(ctx context.Context, sha256, why string) error
}

// Config says where the store is and what bounds it.
type Config struct {
	Dir        string        // made with mode 0700 when it is not there
	Keep       time.Duration // entries older than this are removed by Retain; 0: none
	MaxSize    int64         // bytes of all entries on disk; 0: no bound
	MaxEntries int           // 0: 100,000
	MaxFile    int64         // bytes of the largest file to take, holes included; 0: 4 GiB

	Scanner Scanner    // nil: Restore works only with NoScan
	Sorter  Sorter     // nil: Export takes everything for a document
	Allow   Allower    // nil: Restore with Allow fails
	Sink    event.Sink // nil: nobody is told

	Disk durable.Disk     // zero: the machine's own
	Now  func() time.Time // nil: time.Now
	Rand io.Reader        // of the ids; nil: crypto/rand
}

const (
	maxEntries = 100_000
	maxFile    = 4 << 30
)

// Store is an open quarantine. One process has it open at a time; its methods
// may be called by many goroutines.
type Store struct {
	config     Config
	disk       durable.Disk
	lock       *durable.Held
	identities []age.Identity
	recipient  age.Recipient
	recovered  []Recovered
	named      bool // in tests: there are no files without a name

	mu     sync.Mutex
	lastID time.Time
	index  map[string]size          // whole entries
	busy   map[string]chan struct{} // ids and files being worked on; closed when that ends
	recent map[inode]taken          // files taken a moment ago
}

// size is what Retain needs of an entry.
type size struct {
	taken  time.Time
	stored int64
}

// Open opens the store in c.Dir, making it when it is not there, and finishes or
// takes back what a power cut left half done: Recovered says what that was. Its
// error is durable.ErrLocked when another process has it open.
func Open(c Config) (*Store, error) {
	s := &Store{config: c.filled(), disk: c.Disk, index: map[string]size{}, busy: map[string]chan struct{}{}, recent: map[inode]taken{}}
	if err := s.open(); err != nil {
		return nil, fmt.Errorf("open the quarantine %s: %w", c.Dir, err)
	}
	return s, nil
}

func (c Config) filled() Config {
	if c.MaxEntries == 0 {
		c.MaxEntries = maxEntries
	}
	if c.MaxFile == 0 {
		c.MaxFile = maxFile
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return c
}

func (s *Store) open() (err error) {
	if err := s.folder(); err != nil {
		return err
	}
	if s.lock, err = durable.Lock(filepath.Join(s.config.Dir, lockName)); err != nil {
		return err
	}
	if err = s.loadKey(); err == nil {
		err = s.recover()
	}
	if err != nil {
		return errors.Join(err, s.lock.Unlock())
	}
	return nil
}

// folder makes the store's folder, and refuses one that others could have a
// hand in.
func (s *Store) folder() error {
	if err := s.disk.MkdirAll(s.config.Dir, 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(s.config.Dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return errors.New("it is not a folder")
	}
	if owner(info) != os.Geteuid() {
		return fmt.Errorf("it belongs to uid %d, not to %d", owner(info), os.Geteuid())
	}
	if info.Mode().Perm() != 0o700 {
		return os.Chmod(s.config.Dir, 0o700)
	}
	return nil
}

// Close gives the store back.
func (s *Store) Close() error { return s.lock.Unlock() }

// List gives all entries, oldest first, broken ones too.
func (s *Store) List(ctx context.Context) ([]Entry, error) {
	var entries []Entry
	err := s.Each(ctx, func(e Entry) error {
		entries = append(entries, e)
		return nil
	})
	return entries, err
}

// Each hands on all entries, oldest first, broken ones too. There can be so many
// that they are better not held at once.
func (s *Store) Each(ctx context.Context, use func(Entry) error) error {
	ids, err := s.ids()
	if err != nil {
		return fmt.Errorf("list the quarantine: %w", err)
	}
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return err
		}
		e, err := s.read(id)
		if errors.Is(err, ErrNoEntry) {
			continue // it went meanwhile
		}
		if err := use(e); err != nil {
			return err
		}
	}
	return nil
}

// ids gives the ids there are, oldest first.
func (s *Store) ids() ([]string, error) {
	names, err := os.ReadDir(s.config.Dir)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, n := range names {
		if _, ok := idOf(n.Name()); ok {
			ids = append(ids, n.Name())
		}
	}
	return ids, nil
}

// Show gives one entry and the ids of others that hold the same bytes. The id
// may be any part of it that only one entry has.
func (s *Store) Show(ctx context.Context, id string) (Entry, []string, error) {
	id, err := s.Find(id)
	if err != nil {
		return Entry{}, nil, err
	}
	e, err := s.read(id)
	if errors.Is(err, ErrNoEntry) {
		return Entry{}, nil, err
	}
	var same []string
	err = s.Each(ctx, func(other Entry) error {
		if other.ID != id && other.SHA256 != "" && other.SHA256 == e.SHA256 {
			same = append(same, other.ID)
		}
		return nil
	})
	return e, same, err
}

// Find completes a part of an id that only one entry has.
func (s *Store) Find(part string) (string, error) {
	ids, err := s.ids()
	if err != nil {
		return "", err
	}
	var found []string
	for _, id := range ids {
		if id == part {
			return id, nil
		}
		if part != "" && strings.Contains(id, part) {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("%w: %q", ErrNoEntry, part)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%w that %q alone names: it is part of %d", ErrNoEntry, part, len(found))
}

func (s *Store) path(id string, name ...string) string {
	return filepath.Join(append([]string{s.config.Dir, id}, name...)...)
}

// enter waits until nobody works on what key names, and keeps others from it.
func (s *Store) enter(ctx context.Context, key string) (leave func(), err error) {
	mine := make(chan struct{})
	for {
		s.mu.Lock()
		theirs := s.busy[key]
		if theirs == nil {
			s.busy[key] = mine
		}
		s.mu.Unlock()
		if theirs == nil {
			return func() { s.leave(key, mine) }, nil
		}
		select {
		case <-theirs:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (s *Store) leave(key string, mine chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, key)
	close(mine)
}

// step does one step that a power cut may come before.
func (s *Store) step(kind durable.Kind, name, to string, do func() error) error {
	if s.disk.Trace != nil {
		if err := s.disk.Trace(durable.Op{Kind: kind, Name: name, To: to}); err != nil {
			return err
		}
	}
	return do()
}

// emit tells the sink.
func (s *Store) emit(e event.Event) {
	if s.config.Sink != nil {
		s.config.Sink.Emit(e)
	}
}

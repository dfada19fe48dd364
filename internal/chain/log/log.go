// Package log runs the transparency log: an append-only list of entries,
// published as C2SP tlog-tiles, of which no checkpoint appears before enough
// witnesses have cosigned it. The tree and its storage are tessera's.
//
// It takes only entries of known types in their one spelling, signed by those
// who may say so, each continuing the chain it belongs to. It answers an author
// only when the entry is published. It holds an exclusive lock on its folder as
// long as it lives: two writers would hand out the same index twice. It refuses
// to start from a folder that is behind one of its witnesses: that is a backup,
// and appending to it would be a second history.
package log

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"vitrine/internal/chain/check"
	"vitrine/internal/durable"
	"vitrine/proof/policy"
	"vitrine/proof/statement"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

// Config is what a log works with.
type Config struct {
	Dir    string         // the published tree, with checkpoint and tile/ in it
	Signer note.Signer    // its name is the log's origin
	Policy *policy.Policy // whose cosignatures a checkpoint needs, and where to get them

	// Next is a policy that was announced and comes into force later, or nil. Until
	// then a checkpoint needs the cosignatures of both.
	Next *policy.Policy

	// Authors gives who must sign a statement. It is asked for each entry.
	Authors func(context.Context, statement.Statement) (check.Authors, error)

	Interval  time.Duration // between checkpoints; 0 is one second
	BatchSize uint          // entries integrated at once; 0 is 256
	BatchAge  time.Duration // how long an entry waits for others; 0 is 50 ms
	Timeout   time.Duration // for the witnesses of one checkpoint; 0 is 5 s
}

const witnessTimeout = 5 * time.Second

// Republish is how often a checkpoint of a quiet log is cosigned anew, so that
// readers can tell a quiet log from one that is kept from them.
const Republish = 10 * time.Minute

// Log is a running log. It may be used by many at a time.
type Log struct {
	cfg      Config
	held     *durable.Held
	appender *tessera.Appender
	reader   tessera.LogReader
	awaiter  *tessera.PublicationAwaiter
	shutdown func(context.Context) error
	cancel   context.CancelFunc

	prover prover

	mu     sync.Mutex
	chains *chains
	closed bool
	adding sync.WaitGroup
}

// ErrNoCheckpoint says that a log has started and has nothing to show: its
// witnesses could not be reached.
var ErrNoCheckpoint = errors.New("the log has no checkpoint that enough witnesses have cosigned")

// Open starts a log, new or old.
func Open(ctx context.Context, cfg Config) (*Log, error) {
	if cfg.Signer.Name() != cfg.Policy.Origin() {
		return nil, fmt.Errorf("the key is of the log %s, and the policy of %s", cfg.Signer.Name(), cfg.Policy.Origin())
	}
	if cfg.Next != nil && cfg.Next.Origin() != cfg.Policy.Origin() {
		return nil, fmt.Errorf("the next policy is of the log %s, and this is %s", cfg.Next.Origin(), cfg.Policy.Origin())
	}
	if err := (durable.Disk{}).MkdirAll(cfg.Dir, 0o755); err != nil {
		return nil, err
	}
	held, err := durable.Lock(filepath.Join(cfg.Dir, ".lock"))
	if err != nil {
		return nil, err
	}
	l := &Log{cfg: cfg, held: held, chains: newChains()}
	if err := l.start(ctx); err != nil {
		return nil, errors.Join(err, l.stop(ctx), held.Unlock())
	}
	return l, nil
}

// start brings tessera up. Its context must outlive the shutdown, or entries
// under way would never be answered.
func (l *Log) start(ctx context.Context) error {
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.cancel = cancel
	driver, err := posix.New(running, posix.Config{Path: l.cfg.Dir})
	if err != nil {
		return err
	}
	options, err := l.cfg.options()
	if err != nil {
		return err
	}
	if err := l.askAgain(); err != nil {
		return err
	}
	l.appender, l.shutdown, l.reader, err = tessera.NewAppender(running, driver, options)
	if err != nil {
		return fmt.Errorf("start the log: %w", err)
	}
	if err := l.ready(ctx); err != nil {
		return err
	}
	l.awaiter = tessera.NewPublicationAwaiter(running, l.reader.ReadCheckpoint, 20*time.Millisecond)
	if err := l.behind(ctx); err != nil {
		return err
	}
	return l.remember(ctx)
}

func (c Config) options() (*tessera.AppendOptions, error) {
	group, err := c.witnesses()
	if err != nil {
		return nil, err
	}
	// FailOpen stays false: without witnesses nothing is published.
	return tessera.NewAppendOptions().
		WithCheckpointSigner(c.Signer).
		WithCheckpointInterval(or(c.Interval, time.Second)).
		WithCheckpointRepublishInterval(Republish).
		WithBatching(or(c.BatchSize, 256), or(c.BatchAge, 50*time.Millisecond)).
		WithWitnesses(group, &tessera.WitnessOptions{Timeout: or(c.Timeout, witnessTimeout)}), nil
}

func or[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// Close refuses new entries, publishes those under way, and gives the folder
// free. When ctx ends before that, entries may be in the log and not published
// yet; the next start publishes them. Closing what is closed does nothing.
func (l *Log) Close(ctx context.Context) error {
	l.mu.Lock()
	before := l.closed
	l.closed = true
	l.mu.Unlock()
	if before {
		return nil
	}
	return errors.Join(l.stop(ctx), l.held.Unlock())
}

func (l *Log) stop(ctx context.Context) (err error) {
	if l.shutdown != nil {
		err = l.shutdown(ctx)
	}
	l.adding.Wait()
	l.cancel()
	return err
}

// fetch reads a file of the published tree.
func (l *Log) fetch(_ context.Context, path string, limit int64) ([]byte, error) {
	name := filepath.Join(l.cfg.Dir, filepath.FromSlash(path))
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s: %d bytes, and %d are the most", path, info.Size(), limit)
	}
	return os.ReadFile(name)
}

// Checkpoint is the newest published one, signed and cosigned.
func (l *Log) Checkpoint(ctx context.Context) ([]byte, error) { return l.reader.ReadCheckpoint(ctx) }

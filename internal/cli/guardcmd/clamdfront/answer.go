package clamdfront

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"vitrine/internal/endpoint/clamd"
	"vitrine/internal/endpoint/local"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"github.com/spf13/pflag"
)

// ErrNotStarted is wrapped by Answer's error when no Front has started the
// process.
var ErrNotStarted = errors.New("it is started by the guard, and was not")

// Settings is what the process is told as arguments: the fields of clamd.Server
// of the same names.
type Settings struct {
	MaxStream    int64
	Threads      int
	Idle         time.Duration
	IncompleteOK bool
	Version      string
}

// Flags has the settings read from arguments.
func (s *Settings) Flags(f *pflag.FlagSet) {
	f.Int64Var(&s.MaxStream, "max-stream", 0, "bytes of the largest stream")
	f.IntVar(&s.Threads, "threads", 0, "scans at once")
	f.DurationVar(&s.Idle, "idle", 0, "how long a client may say nothing")
	f.BoolVar(&s.IncompleteOK, "incomplete-ok", false, "answer OK of what was looked at in part")
	f.StringVar(&s.Version, "version-text", "", "the answer to VERSION")
}

func (s Settings) args() []string {
	return []string{
		"--max-stream=" + strconv.FormatInt(s.MaxStream, 10), "--threads=" + strconv.Itoa(s.Threads), "--idle=" + s.Idle.String(),
		"--incomplete-ok=" + strconv.FormatBool(s.IncompleteOK), "--version-text=" + s.Version,
	}
}

// Answer is the process: it answers clients until ctx ends or the guard is gone.
func Answer(ctx context.Context, s Settings, notice func(string)) error {
	socket, broker := os.NewFile(ListenFD, "socket"), os.NewFile(BrokerFD, "broker")
	listener, err := local.Inherit(socket)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	remote, err := clamd.Connect(broker)
	if err != nil {
		return err
	}
	defer remote.Close()
	_ = socket.Close()
	_ = broker.Close()
	if err := confine(); err != nil {
		notice(fmt.Sprintf("not confined by landlock: %v", err))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var clients atomic.Int64
	go func() {
		defer cancel() // without the guard there is nobody to scan
		tell(ctx, remote, &clients)
	}()
	server := clamd.Server{
		Scanner: remote, Reload: remote.Reload, Version: s.Version, MaxStream: s.MaxStream,
		Threads: s.Threads, Idle: s.Idle, IncompleteOK: s.IncompleteOK, Clients: &clients,
	}
	return server.Serve(ctx, listener)
}

// tell tells the guard how many clients there are, until the guard is gone.
func tell(ctx context.Context, remote *clamd.Remote, clients *atomic.Int64) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for told := int64(0); ; {
		select {
		case <-ticker.C:
		case <-remote.Done():
			return
		case <-ctx.Done():
			return
		}
		if now := clients.Load(); now != told {
			if remote.Tell(now) != nil {
				return
			}
			told = now
		}
	}
}

// confine leaves the process files to read, as its user may, and nothing to
// write or run; no TCP, and no process outside to signal.
func confine() error {
	rights := landlock.AccessFSSet(ll.AccessFSReadFile | ll.AccessFSReadDir)
	return landlock.V11.BestEffort().Restrict(landlock.PathAccess(rights, "/"))
}

// Package witness is an independent supervisor of logs, as C2SP tlog-witness
// describes one. For each log it keeps the newest checkpoint it has cosigned,
// and it cosigns another only if that is proved to hold everything the kept one
// holds. So a log that shows two histories finds no witness for the second.
//
// It keeps nothing but those checkpoints, reads no entry, and never cosigns
// before the new state is safe on disk.
package witness

import (
	"errors"
	"fmt"
	"sync"

	"vitrine/proof"

	"golang.org/x/mod/sumdb/note"
)

// Config is what a witness works with.
type Config struct {
	Logs   []Log
	Signer note.Signer // makes cosignatures; see proof.NewCosignatureSigner
	Own    note.Verifier
	Store  Store
}

// Log is a log to follow.
type Log struct {
	Verifier note.Verifier // its name is the log's origin

	// FromStart refuses a log whose first checkpoint seen here is not of size 0:
	// a witness that lost its state, or came late, cannot tell a true history
	// from a false one. Without it the first checkpoint seen is believed, as the
	// protocol has it. A log that asks no more witnesses than it needs may never
	// show its beginning to all of them.
	FromStart bool
}

// Witness follows logs. It may be used by many at a time.
type Witness struct {
	cfg  Config
	logs map[string]*followed
}

// followed is one log. Its lock is held from the check of a checkpoint to the
// moment it is safe on disk: a slower request must not set the state back.
type followed struct {
	Log
	mu     sync.Mutex
	newest *proof.Checkpoint // nil before the first
	note   []byte            // newest, signed and cosigned
}

// New makes a witness, with the state that its store holds. State that cannot
// be read is an error: to begin anew would be to forget.
func New(cfg Config) (*Witness, error) {
	w := &Witness{cfg: cfg, logs: map[string]*followed{}}
	for _, l := range cfg.Logs {
		origin := l.Verifier.Name()
		if w.logs[origin] != nil {
			return nil, fmt.Errorf("the log %s is named twice", origin)
		}
		f := &followed{Log: l}
		if err := f.load(cfg); err != nil {
			return nil, fmt.Errorf("state of the log %s: %w", origin, err)
		}
		w.logs[origin] = f
	}
	return w, nil
}

func (f *followed) load(cfg Config) error {
	data, err := cfg.Store.Load(f.Verifier.Name())
	if err != nil || data == nil {
		return err
	}
	c, _, err := proof.OpenCheckpoint(data, f.Verifier)
	if err != nil {
		return err
	}
	signed, err := proof.OpenNote(data, f.Verifier, cfg.Own)
	if err != nil {
		return err
	}
	if len(signed.Sigs) != 2 {
		return errors.New("not cosigned by this witness's own key")
	}
	f.newest, f.note = &c, data
	return nil
}

// Refusal is why a checkpoint was not cosigned.
type Refusal struct {
	Kind   Kind
	Reason string
	Size   int64 // of the newest checkpoint cosigned, for Stale
}

// Kind tells refusals apart.
type Kind uint8

// The kinds of refusals.
const (
	Malformed    Kind = iota // the request makes no sense
	UnknownLog               // not a log that is followed
	BadSignature             // not signed by the log
	Stale                    // the old size is not that of the newest checkpoint cosigned
	Inconsistent             // not proved to hold what was there before
)

func (r *Refusal) Error() string { return r.Reason }

func refuse(kind Kind, format string, args ...any) error {
	return &Refusal{Kind: kind, Reason: fmt.Sprintf(format, args...)}
}

// Add cosigns the checkpoint of a request, if all is well, and gives the
// cosignature line. Otherwise the error is a *Refusal, or one of the store.
func (w *Witness) Add(r Request) ([]byte, error) {
	f := w.logs[originOf(r.Checkpoint)]
	if f == nil {
		return nil, refuse(UnknownLog, "the log %q is not followed here", originOf(r.Checkpoint))
	}
	c, signed, err := proof.OpenCheckpoint(r.Checkpoint, f.Verifier)
	var unsigned *note.UnverifiedNoteError
	var wrong *note.InvalidSignatureError
	switch {
	case errors.As(err, &unsigned), errors.As(err, &wrong):
		return nil, refuse(BadSignature, "%v", err)
	case err != nil && !errors.Is(err, proof.ErrEmptyRoot):
		return nil, refuse(Malformed, "%v", err)
	case err != nil:
		return nil, refuse(Inconsistent, "%v", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.follows(r, c); err != nil {
		return nil, err
	}
	return w.cosign(f, c, signed)
}

// follows checks that c holds everything that the newest checkpoint holds.
// SPEC: tlog-witness, add-checkpoint: the order of the checks is the order of
// their answers.
func (f *followed) follows(r Request, c proof.Checkpoint) error {
	if r.OldSize > c.Size {
		return refuse(Malformed, "from size %d to size %d is backwards", r.OldSize, c.Size)
	}
	newest := proof.Checkpoint{Origin: c.Origin, Root: proof.EmptyRoot()}
	if f.newest != nil {
		newest = *f.newest
	}
	if r.OldSize != newest.Size {
		return &Refusal{Stale, fmt.Sprintf("the newest checkpoint cosigned here is of size %d, not %d", newest.Size, r.OldSize), newest.Size}
	}
	if f.newest == nil && c.Size > 0 && f.FromStart {
		return refuse(BadSignature, "the log %s was never seen here and has %d entries already: its history is unknown to this witness", c.Origin, c.Size)
	}
	if err := proof.CheckConsistency(newest, c, r.Hashes); err != nil {
		return refuse(Inconsistent, "%v", err)
	}
	return nil
}

// cosign makes the new state safe, and only then gives the cosignature away.
func (w *Witness) cosign(f *followed, c proof.Checkpoint, signed *note.Note) ([]byte, error) {
	data, err := note.Sign(&note.Note{Text: signed.Text, Sigs: signed.Sigs}, w.cfg.Signer)
	if err != nil {
		return nil, fmt.Errorf("cosign: %w", err)
	}
	both, err := proof.OpenNote(data, f.Verifier, w.cfg.Own)
	if err != nil || len(both.Sigs) != 2 {
		return nil, fmt.Errorf("cosign: what the signer made is not verified by the witness's own key (%v)", err)
	}
	if err := w.cfg.Store.Save(c.Origin, data); err != nil {
		return nil, fmt.Errorf("keep the checkpoint: %w", err)
	}
	f.newest, f.note = &c, data
	for _, sig := range both.Sigs {
		if sig.Name == w.cfg.Own.Name() && sig.Hash == w.cfg.Own.KeyHash() {
			return fmt.Appendf(nil, "— %s %s\n", sig.Name, sig.Base64), nil
		}
	}
	return nil, errors.New("cosign: the cosignature is gone") // OpenNote found it just now
}

// Newest gives the newest cosigned checkpoint of a log, or nil.
func (w *Witness) Newest(origin string) []byte {
	f := w.logs[origin]
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.note
}

// Origins gives the logs that are followed, in the order of the configuration.
func (w *Witness) Origins() []string {
	var list []string
	for _, l := range w.cfg.Logs {
		list = append(list, l.Verifier.Name())
	}
	return list
}

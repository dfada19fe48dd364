// Package installed is what a machine remembers of the chain of proof: the
// newest of everything it has trusted, and the rules it runs. It fetches
// nothing; a scan reads it, an update changes it.
//
// Every change is written whole and made safe before it is used, so a power cut
// leaves what was before or what is after.
//
//	tuf/              the newest TUF metadata
//	policy.txt        the witness policy
//	checkpoint        the newest checkpoint of the log
//	state.json        the newest verified time, and the end of each channel
//	rules/CHANNEL/N/  an installed bundle: rules.vyr, leaf, proof
//	release/VERSION/  a program that lies ready: vitrine, leaf, proof
//	current.json      which bundle of each channel is in use, and which was before
//	evidence/         signed notes that show that the log forked
package installed

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"vitrine/internal/chain/tuf"
	"vitrine/internal/durable"
)

// Dir is a machine's state.
type Dir struct {
	Path string
	Disk durable.Disk
}

// State is what must never go backwards.
type State struct {
	Time          time.Time          `json:"time"`             // newest time that a quorum of witnesses vouched for
	PolicyVersion int64              `json:"policy_version"`   // of policy.txt, as the log numbers it; 0 for that of the first start
	Channels      map[string]Channel `json:"channels"`         // newest bundle accepted, by channel
	Release       Release            `json:"release,omitzero"` // newest release that was laid ready
	Problem       *Problem           `json:"problem,omitempty"`
	Tried         time.Time          `json:"tried"`     // last update that was tried
	Succeeded     time.Time          `json:"succeeded"` // last update that found everything in order
}

// Channel is the end of a channel's chain, as far as this machine knows it.
type Channel struct {
	Serial int64  `json:"serial"`
	Leaf   string `json:"leaf"` // hex of the leaf's hash
}

// Problem is why updates have stopped.
type Problem struct {
	Kind string `json:"kind"` // fork, refused, failed
	Text string `json:"text"`
}

// Lock keeps a second update away.
func (d Dir) Lock() (*durable.Held, error) {
	if err := d.Disk.MkdirAll(d.Path, 0o755); err != nil {
		return nil, err
	}
	return durable.Lock(d.file("lock"))
}

func (d Dir) file(name string) string { return filepath.Join(d.Path, filepath.FromSlash(name)) }

// Sweep removes what a power cut left half done. The lock must be held.
func (d Dir) Sweep() error { return d.Disk.Sweep(d.Path) }

// Store is where TUF metadata are kept.
func (d Dir) Store() tuf.Store { return tuf.Store{Dir: d.file("tuf"), Disk: d.Disk} }

// State reads the state; none yet is the zero value. One that cannot be read is
// an error: taken for none, it would let everything go backwards.
func (d Dir) State() (State, error) {
	var s State
	data, err := os.ReadFile(d.file("state.json"))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	} else if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		return s, fmt.Errorf("the machine's state %s: %w", d.file("state.json"), err)
	}
	if s.Channels == nil {
		s.Channels = map[string]Channel{}
	}
	return s, nil
}

// SetState keeps the state.
func (d Dir) SetState(s State) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return d.Disk.WriteFile(d.file("state.json"), append(data, '\n'), 0o644)
}

// Policy reads the text of the witness policy, or gives nil if there is none
// yet.
func (d Dir) Policy() ([]byte, error) {
	text, err := os.ReadFile(d.file("policy.txt"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// SetPolicy keeps a policy that was parsed.
func (d Dir) SetPolicy(text []byte) error {
	return d.Disk.WriteFile(d.file("policy.txt"), text, 0o644)
}

// Checkpoint reads the newest checkpoint, as a signed note, or gives nil.
func (d Dir) Checkpoint() ([]byte, error) {
	data, err := os.ReadFile(d.file("checkpoint"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// SetCheckpoint keeps a checkpoint that was verified.
func (d Dir) SetCheckpoint(note []byte) error {
	return d.Disk.WriteFile(d.file("checkpoint"), note, 0o644)
}

// Evidence keeps two signed notes that cannot both be true, or of which nobody
// has shown that they can. The same two are kept once, however often they are
// shown.
func (d Dir) Evidence(at time.Time, ours, theirs []byte) (folder string, err error) {
	sum := sha256.Sum256(slices.Concat(ours, theirs))
	name := hex.EncodeToString(sum[:8])
	if kept, err := filepath.Glob(d.file("evidence/*-" + name)); err == nil && len(kept) > 0 {
		folder = kept[0]
	} else {
		folder = d.file("evidence/" + at.UTC().Format("20060102T150405Z") + "-" + name)
	}
	if err := d.Disk.MkdirAll(folder, 0o755); err != nil {
		return folder, err
	}
	if err := d.Disk.WriteFile(filepath.Join(folder, "ours"), ours, 0o644); err != nil {
		return folder, err
	}
	return folder, d.Disk.WriteFile(filepath.Join(folder, "theirs"), theirs, 0o644)
}

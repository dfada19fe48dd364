// Package operator is the folder of whoever runs a site: which keys there are,
// where each is, and what machines are told to trust.
//
//	operator.json  the roles, their thresholds, and where each key is
//	keys/          key files, as far as they are on this machine
//	trust/         root.json and policy.txt: what a machine needs for its first start
//	site/          what is published
//	policy-next.txt  a witness policy that was announced, until it is adopted
//	witness/N/     folders of local witnesses, if any were made
//
// Keys belong in many hands. The folder works with what it finds: a key that is
// not here cannot sign here, and what is short of a threshold is not published.
package operator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"vitrine/internal/chain/keys"
	"vitrine/internal/chain/tufrepo"
	"vitrine/internal/durable"
	"vitrine/proof/policy"
	"vitrine/proof/statement"

	"golang.org/x/mod/sumdb/note"
)

// Folder is an operator's folder.
type Folder struct {
	Dir  string
	Ask  keys.Passphrase
	disk durable.Disk
	plan plan
}

// plan is operator.json.
type plan struct {
	Origin string          `json:"origin"`  // of the log
	LogKey string          `json:"log_key"` // key file of the log
	Roles  map[string]role `json:"roles"`   // of TUF

	// Retired are keys of no role any more. The root that takes a key of the role
	// root out of use must be signed by those it was signed with.
	Retired []key `json:"retired,omitempty"`
}

type role struct {
	Threshold int      `json:"threshold"`
	Paths     []string `json:"paths,omitempty"`
	Keys      []key    `json:"keys"`
}

type key struct {
	Public string `json:"public"` // base64
	Spec   string `json:"spec"`   // key file, relative to the folder, or cmd:PROGRAM ARG…
}

// Open reads an operator's folder.
func Open(dir string, ask keys.Passphrase) (*Folder, error) {
	data, err := os.ReadFile(filepath.Join(dir, "operator.json"))
	if err != nil {
		return nil, fmt.Errorf("the operator's folder: %w", err)
	}
	f := &Folder{Dir: dir, Ask: ask}
	if err := json.Unmarshal(data, &f.plan); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, "operator.json"), err)
	}
	return f, nil
}

// Site is the folder that is published.
func (f *Folder) Site() string { return filepath.Join(f.Dir, "site") }

// Trust is the folder with what machines need for their first start.
func (f *Folder) Trust() string { return filepath.Join(f.Dir, "trust") }

// Root is the first root of trust.
func (f *Folder) Root() ([]byte, error) { return os.ReadFile(filepath.Join(f.Trust(), "root.json")) }

// Policy is the witness policy that machines are told at their first start.
func (f *Folder) Policy() (*policy.Policy, error) {
	text, err := os.ReadFile(filepath.Join(f.Trust(), "policy.txt"))
	if err != nil {
		return nil, err
	}
	return policy.Parse(text)
}

// Next is a witness policy that was announced and is not adopted yet, or nil.
// Until then every checkpoint must satisfy both.
func (f *Folder) Next() (*policy.Policy, error) {
	text, err := os.ReadFile(f.nextFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return policy.Parse(text)
}

// SetNext keeps a witness policy that was announced.
func (f *Folder) SetNext(text []byte) error { return f.disk.WriteFile(f.nextFile(), text, 0o644) }

// Adopt makes the witness policy that was announced the one in force.
func (f *Folder) Adopt() error {
	text, err := os.ReadFile(f.nextFile())
	if err != nil {
		return fmt.Errorf("no witness policy was announced: %w", err)
	}
	if err := f.disk.WriteFile(filepath.Join(f.Trust(), "policy.txt"), text, 0o644); err != nil {
		return err
	}
	return f.disk.Remove(f.nextFile())
}

func (f *Folder) nextFile() string { return filepath.Join(f.Dir, "policy-next.txt") }

// LogSigner signs checkpoints.
func (f *Folder) LogSigner() (note.Signer, error) {
	return keys.LoadNote(f.path(f.plan.LogKey), f.Ask)
}

func (f *Folder) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(f.Dir, filepath.FromSlash(name))
}

// ErrTooFew says that a role has fewer keys on this machine than must sign.
var ErrTooFew = errors.New("too few of the keys that must sign are here")

// Signers gives the keys of a role that are here, as many as must sign. Keys
// that are elsewhere are passed over.
func (f *Folder) Signers(name string) ([]statement.Signer, error) {
	r, ok := f.plan.Roles[name]
	if !ok {
		return nil, fmt.Errorf("role %s: not in operator.json", name)
	}
	return f.gather(name, r.Keys, r.Threshold)
}

// RootSigners gives who signs the next root: as many keys as must sign it now,
// and as many as the root before it asks for.
func (f *Folder) RootSigners(before tufrepo.Role) (now, then []statement.Signer, err error) {
	if now, err = f.Signers("root"); err != nil {
		return nil, nil, err
	}
	known := map[string]bool{}
	for _, k := range before.Keys {
		known[encode(k)] = true
	}
	var keys []key
	for _, k := range slices.Concat(f.plan.Roles["root"].Keys, f.plan.Retired) {
		if known[k.Public] {
			keys = append(keys, k)
		}
	}
	then, err = f.gather("root, as it was", keys, before.Threshold)
	return now, then, err
}

// gather gives as many signers as must sign.
func (f *Folder) gather(name string, from []key, threshold int) ([]statement.Signer, error) {
	var list []statement.Signer
	var missing []string
	for _, k := range from {
		if len(list) == threshold {
			break
		}
		spec := k.Spec
		if !strings.HasPrefix(spec, "cmd:") {
			spec = f.path(spec)
		}
		s, err := keys.Load(spec, f.Ask)
		if errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, k.Spec)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("role %s: %w", name, err)
		}
		if encode(s.Key()) != k.Public {
			return nil, fmt.Errorf("role %s: %s is another key than operator.json says", name, k.Spec)
		}
		list = append(list, s)
	}
	if len(list) < threshold {
		return nil, fmt.Errorf("role %s: %w: %d of %d (not here: %s)", name, ErrTooFew, len(list), threshold, strings.Join(missing, ", "))
	}
	return list, nil
}

// Layout is the roles as TUF metadata list them.
func (f *Folder) Layout() (tufrepo.Layout, error) {
	var l tufrepo.Layout
	top := map[string]*tufrepo.Role{"root": &l.Root, "targets": &l.Targets, "snapshot": &l.Snapshot, "timestamp": &l.Timestamp}
	for _, name := range f.plan.names() {
		r, err := f.plan.Roles[name].tuf(name)
		if err != nil {
			return l, err
		}
		if at := top[name]; at != nil {
			*at = r
		} else {
			l.Delegated = append(l.Delegated, r)
		}
	}
	return l, nil
}

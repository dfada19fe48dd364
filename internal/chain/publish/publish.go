// Package publish brings rules, releases and policies to everybody: it signs
// what is said of them, has it logged and cosigned, and only then names them in
// the TUF metadata that machines follow. There is no way to publish that leaves
// the log out.
//
// A publication that broke off is finished before the next begins, with the
// same bytes: what was logged is public, and its place in the chain is taken.
package publish

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"vitrine/internal/chain/check"
	"vitrine/internal/chain/operator"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tufrepo"
	"vitrine/internal/durable"
	"vitrine/proof/policy"
	"vitrine/proof/statement"

	"golang.org/x/mod/sumdb/tlog"
)

// Log takes entries and gives their proofs, when they are published.
type Log interface {
	Add(ctx context.Context, leaf []byte) (proof []byte, err error)
}

// Publisher publishes for one operator.
type Publisher struct {
	Operator *operator.Folder
	Log      Log
	Now      time.Time
	Disk     durable.Disk
}

// File is a file to publish, as the target that machines will ask for.
type File struct {
	Target string
	SHA256 [32]byte
	Data   []byte
}

// Published is what became of a publication.
type Published struct {
	Target string
	Leaf   tlog.Hash
	Index  int64
	Claim  check.Claim
	Result *check.Result
}

// Custom is what TUF metadata say of a published target beside its digest.
type Custom struct {
	Origin string `json:"origin"`
	Index  int64  `json:"index"`
	Leaf   string `json:"leaf"` // hex of the leaf's hash

	NotBefore time.Time `json:"not_before,omitzero"` // of a bundle of rules: when it is in force on every machine
}

// say signs a statement in the name of a role, has it logged, and puts leaf and
// proof beside the file called name.
func (p *Publisher) say(ctx context.Context, role, name string, s statement.Statement) (*Published, error) {
	leaf, err := p.pending(role, name, s)
	if err != nil {
		return nil, err
	}
	return p.log(ctx, name, leaf)
}

// sayAs is say, in the name of certain signers.
func (p *Publisher) sayAs(ctx context.Context, as []statement.Signer, name string, s statement.Statement) (*Published, error) {
	leaf, err := p.pendingAs(as, name, s)
	if err != nil {
		return nil, err
	}
	return p.log(ctx, name, leaf)
}

func (p *Publisher) log(ctx context.Context, name string, leaf []byte) (*Published, error) {
	text, err := p.Log.Add(ctx, leaf)
	if err != nil {
		return nil, fmt.Errorf("log %s: %w", name, err)
	}
	out := &Published{Target: name, Claim: check.Claim{Leaf: leaf, Proof: text}}
	if err := p.verify(out); err != nil {
		return nil, err
	}
	if err := p.write(site.Leaf(name), leaf); err != nil {
		return nil, err
	}
	return out, p.write(site.Proof(name), text)
}

// verify looks at the log's answer as a machine will.
func (p *Publisher) verify(out *Published) error {
	trusted, err := p.Operator.Policy()
	if err != nil {
		return err
	}
	out.Result, err = inLog(trusted, out.Claim, p.Now)
	if err != nil {
		return fmt.Errorf("the log answered, and %w", err)
	}
	out.Leaf, out.Index = out.Result.Leaf, out.Result.Index
	return nil
}

func inLog(trusted *policy.Policy, c check.Claim, now time.Time) (*check.Result, error) {
	r, err := check.InLog(trusted, c, now)
	if err != nil {
		return nil, err
	}
	envelope, err := statement.ParseLeaf(c.Leaf)
	if err != nil {
		return nil, err
	}
	r.Statement = envelope.Statement
	return r, nil
}

// pending gives the leaf for a name: the one of a publication that broke off,
// or a new one, which is kept until it is named in the metadata.
func (p *Publisher) pending(role, name string, s statement.Statement) ([]byte, error) {
	file := p.pendingFile(name)
	leaf, err := os.ReadFile(file)
	if err == nil {
		return leaf, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	signers, err := p.Operator.Signers(role)
	if err != nil {
		return nil, err
	}
	return p.pendingAs(signers, name, s)
}

// pendingAs is pending, in the name of certain signers.
func (p *Publisher) pendingAs(signers []statement.Signer, name string, s statement.Statement) ([]byte, error) {
	file := p.pendingFile(name)
	if leaf, err := os.ReadFile(file); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return leaf, err
	}
	leaf, err := statement.Sign(s, signers...)
	if err != nil {
		return nil, err
	}
	if err := p.Disk.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	return leaf, p.Disk.WriteFile(file, leaf, 0o644)
}

func (p *Publisher) pendingFile(name string) string {
	return filepath.Join(p.Operator.Dir, "pending", filepath.FromSlash(name)+".leaf")
}

// settle forgets a pending leaf: all that belongs to it is published.
func (p *Publisher) settle(name string) error { return p.Disk.Remove(p.pendingFile(name)) }

// put writes a target's content under the name with its digest.
func (p *Publisher) put(f File) error { return p.write(site.File(f.Target, f.SHA256), f.Data) }

func (p *Publisher) write(name string, data []byte) error {
	file := filepath.Join(p.Operator.Site(), filepath.FromSlash(name))
	if err := p.Disk.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return p.Disk.WriteFile(file, data, 0o644)
}

// target is a file as the metadata name it.
func (p *Publisher) target(f File, said *Published) tufrepo.Target {
	custom := Custom{Origin: said.Result.Verified.Checkpoint.Origin, Index: said.Index, Leaf: hex.EncodeToString(said.Leaf[:])}
	if b, ok := said.Result.Statement.Predicate.(statement.RuleBundle); ok {
		custom.NotBefore = b.NotBefore.Add(b.Rollout)
	}
	return tufrepo.Target{Path: f.Target, SHA256: f.SHA256, Length: int64(len(f.Data)), Custom: custom}
}

func (p *Publisher) repo() tufrepo.Repo {
	return tufrepo.Repo{Site: p.Operator.Site(), Disk: p.Disk, Now: p.Now}
}

// Refresh signs anew what expires soon; a timer calls it each day.
func (p *Publisher) Refresh() error { return p.repo().Refresh(p.Operator.Signers) }

// ParseCustom reads what Custom wrote.
func ParseCustom(raw json.RawMessage) (c Custom, leaf tlog.Hash, err error) {
	if err := json.Unmarshal(raw, &c); err != nil {
		return c, leaf, err
	}
	sum, err := hex.DecodeString(c.Leaf)
	if err != nil || len(sum) != tlog.HashSize {
		return c, leaf, fmt.Errorf("%q is no hash of a leaf", c.Leaf)
	}
	return c, tlog.Hash(sum), nil
}

package operator

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"vitrine/internal/chain/keys"
	"vitrine/internal/chain/site"
	"vitrine/internal/chain/tufrepo"
	"vitrine/proof"
	"vitrine/proof/policy"

	"golang.org/x/mod/sumdb/note"
)

// InitConfig is how a new operator's folder is made.
type InitConfig struct {
	Dir        string
	Origin     string    // name of the log
	Witnesses  []Witness // to ask for cosignatures; the more than half of them are enough
	Passphrase string    // locks the offline keys; empty for none
	Random     io.Reader
	Now        time.Time
}

// Witness is a witness and where it is. Without a key, one is made, with a
// folder that vitrine-witness can serve.
type Witness struct {
	Name string // such as witness.example/w1
	URL  string
	VKey string
}

// Init makes a whole hierarchy of keys on one machine, and the first metadata
// of its site. The folder must be new.
func Init(c InitConfig) (*Folder, error) {
	if _, err := os.Lstat(filepath.Join(c.Dir, "operator.json")); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is an operator's folder already, or cannot be looked at; nothing was changed", c.Dir)
	}
	if len(c.Witnesses) == 0 {
		return nil, errors.New("no witness named: without one nobody can tell whether the log is the same for all")
	}
	f := &Folder{Dir: c.Dir, Ask: func(string) (string, error) { return c.Passphrase, nil }}
	f.plan = plan{Origin: c.Origin, LogKey: "keys/log", Roles: map[string]role{}}
	for _, dir := range []string{filepath.Join(c.Dir, "keys"), f.Trust(), f.Site()} {
		if err := f.disk.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	for _, w := range hierarchy() {
		if err := f.makeRole(c, w); err != nil {
			return nil, err
		}
	}
	if err := f.makeLog(c); err != nil {
		return nil, err
	}
	return f, f.finish(c)
}

// online are the roles that sign each day, by a timer: nobody is there to type
// a passphrase.
var online = map[string]bool{"snapshot": true, "timestamp": true}

func (f *Folder) makeRole(c InitConfig, w wanted) error {
	r := role{Threshold: w.threshold, Paths: w.paths}
	for i := range w.keys {
		private, err := keys.Generate(c.Random)
		if err != nil {
			return err
		}
		spec := fmt.Sprintf("keys/%s-%d", w.name, i+1)
		passphrase := c.Passphrase
		if online[w.name] {
			passphrase = ""
		}
		if err := keys.Write(f.path(spec), keys.Text(private), passphrase); err != nil {
			return err
		}
		r.Keys = append(r.Keys, key{Public: encode(keys.Public(private)), Spec: spec})
	}
	f.plan.Roles[w.name] = r
	return nil
}

// makeLog makes the log's key, witnesses that have none, and the policy.
func (f *Folder) makeLog(c InitConfig) error {
	skey, vkey, err := note.GenerateKey(c.Random, c.Origin)
	if err != nil {
		return fmt.Errorf("the log's key: %w", err)
	}
	if err := keys.Write(f.path(f.plan.LogKey), skey+"\n", ""); err != nil {
		return err
	}
	text := fmt.Appendf(nil, "log %s\n", vkey)
	members := ""
	for i, w := range c.Witnesses {
		if w.VKey == "" {
			if w.VKey, err = f.makeWitness(c, w, i+1, vkey); err != nil {
				return err
			}
		}
		text = fmt.Appendf(text, "witness W%d %s %s\n", i+1, w.VKey, w.URL)
		members += fmt.Sprintf(" W%d", i+1)
	}
	text = fmt.Appendf(text, "group witnesses %d%s\nquorum witnesses\n", len(c.Witnesses)/2+1, members)
	if _, err := policy.Parse(text); err != nil {
		return fmt.Errorf("the witness policy: %w", err)
	}
	return f.disk.WriteFile(filepath.Join(f.Trust(), "policy.txt"), text, 0o644)
}

func (f *Folder) makeWitness(c InitConfig, w Witness, number int, log string) (vkey string, err error) {
	skey, vkey, err := proof.GenerateCosignatureKey(c.Random, w.Name)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(f.Dir, "witness", fmt.Sprint(number))
	if err := f.disk.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if err := f.disk.WriteFile(filepath.Join(dir, "logs"), fmt.Appendf(nil, "log %s\n", log), 0o600); err != nil {
		return "", err
	}
	return vkey, f.disk.WriteFile(filepath.Join(dir, "key"), []byte(skey+"\n"), 0o600)
}

// finish writes the site's first metadata, the root that machines begin with,
// and last the plan: without it there is no folder.
func (f *Folder) finish(c InitConfig) error {
	layout, err := f.Layout()
	if err != nil {
		return err
	}
	if err := (tufrepo.Repo{Site: f.Site(), Now: c.Now}).Init(layout, f.Signers); err != nil {
		return err
	}
	root, err := os.ReadFile(filepath.Join(f.Site(), filepath.FromSlash(site.TUF("1.root.json"))))
	if err != nil {
		return err
	}
	if err := f.disk.WriteFile(filepath.Join(f.Trust(), "root.json"), root, 0o644); err != nil {
		return err
	}
	return f.writePlan()
}

package operator

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"vitrine/internal/chain/keys"
	"vitrine/proof/statement"
)

// Replace makes a new key for a role, in the place of its number-th, from 1. The
// next root makes it known; until then nothing changes for anybody. A key of the
// role root is kept among the retired, since that root needs it.
func (f *Folder) Replace(name string, number int, random io.Reader, passphrase string) (spec string, public statement.Key, err error) {
	r, ok := f.plan.Roles[name]
	if !ok {
		return "", public, fmt.Errorf("role %s: not in operator.json", name)
	}
	if number < 1 || number > len(r.Keys) {
		return "", public, fmt.Errorf("role %s: it has %d keys, and none with the number %d", name, len(r.Keys), number)
	}
	private, err := keys.Generate(random)
	if err != nil {
		return "", public, err
	}
	public = keys.Public(private)
	spec = fmt.Sprintf("keys/%s-%d-%.8s", name, number, public.ID)
	if online[name] {
		passphrase = ""
	}
	if err := keys.Write(f.path(spec), keys.Text(private), passphrase); err != nil {
		return "", public, err
	}
	old := r.Keys[number-1]
	r.Keys = slices.Clone(r.Keys)
	r.Keys[number-1] = key{Public: encode(public), Spec: spec}
	f.plan.Roles[name] = r
	if name == "root" {
		f.plan.Retired = append(f.plan.Retired, old)
	}
	return spec, public, f.writePlan()
}

// writePlan writes operator.json.
func (f *Folder) writePlan() error {
	data, err := json.MarshalIndent(f.plan, "", "  ")
	if err != nil {
		return err
	}
	return f.disk.WriteFile(filepath.Join(f.Dir, "operator.json"), append(data, '\n'), 0o644)
}

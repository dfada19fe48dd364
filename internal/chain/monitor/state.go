package monitor

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"vitrine/internal/chain/installed"
)

// state is what a monitor remembers, beside the newest checkpoint: monitor.json.
type state struct {
	Size     int64              `json:"size"`    // entries that were looked at
	Mirrors  map[string]int64   `json:"mirrors"` // entries that each mirror was seen to hold
	Types    map[string]int64   `json:"types"`
	Signers  map[string]int64   `json:"signers"`
	Chains   map[string]end     `json:"chains"`
	Releases map[string]release `json:"releases"` // by version
	Policies map[string]change  `json:"policies"` // by SHA-256: witness policies that were logged
	Pending  []named            `json:"pending"`  // files that not every mirror has shown yet
	Earlier  int64              `json:"earlier"`  // alarms about entries
	Ahead    []ahead            `json:"ahead"`    // notes of larger trees than any mirror has shown
	Fork     string             `json:"fork"`     // in words, once it has
	Evidence string             `json:"evidence"` // folder
}

// end is the last entry of a chain.
type end struct {
	Serial int64  `json:"serial"`
	Leaf   string `json:"leaf"`
	Index  int64  `json:"index"`
}

// release is what is known of a release.
type release struct {
	Leaf  string            `json:"leaf"`
	Index int64             `json:"index"`
	Words map[string]string `json:"words"` // of rebuilders, by key: match, mismatch
}

// change is a witness policy to come.
type change struct {
	Index     int64     `json:"index"`
	Effective time.Time `json:"effective"`
}

// named is a file that an entry speaks of.
type named struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Index  int64  `json:"index"`

	// Bundle is what the entry says of a bundle that was not opened yet.
	Bundle *bundleFacts `json:"bundle,omitempty"`
}

// ahead is a signed note that could not be held against anything yet.
type ahead struct {
	From string    `json:"from"`
	Note []byte    `json:"note"`
	Seen time.Time `json:"seen"`
}

func emptyState() *state {
	return &state{
		Mirrors: map[string]int64{}, Types: map[string]int64{}, Signers: map[string]int64{}, Chains: map[string]end{},
		Releases: map[string]release{}, Policies: map[string]change{},
	}
}

func stateFile(d installed.Dir) string { return filepath.Join(d.Path, "monitor.json") }

// readState reads it. One that cannot be read is an error: taken for none, the
// log could begin anew.
func readState(d installed.Dir) (*state, error) {
	s := emptyState()
	data, err := os.ReadFile(stateFile(d))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(data, s)
	}
	if err != nil {
		return nil, fmt.Errorf("the monitor's state %s: %w", stateFile(d), err)
	}
	return s, nil
}

// forget drops what was learned from entries, but not which history it was.
func (s *state) forget() {
	fresh := emptyState()
	fresh.Fork, fresh.Evidence, fresh.Ahead = s.Fork, s.Evidence, s.Ahead
	*s = *fresh
}

// clone is a copy that can be changed apart.
func (s *state) clone() *state {
	c := *s
	c.Mirrors, c.Types, c.Signers = maps.Clone(s.Mirrors), maps.Clone(s.Types), maps.Clone(s.Signers)
	c.Chains, c.Policies, c.Pending = maps.Clone(s.Chains), maps.Clone(s.Policies), slices.Clone(s.Pending)
	c.Releases = map[string]release{}
	for version, r := range s.Releases {
		r.Words = maps.Clone(r.Words)
		c.Releases[version] = r
	}
	return &c
}

func (r *run) save() error {
	data, err := json.MarshalIndent(r.state, "", "  ")
	if err != nil {
		return err
	}
	return r.Dir.Disk.WriteFile(stateFile(r.Dir), append(data, '\n'), 0o644)
}

// tell puts what is remembered into a report.
func (s *state) tell(out *Report, needed int) {
	out.Types, out.Signers, out.Earlier, out.Evidence = s.Types, s.Signers, s.Earlier, s.Evidence
	for _, name := range slices.Sorted(maps.Keys(s.Chains)) {
		out.Chains = append(out.Chains, ChainStatus{name, s.Chains[name].Serial, s.Chains[name].Index})
	}
	versions := slices.SortedFunc(maps.Keys(s.Releases), func(a, b string) int { return int(s.Releases[a].Index - s.Releases[b].Index) })
	for _, version := range versions {
		out.Releases = append(out.Releases, s.Releases[version].status(version, needed))
	}
}

func (rel release) status(version string, needed int) ReleaseStatus {
	out := ReleaseStatus{Version: version, Index: rel.Index, Matches: []string{}, Mismatches: []string{}, Needed: needed}
	for _, key := range slices.Sorted(maps.Keys(rel.Words)) {
		if strings.Contains(rel.Words[key], "mismatch") {
			out.Mismatches = append(out.Mismatches, key)
		} else {
			out.Matches = append(out.Matches, key)
		}
	}
	out.Reached = needed > 0 && len(out.Matches) >= needed && len(out.Mismatches) == 0
	return out
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }

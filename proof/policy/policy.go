package policy

import (
	"bytes"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"vitrine/proof"
)

// Limits of a policy. The specification wants at least 32 witnesses and groups
// to be possible; a signed note holds at most 100 signatures.
const (
	// MaxPolicy is the largest text that is read, in bytes.
	MaxPolicy    = 64 << 10
	maxWitnesses = 64
	maxGroups    = 64
)

// A Policy says when a checkpoint is good. It is made by [Parse] and not changed
// afterwards; many may verify with it at once.
type Policy struct {
	Log       Log
	Witnesses []Witness // in the order of the text
	Groups    []Group   // in the order of the text: members before groups
	Quorum    string    // name of a witness or group

	verifiers []note.Verifier
}

// A Log is the one log of a policy. Its key's name is the log's origin.
type Log struct {
	Verifier note.Verifier
	VKey     string
	URL      string // empty if not given
}

// A Witness is one independent supervisor's key.
type Witness struct {
	Name     string // within the policy
	Verifier note.Verifier
	VKey     string
	URL      string // empty if not given
}

// A Group is satisfied when at least Threshold of its members are.
type Group struct {
	Name      string
	Threshold int      // 1 to the number of members
	Members   []string // names of witnesses and groups
}

// Witness finds a witness by its name in the policy.
func (p *Policy) Witness(name string) (Witness, bool) {
	for _, w := range p.Witnesses {
		if w.Name == name {
			return w, true
		}
	}
	return Witness{}, false
}

// group finds a group by its name.
func (p *Policy) group(name string) (Group, bool) {
	for _, g := range p.Groups {
		if g.Name == name {
			return g, true
		}
	}
	return Group{}, false
}

// Encode is the policy as text in a spelling of its own: no comments, one space
// between items, thresholds as numbers. Parse reads it as the same policy.
func (p *Policy) Encode() []byte {
	var b bytes.Buffer
	line := func(items ...string) {
		for i, item := range items {
			if item == "" {
				continue
			}
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(item)
		}
		b.WriteByte('\n')
	}
	line("log", p.Log.VKey, p.Log.URL)
	for _, w := range p.Witnesses {
		line("witness", w.Name, w.VKey, w.URL)
	}
	for _, g := range p.Groups {
		line(append([]string{"group", g.Name, fmt.Sprint(g.Threshold)}, g.Members...)...)
	}
	line("quorum", p.Quorum)
	return b.Bytes()
}

// Origin is the name of the policy's log.
func (p *Policy) Origin() string { return p.Log.Verifier.Name() }

// verifierOf gives what verifies signatures by a key of the wanted type.
func verifierOf(vkey string, algorithm byte, what string) (proof.Key, note.Verifier, error) {
	k, err := proof.ParseKey(vkey)
	if err != nil {
		return proof.Key{}, nil, err
	}
	if k.Algorithm != algorithm {
		return proof.Key{}, nil, fmt.Errorf("key %s: signature type %#02x, expected %#02x for a %s", k.Name, k.Algorithm, algorithm, what)
	}
	v, err := k.Verifier()
	return k, v, err
}

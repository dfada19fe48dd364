package tuf

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// signed is metadata taken apart: the bytes that are signed, who signed them,
// and the fields that all kinds have.
type signed struct {
	message    []byte // canonical JSON of the field signed
	signatures []signature
	body       json.RawMessage
	common
}

type signature struct {
	KeyID string `json:"keyid"`
	Sig   string `json:"sig"`
}

type common struct {
	Type        string    `json:"_type"`
	SpecVersion string    `json:"spec_version"`
	Version     int64     `json:"version"`
	Expires     time.Time `json:"expires"`
}

// SPEC: TUF 1.0.34, 4.2 to 4.6: the shapes of metadata.
type root struct {
	Consistent *bool             `json:"consistent_snapshot"`
	Keys       map[string]rawKey `json:"keys"`
	Roles      map[string]roleID `json:"roles"`
}

type roleID struct {
	KeyIDs    []string `json:"keyids"`
	Threshold int      `json:"threshold"`
}

type timestamp struct {
	Meta map[string]fileMeta `json:"meta"`
}

type snapshot struct {
	Meta map[string]fileMeta `json:"meta"`
}

// fileMeta is what one metadata file says of another, or of a target.
type fileMeta struct {
	Version int64             `json:"version"`
	Length  *int64            `json:"length"`
	Hashes  map[string]string `json:"hashes"`
	Custom  json.RawMessage   `json:"custom"`
}

type targets struct {
	Targets     map[string]fileMeta `json:"targets"`
	Delegations *delegations        `json:"delegations"`
}

type delegations struct {
	Keys     map[string]rawKey `json:"keys"`
	Roles    []delegatedRole   `json:"roles"`
	Succinct *succinctRoles    `json:"succinct_roles"`
}

type delegatedRole struct {
	Name         string   `json:"name"`
	Paths        []string `json:"paths"`
	HashPrefixes []string `json:"path_hash_prefixes"`
	Terminating  bool     `json:"terminating"`
	roleID
}

type succinctRoles struct {
	BitLength  int    `json:"bit_length"`
	NamePrefix string `json:"name_prefix"`
	roleID
}

// open takes metadata of a kind apart. Nothing is verified but its shape.
func open(data []byte, kind string) (signed, error) {
	var s signed
	value, err := decode(data)
	if err != nil {
		return s, fmt.Errorf("%s metadata: %w", kind, err)
	}
	object, ok := value.(map[string]any)
	if !ok {
		return s, fmt.Errorf("%s metadata: not a JSON object", kind)
	}
	inner, ok := object["signed"].(map[string]any)
	if !ok {
		return s, fmt.Errorf("%s metadata: no object named signed", kind)
	}
	s.message = canonical(nil, inner)
	var outer struct {
		Signatures []signature     `json:"signatures"`
		Signed     json.RawMessage `json:"signed"`
	}
	if err := json.Unmarshal(data, &outer); err != nil {
		return s, fmt.Errorf("%s metadata: %w", kind, err)
	}
	s.signatures, s.body = outer.Signatures, outer.Signed
	return s, s.check(kind)
}

func (s *signed) check(kind string) error {
	if err := json.Unmarshal(s.body, &s.common); err != nil {
		return fmt.Errorf("%s metadata: %w", kind, err)
	}
	switch {
	case s.Type != kind:
		return fmt.Errorf("%s metadata: of type %q", kind, s.Type)
	case !strings.HasPrefix(s.SpecVersion, "1."):
		return fmt.Errorf("%s metadata: made for version %q of the specification, and 1 is understood", kind, s.SpecVersion)
	case s.Version < 1:
		return fmt.Errorf("%s metadata: version %d", kind, s.Version)
	case s.Expires.IsZero():
		return fmt.Errorf("%s metadata: no time of expiry", kind)
	}
	seen := map[string]bool{}
	for _, sig := range s.signatures {
		if seen[sig.KeyID] {
			return fmt.Errorf("%s metadata: two signatures by the key %s", kind, sig.KeyID)
		}
		seen[sig.KeyID] = true
	}
	return nil
}

// verify counts the keys of a role that signed.
// SPEC: TUF 1.0.34, 5.1: "a threshold of unique keys"; a key counts once,
// whatever it is called.
func (s signed) verify(role string, r roleID, keys map[string]rawKey) error {
	if r.Threshold < 1 {
		return fmt.Errorf("role %s: a threshold of %d", role, r.Threshold)
	}
	if err := distinct(r.KeyIDs); err != nil {
		return fmt.Errorf("role %s: %w", role, err)
	}
	valid := map[string]bool{}
	for _, id := range r.KeyIDs {
		raw, ok := keys[id]
		if !ok {
			continue
		}
		key, err := raw.parse(id)
		if err != nil {
			continue // it cannot have signed
		}
		if s.signedBy(key) {
			valid[raw.Value.Public] = true
		}
	}
	if len(valid) < r.Threshold {
		return fmt.Errorf("role %s: signed by %d of its keys, and %d are needed", role, len(valid), r.Threshold)
	}
	return nil
}

func (s signed) signedBy(key Key) bool {
	for _, sig := range s.signatures {
		raw, err := hex.DecodeString(sig.Sig)
		if err == nil && sig.KeyID == key.ID && key.verify(s.message, raw) {
			return true
		}
	}
	return false
}

func distinct(ids []string) error {
	seen := map[string]bool{}
	for _, id := range ids {
		if seen[id] {
			return fmt.Errorf("the key %s is listed twice", id)
		}
		seen[id] = true
	}
	return nil
}

// into reads the fields of one kind.
func (s signed) into(kind any) error {
	if err := json.Unmarshal(s.body, kind); err != nil {
		return fmt.Errorf("%s metadata: %w", s.Type, err)
	}
	return nil
}

// metaOf is what a list of metadata files says of one.
func metaOf(list map[string]fileMeta, name string) (fileMeta, error) {
	meta, ok := list[name]
	if !ok {
		return meta, fmt.Errorf("nothing is said of %s", name)
	}
	if meta.Version < 1 {
		return meta, fmt.Errorf("%s in version %d", name, meta.Version)
	}
	if meta.Length != nil && *meta.Length < 0 {
		return meta, errors.New(name + " of a length below zero")
	}
	return meta, nil
}

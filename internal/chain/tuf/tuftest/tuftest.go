// Package tuftest makes TUF repositories in memory, good ones and bad ones: it
// signs whatever it is told to. It is for tests.
package tuftest

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"time"
)

// Object is a JSON object.
type Object = map[string]any

// Key is a key pair.
type Key struct {
	ID      string
	private ed25519.PrivateKey
}

// NewKey makes the key of a name: always the same.
func NewKey(name string) Key {
	seed := sha256.Sum256([]byte(name))
	k := Key{private: ed25519.NewKeyFromSeed(seed[:])}
	id := sha256.Sum256(marshal(k.Object()))
	k.ID = hex.EncodeToString(id[:])
	return k
}

// Object is the public key as metadata write it.
func (k Key) Object() Object {
	public := k.private.Public().(ed25519.PublicKey)
	return Object{"keytype": "ed25519", "scheme": "ed25519", "keyval": Object{"public": hex.EncodeToString(public)}}
}

// Role is keys and how many of them must sign.
type Role struct {
	Keys      []Key
	Threshold int
}

// Object is the role as root metadata write it.
func (r Role) Object() Object {
	ids := []any{}
	for _, k := range r.Keys {
		ids = append(ids, k.ID)
	}
	return Object{"keyids": ids, "threshold": r.Threshold}
}

// KeysOf is the keys of roles as metadata list them.
func KeysOf(roles ...Role) Object {
	keys := Object{}
	for _, r := range roles {
		for _, k := range r.Keys {
			keys[k.ID] = k.Object()
		}
	}
	return keys
}

// marshal is JSON with sorted keys and no space; for what tests write, that is
// canonical.
func marshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// Sign makes a metadata file.
func Sign(body Object, keys ...Key) []byte {
	signatures := []any{}
	for _, k := range keys {
		signatures = append(signatures, Object{"keyid": k.ID, "sig": hex.EncodeToString(ed25519.Sign(k.private, marshal(body)))})
	}
	return marshal(Object{"signed": body, "signatures": signatures})
}

// Repo is a repository whose every version can be chosen. Change its fields,
// then Publish.
type Repo struct {
	Files map[string][]byte // what a client can fetch
	Asked []string          // what it has fetched

	Root, Timestamp, Snapshot, Targets Role
	Versions                           map[string]int64 // of root, timestamp, snapshot, targets and delegated roles
	Expires                            time.Time
	Files0                             Object            // targets of the role targets
	Delegated                          map[string]Object // targets of delegated roles
	Delegations                        Object            // the field delegations of the role targets, or nil
	Nested                             map[string]Object // the same of delegated roles
	Signers                            map[string][]Key  // who signs a delegated role
}

// New makes a repository that expires at a time, with one key for each role.
func New(expires time.Time) *Repo {
	one := func(name string) Role { return Role{[]Key{NewKey(name)}, 1} }
	return &Repo{
		Files: map[string][]byte{}, Expires: expires,
		Root: one("root"), Timestamp: one("timestamp"), Snapshot: one("snapshot"), Targets: one("targets"),
		Versions: map[string]int64{"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1},
		Files0:   Object{}, Delegated: map[string]Object{}, Nested: map[string]Object{}, Signers: map[string][]Key{},
	}
}

// Fetch implements tuf.Fetcher.
func (r *Repo) Fetch(_ context.Context, name string, limit int64) ([]byte, error) {
	r.Asked = append(r.Asked, name)
	data, ok := r.Files[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s: over %d bytes", name, limit)
	}
	return data, nil
}

// Body begins a metadata object.
func (r *Repo) Body(kind, role string) Object {
	return Object{"_type": kind, "spec_version": "1.0.31", "version": r.Versions[role], "expires": r.Expires.UTC().Format(time.RFC3339)}
}

// PublishRoot writes the root of today, signed by its keys and the given ones.
func (r *Repo) PublishRoot(also ...Key) []byte {
	body := r.Body("root", "root")
	body["consistent_snapshot"] = true
	body["keys"] = KeysOf(r.Root, r.Timestamp, r.Snapshot, r.Targets)
	body["roles"] = Object{"root": r.Root.Object(), "timestamp": r.Timestamp.Object(), "snapshot": r.Snapshot.Object(), "targets": r.Targets.Object()}
	data := Sign(body, append(r.Root.Keys, also...)...)
	r.Files[fmt.Sprintf("%d.root.json", r.Versions["root"])] = data
	return data
}

// Publish writes all but the root.
func (r *Repo) Publish() {
	meta := Object{}
	for role, list := range r.Delegated {
		body := r.Body("targets", role)
		body["targets"] = list
		if d := r.Nested[role]; d != nil {
			body["delegations"] = d
		}
		meta[role+".json"] = r.put(role, body, r.Signers[role])
	}
	body := r.Body("targets", "targets")
	body["targets"] = r.Files0
	if r.Delegations != nil {
		body["delegations"] = r.Delegations
	}
	meta["targets.json"] = r.put("targets", body, r.Targets.Keys)
	body = r.Body("snapshot", "snapshot")
	body["meta"] = meta
	said := r.put("snapshot", body, r.Snapshot.Keys)
	body = r.Body("timestamp", "timestamp")
	body["meta"] = Object{"snapshot.json": said}
	r.Files["timestamp.json"] = Sign(body, r.Timestamp.Keys...)
}

// put writes a versioned file and gives what others say of it.
func (r *Repo) put(role string, body Object, keys []Key) Object {
	data := Sign(body, keys...)
	r.Files[fmt.Sprintf("%d.%s.json", r.Versions[role], url.PathEscape(role))] = data
	return Object{"version": r.Versions[role], "length": len(data), "hashes": Digest(data)}
}

// Digest is the field hashes for data.
func Digest(data []byte) Object {
	sum := sha256.Sum256(data)
	return Object{"sha256": hex.EncodeToString(sum[:])}
}

// Target is what metadata say of a file.
func Target(data []byte) Object {
	return Object{"length": len(data), "hashes": Digest(data)}
}

// Bump raises versions by one.
func (r *Repo) Bump(roles ...string) {
	for _, role := range roles {
		r.Versions[role]++
	}
}

// Delegate makes the role targets delegate paths to a role with its own keys.
func (r *Repo) Delegate(name string, by Role, list Object, terminating bool, paths ...any) {
	if r.Delegations == nil {
		r.Delegations = Object{"keys": Object{}, "roles": []any{}}
	}
	maps.Copy(r.Delegations["keys"].(Object), KeysOf(by))
	r.Delegations["roles"] = append(r.Delegations["roles"].([]any), by.delegated(name, terminating, paths))
	r.Delegated[name], r.Signers[name], r.Versions[name] = list, by.Keys, 1
}

// delegated is a role as those write it who delegate to it.
func (r Role) delegated(name string, terminating bool, paths []any) Object {
	role := r.Object()
	role["name"], role["paths"], role["terminating"] = name, paths, terminating
	return role
}

// Delegation is the field delegations of metadata that delegate to one role.
func Delegation(name string, by Role, paths ...any) Object {
	return Object{"keys": KeysOf(by), "roles": []any{by.delegated(name, false, paths)}}
}

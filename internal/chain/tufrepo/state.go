package tufrepo

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// state is the newest version of everything but the root.
type state struct {
	timestamp *metadata.Metadata[metadata.TimestampType]
	snapshot  *metadata.Metadata[metadata.SnapshotType]
	targets   map[string]*metadata.Metadata[metadata.TargetsType] // by role
}

// load follows the timestamp, as a reader would.
func (r Repo) load() (*state, error) {
	s := &state{targets: map[string]*metadata.Metadata[metadata.TargetsType]{}}
	var err error
	if s.timestamp, err = metadata.Timestamp().FromFile(r.file("timestamp.json")); err != nil {
		return nil, fmt.Errorf("the site's metadata: %w", err)
	}
	version := s.timestamp.Signed.Meta["snapshot.json"].Version
	if s.snapshot, err = metadata.Snapshot().FromFile(r.file(numbered(version, metadata.SNAPSHOT))); err != nil {
		return nil, fmt.Errorf("the site's metadata: %w", err)
	}
	for name, meta := range s.snapshot.Signed.Meta {
		role := strings.TrimSuffix(name, ".json")
		if s.targets[role], err = metadata.Targets().FromFile(r.file(numbered(meta.Version, role))); err != nil {
			return nil, fmt.Errorf("the site's metadata: %w", err)
		}
	}
	return s, nil
}

func numbered(version int64, role string) string {
	return strconv.FormatInt(version, 10) + "." + role + ".json"
}

// write signs the roles that changed, the snapshot and the timestamp, and
// writes them in that order.
func (r Repo) write(s *state, changed []string, sign Signers) error {
	timestamp, err := r.stage(s, changed, sign)
	if err != nil {
		return err
	}
	return r.Disk.WriteFile(r.file("timestamp.json"), timestamp, 0o644)
}

// stage writes all but the timestamp, which it gives: until that is written, no
// reader looks at the rest.
func (r Repo) stage(s *state, changed []string, sign Signers) (timestamp []byte, err error) {
	for _, role := range changed {
		t := s.targets[role]
		t.Signed.Version++
		t.Signed.Expires = r.until(life(role))
		data, err := signed(t, role, sign)
		if err != nil {
			return nil, err
		}
		if err := r.Disk.WriteFile(r.file(numbered(t.Signed.Version, role)), data, 0o644); err != nil {
			return nil, err
		}
		s.snapshot.Signed.Meta[role+".json"] = metaOf(data, t.Signed.Version)
	}
	s.snapshot.Signed.Version++
	s.snapshot.Signed.Expires = r.until(snapshotLife)
	data, err := signed(s.snapshot, metadata.SNAPSHOT, sign)
	if err != nil {
		return nil, err
	}
	if err := r.Disk.WriteFile(r.file(numbered(s.snapshot.Signed.Version, metadata.SNAPSHOT)), data, 0o644); err != nil {
		return nil, err
	}
	s.timestamp.Signed.Version++
	s.timestamp.Signed.Expires = r.until(timestampLife)
	s.timestamp.Signed.Meta["snapshot.json"] = metaOf(data, s.snapshot.Signed.Version)
	return signed(s.timestamp, metadata.TIMESTAMP, sign)
}

func (r Repo) until(life time.Duration) time.Time {
	return r.Now.Add(life).UTC().Truncate(time.Second)
}

package quarantine

import (
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"time"
)

// idShape is a time to the millisecond, in UTC, and eight random digits.
var idShape = regexp.MustCompile(`^[0-9]{8}t[0-9]{9}-[0-9a-f]{8}$`)

const (
	idTime  = "20060102t150405.000"
	idTicks = 8 + 1 + 9
)

// newID gives an id that sorts behind the one before.
func (s *Store) newID() (string, error) {
	var random [4]byte
	if _, err := io.ReadFull(s.config.Rand, random[:]); err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.config.Now().UTC().Truncate(time.Millisecond)
	if !at.After(s.lastID) {
		at = s.lastID.Add(time.Millisecond)
	}
	s.lastID = at
	text := at.Format(idTime)
	return text[:15] + text[16:] + "-" + hex.EncodeToString(random[:]), nil
}

// idOf is the time an id was made at.
func idOf(id string) (time.Time, bool) {
	if !idShape.MatchString(id) {
		return time.Time{}, false
	}
	at, err := time.Parse(idTime, id[:15]+"."+id[15:idTicks])
	return at, err == nil
}

package statement

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

const typeTrust = TypePrefix + "trust" + TypeSuffix

// Files whose every version is logged before it takes effect.
const (
	TrustRoot    = "root"
	TrustPolicy  = "policy"
	TrustTargets = "targets"
)

// A Trust announces a change of what is trusted, and when it takes effect. The
// time between is for everybody to notice. Its subject is the new file.
type Trust struct {
	File               string    // TrustRoot, TrustPolicy or TrustTargets
	Version            int64     // from 1
	Prev               tlog.Hash // leaf hash of the last change of this file in this log; zero when there is none
	EffectiveNotBefore time.Time
}

// Type is urn:vitrine:trust:v1.
func (Trust) Type() string { return typeTrust }

func (t Trust) encode() jsonObject {
	return jsonObject{
		"effectiveNotBefore": encodeTime(t.EffectiveNotBefore),
		"file":               t.File,
		"prev":               encodeHash(t.Prev),
		"version":            t.Version,
	}
}

func readTrust(f *fields) Predicate {
	return Trust{
		EffectiveNotBefore: f.time("effectiveNotBefore"),
		File:               f.string("file"),
		Prev:               f.digest("prev"),
		Version:            f.number("version"),
	}
}

func (t Trust) check(subject []Subject) error {
	if t.Version < 1 {
		return fmt.Errorf("version %d, expected one from 1", t.Version)
	}
	// A log that began later holds a first entry of a later version.
	if t.Version == 1 && t.Prev != (tlog.Hash{}) {
		return errors.New("prev: expected 64 zeros for version 1")
	}
	return errors.Join(oneSubject(subject), oneOf("file", t.File, TrustRoot, TrustPolicy, TrustTargets))
}

package statement

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	typeRelocation = TypePrefix + "relocation" + TypeSuffix
	typeDeletion   = TypePrefix + "deletion" + TypeSuffix
	typeSharing    = TypePrefix + "sharing" + TypeSuffix
	typeCustody    = TypePrefix + "custody" + TypeSuffix
)

// A Commitment stands for a record that is not public: HMAC-SHA256 of the record
// under a random salt that stays with the parties. Who has salt and record can
// show that they belong to the entry; without the salt nobody can try records
// until one fits, so destroying the salt is the erasure. A plain digest of a
// record that can be guessed would be the record in disguise.
type Commitment [32]byte

// String is the commitment in lower-case hex, as it stands in a statement.
func (c Commitment) String() string { return hex.EncodeToString(c[:]) }

// Commit makes a commitment. The salt must be 32 random bytes, used once.
func Commit(salt [32]byte, record []byte) Commitment {
	mac := hmac.New(sha256.New, salt[:])
	mac.Write(record)
	return Commitment(mac.Sum(nil))
}

func (c Commitment) check() error {
	if c == (Commitment{}) {
		return errors.New("commitment: zero, expected HMAC-SHA256 of a record")
	}
	return nil
}

// A Relocation says that data or a function moved from one place to another. Its
// subject is the certificate.
type Relocation struct {
	What     string
	From     string
	To       string
	Evidence []Digest // of the files that show it, at least one
	Time     time.Time
}

// Type is urn:vitrine:relocation:v1.
func (Relocation) Type() string { return typeRelocation }

func (r Relocation) encode() jsonObject {
	evidence := make(jsonList, len(r.Evidence))
	for i, d := range r.Evidence {
		evidence[i] = d.String()
	}
	return jsonObject{"evidence": evidence, "from": r.From, "time": encodeTime(r.Time), "to": r.To, "what": r.What}
}

func readRelocation(f *fields) Predicate {
	r := Relocation{From: f.string("from"), Time: f.time("time"), To: f.string("to"), What: f.string("what")}
	for _, s := range f.strings("evidence") {
		d, err := parseDigest(s)
		if err != nil {
			f.fail("evidence", "%w", err)
		}
		r.Evidence = append(r.Evidence, d)
	}
	return r
}

func (r Relocation) check(subject []Subject) error {
	if len(r.Evidence) == 0 {
		return errors.New("no evidence")
	}
	return errors.Join(oneSubject(subject), checkText("what", r.What), checkText("from", r.From), checkText("to", r.To))
}

// A Deletion says that what the commitment stands for was erased. Its subject is
// the certificate.
type Deletion struct {
	Commitment Commitment // to the scope
	Method     string
	Time       time.Time
}

// Type is urn:vitrine:deletion:v1.
func (Deletion) Type() string { return typeDeletion }

func (d Deletion) encode() jsonObject {
	return jsonObject{"commitment": d.Commitment.String(), "method": d.Method, "time": encodeTime(d.Time)}
}

func readDeletion(f *fields) Predicate {
	return Deletion{Commitment: f.digest("commitment"), Method: f.string("method"), Time: f.time("time")}
}

func (d Deletion) check(subject []Subject) error {
	return errors.Join(oneSubject(subject), d.Commitment.check(), checkText("method", d.Method))
}

// Events of an agreement to share data.
const (
	Started = "started"
	Ended   = "ended"
	Revoked = "revoked"
)

// A Sharing says that an agreement between organisations began or ended. Its
// subject is the text of the agreement.
type Sharing struct {
	Commitment Commitment // to the record of the event
	Parties    []string   // organisations, at least two, ascending, each once
	Class      string     // the kind of data
	Event      string     // Started, Ended or Revoked
	Time       time.Time
}

// Type is urn:vitrine:sharing:v1.
func (Sharing) Type() string { return typeSharing }

func (s Sharing) encode() jsonObject {
	return jsonObject{
		"class":      s.Class,
		"commitment": s.Commitment.String(),
		"event":      s.Event,
		"parties":    encodeStrings(s.Parties),
		"time":       encodeTime(s.Time),
	}
}

func readSharing(f *fields) Predicate {
	return Sharing{
		Class:      f.string("class"),
		Commitment: f.digest("commitment"),
		Event:      f.string("event"),
		Parties:    f.strings("parties"),
		Time:       f.time("time"),
	}
}

func (s Sharing) check(subject []Subject) error {
	if len(s.Parties) < 2 {
		return errors.New("expected at least two parties")
	}
	for _, party := range s.Parties {
		if err := checkText("party", party); err != nil {
			return err
		}
	}
	return errors.Join(
		oneSubject(subject),
		s.Commitment.check(),
		checkAscending("party", s.Parties),
		checkText("class", s.Class),
		oneOf("event", s.Event, Started, Ended, Revoked),
	)
}

// Events in the life of a piece of evidence.
const (
	Collected   = "collected"
	Sealed      = "sealed"
	Transferred = "transferred"
	Opened      = "opened"
	Destroyed   = "destroyed"
)

// A Custody says what happened to a piece of evidence. Its subject is the sealed
// container, under a random name.
type Custody struct {
	Commitment Commitment // to the record of the event
	Event      string     // Collected first, then any of the others
	Prev       tlog.Hash  // leaf hash of the last event; zero for Collected
	Time       time.Time
}

// Type is urn:vitrine:custody:v1.
func (Custody) Type() string { return typeCustody }

func (c Custody) encode() jsonObject {
	return jsonObject{"commitment": c.Commitment.String(), "event": c.Event, "prev": encodeHash(c.Prev), "time": encodeTime(c.Time)}
}

func readCustody(f *fields) Predicate {
	return Custody{Commitment: f.digest("commitment"), Event: f.string("event"), Prev: f.digest("prev"), Time: f.time("time")}
}

func (c Custody) check(subject []Subject) error {
	if (c.Event == Collected) != (c.Prev == tlog.Hash{}) {
		return errors.New("prev: expected 64 zeros for the first event, collected, and for no other")
	}
	return errors.Join(
		oneSubject(subject),
		c.Commitment.check(),
		oneOf("event", c.Event, Collected, Sealed, Transferred, Opened, Destroyed),
	)
}

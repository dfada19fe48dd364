package statement

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// StatementType and TypePrefix are the two names a statement carries.
const (
	// StatementType is the _type of every statement: in-toto Statement v1.
	StatementType = "https://in-toto.io/Statement/v1"
	// TypePrefix and TypeSuffix enclose the short name of a predicate's type.
	TypePrefix = "urn:vitrine:"
	// TypeSuffix is the version of every predicate so far.
	TypeSuffix = ":v1"
)

const (
	maxSubjects = 256
	maxName     = 255
)

// A Digest is SHA-256 of a file.
type Digest [32]byte

// String is the digest in lower-case hex, as it stands in a statement.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// A Subject is a file the statement is about.
type Subject struct {
	Name   string // a relative slash path of plain characters
	SHA256 Digest
}

// A Statement is what an entry says: of these files, this.
type Statement struct {
	Subject   []Subject // at least one, ascending by name, each name once
	Predicate Predicate
}

// A Predicate is one of the closed set of types in this package.
type Predicate interface {
	// Type is the predicateType, such as urn:vitrine:release:v1.
	Type() string
	encode() jsonObject
	check(subject []Subject) error
}

// An UnknownTypeError tells of a statement that is well formed but of no type of
// this package: a reason not to install, and for a monitor to report.
type UnknownTypeError struct{ Type string }

func (e *UnknownTypeError) Error() string {
	return fmt.Sprintf("statement of unknown type %q", e.Type)
}

// Marshal gives the canonical bytes. What it gives, Parse takes: a statement
// that could not be read back is refused here.
func (s Statement) Marshal() ([]byte, error) {
	if s.Predicate == nil {
		return nil, errors.New("write statement: no predicate")
	}
	payload := s.encode()
	if _, err := Parse(payload); err != nil {
		return nil, fmt.Errorf("write statement: %w", err)
	}
	return payload, nil
}

func (s Statement) encode() []byte {
	subjects := slices.SortedFunc(slices.Values(s.Subject), func(a, b Subject) int { return strings.Compare(a.Name, b.Name) })
	return appendJSON(nil, jsonObject{
		"_type":         StatementType,
		"predicate":     s.Predicate.encode(),
		"predicateType": s.Predicate.Type(),
		"subject":       encodeSubjects(subjects),
	})
}

func encodeSubjects(subjects []Subject) jsonList {
	list := make(jsonList, len(subjects))
	for i, s := range subjects {
		list[i] = jsonObject{"name": s.Name, "digest": jsonObject{"sha256": s.SHA256.String()}}
	}
	return list
}

// Parse reads a statement in its canonical bytes, and no others. Of an unknown
// type, the error is an [UnknownTypeError] and the subjects are given back.
func Parse(payload []byte) (Statement, error) {
	if len(payload) > MaxLeaf {
		return Statement{}, fmt.Errorf("read statement: %d bytes, expected at most %d", len(payload), MaxLeaf)
	}
	v, err := decode(payload)
	if err != nil {
		return Statement{}, fmt.Errorf("read statement: %w", err)
	}
	s, err := readStatement(v)
	if err != nil {
		return s, fmt.Errorf("read statement: %w", err)
	}
	if !bytes.Equal(s.encode(), payload) {
		return Statement{}, errors.New("read statement: encoded again it is not the same bytes")
	}
	return s, nil
}

func readStatement(v value) (Statement, error) {
	var err error
	f := readFields("statement", v, &err)
	kind := f.string("_type")
	name := f.string("predicateType")
	predicate := f.object("predicate")
	subject := readSubjects(f.list("subject"), &err)
	f.done()
	if err == nil && kind != StatementType {
		err = fmt.Errorf("_type %.80q, expected %q", kind, StatementType)
	}
	if err == nil {
		err = checkSubjects(subject)
	}
	if err != nil {
		return Statement{}, err
	}
	read := reader(name)
	if read == nil {
		return Statement{Subject: subject}, &UnknownTypeError{name}
	}
	p := read(predicate)
	if predicate.done(); err != nil {
		return Statement{}, err
	}
	if err := p.check(subject); err != nil {
		return Statement{}, fmt.Errorf("%s: %w", name, err)
	}
	return Statement{subject, p}, nil
}

// reader gives what reads the predicate of a type: the closed set.
func reader(name string) func(*fields) Predicate {
	switch name {
	case typeRuleBundle:
		return func(f *fields) Predicate { return readRuleBundle(f, false) }
	case typeRuleBundleUrgent:
		return func(f *fields) Predicate { return readRuleBundle(f, true) }
	case typeRuleRevoke:
		return readRuleRevoke
	case typeRelease:
		return readRelease
	case typeRebuild:
		return readRebuild
	case typeRelocation:
		return readRelocation
	case typeDeletion:
		return readDeletion
	case typeSharing:
		return readSharing
	case typeCustody:
		return readCustody
	case typeTrust:
		return readTrust
	}
	return nil
}

func readSubjects(list []value, err *error) []Subject {
	if len(list) > maxSubjects {
		keep(err, fmt.Errorf("%d subjects, expected at most %d", len(list), maxSubjects))
		return nil
	}
	var subjects []Subject
	for i, v := range list {
		f := readFields(fmt.Sprintf("subject[%d]", i), v, err)
		digest := f.object("digest")
		subjects = append(subjects, Subject{f.string("name"), digest.digest("sha256")})
		digest.done()
		f.done()
	}
	return subjects
}

func checkSubjects(subjects []Subject) error {
	if len(subjects) == 0 {
		return errors.New("no subject, expected at least one")
	}
	for i, s := range subjects {
		if err := checkPath(s.Name); err != nil {
			return fmt.Errorf("subject[%d]: %w", i, err)
		}
		if i > 0 && subjects[i-1].Name >= s.Name {
			return fmt.Errorf("subject %q behind %q, expected ascending names, each once", s.Name, subjects[i-1].Name)
		}
	}
	return nil
}

// checkPath takes relative slash paths of plain characters: what is the same
// file on every system, in every URL and in every terminal.
func checkPath(name string) error {
	if len(name) > maxName {
		return fmt.Errorf("name of %d bytes, expected at most %d", len(name), maxName)
	}
	for element := range strings.SplitSeq(name, "/") {
		if element == "" || element[0] == '.' || !plain(element, "._+-@") {
			return fmt.Errorf("name %.80q, expected path elements of letters, digits and ._+-@, not beginning with a dot", name)
		}
	}
	return nil
}

// plain says whether s is of ASCII letters, digits and the characters of also.
func plain(s, also string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(also, c) >= 0) {
			return false
		}
	}
	return s != ""
}

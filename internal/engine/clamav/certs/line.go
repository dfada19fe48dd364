// Package certs holds the certificates of signed programs that ClamAV's .crb
// files list, and tells of a program's signature which of them it carries:
// blocked ones, and whether it goes back to trusted ones. The lines are those
// of "Trusted and Revoked Certificates" in ClamAV's signature manual; the
// judgement is that of clamscan 1.4, stricter where the specification says.
//
// It opens no file, reaches no network and asks nobody whether a certificate
// was revoked. It has no list of its own: who is trusted is in the databases.
package certs

import (
	"crypto/rsa"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"vitrine/internal/engine/clamav/sigtext"
)

// Print is the SHA-1 of a part of a certificate, as its file has it.
type Print [sha1.Size]byte

// Entry is one line: what it says of certificates that have its subject, its
// key and, if it has one, its serial number.
type Entry struct {
	Name    string // of the finding; ClamAV has a text in its place when empty
	Trusted bool   // else blocked

	subject   Print
	serial    Print
	anySerial bool
	key       *rsa.PublicKey
	uses      uses
	notBefore int64 // certificates that begin earlier are not trusted
}

// uses is what a key may sign.
type uses struct{ code, time, certs bool }

// within reports whether u allows nothing that v does not.
func (u uses) within(v uses) bool {
	return (v.code || !u.code) && (v.time || !u.time) && (v.certs || !u.certs)
}

// Fields of a line.
const (
	fieldName = iota
	fieldTrusted
	fieldSubject
	fieldSerial
	fieldKey
	fieldExponent
	fieldCode
	fieldTime
	fieldCerts
	fieldNotBefore
	fieldComment
	fieldLowest
	fieldHighest
	fields
)

const (
	maxKeyDigits = 2048  // 8192 bits
	exponent     = 65537 // of every key: ClamAV does not read the field
)

// Unnamed is the name of findings of entries without one.
const Unnamed = "(unnamed CRB rule)"

// Parse reads a line. The error is sigtext.ErrLevel for one that is meant for
// other versions of ClamAV.
func Parse(line string) (Entry, error) {
	f := strings.Split(line, ";")
	if len(f) < fieldLowest || len(f) > fields {
		return Entry{}, fmt.Errorf("%d fields, expected %d to %d", len(f), fieldLowest, fields)
	}
	if _, err := sigtext.Levels(f[fieldLowest:]); err != nil {
		return Entry{}, err
	}
	e := Entry{Name: strings.Clone(f[fieldName]), anySerial: f[fieldSerial] == ""}
	if e.Name == "" {
		e.Name = Unnamed
	}
	var err error
	if e.subject, err = printOf(f[fieldSubject]); err != nil {
		return Entry{}, fmt.Errorf("subject: %w", err)
	}
	if !e.anySerial {
		if e.serial, err = printOf(f[fieldSerial]); err != nil {
			return Entry{}, fmt.Errorf("serial number: %w", err)
		}
	}
	if e.key, err = keyOf(f[fieldKey]); err != nil {
		return Entry{}, err
	}
	if f[fieldNotBefore] != "" {
		if e.notBefore, err = strconv.ParseInt(f[fieldNotBefore], 10, 64); err != nil {
			return Entry{}, fmt.Errorf("time %q is no number of seconds", f[fieldNotBefore])
		}
	}
	return e, e.readMarks(f)
}

func (e *Entry) readMarks(f []string) error {
	for _, m := range []struct {
		field int
		to    *bool
	}{{fieldTrusted, &e.Trusted}, {fieldCode, &e.uses.code}, {fieldTime, &e.uses.time}, {fieldCerts, &e.uses.certs}} {
		switch f[m.field] {
		case "0":
		case "1":
			*m.to = true
		default:
			return fmt.Errorf("field %d is %q, expected 0 or 1", m.field+1, f[m.field])
		}
	}
	return nil
}

func printOf(text string) (p Print, err error) {
	if len(text) != 2*len(p) {
		return p, fmt.Errorf("%d characters, expected SHA-1 in hex", len(text))
	}
	_, err = hex.Decode(p[:], []byte(text))
	return p, err
}

func keyOf(text string) (*rsa.PublicKey, error) {
	if len(text) == 0 || len(text) > maxKeyDigits {
		return nil, fmt.Errorf("public key of %d characters, expected 1 to %d", len(text), maxKeyDigits)
	}
	b, err := hex.DecodeString(strings.Repeat("0", len(text)%2) + text)
	if err != nil {
		return nil, fmt.Errorf("public key: %w", err)
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(b), E: exponent}, nil
}

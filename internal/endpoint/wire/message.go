// Package wire is what the guard and a scanner say to each other, over a socket
// pair that keeps messages apart: one byte that says what it is, and JSON. Files
// go along as descriptors, from the guard to the scanner only.
//
// The guard believes no scanner: what comes from one is bounded before it is
// read, checked before it is used, and anything odd is an error of that scanner.
package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"vitrine/internal/endpoint/sandbox"
	"vitrine/internal/endpoint/verdict"
)

// kind is the first byte of a message.
type kind byte

const (
	setup  kind = 'S' // guard: what to load
	ready  kind = 'R' // scanner: what was loaded, or why not
	job    kind = 'J' // guard: a file
	answer kind = 'A' // scanner: what is in it
)

// Setup is what a scanner is told once, before it is sandboxed for good.
type Setup struct {
	Rules  Rules  `json:"rules"`
	Limits Limits `json:"limits"`
	// Strict has a scanner refuse rules that cannot be loaded. Without it, those that
	// come with the program take their place, and Ready warns.
	Strict bool `json:"strict"`
	// Compiled says that the file that goes along holds the rules as another scanner
	// has compiled them: nothing else is loaded for them. Without it the file is one to
	// write them to.
	Compiled *Compiled `json:"compiled,omitempty"`
	// Walls says what to leave out of the sandbox; empty but in tests.
	Walls []string `json:"without,omitempty"`
}

// Compiled is what is known of rules that were compiled.
type Compiled struct {
	SHA256  string   `json:"sha256"` // identity of their sources, in hexadecimal
	Count   int      `json:"count"`
	Bundles []string `json:"bundles,omitempty"`
}

// Rules names what to look for. Paths are those of the machine.
type Rules struct {
	Builtin   bool     `json:"builtin"`             // those of the program, where no bundle is installed
	Installed string   `json:"installed,omitempty"` // the directory of installed bundles; empty: none
	Paths     []string `json:"paths,omitempty"`     // files, directories, archives, compiled rules
	ClamAV    []string `json:"clamav,omitempty"`    // directories and files of databases
	Hashes    []string `json:"hashes,omitempty"`    // lists of digests that are malware
	Allow     []string `json:"allow,omitempty"`     // lists of digests that are let be
	Passwords string   `json:"passwords,omitempty"` // a file of them, tried on archives
}

// Limits bound the work on one file.
type Limits struct {
	MaxSize int64         `json:"max_size"` // bytes of a file; 0: any
	MaxTime time.Duration `json:"max_time"` // 0: that of the engine
	Memory  int64         `json:"memory"`   // bytes the process may use; 0: any
}

// Ready is what a scanner has loaded.
type Ready struct {
	Error    string         `json:"error,omitempty"` // it could not: why. All else is empty then
	Rules    string         `json:"rules"`           // identity of all that was loaded, in hexadecimal
	Count    int            `json:"count"`           // of rules
	Hashes   int            `json:"hashes"`          // of listed digests
	Allowed  int            `json:"allowed"`         // of digests that are let be
	Sigs     int            `json:"signatures"`      // of ClamAV's
	Bundles  []string       `json:"bundles,omitempty"`
	Warnings []string       `json:"warnings,omitempty"`
	Sandbox  sandbox.Report `json:"sandbox"`

	Compiled string `json:"compiled,omitempty"` // it has written its compiled rules: the identity of their sources
}

// Job is a file to look into. The file goes along as a descriptor.
type Job struct {
	ID uint64 `json:"id"`
	// Time is how long it may take; 0: as long as Limits say.
	Time time.Duration `json:"time"`
}

// Answer is what a scanner says of a file.
type Answer struct {
	ID      uint64
	Verdict verdict.Verdict
}

// encode makes a message.
func encode(k kind, v any) ([]byte, error) {
	b := bytes.NewBuffer([]byte{byte(k)})
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// decode reads a message into v. It is strict: both sides are one program.
func decode(message []byte, k kind, v any) error {
	if len(message) == 0 || kind(message[0]) != k {
		return fmt.Errorf("not a message of the kind %q", byte(k))
	}
	d := json.NewDecoder(bytes.NewReader(message[1:]))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("read message %q: %w", byte(k), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("read message %q: something behind it", byte(k))
	}
	return nil
}

package proof

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Limits of a signed note. A signature of ML-DSA-44 takes some 3.3 kB as base64,
// and at least 16 signatures must be accepted.
const (
	// MaxNote is the largest signed note that is read, in bytes.
	MaxNote       = 128 << 10
	maxSignatures = 100 // what x/mod's note package reads
)

// OpenNote is [note.Open] behind this package's limits and for one spelling of
// each signature line: base64 that decodes to the same bytes as the canonical
// one is refused, so that one signed note has one digest. Lines signed by keys
// that are not known are kept, unverified; a wrong signature by a known key
// refuses the whole note.
func OpenNote(msg []byte, known ...note.Verifier) (*note.Note, error) {
	if _, err := splitNote(msg); err != nil {
		return nil, err
	}
	return note.Open(msg, note.VerifierList(known...))
}

// splitNote gives the text of a note, and refuses what no signed note can be.
//
// SPEC: signed-note, "Format": text ending in a newline, an empty line, one or
// more lines of an em dash, a name and base64 of at least four bytes.
func splitNote(msg []byte) (text string, err error) {
	if len(msg) > MaxNote {
		return "", fmt.Errorf("signed note of %d bytes, expected at most %d", len(msg), MaxNote)
	}
	i := bytes.LastIndex(msg, []byte("\n\n"))
	if i < 0 {
		return "", errors.New("signed note: expected an empty line before the signatures")
	}
	text = string(msg[:i+1])
	block, ended := strings.CutSuffix(string(msg[i+2:]), "\n")
	if !ended {
		return "", errors.New("signed note: expected a line end after the last signature")
	}
	lines := strings.Split(block, "\n")
	if len(lines) > maxSignatures {
		return "", fmt.Errorf("signed note: %d signatures, expected at most %d", len(lines), maxSignatures)
	}
	for n, line := range lines {
		if err := checkSignatureLine(line); err != nil {
			return "", fmt.Errorf("signed note: signature %d: %w", n+1, err)
		}
	}
	return text, nil
}

func checkSignatureLine(line string) error {
	rest, ok := strings.CutPrefix(line, "— ")
	if !ok {
		return fmt.Errorf("%.60q, expected a line that begins with an em dash and a space", line)
	}
	name, sig, ok := strings.Cut(rest, " ")
	if !ok {
		return fmt.Errorf("%.60q, expected a name, a space and base64", line)
	}
	if err := checkName(name); err != nil {
		return err
	}
	raw, err := decodeBase64(sig)
	if err != nil {
		return err
	}
	if len(raw) < 5 {
		return fmt.Errorf("%d bytes, expected a key ID of 4 and a signature", len(raw))
	}
	return nil
}

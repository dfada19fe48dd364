package witness

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"vitrine/proof"

	"golang.org/x/mod/sumdb/tlog"
)

// Request asks a witness to cosign a checkpoint.
type Request struct {
	OldSize    int64       // of the newest checkpoint that the witness cosigned, as the asker believes
	Hashes     []tlog.Hash // consistency proof from there
	Checkpoint []byte      // signed by the log
}

// MaxRequest is the largest request in bytes: a checkpoint, and the most lines
// of a proof before it.
const MaxRequest = proof.MaxNote + maxHashes*hashLine + 64

const (
	maxHashes = 63
	hashLine  = 45 // a SHA-256 in base64 and a line end
)

// ParseRequest reads the body of add-checkpoint.
// SPEC: tlog-witness, add-checkpoint.
func ParseRequest(body []byte) (Request, error) {
	var r Request
	head, checkpoint, found := bytes.Cut(body, []byte("\n\n"))
	if len(body) > MaxRequest || !found {
		return r, fmt.Errorf("expected lines, an empty line and a checkpoint, in at most %d bytes", MaxRequest)
	}
	lines := strings.Split(string(head), "\n")
	size, ok := strings.CutPrefix(lines[0], "old ")
	n, err := strconv.ParseInt(size, 10, 64)
	if !ok || err != nil || n < 0 || n > proof.MaxTreeSize || strconv.FormatInt(n, 10) != size {
		return r, fmt.Errorf("expected the line %q with a size first, got %q", "old N", cut(lines[0]))
	}
	r.OldSize, r.Checkpoint = n, checkpoint
	if len(lines)-1 > maxHashes {
		return r, fmt.Errorf("a proof of %d hashes, expected at most %d", len(lines)-1, maxHashes)
	}
	for _, line := range lines[1:] {
		hash, err := parseHash(line)
		if err != nil {
			return r, err
		}
		r.Hashes = append(r.Hashes, hash)
	}
	return r, nil
}

// Marshal is the request as ParseRequest reads it.
func (r Request) Marshal() []byte {
	b := fmt.Appendf(nil, "old %d\n", r.OldSize)
	for _, h := range r.Hashes {
		b = fmt.Appendf(b, "%s\n", base64.StdEncoding.EncodeToString(h[:]))
	}
	return append(append(b, '\n'), r.Checkpoint...)
}

func parseHash(line string) (tlog.Hash, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(line)
	if err == nil && len(raw) != tlog.HashSize {
		err = errors.New("not 32 bytes")
	}
	if err != nil {
		return tlog.Hash{}, fmt.Errorf("expected a hash in base64, got %q: %w", cut(line), err)
	}
	return tlog.Hash(raw), nil
}

// originOf is the first line of a note. Nothing is verified yet.
func originOf(checkpoint []byte) string {
	line, _, _ := bytes.Cut(checkpoint, []byte("\n"))
	return cut(string(line))
}

// cut keeps a foreign line short enough for an error.
func cut(line string) string {
	const most = 256
	if len(line) > most {
		return line[:most]
	}
	return line
}

package proof

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// MaxTreeSize is the largest tree this package speaks about, in entries. It is
// far above any real log and far below where arithmetic on sizes could overflow.
const MaxTreeSize = 1 << 40

// Limits of a checkpoint's body, in bytes and lines.
const (
	maxOrigin     = 255 // as in the cosigned messages of tlog-cosignature
	maxBody       = 4096
	maxExtensions = 16
)

// ErrEmptyRoot says that a checkpoint of size 0 has a root that is not that of
// the empty tree. A witness answers it otherwise than a malformed checkpoint.
var ErrEmptyRoot = errors.New("the root of an empty tree must be SHA-256 of nothing")

// A Checkpoint is the head of a log's tree: c2sp.org/tlog-checkpoint. Extensions
// are opaque lines no monitor can audit; nothing here may depend on them.
type Checkpoint struct {
	Origin     string    // the log's name, also that of its key
	Size       int64     // entries, 0 to MaxTreeSize
	Root       tlog.Hash // MTH of the first Size entries
	Extensions []string  // further lines, without line ends; nil when there are none
}

// EmptyRoot is the root of the tree without entries: SHA-256 of nothing.
func EmptyRoot() tlog.Hash {
	// TreeHash reads no hash for the empty tree and cannot fail.
	h, _ := tlog.TreeHash(0, nil)
	return h
}

// ParseCheckpoint reads the body of a signed note, which is not trusted before
// the note's signature is: see [OpenCheckpoint]. There is one spelling of each
// checkpoint, and no other is read.
func ParseCheckpoint(text string) (Checkpoint, error) {
	c, err := parseCheckpoint(text)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("read checkpoint: %w", err)
	}
	return c, nil
}

func parseCheckpoint(text string) (Checkpoint, error) {
	if len(text) > maxBody {
		return Checkpoint{}, fmt.Errorf("%d bytes, expected at most %d", len(text), maxBody)
	}
	// SPEC: tlog-checkpoint, "Note text": at least three non-empty lines, each
	// ended by U+000A.
	body, ended := strings.CutSuffix(text, "\n")
	if !ended {
		return Checkpoint{}, errors.New("expected a line end after the last line")
	}
	lines := strings.Split(body, "\n")
	if len(lines) < 3 || len(lines) > 3+maxExtensions {
		return Checkpoint{}, fmt.Errorf("%d lines, expected 3 to %d", len(lines), 3+maxExtensions)
	}
	for i, line := range lines {
		if err := checkLine(line); err != nil {
			return Checkpoint{}, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	if len(lines[0]) > maxOrigin {
		return Checkpoint{}, fmt.Errorf("origin of %d bytes, expected at most %d", len(lines[0]), maxOrigin)
	}
	size, err := parseDecimal(lines[1], MaxTreeSize)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("tree size: %w", err)
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("root: %w", err)
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: root}
	if len(lines) > 3 {
		c.Extensions = lines[3:]
	}
	if c.Text() != text {
		return Checkpoint{}, errors.New("encoded again it is not the same text")
	}
	return c, c.check()
}

// checkLine holds a line to what a signed note may contain.
func checkLine(line string) error {
	switch {
	case line == "":
		return errors.New("empty, expected text")
	case !utf8.ValidString(line):
		return errors.New("expected valid UTF-8")
	case strings.ContainsFunc(line, unicode.IsControl):
		return errors.New("expected no control characters")
	}
	return nil
}

// check holds a checkpoint, however it was made, to the bounds the tree
// functions rely on.
func (c Checkpoint) check() error {
	if c.Size < 0 || c.Size > MaxTreeSize {
		return fmt.Errorf("tree size %d, expected 0 to %d", c.Size, int64(MaxTreeSize))
	}
	// SPEC: tlog-witness, add-checkpoint: "a checkpoint of size zero MUST have
	// the root hash of the empty tree".
	if c.Size == 0 && c.Root != EmptyRoot() {
		return fmt.Errorf("root %s of an empty tree: %w", c.Root, ErrEmptyRoot)
	}
	return nil
}

// Text is the checkpoint as the body of a signed note, with its last line end.
func (c Checkpoint) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%d\n%s\n", c.Origin, c.Size, c.Root)
	for _, line := range c.Extensions {
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.String()
}

// OpenCheckpoint verifies the log's signature on a signed checkpoint and reads
// it. The note is given back with the signatures of others, unverified; whether
// those are enough is asked of a policy.
func OpenCheckpoint(msg []byte, log note.Verifier) (Checkpoint, *note.Note, error) {
	n, err := OpenNote(msg, log)
	if err != nil {
		return Checkpoint{}, nil, fmt.Errorf("open checkpoint of %s: %w", log.Name(), err)
	}
	c, err := ParseCheckpoint(n.Text)
	if err != nil {
		return Checkpoint{}, nil, err
	}
	// SPEC: tlog-policy, "Defining a log": the key's name MUST be the origin.
	if c.Origin != log.Name() {
		return Checkpoint{}, nil, fmt.Errorf("open checkpoint: origin %q, expected %q", c.Origin, log.Name())
	}
	return c, n, nil
}

// parseDecimal reads a number of 0 to limit in its only spelling: no sign, no
// space, no leading zero.
func parseDecimal(s string, limit int64) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return 0, fmt.Errorf("%.40q, expected a decimal number without sign or leading zeroes", s)
	}
	if n > limit {
		return 0, fmt.Errorf("%d, expected at most %d", n, limit)
	}
	return n, nil
}

// parseHash reads a hash in its only spelling. The decoder of the standard
// library passes over line ends and stray bits behind the last byte.
func parseHash(s string) (tlog.Hash, error) {
	raw, err := decodeBase64(s)
	if err != nil {
		return tlog.Hash{}, err
	}
	if len(raw) != tlog.HashSize {
		return tlog.Hash{}, fmt.Errorf("%d bytes, expected %d", len(raw), tlog.HashSize)
	}
	return tlog.Hash(raw), nil
}

func decodeBase64(s string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil || base64.StdEncoding.EncodeToString(raw) != s {
		return nil, fmt.Errorf("%.60q, expected standard base64 with padding and no stray bits", s)
	}
	return raw, nil
}

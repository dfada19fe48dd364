package proof

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// The text form c2sp.org/tlog-proof@v1.
const (
	proofHeader = "c2sp.org/tlog-proof@v1"

	// MaxInclusionProof is the largest proof file that is read, in bytes.
	MaxInclusionProof = MaxNote + maxProofHead

	maxProofHead   = 32 << 10
	maxExtra       = 16 << 10 // decoded
	maxProofHashes = 40       // the way to the root of a tree of MaxTreeSize
)

// An InclusionProof is what is kept beside a file to show, offline, that its
// entry stands in a log: c2sp.org/tlog-proof@v1.
type InclusionProof struct {
	Index      int64       // of the entry, from zero
	Hashes     []tlog.Hash // from the leaf's neighbour upwards
	Extra      []byte      // opaque and not authenticated; nil when there is none
	Checkpoint []byte      // the signed note, verbatim
}

// ParseInclusionProof reads a proof. It verifies nothing: the checkpoint's
// signatures are for a policy, the hashes for [CheckInclusion]. But it refuses
// what could not be verified: a checkpoint that is none, or an index that is not
// in its tree.
func ParseInclusionProof(data []byte) (InclusionProof, error) {
	p, err := parseInclusionProof(data)
	if err != nil {
		return InclusionProof{}, fmt.Errorf("read tlog-proof: %w", err)
	}
	return p, nil
}

func parseInclusionProof(data []byte) (InclusionProof, error) {
	if len(data) > MaxInclusionProof {
		return InclusionProof{}, fmt.Errorf("%d bytes, expected at most %d", len(data), MaxInclusionProof)
	}
	// SPEC: tlog-proof, "Format": everything up to the first empty line is the
	// proof, everything behind it the checkpoint.
	i := bytes.Index(data, []byte("\n\n"))
	if i < 0 || i > maxProofHead {
		return InclusionProof{}, fmt.Errorf("expected an empty line within %d bytes", maxProofHead)
	}
	p, err := parseProofHead(strings.Split(string(data[:i]), "\n"))
	if err != nil {
		return InclusionProof{}, err
	}
	p.Checkpoint = bytes.Clone(data[i+2:])
	if err := p.checkShape(); err != nil {
		return InclusionProof{}, err
	}
	if !bytes.Equal(p.Marshal(), data) {
		return InclusionProof{}, errors.New("encoded again it is not the same text")
	}
	return p, nil
}

func parseProofHead(lines []string) (InclusionProof, error) {
	var p InclusionProof
	if lines[0] != proofHeader {
		return p, fmt.Errorf("first line %.40q, expected %q", lines[0], proofHeader)
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra") {
		extra, err := parseExtra(lines[0])
		if err != nil {
			return p, err
		}
		p.Extra, lines = extra, lines[1:]
	}
	if len(lines) == 0 {
		return p, errors.New("expected an index line")
	}
	number, ok := strings.CutPrefix(lines[0], "index ")
	if !ok {
		return p, fmt.Errorf("line %.40q, expected \"index N\"", lines[0])
	}
	index, err := parseDecimal(number, MaxTreeSize-1)
	if err != nil {
		return p, fmt.Errorf("index: %w", err)
	}
	p.Index = index
	if len(lines)-1 > maxProofHashes {
		return p, fmt.Errorf("%d hashes, expected at most %d", len(lines)-1, maxProofHashes)
	}
	for n, line := range lines[1:] {
		h, err := parseHash(line)
		if err != nil {
			return p, fmt.Errorf("hash %d: %w", n+1, err)
		}
		p.Hashes = append(p.Hashes, h)
	}
	return p, nil
}

// SPEC: tlog-proof, "Format": without extra data the line is omitted.
func parseExtra(line string) ([]byte, error) {
	text, ok := strings.CutPrefix(line, "extra ")
	if !ok || text == "" {
		return nil, fmt.Errorf("line %.40q, expected \"extra BASE64\" or no such line", line)
	}
	extra, err := decodeBase64(text)
	if err != nil {
		return nil, fmt.Errorf("extra: %w", err)
	}
	if len(extra) > maxExtra {
		return nil, fmt.Errorf("extra of %d bytes, expected at most %d", len(extra), maxExtra)
	}
	return extra, nil
}

// checkShape holds index, hashes and the unverified checkpoint together.
func (p InclusionProof) checkShape() error {
	text, err := splitNote(p.Checkpoint)
	if err != nil {
		return err
	}
	c, err := ParseCheckpoint(text)
	if err != nil {
		return err
	}
	if p.Index >= c.Size {
		return fmt.Errorf("index %d, expected one below the tree's size %d", p.Index, c.Size)
	}
	if want := pathLength(p.Index, c.Size); len(p.Hashes) != want {
		return fmt.Errorf("%d hashes, expected %d for entry %d of %d", len(p.Hashes), want, p.Index, c.Size)
	}
	return nil
}

// Marshal is the proof as ParseInclusionProof reads it.
func (p InclusionProof) Marshal() []byte {
	var b bytes.Buffer
	b.WriteString(proofHeader + "\n")
	if len(p.Extra) > 0 {
		fmt.Fprintf(&b, "extra %s\n", base64.StdEncoding.EncodeToString(p.Extra))
	}
	fmt.Fprintf(&b, "index %d\n", p.Index)
	for _, h := range p.Hashes {
		fmt.Fprintf(&b, "%s\n", h)
	}
	b.WriteByte('\n')
	b.Write(p.Checkpoint)
	return b.Bytes()
}

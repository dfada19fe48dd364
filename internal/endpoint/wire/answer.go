package wire

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"vitrine/internal/endpoint/verdict"
)

// What one answer may hold. A scanner leaves out what is beyond, and says so; the
// guard takes no answer that is beyond.
const (
	MaxFindings = 128
	maxName     = 256  // bytes of the name of a finding
	maxPath     = 1024 // bytes of all names of members of one finding
	maxMembers  = 32   // names of members of one finding
	maxWhy      = 1024 // bytes
	maxAnswer   = 64 << 10
)

// said is an Answer as it is written. Names of members are bytes, which text in
// JSON cannot hold.
type said struct {
	ID       uint64        `json:"id"`
	State    verdict.State `json:"state"`
	Findings []saidFinding `json:"findings,omitempty"`
	SHA256   string        `json:"sha256,omitempty"`
	Size     int64         `json:"size"`
	Objects  int           `json:"objects"`
	Rules    string        `json:"rules"`
	Why      string        `json:"why,omitempty"`
	Took     time.Duration `json:"took"`
}

type saidFinding struct {
	Name   string   `json:"name"`
	Path   [][]byte `json:"path,omitempty"`
	Digest string   `json:"digest,omitempty"`
}

// encodeAnswer makes the message of an answer, whatever a scan has found.
func encodeAnswer(a Answer) ([]byte, error) {
	v := a.Verdict
	s := said{
		ID: a.ID, State: v.State, SHA256: v.SHA256, Size: v.Size, Objects: v.Objects, Rules: v.Rules,
		Why: Plain(v.Why, maxWhy), Took: v.Took,
	}
	room := maxAnswer - 2*maxWhy
	left := 0
	for i, f := range v.Findings {
		out := saidFinding{Name: Plain(f.Name, maxName), Path: members(f.Path), Digest: Plain(f.Digest, maxName)}
		if room -= out.weight(); i >= MaxFindings || room < 0 {
			left = len(v.Findings) - i
			break
		}
		s.Findings = append(s.Findings, out)
	}
	if left > 0 {
		more := fmt.Sprintf("%d findings more; ", left)
		s.Why = Plain(more+s.Why, maxWhy)
	}
	return encode(answer, s)
}

// weight is what a finding takes in a message, at most.
func (f saidFinding) weight() int {
	n := 64 + 6*len(f.Name) + 6*len(f.Digest)
	for _, p := range f.Path {
		n += 8 + 2*len(p)
	}
	return n
}

// members cuts the names of members to what fits: the outermost are kept whole,
// as they are what a person looks for first.
func members(path []string) [][]byte {
	var out [][]byte
	room := maxPath
	for _, name := range path {
		if len(out) == maxMembers || room == 0 {
			break
		}
		name = name[:min(len(name), room)]
		room -= len(name)
		out = append(out, []byte(name))
	}
	return out
}

// decodeAnswer reads and checks an answer of a scanner that may be anybody's.
func decodeAnswer(message []byte) (Answer, error) {
	var s said
	if len(message) > maxAnswer {
		return Answer{}, fmt.Errorf("an answer of %d bytes", len(message))
	}
	if err := decode(message, answer, &s); err != nil {
		return Answer{}, err
	}
	if err := s.check(); err != nil {
		return Answer{}, fmt.Errorf("an answer that cannot be: %w", err)
	}
	v := verdict.Verdict{
		State: s.State, SHA256: s.SHA256, Size: s.Size, Objects: s.Objects, Rules: s.Rules,
		Why: Plain(s.Why, maxWhy), Took: s.Took,
	}
	for _, f := range s.Findings {
		out := verdict.Finding{Name: Plain(f.Name, maxName), Digest: Plain(f.Digest, maxName)}
		for _, name := range f.Path {
			out.Path = append(out.Path, string(name))
		}
		v.Findings = append(v.Findings, out)
	}
	return Answer{ID: s.ID, Verdict: v}, nil
}

// check holds an answer against what a scanner can mean.
func (s *said) check() error {
	switch s.State {
	case verdict.Clean, verdict.Incomplete, verdict.Failed:
		if len(s.Findings) > 0 {
			return fmt.Errorf("%d findings in a file that is %s", len(s.Findings), s.State)
		}
	case verdict.Malicious:
		if len(s.Findings) == 0 {
			return errors.New("malicious, and nothing found")
		}
	default:
		return fmt.Errorf("the state %.20q", s.State)
	}
	switch {
	case len(s.Findings) > MaxFindings:
		return errors.New("too many findings")
	case s.Size < 0 || s.Objects < 0 || s.Took < 0:
		return errors.New("a number below zero")
	case s.SHA256 != "" && !hexadecimal(s.SHA256, 64):
		return errors.New("a SHA-256 that is none")
	case len(s.Rules) > 128 || strings.Trim(s.Rules, "0123456789abcdef") != "":
		return errors.New("an identity of rules that is none")
	}
	for _, f := range s.Findings {
		if err := f.check(); err != nil {
			return err
		}
	}
	return nil
}

func (f *saidFinding) check() error {
	if f.Name == "" || len(f.Name) > maxName || len(f.Digest) > maxName || len(f.Path) > maxMembers {
		return errors.New("a finding that is too long, or nothing")
	}
	total := 0
	for _, name := range f.Path {
		total += len(name)
	}
	if total > maxPath {
		return errors.New("names of members that are too long")
	}
	return nil
}

func hexadecimal(s string, length int) bool {
	return len(s) == length && strings.Trim(s, "0123456789abcdef") == ""
}

// Plain makes foreign text fit for one line of at most so many bytes: what a
// terminal would obey, and what is no text, becomes a replacement character.
func Plain(s string, most int) string {
	// What is cut off before it is looked at cannot cost anything.
	s = s[:min(len(s), most)]
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
	if len(s) > most { // replacement characters are longer than what they replace
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}

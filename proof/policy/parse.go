package policy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"vitrine/proof"
)

// nobody is the predefined name for a quorum of no cosignatures.
const nobody = "none"

// parser collects lines; what only shows at the end is checked there.
type parser struct {
	policy  Policy
	defined map[string]bool   // names of witnesses and groups
	member  map[string]string // group that lists a name
	public  map[string]string // who has a public key
	nameID  map[string]string // who has a key name and ID
}

// Parse reads a policy. Every error names the line.
func Parse(text []byte) (*Policy, error) {
	if len(text) > MaxPolicy {
		return nil, fmt.Errorf("policy of %d bytes, expected at most %d", len(text), MaxPolicy)
	}
	// SPEC: tlog-policy, "Structure": each line is terminated by a newline.
	body, ended := strings.CutSuffix(string(text), "\n")
	if !ended {
		return nil, errors.New("policy: expected a line end after the last line")
	}
	p := &parser{defined: map[string]bool{}, member: map[string]string{}, public: map[string]string{}, nameID: map[string]string{}}
	for i, line := range strings.Split(body, "\n") {
		if err := p.line(line); err != nil {
			return nil, fmt.Errorf("policy: line %d: %w", i+1, err)
		}
	}
	if err := p.complete(); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	return &p.policy, nil
}

func (p *parser) line(line string) error {
	// SPEC: tlog-policy, "Character set": tab, newline, 0x20-0x7E, 0x80-0xFF.
	for i := range len(line) {
		if c := line[i]; c < 0x20 && c != '\t' || c == 0x7f {
			return fmt.Errorf("control character %#02x at byte %d", c, i)
		}
	}
	// SPEC: tlog-policy, "Structure": white space is space and tab only.
	items := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
	if len(items) == 0 || strings.HasPrefix(items[0], "#") {
		return nil
	}
	switch items[0] {
	case "log":
		return p.log(items[1:])
	case "witness":
		return p.witness(items[1:])
	case "group":
		return p.group(items[1:])
	case "quorum":
		return p.quorum(items[1:])
	}
	return fmt.Errorf("keyword %.40q, expected log, witness, group or quorum", items[0])
}

func (p *parser) log(items []string) error {
	if len(items) < 1 || len(items) > 2 {
		return errors.New("expected: log VKEY [URL]")
	}
	if p.policy.Log.Verifier != nil {
		return errors.New("a second log, expected exactly one")
	}
	k, v, err := verifierOf(items[0], proof.AlgorithmEd25519, "log")
	if err != nil {
		return err
	}
	if err := p.key(k, "the log"); err != nil {
		return err
	}
	p.policy.Log = Log{Verifier: v, VKey: items[0], URL: second(items)}
	return nil
}

func (p *parser) witness(items []string) error {
	if len(items) < 2 || len(items) > 3 {
		return errors.New("expected: witness NAME VKEY [URL]")
	}
	if len(p.policy.Witnesses) == maxWitnesses {
		return fmt.Errorf("more than %d witnesses", maxWitnesses)
	}
	if err := p.name(items[0]); err != nil {
		return err
	}
	k, v, err := verifierOf(items[1], proof.AlgorithmCosignature, "witness")
	if err != nil {
		return err
	}
	if err := p.key(k, "witness "+items[0]); err != nil {
		return err
	}
	p.policy.Witnesses = append(p.policy.Witnesses, Witness{Name: items[0], Verifier: v, VKey: items[1], URL: second(items[1:])})
	return nil
}

func second(items []string) string {
	if len(items) < 2 {
		return ""
	}
	return items[1]
}

// key refuses one key under two names: it would be two votes of one voter.
//
// SPEC: tlog-policy, "Public key representation": keys are duplicates if the
// public key is the same, whatever name and ID they carry. That holds between a
// log and a witness too: a log must not be its own supervisor.
func (p *parser) key(k proof.Key, whose string) error {
	if other, found := p.public[string(k.Public)]; found {
		return fmt.Errorf("%s has the same public key as %s", whose, other)
	}
	// A signature line tells its key by name and ID only.
	nameID := fmt.Sprintf("%s+%08x", k.Name, k.ID)
	if other, found := p.nameID[nameID]; found {
		return fmt.Errorf("%s has the same key name and ID as %s", whose, other)
	}
	p.public[string(k.Public)] = whose
	p.nameID[nameID] = whose
	return nil
}

// name defines a name, in the one name space of witnesses and groups.
func (p *parser) name(name string) error {
	if name == nobody {
		return fmt.Errorf("the name %q is taken", nobody)
	}
	if p.defined[name] {
		return fmt.Errorf("the name %.80q is defined twice", name)
	}
	p.defined[name] = true
	return nil
}

func (p *parser) group(items []string) error {
	if len(items) < 3 {
		return errors.New("expected: group NAME K|any|all MEMBER…, at least one member")
	}
	if len(p.policy.Groups) == maxGroups {
		return fmt.Errorf("more than %d groups", maxGroups)
	}
	name, members := items[0], items[2:]
	k, err := threshold(items[1], len(members))
	if err != nil {
		return err
	}
	for _, m := range members {
		if err := p.join(name, m); err != nil {
			return err
		}
	}
	// Defined last, so that a group cannot list itself.
	if err := p.name(name); err != nil {
		return err
	}
	p.policy.Groups = append(p.policy.Groups, Group{Name: name, Threshold: k, Members: members})
	return nil
}

// threshold reads k of n. SPEC: tlog-policy, "Defining a witness group":
// decimal, 1 <= k <= n.
func threshold(s string, n int) (int, error) {
	switch s {
	case "any":
		return 1, nil
	case "all":
		return n, nil
	}
	k, err := strconv.Atoi(s)
	if err != nil || strconv.Itoa(k) != s {
		return 0, fmt.Errorf("threshold %.40q, expected any, all or a decimal number", s)
	}
	if k < 1 || k > n {
		return 0, fmt.Errorf("threshold %d of %d members, expected 1 to %d", k, n, n)
	}
	return k, nil
}

// join lists a name as member of a group.
//
// SPEC: tlog-policy, "Defining a witness group": names defined on preceding
// lines, each listed as a member at most once in the whole policy.
func (p *parser) join(group, member string) error {
	if member == nobody {
		return fmt.Errorf("%q is no member", nobody)
	}
	if !p.defined[member] {
		return fmt.Errorf("member %.80q is not defined on a line before", member)
	}
	if other, found := p.member[member]; found {
		return fmt.Errorf("member %.80q is listed in group %.80q already", member, other)
	}
	p.member[member] = group
	return nil
}

func (p *parser) quorum(items []string) error {
	if len(items) != 1 {
		return errors.New("expected: quorum NAME")
	}
	if p.policy.Quorum != "" {
		return errors.New("a second quorum, expected exactly one")
	}
	if items[0] == nobody {
		return fmt.Errorf("quorum %q, expected the name of a witness or group: cosignatures are required", nobody)
	}
	if !p.defined[items[0]] {
		return fmt.Errorf("quorum %.80q is not defined on a line before", items[0])
	}
	p.policy.Quorum = items[0]
	return nil
}

func (p *parser) complete() error {
	if p.policy.Log.Verifier == nil {
		return errors.New("no log, expected exactly one")
	}
	// The specification allows it. But a log that cosigns under its own name
	// reads, in every report, like a supervisor of its own.
	for _, w := range p.policy.Witnesses {
		if w.Verifier.Name() == p.policy.Origin() {
			return fmt.Errorf("witness %s has the log's name %s in its key, expected another", w.Name, p.policy.Origin())
		}
	}
	if p.policy.Quorum == "" {
		return errors.New("no quorum, expected exactly one")
	}
	p.policy.verifiers = append(p.policy.verifiers, p.policy.Log.Verifier)
	for _, w := range p.policy.Witnesses {
		p.policy.verifiers = append(p.policy.verifiers, w.Verifier)
	}
	return nil
}

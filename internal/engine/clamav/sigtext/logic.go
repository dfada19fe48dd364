package sigtext

import (
	"fmt"
	"strconv"
	"strings"
)

// logic is a node of a logical expression: a subsignature, or two nodes and
// the operator between them; with a comparison of how often it was found.
type logic struct {
	op          byte // '&', '|', or 0: a leaf
	left, right *logic
	id          int
	compare     byte // '>', '<', '=', or 0
	count       int
	distinct    int // at least so many different subsignatures; groups only
}

const (
	maxSubsigs = 64
	maxLogic   = 64 // depth
)

// parseLogic parses a logical expression. Operators have no precedence: the
// first one splits the whole, as ClamAV reads it.
func parseLogic(text string) (*logic, error) {
	p := &logicParser{text: text}
	x, err := p.expression(0)
	if err == nil && p.pos < len(text) {
		err = malformed("logic: unexpected %q", text[p.pos])
	}
	return x, err
}

type logicParser struct {
	text string
	pos  int
}

func (p *logicParser) at() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *logicParser) expression(depth int) (*logic, error) {
	if depth > maxLogic {
		return nil, malformed("logic: nested too deep")
	}
	left, err := p.primary(depth)
	if err != nil || p.at() != '&' && p.at() != '|' {
		return left, err
	}
	op := p.at()
	p.pos++
	right, err := p.expression(depth + 1)
	if err != nil {
		return nil, err
	}
	return &logic{op: op, left: left, right: right}, nil
}

func (p *logicParser) primary(depth int) (*logic, error) {
	if p.at() != '(' {
		id, err := p.number()
		if err != nil {
			return nil, err
		}
		if id >= maxSubsigs {
			return nil, malformed("logic: subsignature %d, of at most %d", id, maxSubsigs)
		}
		x := &logic{id: id}
		return x, p.comparison(x)
	}
	p.pos++
	x, err := p.expression(depth + 1)
	if err != nil {
		return nil, err
	}
	if p.at() != ')' {
		return nil, malformed("logic: a parenthesis is not closed")
	}
	p.pos++
	if x.compare != 0 && strings.IndexByte("><=", p.at()) >= 0 && p.at() != 0 {
		return nil, Unsupported("a comparison of a comparison")
	}
	return x, p.comparison(x)
}

// comparison parses >n, <n, =n, each with an optional ,m.
func (p *logicParser) comparison(x *logic) error {
	c := p.at()
	if c != '>' && c != '<' && c != '=' {
		return nil
	}
	p.pos++
	n, err := p.number()
	if err != nil {
		return err
	}
	x.compare, x.count = c, n
	if p.at() == ',' {
		p.pos++
		if x.distinct, err = p.number(); err != nil {
			return err
		}
	}
	return nil
}

func (p *logicParser) number() (int, error) {
	begin := p.pos
	for p.at() >= '0' && p.at() <= '9' {
		p.pos++
	}
	n, err := strconv.ParseUint(p.text[begin:p.pos], 10, 31)
	if err != nil {
		return 0, malformed("logic: expected a number at %q", p.text[begin:])
	}
	return int(n), nil
}

// highest is the largest number of a subsignature.
func (x *logic) highest() int {
	if x.op == 0 {
		return x.id
	}
	return max(x.left.highest(), x.right.highest())
}

// truth writes the condition of a node.
func (x *logic) truth(subs []subsig) (string, error) {
	if x.op == 0 {
		return x.leaf(&subs[x.id])
	}
	l, err := x.left.truth(subs)
	if err != nil {
		return "", err
	}
	r, err := x.right.truth(subs)
	if err != nil {
		return "", err
	}
	inner := "(" + l + map[byte]string{'&': " and ", '|': " or "}[x.op] + r + ")"
	if x.compare == 0 {
		return inner, nil
	}
	return x.group(inner, subs)
}

func (x *logic) leaf(s *subsig) (string, error) {
	switch x.compare {
	case '>':
		return s.atLeast(x.count + 1)
	case '<', '=':
		more, err := s.atLeast(x.count + int(x.compare&1)) // '=' is odd
		if err != nil {
			return "", err
		}
		if x.compare == '<' || x.count == 0 {
			return "not " + more, nil
		}
		least, err := s.atLeast(x.count)
		return "(" + least + " and not " + more + ")", err
	}
	return s.atLeast(1)
}

// group writes a comparison of the sum over a group. A group that does not
// hold counts as nothing found.
func (x *logic) group(inner string, subs []subsig) (string, error) {
	sum, err := x.sum(subs, false)
	if err != nil {
		return "", err
	}
	held := fmt.Sprintf("%s and (%s) %s %d", inner, sum, map[byte]string{'>': ">", '<': "<", '=': "=="}[x.compare], x.count)
	if x.distinct > 0 {
		leaves, err := x.leaves(subs)
		if err != nil {
			return "", err
		}
		if x.distinct > len(leaves) {
			return "false", nil
		}
		return fmt.Sprintf("(%s and %d of (%s))", held, x.distinct, strings.Join(leaves, ", ")), nil
	}
	if x.compare == '<' && x.count > 0 || x.compare == '=' && x.count == 0 {
		return fmt.Sprintf("(not %s or (%s))", inner, held), nil
	}
	return "(" + held + ")", nil
}

// sum writes how often all subsignatures of a node are found. Beneath an or,
// a part that counts only when it holds has no sum that can be written.
func (x *logic) sum(subs []subsig, beneath bool) (string, error) {
	if x.op == 0 {
		if x.compare != 0 {
			return "", Unsupported("a comparison inside of a counted group")
		}
		return subs[x.id].count()
	}
	if beneath && x.op == '&' {
		return "", Unsupported("a conjunction inside of a counted group")
	}
	l, err := x.left.sum(subs, beneath || x.op == '|')
	if err != nil {
		return "", err
	}
	r, err := x.right.sum(subs, beneath || x.op == '|')
	return l + " + " + r, err
}

// leaves writes the condition of each different subsignature of a node.
func (x *logic) leaves(subs []subsig) ([]string, error) {
	seen := map[int]bool{}
	var out []string
	var visit func(x *logic) error
	visit = func(x *logic) error {
		if x.op != 0 {
			if err := visit(x.left); err != nil {
				return err
			}
			return visit(x.right)
		}
		if seen[x.id] {
			return nil
		}
		seen[x.id] = true
		truth, err := subs[x.id].atLeast(1)
		out = append(out, truth)
		return err
	}
	err := visit(x)
	return out, err
}

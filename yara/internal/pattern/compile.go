package pattern

import "fmt"

// Compile makes the program of a pattern. Repetitions are written out, so the
// size grows with their bounds; the error wraps ErrTooLarge when it grows
// beyond Options.MaxInsts.
func Compile(n *Node, o Options) (*Program, error) {
	if o.Wide {
		n = n.widened()
	}
	return compileNode(n, o)
}

func compileNode(n *Node, o Options) (*Program, error) {
	p := &Program{Reverse: o.Reverse, Longest: o.Longest, MinLen: n.MinLen(), FixedLen: unbounded}
	if n.MaxLen() == p.MinLen {
		p.FixedLen = p.MinLen
	}
	p.Anchored = n.StartAnchored() && !o.Reverse
	p.setLiteral(n, o)
	if o.Reverse {
		n = n.reversed()
	}
	p.Straight = n.straight(o.Longest)
	c := compiler{p: p, limit: o.MaxInsts}
	if c.limit <= 0 {
		c.limit = DefaultMaxInsts
	}
	if err := c.node(n); err != nil {
		return nil, err
	}
	if err := c.emit(Inst{Op: OpMatch}); err != nil {
		return nil, err
	}
	p.First = p.firstSet()
	return p, nil
}

func (p *Program) setLiteral(n *Node, o Options) {
	text, nocase, ok := n.Literal()
	if !ok || o.Reverse {
		return
	}
	p.Literal, p.NoCase = text, nocase
	if nocase {
		p.Literal = make([]byte, len(text))
		for i, c := range text {
			p.Literal[i] = lower(c)
		}
	}
}

// straight tells whether the pattern needs no branches. Gaps are none where the
// end that is preferred is the nearest or, with longest, the farthest.
func (n *Node) straight(longest bool) bool {
	switch n.kind {
	case kAlternate:
		return false
	case kConcat:
		for _, s := range n.sub {
			if !s.straight(longest) {
				return false
			}
		}
	case kRepeat:
		gap := n.sub[0].kind == kAny && n.max <= maxGap && (n.lazy || longest)
		return gap && n.max != unbounded || n.min == n.max && n.sub[0].straight(longest)
	}
	return true
}

// maxTextPerInst bounds the text of a program by the instructions allowed.
const maxTextPerInst = 8

type compiler struct {
	p     *Program
	limit int
	sets  map[Set]uint32
}

func (c *compiler) here() uint32 { return uint32(len(c.p.Insts)) }

func (c *compiler) emit(in Inst) error {
	if len(c.p.Insts) >= c.limit {
		return fmt.Errorf("compile pattern: %w: more than %d instructions", ErrTooLarge, c.limit)
	}
	c.p.Insts = append(c.p.Insts, in)
	return nil
}

func (c *compiler) node(n *Node) error {
	switch n.kind {
	case kEmpty:
		return nil
	case kLiteral:
		return c.literal(n)
	case kMasked:
		op := OpMask
		if n.not {
			op = OpNotMask
		}
		return c.emit(Inst{Op: op, Val: n.val, Mask: n.mask})
	case kClass:
		return c.emit(Inst{Op: OpClass, X: c.set(n.set)})
	case kAny:
		return c.emit(Inst{Op: OpAny})
	case kNotLF:
		return c.emit(Inst{Op: OpNotMask, Val: '\n', Mask: 0xFF})
	case kConcat:
		for _, s := range n.sub {
			if err := c.node(s); err != nil {
				return err
			}
		}
		return nil
	case kAlternate:
		return c.alternate(n)
	case kRepeat:
		return c.repeat(n)
	}
	return c.assert(n)
}

func (c *compiler) assert(n *Node) error {
	in := Inst{Op: OpAssert, Val: byte(n.look)}
	if n.wide {
		in.Mask = 1
	}
	return c.emit(in)
}

func (c *compiler) set(s Set) uint32 {
	i, ok := c.sets[s]
	if !ok {
		if c.sets == nil {
			c.sets = map[Set]uint32{}
		}
		i = uint32(len(c.p.Sets))
		c.p.Sets = append(c.p.Sets, s)
		c.sets[s] = i
	}
	return i
}

func (c *compiler) literal(n *Node) error {
	if c.p.Straight && !n.fold && len(n.lit) > 1 {
		return c.text(n)
	}
	for _, b := range n.lit {
		in := Inst{Op: OpByte, Val: b}
		if n.fold && isLetter(b) {
			in = Inst{Op: OpMask, Val: b &^ 0x20, Mask: 0xDF}
		}
		if err := c.emit(in); err != nil {
			return err
		}
	}
	return nil
}

// text stores a text in the order of the data, also in reverse programs.
func (c *compiler) text(n *Node) error {
	x := len(c.p.Text)
	if x+len(n.lit) > maxTextPerInst*c.limit {
		return fmt.Errorf("compile pattern: %w: more than %d bytes of text", ErrTooLarge, maxTextPerInst*c.limit)
	}
	if c.p.Reverse {
		n = n.reversed()
	}
	c.p.Text = append(c.p.Text, n.lit...)
	return c.emit(Inst{Op: OpText, X: uint32(x), Y: uint32(len(n.lit))})
}

func (c *compiler) alternate(n *Node) error {
	var jumps []uint32
	for i, s := range n.sub {
		split := c.here()
		last := i == len(n.sub)-1
		if !last {
			if err := c.emit(Inst{Op: OpSplit, X: split + 1}); err != nil {
				return err
			}
		}
		if err := c.node(s); err != nil {
			return err
		}
		if last {
			break
		}
		jumps = append(jumps, c.here())
		if err := c.emit(Inst{Op: OpJump}); err != nil {
			return err
		}
		c.p.Insts[split].Y = c.here()
	}
	for _, j := range jumps {
		c.p.Insts[j].X = c.here()
	}
	return nil
}

func (c *compiler) repeat(n *Node) error {
	body := n.sub[0]
	if c.p.Straight && n.min != n.max {
		return c.emit(Inst{Op: OpGap, X: uint32(n.min), Y: uint32(n.max)})
	}
	if c.p.Straight && body.kind == kAny && n.min > 1 && n.min <= maxJump {
		return c.emit(Inst{Op: OpSkip, X: uint32(n.min)})
	}
	must := n.min
	if n.max == unbounded && must > 0 {
		must-- // the loop has the last of them
	}
	for range must {
		at := c.here()
		if err := c.node(body); err != nil {
			return err
		}
		if c.here() == at {
			break // a body without instructions needs no second one
		}
	}
	if n.max == unbounded {
		return c.loop(body, n.min == 0, n.lazy)
	}
	return c.optional(body, n.max-n.min, n.lazy)
}

// loop writes body+, or (body+)? when it may be left out. The latter rather
// than body* keeps the order of preference right for bodies that can match
// nothing.
func (c *compiler) loop(body *Node, mayBeLeftOut, lazy bool) error {
	enter := c.here()
	if mayBeLeftOut {
		if err := c.emit(Inst{Op: OpSplit}); err != nil {
			return err
		}
	}
	start := c.here()
	if err := c.node(body); err != nil {
		return err
	}
	again := c.here()
	if err := c.emit(Inst{Op: OpSplit}); err != nil {
		return err
	}
	c.aim(again, start, c.here(), lazy)
	if mayBeLeftOut {
		c.aim(enter, start, c.here(), lazy)
	}
	return nil
}

// optional writes (body(body(…)?)?)?, times deep.
func (c *compiler) optional(body *Node, times int, lazy bool) error {
	var splits []uint32
	for range times {
		splits = append(splits, c.here())
		if err := c.emit(Inst{Op: OpSplit}); err != nil {
			return err
		}
		if err := c.node(body); err != nil {
			return err
		}
	}
	for _, s := range splits {
		c.aim(s, s+1, c.here(), lazy)
	}
	return nil
}

// aim sets a split to take the body, or with less preference what follows it;
// the other way round when lazy.
func (c *compiler) aim(split, body, after uint32, lazy bool) {
	if lazy {
		body, after = after, body
	}
	c.p.Insts[split].X, c.p.Insts[split].Y = body, after
}

// firstSet follows the program to its first bytes.
func (p *Program) firstSet() Set {
	var s Set
	seen := make([]bool, len(p.Insts))
	stack := []uint32{0}
	for len(stack) > 0 {
		pc := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[pc] {
			continue
		}
		seen[pc] = true
		in := &p.Insts[pc]
		switch in.Op {
		case OpMatch, OpSkip, OpGap, OpAny:
			return fullSet()
		case OpSplit:
			stack = append(stack, in.X, in.Y)
		case OpJump:
			stack = append(stack, in.X)
		case OpAssert:
			stack = append(stack, pc+1)
		default:
			s.union(p.instSet(in))
		}
	}
	return s
}

func (p *Program) instSet(in *Inst) Set {
	switch in.Op {
	case OpClass:
		return p.Sets[in.X]
	case OpMask:
		return maskedSet(in.Val, in.Mask, false)
	case OpNotMask:
		return maskedSet(in.Val, in.Mask, true)
	case OpText:
		first := p.Text[in.X]
		if p.Reverse {
			first = p.Text[in.X+in.Y-1]
		}
		return maskedSet(first, 0xFF, false)
	}
	return maskedSet(in.Val, 0xFF, false)
}

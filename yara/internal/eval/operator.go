package eval

import (
	"bytes"
	"encoding/binary"
	"math"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
	"vitrine/yara/syntax"
)

func (e *Evaluator) operator(n *ir.Node) module.Value {
	switch n.Op {
	case ir.Neg, ir.BitNot:
		return unary(n.Op, e.eval(n.A))
	case ir.Matches:
		v := e.eval(n.A)
		if v.Kind != module.KindString {
			return undefined
		}
		if !e.spend(costRegexp + len(v.Bytes)) {
			return undefined
		}
		return module.Bool(e.machine.Search(e.set.Regexps[n.B], v.Bytes))
	}
	l, r := e.eval(n.B), e.eval(n.C)
	if l.Kind == module.KindUndefined || r.Kind == module.KindUndefined {
		return undefined
	}
	op := syntax.Op(n.A)
	switch {
	case n.Op == ir.TextOp:
		return e.textOp(op, l.Bytes, r.Bytes)
	case n.Op == ir.Arith:
		return arith(op, l, r)
	case l.Kind == module.KindString:
		return module.Bool(ordered(op, bytes.Compare(l.Bytes, r.Bytes)))
	}
	return e.compareNumbers(op, l, r)
}

func unary(op ir.Op, v module.Value) module.Value {
	switch {
	case v.Kind == module.KindFloat:
		return module.Float(-v.Float)
	case v.Kind != module.KindInt:
		return undefined
	case op == ir.Neg:
		return module.Int(-v.Int)
	}
	return module.Int(^v.Int)
}

func number(v module.Value) float64 {
	if v.Kind == module.KindFloat {
		return v.Float
	}
	return float64(v.Int)
}

func arith(op syntax.Op, l, r module.Value) module.Value {
	if l.Kind == module.KindFloat || r.Kind == module.KindFloat {
		return floatArith(op, number(l), number(r))
	}
	a, b := l.Int, r.Int
	switch op {
	case syntax.Add:
		return module.Int(a + b)
	case syntax.Sub:
		return module.Int(a - b)
	case syntax.Mul:
		return module.Int(a * b)
	case syntax.BitAnd:
		return module.Int(a & b)
	case syntax.BitOr:
		return module.Int(a | b)
	case syntax.BitXor:
		return module.Int(a ^ b)
	case syntax.Shl, syntax.Shr:
		return shift(op, a, b)
	}
	if b == 0 || a == math.MinInt64 && b == -1 {
		return undefined
	}
	if op == syntax.Mod {
		return module.Int(a % b)
	}
	return module.Int(a / b)
}

func shift(op syntax.Op, a, b int64) module.Value {
	switch {
	case b < 0:
		return undefined
	case b >= 64:
		return module.Int(0)
	case op == syntax.Shl:
		return module.Int(a << uint(b))
	}
	return module.Int(a >> uint(b))
}

func floatArith(op syntax.Op, a, b float64) module.Value {
	switch op {
	case syntax.Add:
		return module.Float(a + b)
	case syntax.Sub:
		return module.Float(a - b)
	case syntax.Mul:
		return module.Float(a * b)
	case syntax.Div:
		return module.Float(a / b)
	}
	return undefined
}

func (e *Evaluator) compareNumbers(op syntax.Op, l, r module.Value) module.Value {
	if l.Kind != module.KindFloat && r.Kind != module.KindFloat {
		switch {
		case l.Int < r.Int:
			return module.Bool(ordered(op, -1))
		case l.Int > r.Int:
			return module.Bool(ordered(op, 1))
		}
		return module.Bool(ordered(op, 0))
	}
	if e.set.YARAX && op == syntax.Eq {
		return module.Bool(number(l) == number(r))
	}
	if e.set.YARAX && op == syntax.Ne {
		return module.Bool(number(l) != number(r))
	}
	return module.Bool(compareFloats(op, number(l), number(r)))
}

// compareFloats takes numbers closer than the machine epsilon for equal, as
// YARA does, but orders them exactly.
func compareFloats(op syntax.Op, a, b float64) bool {
	const epsilon = 0x1p-52
	switch op {
	case syntax.Eq:
		return math.Abs(a-b) < epsilon
	case syntax.Ne:
		return math.Abs(a-b) >= epsilon
	case syntax.Lt:
		return a < b
	case syntax.Le:
		return a <= b
	case syntax.Gt:
		return a > b
	}
	return a >= b
}

// ordered applies a comparison to the sign of a three-way comparison.
func ordered(op syntax.Op, sign int) bool {
	switch op {
	case syntax.Eq:
		return sign == 0
	case syntax.Ne:
		return sign != 0
	case syntax.Lt:
		return sign < 0
	case syntax.Le:
		return sign <= 0
	case syntax.Gt:
		return sign > 0
	}
	return sign >= 0
}

func (e *Evaluator) textOp(op syntax.Op, a, b []byte) module.Value {
	if !e.spend((len(a) + len(b)) / bytesPerUnit) {
		return undefined
	}
	switch op {
	case syntax.IContains, syntax.IStartsWith, syntax.IEndsWith, syntax.IEquals:
		a, b = fold(&e.folded[0], a), fold(&e.folded[1], b)
	}
	switch op {
	case syntax.Contains, syntax.IContains:
		return module.Bool(bytes.Contains(a, b))
	case syntax.StartsWith, syntax.IStartsWith:
		return module.Bool(bytes.HasPrefix(a, b))
	case syntax.EndsWith, syntax.IEndsWith:
		return module.Bool(bytes.HasSuffix(a, b))
	}
	return module.Bool(bytes.Equal(a, b))
}

// fold gives b with ASCII letters in lower case; other bytes stay. The result
// lies in scratch.
func fold(scratch *[]byte, b []byte) []byte {
	out := append((*scratch)[:0], b...)
	if cap(out) <= maxScratch {
		*scratch = out
	}
	for i, c := range out {
		if 'A' <= c && c <= 'Z' {
			out[i] = c | 0x20
		}
	}
	return out
}

// maxScratch is how much room for texts is kept from one to the next.
const maxScratch = 64 << 10

func (e *Evaluator) readInt(n *ir.Node) module.Value {
	at := e.eval(n.B)
	width := int64(n.A & ir.IntWidth)
	data := e.config.Context.Data
	if at.Kind != module.KindInt || at.Int < 0 || at.Int > int64(len(data))-width {
		return undefined
	}
	raw := rawInt(data[at.Int:at.Int+width], n.A&ir.IntBig != 0)
	switch {
	case n.A&ir.IntFloat != 0 && width == 4:
		return module.Float(float64(math.Float32frombits(uint32(raw))))
	case n.A&ir.IntFloat != 0:
		return module.Float(math.Float64frombits(raw))
	case n.A&ir.IntSigned != 0:
		unused := 64 - 8*width
		return module.Int(int64(raw<<unused) >> unused)
	}
	return module.Int(int64(raw))
}

func rawInt(b []byte, big bool) uint64 {
	var order binary.ByteOrder = binary.LittleEndian
	if big {
		order = binary.BigEndian
	}
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(order.Uint16(b))
	case 4:
		return uint64(order.Uint32(b))
	}
	return order.Uint64(b)
}

package math

import (
	"strconv"

	"vitrine/yara/internal/module"
)

func truth(b bool) module.Value {
	if b {
		return module.Int(1)
	}
	return module.Int(0)
}

func floatInRange(_ *module.Context, a []module.Value) module.Value {
	return truth(a[1].Float <= a[0].Float && a[0].Float <= a[2].Float)
}

func intInRange(_ *module.Context, a []module.Value) module.Value {
	return truth(a[1].Int <= a[0].Int && a[0].Int <= a[2].Int)
}

// less compares as unsigned numbers in YARA 4: -1 is the greatest.
func less(c *module.Context, a, b int64) bool {
	if c.YARAX {
		return a < b
	}
	return uint64(a) < uint64(b)
}

func smaller(c *module.Context, a []module.Value) module.Value {
	if less(c, a[0].Int, a[1].Int) {
		return a[0]
	}
	return a[1]
}

func greater(c *module.Context, a []module.Value) module.Value {
	if less(c, a[1].Int, a[0].Int) {
		return a[0]
	}
	return a[1]
}

func absolute(_ *module.Context, a []module.Value) module.Value {
	if a[0].Int < 0 {
		return module.Int(-a[0].Int)
	}
	return a[0]
}

func toNumber(_ *module.Context, a []module.Value) module.Value { return truth(a[0].Int != 0) }

func toString(_ *module.Context, a []module.Value) module.Value {
	return module.Bytes(strconv.AppendInt(nil, a[0].Int, 10))
}

// toStringBase knows 8, 10 and 16; only base 10 has a sign.
func toStringBase(_ *module.Context, a []module.Value) module.Value {
	switch base := a[1].Int; base {
	case 10:
		return toString(nil, a)
	case 8, 16:
		return module.Bytes(strconv.AppendUint(nil, uint64(a[0].Int), int(base)))
	}
	return module.Undefined()
}

// Package math is YARA's module math: statistics over the scanned bytes or a
// string, and a little arithmetic.
//
// A range that begins outside the data is Undefined, one that ends outside is
// cut at the end. Counts of a range are kept for the rest of the scan. Where
// YARA 4 takes bytes of strings as signed, or divides in single precision, so
// does this package, unless the dialect is YARA-X's.
package math

import "vitrine/yara/internal/module"

// The kinds by the letters of the functions' descriptions below.
const (
	integer = module.KindInt
	float   = module.KindFloat
)

// Module returns the module with a fresh type tree.
func Module() *module.Module {
	return &module.Module{
		Name: "math",
		Type: module.Struct(
			module.Const("MEAN_BYTES", module.Float(127.5)),
			overRange("entropy", entropy), overRange("mean", mean),
			overBytes("serial_correlation", serialCorrelation), overBytes("monte_carlo_pi", monteCarloPi),
			module.Function("deviation", form("iif", float, deviationOfRange), form("sf", float, deviationOfString)),
			module.Function("count", form("iii", integer, countInRange), form("i", integer, countAll)),
			module.Function("percentage", form("iii", float, shareOfRange), form("i", float, shareOfAll)),
			module.Function("mode", form("ii", integer, modeOfRange), form("", integer, modeOfAll)),
			module.Function("in_range",
				module.Free("fff", integer, floatInRange), module.Free("iii", integer, intInRange).InYARAX()),
			module.Function("min", module.Free("ii", integer, smaller)),
			module.Function("max", module.Free("ii", integer, greater)),
			module.Function("abs", module.Free("i", integer, absolute)),
			module.Function("to_number", module.Free("b", integer, toNumber)),
			module.Function("to_string",
				module.Free("i", module.KindString, toString), module.Free("ii", module.KindString, toStringBase)),
		),
		Open: func(*module.Context) any { return &state{} },
	}
}

func form(args string, result module.Kind, call func(*module.Context, *state, []module.Value) module.Value) module.Func {
	return module.Overload(args, result, call)
}

// overRange declares a function of counts, for a range and for a string.
func overRange(name string, of func(h *histogram) module.Value) module.Field {
	return module.Function(name,
		form("ii", float, func(c *module.Context, s *state, args []module.Value) module.Value {
			return withRange(c, s, args, of)
		}),
		form("s", float, func(c *module.Context, _ *state, args []module.Value) module.Value {
			return of(countString(c, args[0].Bytes))
		}))
}

// overBytes declares a function of the bytes in their order.
func overBytes(name string, of func(c *module.Context, data []byte, value func(byte) float64) module.Value) module.Field {
	return module.Function(name,
		form("ii", float, func(c *module.Context, _ *state, args []module.Value) module.Value {
			data, ok := c.Range(args[0].Int, args[1].Int)
			if !ok {
				return module.Undefined()
			}
			return of(c, data, unsigned)
		}),
		form("s", float, func(c *module.Context, _ *state, args []module.Value) module.Value {
			return of(c, args[0].Bytes, ofString(c))
		}))
}

func unsigned(b byte) float64 { return float64(b) }
func signed(b byte) float64   { return float64(int8(b)) }

// ofString is what a byte of a string counts as.
func ofString(c *module.Context) func(byte) float64 {
	if c.YARAX {
		return unsigned
	}
	return signed
}

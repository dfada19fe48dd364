// Package str is YARA's module string: numbers out of strings, and lengths.
//
// In YARA 4 a number is what C's strtoll makes of it, with its spaces, signs
// and prefixes, and all of the string must be used; in YARA-X only digits and
// a sign count.
package str

import (
	"bytes"
	"math"
	"strconv"

	"vitrine/yara/internal/module"
)

// Module returns the module with a fresh type tree.
func Module() *module.Module {
	return &module.Module{
		Name: "string",
		Type: module.Struct(
			module.Function("to_int",
				module.Free("s", module.KindInt, func(c *module.Context, args []module.Value) module.Value {
					return toInt(c, args[0].Bytes, 0)
				}),
				module.Free("si", module.KindInt, func(c *module.Context, args []module.Value) module.Value {
					return toIntBase(c, args[0].Bytes, args[1].Int)
				})),
			module.Function("length",
				module.Free("s", module.KindInt, func(_ *module.Context, args []module.Value) module.Value {
					return module.Int(int64(len(args[0].Bytes)))
				})),
		),
		Open: func(*module.Context) any { return nil },
	}
}

func toIntBase(c *module.Context, s []byte, base int64) module.Value {
	if base < 0 || base > 36 || base == 1 || (base == 0 && c.YARAX) {
		return module.Undefined()
	}
	return toInt(c, s, int(base))
}

// toInt reads all of s; base 0 lets the prefix decide in YARA 4.
func toInt(c *module.Context, s []byte, base int) module.Value {
	if c.YARAX {
		if base == 0 {
			base = 10
		}
		negative, digits := sign(s)
		return value(negative, digits, base)
	}
	// A C string ends at its first NUL.
	if i := bytes.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	s = bytes.TrimLeft(s, " \t\n\v\f\r")
	negative, digits := sign(s)
	digits, base = prefix(digits, base)
	return value(negative, digits, base)
}

func sign(s []byte) (negative bool, rest []byte) {
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		return s[0] == '-', s[1:]
	}
	return false, s
}

// prefix takes off 0x where a hexadecimal digit follows, and finds the base.
func prefix(s []byte, base int) ([]byte, int) {
	if base == 0 || base == 16 {
		if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' && digit(s[2]) < 16 {
			return s[2:], 16
		}
	}
	switch {
	case base != 0:
		return s, base
	case len(s) > 0 && s[0] == '0':
		return s, 8
	}
	return s, 10
}

// digit is the value of a digit in any base up to 36, or 36.
func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		return int(c|0x20-'a') + 10
	}
	return 36
}

func value(negative bool, digits []byte, base int) module.Value {
	for _, c := range digits {
		if digit(c) >= base {
			return module.Undefined()
		}
	}
	n, err := strconv.ParseUint(string(digits), base, 64)
	switch {
	case err != nil:
		return module.Undefined()
	case negative && n <= -math.MinInt64:
		return module.Int(-int64(n))
	case !negative && n <= math.MaxInt64:
		return module.Int(int64(n))
	}
	return module.Undefined()
}

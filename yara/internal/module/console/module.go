// Package console is YARA's module console: conditions that write a line and
// hold. It writes only to the scan's context; where no one listens, lines are
// dropped.
package console

import (
	"bytes"
	"strconv"

	"vitrine/yara/internal/module"
)

// maxLogged is how many bytes of the scanned data one line shows.
const maxLogged = 1 << 20

// Module returns the module with a fresh type tree.
func Module() *module.Module {
	return &module.Module{
		Name: "console",
		Type: module.Struct(
			module.Function("log",
				line("s", text), line("ss", text),
				line("i", decimal), line("si", decimal),
				line("f", float), line("sf", float),
				line("b", truth).InYARAX(), line("sb", truth).InYARAX(),
				data("ii").InYARAX(), data("sii").InYARAX()),
			module.Function("hex", line("i", hexadecimal), line("si", hexadecimal)),
		),
		Open: func(*module.Context) any { return nil },
	}
}

// line declares a form that writes its last argument, after a message if there
// are two.
func line(args string, show func(c *module.Context, dst []byte, v module.Value) []byte) module.Func {
	return effect(module.Free(args, module.KindInt, func(c *module.Context, args []module.Value) module.Value {
		last := len(args) - 1
		return write(c, show(c, message(c, args[:last]), args[last]))
	}))
}

// data declares a form that writes a range of the scanned bytes.
func data(args string) module.Func {
	return effect(module.Free(args, module.KindInt, func(c *module.Context, args []module.Value) module.Value {
		at := len(args) - 2
		b, ok := c.Range(args[at].Int, min(args[at+1].Int, maxLogged))
		if !ok {
			return module.Undefined()
		}
		return write(c, escape(message(c, args[:at]), b))
	}))
}

func effect(f module.Func) module.Func {
	f.Effect = true
	return f
}

func write(c *module.Context, line []byte) module.Value {
	if c.Log != nil {
		c.Log(string(line))
	}
	return module.Int(1)
}

// message is the text in front, which ends at its first NUL in YARA 4.
func message(c *module.Context, args []module.Value) []byte {
	if len(args) == 0 {
		return nil
	}
	m := args[0].Bytes
	if i := bytes.IndexByte(m, 0); i >= 0 && !c.YARAX {
		m = m[:i]
	}
	return bytes.Clone(m)
}

func text(c *module.Context, dst []byte, v module.Value) []byte {
	if c.YARAX {
		return append(dst, v.Bytes...)
	}
	return escape(dst, v.Bytes)
}

// escape writes what is not printable ASCII as \x and two digits.
func escape(dst, s []byte) []byte {
	const digits = "0123456789abcdef"
	for _, b := range s {
		if b >= 0x20 && b < 0x7f {
			dst = append(dst, b)
		} else {
			dst = append(dst, '\\', 'x', digits[b>>4], digits[b&15])
		}
	}
	return dst
}

func decimal(_ *module.Context, dst []byte, v module.Value) []byte {
	return strconv.AppendInt(dst, v.Int, 10)
}

func hexadecimal(_ *module.Context, dst []byte, v module.Value) []byte {
	return strconv.AppendUint(append(dst, "0x"...), uint64(v.Int), 16)
}

// float has six decimals in YARA 4 and as many as it needs in YARA-X.
func float(c *module.Context, dst []byte, v module.Value) []byte {
	if c.YARAX {
		return strconv.AppendFloat(dst, v.Float, 'f', -1, 64)
	}
	return strconv.AppendFloat(dst, v.Float, 'f', 6, 64)
}

func truth(_ *module.Context, dst []byte, v module.Value) []byte {
	return strconv.AppendBool(dst, v.Int != 0)
}

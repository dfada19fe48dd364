package pe

import (
	"encoding/binary"

	"vitrine/yara/internal/module"
)

const (
	richMark      = 0x68636952 // "Rich"
	dansMark      = 0x536e6144 // "DanS"
	richPreamble  = 16         // DanS and three words of padding
	richSearchMax = 1 << 20
)

// rich is the block the Microsoft linker leaves between the DOS stub and the
// NT header: which tools made the objects, hidden by a 32-bit key. raw is nil
// when there is none.
type rich struct {
	at       int64
	key      uint32
	raw      []byte
	clear    []byte
	versions []byte // tool and version of every entry, without the counts
}

func (f *file) richPart() *rich {
	return f.rich.Get(func() rich {
		start, end, key, ok := f.findRich()
		if !ok {
			return rich{}
		}
		r := rich{at: start, key: key, raw: f.data[start:end]}
		r.clear = make([]byte, len(r.raw))
		for i := 0; i < len(r.raw); i += 4 {
			binary.LittleEndian.PutUint32(r.clear[i:], binary.LittleEndian.Uint32(r.raw[i:])^key)
		}
		if len(r.raw) >= richPreamble {
			r.versions = []byte{}
			for i := richPreamble; i+8 <= len(r.clear); i += 8 {
				r.versions = append(r.versions, r.clear[i:i+4]...)
			}
		}
		return r
	})
}

// findRich walks back from the NT header in words: first to "Rich", whose
// following word is the key, then to "DanS" under that key.
func (f *file) findRich() (start, end int64, key uint32, ok bool) {
	lowest := max(dosHeader, f.nt-richSearchMax)
	at := f.nt - 4
	for ; at >= lowest; at -= 4 {
		if f.u32(at) == richMark {
			key, end = f.u32(at+4), at
			break
		}
	}
	if key == 0 {
		return 0, 0, 0, false
	}
	for at -= 4; at >= lowest; at -= 4 {
		if f.u32(at)^key == dansMark {
			return at, end, key, true
		}
	}
	return 0, 0, 0, false
}

func richTree() module.Field {
	part := func(name string, kind module.Kind, get func(r *rich) module.Value) module.Field {
		return module.Got(name, kind, func(f *file) module.Value {
			if r := f.richPart(); r.raw != nil {
				return get(r)
			}
			return module.Undefined()
		})
	}
	return module.Inner("rich_signature",
		part("offset", module.KindInt, func(r *rich) module.Value { return module.Int(r.at) }),
		part("length", module.KindInt, func(r *rich) module.Value { return module.Int(int64(len(r.raw))) }),
		part("key", module.KindInt, func(r *rich) module.Value { return module.Int(int64(r.key)) }),
		part("raw_data", module.KindString, func(r *rich) module.Value { return module.Bytes(r.raw) }),
		part("clear_data", module.KindString, func(r *rich) module.Value { return module.Bytes(r.clear) }),
		part("version_data", module.KindString, func(r *rich) module.Value { return text(r.versions) }),
		module.Function("version",
			module.Overload("i", module.KindInt, countTools(0, none)),
			module.Overload("ii", module.KindInt, countTools(0, 1))),
		module.Function("toolid",
			module.Overload("i", module.KindInt, countTools(none, 0)),
			module.Overload("ii", module.KindInt, countTools(1, 0))),
	)
}

// none says that an argument is not asked for.
const none = -1

// countTools adds up how often the tools with a version and an id were used;
// the two numbers say which argument is which.
func countTools(version, tool int) func(*module.Context, *file, []module.Value) module.Value {
	wanted := func(args []module.Value, which int, have uint32) bool {
		return which == none || args[which].Int == int64(have)
	}
	return func(_ *module.Context, f *file, args []module.Value) module.Value {
		r := f.richPart()
		if len(r.raw) < richPreamble {
			return module.Undefined()
		}
		var sum int64
		for i := richPreamble; i+8 <= len(r.clear); i += 8 {
			id := binary.LittleEndian.Uint32(r.clear[i:])
			if wanted(args, version, id&0xffff) && wanted(args, tool, id>>16) {
				sum += int64(binary.LittleEndian.Uint32(r.clear[i+4:]))
			}
		}
		return module.Int(sum)
	}
}

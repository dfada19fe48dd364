package dotnet

import (
	"encoding/binary"
	"fmt"
	"slices"
)

const (
	maxRank     = 50
	maxParams   = 2000
	maxGenerics = 1000
)

// signature reads a signature of ECMA-335 II.23.2. class and method are the
// names of the generic parameters in scope.
type signature struct {
	f             *file
	rest          []byte
	class, method [][]byte
}

// unsigned reads a compressed number; 0 where there is none.
func (s *signature) unsigned() uint32 {
	b := s.rest
	switch {
	case len(b) >= 1 && b[0]&0x80 == 0:
		s.rest = b[1:]
		return uint32(b[0])
	case len(b) >= 2 && b[0]&0xc0 == 0x80:
		s.rest = b[2:]
		return uint32(binary.BigEndian.Uint16(b)) & 0x3fff
	case len(b) >= 4 && b[0]&0xe0 == 0xc0:
		s.rest = b[4:]
		return binary.BigEndian.Uint32(b) & 0x1fffffff
	}
	return 0
}

// signed reads a compressed number whose sign is its lowest bit.
func (s *signature) signed() int32 {
	before := len(s.rest)
	v := s.unsigned()
	n := int32(v >> 1)
	if v&1 == 0 {
		return n
	}
	switch before - len(s.rest) {
	case 1:
		return n - 1<<6
	case 2:
		return n - 1<<13
	}
	return n - 1<<28
}

// primitive names the types that are one byte.
func primitive(b byte) string {
	switch b {
	case 0x1c:
		return "object"
	case 0x18:
		return "IntPtr"
	case 0x19:
		return "UIntPtr"
	case 0x16:
		return "TypedReference"
	}
	names := [...]string{1: "void", 2: "bool", 3: "char", 4: "sbyte", 5: "byte", 6: "short", 7: "ushort", 8: "int",
		9: "uint", 10: "long", 11: "ulong", 12: "float", 13: "double", 14: "string"}
	if int(b) < len(names) {
		return names[b]
	}
	return ""
}

// typ reads a type and gives its name as C# would write it, or nil. There is a
// budget for each name and one for the file, as types may refer to one another.
func (s *signature) typ(depth int) []byte {
	x := s.f.typeIndex()
	if depth == 0 {
		x.nameWork = maxNameWork
	}
	if len(s.rest) < 1 || depth > maxDepth || !x.spend(1) {
		return nil
	}
	kind := s.rest[0]
	s.rest = s.rest[1:]
	if name := primitive(kind); name != "" {
		return []byte(name)
	}
	name := s.compound(kind, depth+1)
	if len(name) > maxTypeName || !x.spend(len(name)/64) {
		return nil
	}
	return name
}

func (s *signature) compound(kind byte, depth int) []byte {
	switch kind {
	case 0x0f:
		return wrapped("Ptr<", s.typ(depth), ">")
	case 0x10:
		return wrapped("ref ", s.typ(depth), "")
	case 0x1d:
		return wrapped("", s.typ(depth), "[]")
	case 0x11, 0x12: // value type, class
		return s.f.typeName(s.unsigned(), s.class, depth)
	case 0x13:
		return nth(s.class, s.unsigned())
	case 0x1e:
		return nth(s.method, s.unsigned())
	case 0x14:
		return s.array(depth)
	case 0x15:
		return s.generic(depth)
	case 0x1b:
		return s.pointer(depth)
	case 0x1f, 0x20: // a modifier, which is left out
		s.unsigned()
		return s.typ(depth)
	}
	return nil
}

func wrapped(before string, name []byte, after string) []byte {
	if name == nil {
		return nil
	}
	return slices.Concat([]byte(before), name, []byte(after))
}

func nth(names [][]byte, i uint32) []byte {
	if i < uint32(len(names)) {
		return names[i]
	}
	return nil
}

// array reads element type, rank, sizes and lower bounds.
func (s *signature) array(depth int) []byte {
	name := s.typ(depth)
	if name == nil {
		return nil
	}
	rank := s.unsigned()
	count := s.unsigned()
	if rank == 0 || rank > maxRank || count > rank {
		return nil
	}
	sizes := make([]int32, count)
	for i := range sizes {
		sizes[i] = int32(s.unsigned())
	}
	if count = s.unsigned(); count > rank {
		return nil
	}
	bounds := make([]int32, count)
	for i := range bounds {
		if bounds[i] = s.signed(); bounds[i] != 0 && i < len(sizes) {
			sizes[i] += bounds[i] - 1
		}
	}
	return appendRanks(wrapped("", name, "["), int(rank), sizes, bounds)
}

func appendRanks(out []byte, rank int, sizes, bounds []int32) []byte {
	for i := range rank {
		if i > 0 {
			out = append(out, ',')
		}
		if i < len(bounds) && bounds[i] != 0 {
			out = fmt.Appendf(out, "%d...", bounds[i])
		}
		if i < len(sizes) {
			out = fmt.Appendf(out, "%d", sizes[i])
		}
	}
	return append(out, ']')
}

// generic reads a generic type and what it is made of.
func (s *signature) generic(depth int) []byte {
	name := s.typ(depth)
	if name == nil {
		return nil
	}
	count := s.unsigned()
	if count > maxGenerics {
		return nil
	}
	return append(s.list(wrapped("", name, "<"), count, ",", depth), '>')
}

// pointer reads a pointer to a function.
func (s *signature) pointer(depth int) []byte {
	if len(s.rest) == 0 {
		return nil
	}
	s.rest = s.rest[1:] // flags
	count := s.unsigned()
	if count > maxParams {
		return nil
	}
	name := s.typ(depth)
	if name == nil {
		return nil
	}
	return append(s.list(wrapped("FnPtr<", name, "("), count, ", ", depth), ")>"...)
}

// list reads types; one that cannot be read leaves no trace.
func (s *signature) list(out []byte, count uint32, between string, depth int) []byte {
	for i := range count {
		name := s.typ(depth)
		if name == nil || len(out) > maxTypeName {
			continue
		}
		if i > 0 {
			out = append(out, between...)
		}
		out = append(out, name...)
	}
	return out
}

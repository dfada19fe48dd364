package elf

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"slices"

	"vitrine/yara/internal/module"
)

const (
	maxNames     = 1 << 19
	maxNameBytes = 1 << 24 // of all names together
	maxSearched  = 1 << 28 // bytes looked through for the ends of names
	bindGlobal   = 1
	typeFunc     = 2
)

// names collects the lower-case names of the symbols that are wanted, sorted
// and joined by commas. It takes the dynamic symbols, or the static ones of a
// file without. It is nil when there are none, or more than the caps allow.
func (f *file) names(wanted func(s *symbol) bool, good func(name []byte) bool) []byte {
	t := f.symbolPart(dynamic)
	if !t.found {
		t = f.symbolPart(static)
	}
	var list [][]byte
	total, searched := 0, 0
	s := symbol{table: t}
	for i := range t.count {
		if i%4096 == 0 && f.ctx.Cancelled() {
			return nil
		}
		s.at = int64(t.start) + int64(i)*f.symbol
		if !wanted(&s) {
			continue
		}
		name := s.name()
		if searched += cost(name); searched > maxSearched {
			return nil
		}
		if name == nil || !good(name) {
			continue
		}
		if total += len(name) + 1; len(list) == maxNames || total > maxNameBytes {
			return nil
		}
		list = append(list, lowerCase(name))
	}
	if len(list) == 0 {
		return nil
	}
	slices.SortFunc(list, bytes.Compare)
	return bytes.Join(list, []byte(","))
}

// cost is how many bytes were looked through to find a name, or none.
func cost(name []byte) int {
	if name == nil {
		return maxText
	}
	return len(name) + 1
}

// lowerCase is the lower case of ASCII letters; the file's bytes stay.
func lowerCase(s []byte) []byte {
	out := make([]byte, len(s))
	for i, c := range s {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		out[i] = c
	}
	return out
}

func importMD5(_ *module.Context, f *file, _ []module.Value) module.Value {
	return text(*f.imports.Get(func() []byte {
		names := f.names(
			func(s *symbol) bool { return s.section() == 0 },
			func(name []byte) bool { return len(name) > 0 })
		if names == nil {
			return nil
		}
		sum := md5.Sum(names)
		return hex.AppendEncode(nil, sum[:])
	}))
}

// telfhash is Trend Micro's hash of the functions of an ELF file: TLSH over the
// names of global functions, without those the compiler chooses.
func telfhash(_ *module.Context, f *file, _ []module.Value) module.Value {
	return text(*f.telf.Get(func() []byte {
		names := f.names(func(s *symbol) bool {
			return s.bind() == bindGlobal && s.kind() == typeFunc && s.visibility() == 0
		}, telling)
		if names == nil {
			return nil
		}
		return tlsh(names)
	}))
}

// telling reports whether a function's name says something of the program.
func telling(name []byte) bool {
	switch string(name) {
	case "__libc_start_main", "main", "abort", "cachectl", "cacheflush", "puts", "atol", "malloc_trim":
		return false
	}
	if len(name) > 0 && (name[0] == '.' || name[0] == '_') {
		return false
	}
	return !bytes.HasSuffix(name, []byte("64")) &&
		!bytes.HasPrefix(name, []byte("str")) && !bytes.HasPrefix(name, []byte("mem"))
}

func importTree() []module.Field {
	return []module.Field{
		module.Function("telfhash", module.Overload("", module.KindString, telfhash)),
		module.Function("import_md5", module.Overload("", module.KindString, importMD5)),
	}
}

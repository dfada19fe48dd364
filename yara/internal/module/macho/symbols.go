package macho

import (
	"bytes"

	"vitrine/yara/internal/module"
)

const (
	maxSymbols = 1 << 18
	maxName    = 1 << 12 // bytes

	symbolDebug    = 0xe0
	symbolKind     = 0x0e
	symbolExternal = 0x01
)

// symbol is an entry of the symbol table that has a name.
type symbol struct {
	name        []byte
	index       uint32
	kind, place byte
	description uint16
	value       uint64
}

// symbolList reads the symbols up to the first whose entry or name is not whole.
func (m *image) symbolList() []symbol {
	return *m.symbols.Get(func() (list []symbol) {
		body, _ := m.last(16, commandSymbols)
		if body == nil {
			return nil
		}
		texts, ok := m.part(m.order.Uint32(body[8:]), m.order.Uint32(body[12:]))
		at, step := int64(m.order.Uint32(body)), int64(12)
		if m.wide {
			step = 16
		}
		for n := min(m.order.Uint32(body[4:]), maxSymbols); ok && n > 0 && m.fits(at, step); n-- {
			s := m.symbol(at)
			at += step
			if int64(s.index) >= int64(len(texts)) {
				continue
			}
			if s.name, ok = name(texts[s.index:]); ok && len(s.name) > 0 {
				list = append(list, s)
			}
			ok = ok && (n%1024 != 0 || !m.ctx.Cancelled())
		}
		return list
	})
}

func (m *image) symbol(at int64) symbol {
	return symbol{index: m.u32(at), kind: m.data[at+4], place: m.data[at+5],
		description: m.order.Uint16(m.data[at+6:]), value: m.uint(at+8, m.wide)}
}

// name is the text before a NUL; false when there is none within maxName.
func name(b []byte) ([]byte, bool) {
	n := bytes.IndexByte(b[:min(len(b), maxName)], 0)
	if n < 0 {
		return nil, false
	}
	return b[:n], true
}

// symbolNames are the names of those symbols that fit.
func (m *image) symbolNames(fits func(kind byte) bool) (names [][]byte) {
	for _, s := range m.symbolList() {
		if s.kind&symbolDebug == 0 && fits(s.kind) {
			names = append(names, s.name)
		}
	}
	return names
}

// exports are the names in the export tries or, where no command speaks of
// one, of the symbols that are defined for others.
func (m *image) exports() [][]byte {
	return *m.exported.Get(func() (names [][]byte) {
		trie, _ := m.last(8, commandExportsTrie)
		info, _ := m.last(40, commandDyldInfo, commandDyldOnly)
		if trie == nil && info == nil {
			return m.symbolNames(func(kind byte) bool {
				k := kind & symbolKind
				return kind&symbolExternal != 0 && (k == 0xe || k == 0x2 || k == 0xa)
			})
		}
		if trie != nil {
			names = m.trie(names, trie)
		}
		if info != nil {
			names = m.trie(names, info[32:])
		}
		return names
	})
}

// imports are the names that the dynamic linker binds or, where no command
// speaks of it, of the undefined symbols.
func (m *image) imports() [][]byte {
	return *m.imported.Get(func() (names [][]byte) {
		fixups, _ := m.last(8, commandFixups)
		info, _ := m.last(40, commandDyldInfo, commandDyldOnly)
		if fixups == nil && info == nil {
			return m.symbolNames(func(kind byte) bool { return kind&symbolKind == 0 })
		}
		seen := map[string]bool{}
		for _, at := range []int{8, 24, 16} { // plain, lazy, weak
			if info == nil {
				break
			}
			if part, ok := m.part(m.order.Uint32(info[at:]), m.order.Uint32(info[at+4:])); ok {
				names = bound(names, part, seen)
			}
		}
		if fixups != nil {
			names = m.fixups(names, fixups)
		}
		return names
	})
}

func symbolFields[T any](of func(T) *image) []module.Field {
	number := func(name string, get func(s *symbol) int64) module.Field {
		return module.Got(name, module.KindInt, func(s *symbol) module.Value { return module.Int(get(s)) })
	}
	nlist := module.Struct(
		number("n_strx", func(s *symbol) int64 { return int64(s.index) }),
		number("n_type", func(s *symbol) int64 { return int64(s.kind) }),
		number("n_sect", func(s *symbol) int64 { return int64(s.place) }),
		number("n_desc", func(s *symbol) int64 { return int64(s.description) }),
		number("n_value", func(s *symbol) int64 { return int64(s.value) }),
	)
	length := func(m *image) int { return len(m.symbolList()) }
	inner := func(w *words) module.Value { return module.Ref(module.KindArray, w.m) }
	return []module.Field{
		wordsField("symtab", of, []string{"symoff", "nsyms", "stroff", "strsize"}, []uint32{commandSymbols},
			module.Part("entries", module.List(&module.Type{Kind: module.KindString}, length,
				func(m *image, i int) module.Value { return module.Bytes(m.symbolList()[i].name) }), inner),
			module.Part("nlists", module.List(nlist, length,
				func(m *image, i int) module.Value { return module.Ref(module.KindStruct, &m.symbolList()[i]) }), inner)),
		textsField("exports", of, (*image).exports),
		textsField("imports", of, (*image).imports),
	}
}

package elf

import "vitrine/yara/internal/module"

// The two symbol tables.
const (
	static = iota
	dynamic
)

// symbolTable is a symbol table and the strings it names. found says that
// there is one whose symbols and strings are in the file.
type symbolTable struct {
	f                   *file
	found               bool
	start               uint64
	count               int
	strings, stringsEnd uint64
}

// symbol is one symbol: at is its offset.
type symbol struct {
	table *symbolTable
	at    int64
}

func (f *file) symbolPart(which int) *symbolTable {
	return f.symbols[which].Get(func() symbolTable {
		t := symbolTable{f: f}
		kind := uint32(sectionSymbols)
		if which == dynamic {
			kind = sectionDynSym
		}
		list := f.sectionPart().list
		// The last section that will do wins.
		for i := len(list) - 1; i >= 0; i-- {
			if f.u32(list[i].at+4) == kind && f.readSymbols(&t, list, i) {
				break
			}
		}
		return t
	})
}

// readSymbols fills t from section i and reports whether it links to a string
// table, the condition of libyara for settling on it. Whether all of it is in
// the file is asked after that.
func (f *file) readSymbols(t *symbolTable, list []entry, i int) bool {
	link := f.u32(list[i].at + f.shLink)
	if uint64(link) >= uint64(len(list)) || f.u32(list[link].at+4) != sectionStrings {
		return false
	}
	size, length := f.address(list[i].at+f.shSize), f.address(list[link].at+f.shSize)
	t.start, t.strings = f.address(list[i].at+f.shOffset), f.address(list[link].at+f.shOffset)
	if f.fits(t.start, size) && f.fits(t.strings, length) {
		t.found = true
		t.count = int(size / uint64(f.symbol))
		t.stringsEnd = t.strings + length
	}
	return true
}

func (t *symbolTable) symbol(i int) *symbol {
	return &symbol{t, int64(t.start) + int64(i)*t.f.symbol}
}

func (s *symbol) name() []byte {
	t := s.table
	return t.f.text(t.strings, t.stringsEnd, t.f.u32(s.at))
}

func (s *symbol) info() byte       { return s.table.f.data[s.at+s.table.f.symInfo] }
func (s *symbol) bind() int64      { return int64(s.info() >> 4) }
func (s *symbol) kind() int64      { return int64(s.info() & 0xf) }
func (s *symbol) section() int64   { return int64(s.table.f.u16(s.at + s.table.f.symSection)) }
func (s *symbol) value() int64     { return int64(s.table.f.address(s.at + s.table.f.symValue)) }
func (s *symbol) size() int64      { return int64(s.table.f.address(s.at + s.table.f.symSize)) }
func (s *symbol) visibility() byte { return s.table.f.data[s.at+s.table.f.symInfo+1] & 3 }

func symbolTree() []module.Field {
	var out []module.Field
	for which, name := range [...]string{static: "symtab", dynamic: "dynsym"} {
		list := module.List(symbolType(),
			func(t *symbolTable) int { return t.count },
			func(t *symbolTable, i int) module.Value { return module.Ref(module.KindStruct, t.symbol(i)) })
		out = append(out,
			module.Part(name, list, func(f *file) module.Value {
				return module.Ref(module.KindArray, f.symbolPart(which))
			}),
			module.Got(name+"_entries", module.KindInt, func(f *file) module.Value {
				if t := f.symbolPart(which); t.found {
					return module.Int(int64(t.count))
				}
				return module.Undefined()
			}))
	}
	return out
}

func symbolType() *module.Type {
	number := func(name string, get func(s *symbol) int64) module.Field {
		return module.Got(name, module.KindInt, func(s *symbol) module.Value { return module.Int(get(s)) })
	}
	return module.Struct(
		module.Got("name", module.KindString, func(s *symbol) module.Value { return text(s.name()) }),
		number("value", (*symbol).value), number("size", (*symbol).size),
		number("type", (*symbol).kind), number("bind", (*symbol).bind), number("shndx", (*symbol).section),
	)
}

package macho

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"slices"

	"vitrine/yara/internal/module"
)

func functionTree() []module.Field {
	index := func(_ *module.Context, b *binary, args []module.Value) module.Value {
		if i := b.find(args); i >= 0 {
			return module.Int(int64(i))
		}
		return module.Undefined()
	}
	fields := []module.Field{
		module.Function("file_index_for_arch",
			module.Overload("i", module.KindInt, index), module.Overload("ii", module.KindInt, index)),
		module.Function("entry_point_for_arch",
			module.Overload("i", module.KindInt, entryPointFor), module.Overload("ii", module.KindInt, entryPointFor)),
	}
	return append(fields, inYARAX(
		contains("has_dylib", (*image).dylibNames), contains("has_rpath", (*image).rpaths),
		contains("has_export", (*image).exports), contains("has_import", (*image).imports),
		contains("has_entitlement", (*image).entitlements),
		hashOf("dylib_hash", (*image).dylibNames, true), hashOf("export_hash", (*image).exports, true),
		hashOf("import_hash", (*image).imports, true), hashOf("entitlement_hash", (*image).entitlements, true),
		module.Function("symhash", module.Overload("", module.KindString, symhash).InYARAX()),
	)...)
}

// find gives the place of the first architecture of a type and, where asked
// for, a subtype; -1 without one.
func (b *binary) find(args []module.Value) int {
	if b.fat == nil {
		return -1
	}
	return slices.IndexFunc(b.fat.archs, func(a arch) bool {
		return int64(a.cpu) == args[0].Int && (len(args) == 1 || int64(a.subtype) == args[1].Int)
	})
}

func entryPointFor(_ *module.Context, b *binary, args []module.Value) module.Value {
	i := b.find(args)
	if i < 0 || i >= len(b.fat.files) || b.fat.files[i] == nil {
		return module.Undefined()
	}
	entry := b.fat.files[i].start().entry
	if entry.Kind != module.KindInt {
		return module.Undefined()
	}
	return module.Int(int64(b.fat.archs[i].offset) + entry.Int)
}

// images are the programs in a file.
func (b *binary) images() []*image {
	if b.fat != nil {
		return b.fat.files
	}
	return []*image{b.main}
}

// contains declares a function that looks for a name in a list, without regard
// to case. For a file that is no Mach-O it answers false as YARA-X does.
func contains(name string, list func(m *image) [][]byte) module.Field {
	f := module.Func{Args: []module.Kind{module.KindString}, Result: module.KindBool, YARAX: true}
	f.Call = func(_ *module.Context, self any, args []module.Value) module.Value {
		b, ok := self.(*binary)
		if !ok {
			return module.Bool(false)
		}
		for _, m := range b.images() {
			if m != nil && slices.ContainsFunc(list(m), func(s []byte) bool { return equalFold(s, args[0].Bytes) }) {
				return module.Bool(true)
			}
		}
		return module.Bool(false)
	}
	return module.Function(name, f)
}

// equalFold compares without regard to the case of ASCII letters only.
func equalFold(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// first gives the list of the file or, for a universal one, of its first program.
func (b *binary) first(list func(m *image) [][]byte) [][]byte {
	if images := b.images(); len(images) > 0 && images[0] != nil {
		return list(images[0])
	}
	return nil
}

func hashOf(name string, list func(m *image) [][]byte, fold bool) module.Field {
	return module.Function(name, module.Overload("", module.KindString,
		func(_ *module.Context, b *binary, _ []module.Value) module.Value { return hash(b.first(list), fold) }).InYARAX())
}

// hash is the MD5 of the names, trimmed, in order, each once, with commas
// between them.
func hash(names [][]byte, fold bool) module.Value {
	if len(names) == 0 {
		return module.Undefined()
	}
	list := make([][]byte, 0, len(names))
	for _, n := range names {
		n = bytes.TrimSpace(n)
		if fold {
			n = bytes.ToLower(n)
		}
		list = append(list, n)
	}
	slices.SortFunc(list, bytes.Compare)
	list = slices.CompactFunc(list, bytes.Equal)
	sum := md5.Sum(bytes.Join(list, []byte(",")))
	return module.String(hex.EncodeToString(sum[:]))
}

// symhash is the hash of the names of undefined external symbols; with symbols
// but none of these it is the hash of nothing.
func symhash(_ *module.Context, b *binary, _ []module.Value) module.Value {
	images := b.images()
	if len(images) == 0 || images[0] == nil || len(images[0].symbolList()) == 0 {
		return module.Undefined()
	}
	var names [][]byte
	for _, s := range images[0].symbolList() {
		if s.kind&(symbolDebug|symbolKind|symbolExternal) == symbolExternal {
			names = append(names, s.name)
		}
	}
	if len(names) == 0 {
		names = [][]byte{{}}
	}
	return hash(names, false)
}

// Package magic is YARA's module magic: what kind of file this is, in the words
// of libmagic 5.44, the library behind file(1).
//
// It is a subset. libmagic's own tables are thousands of formats; here are those
// that one meets when looking for malware: programs of Linux, Windows and macOS,
// archives and compressed files, documents, images, scripts and text. The text
// that type() gives begins as libmagic's does, but details that libmagic reads
// from deeper inside may be missing: ask with "contains" or "startswith". For
// any other file both functions are undefined, where libmagic would have another
// name for it or say "data". A file of text is taken for text where libmagic
// might guess a programming language from its words. Only the beginning of a
// file is looked at, and nothing is ever unpacked.
package magic

import "vitrine/yara/internal/module"

// Module returns the module with a fresh type tree.
func Module() *module.Module {
	return &module.Module{Name: "magic", Type: tree(), Open: func(c *module.Context) any { return &file{data: c.Data} }}
}

// file is the receiver of the module's root.
type file struct {
	data []byte
	done bool
	kind kind
}

// kind is what a file is; the zero kind is of a file that is not known.
type kind struct{ name, mime string }

func (f *file) identify() kind {
	if !f.done {
		f.kind, f.done = identify(f.data), true
	}
	return f.kind
}

func tree() *module.Type {
	ask := func(name string, part func(k kind) string) module.Field {
		return module.Function(name, module.Overload("", module.KindString,
			func(_ *module.Context, f *file, _ []module.Value) module.Value {
				if s := part(f.identify()); s != "" {
					return module.String(s)
				}
				return module.Undefined()
			}))
	}
	return module.Struct(
		ask("type", func(k kind) string { return k.name }),
		ask("mime_type", func(k kind) string { return k.mime }),
	)
}

// identify asks for the kinds one after the other, the surer ones first.
func identify(data []byte) kind {
	switch len(data) {
	case 0:
		return kind{"empty", "application/x-empty"}
	case 1:
		return kind{"very short file (no magic)", "application/octet-stream"}
	}
	for _, look := range []func(data []byte) kind{elf, dos, machO, java, zip, compressed, table, documents, images, text} {
		if k := look(data); k.name != "" {
			return k
		}
	}
	return kind{}
}

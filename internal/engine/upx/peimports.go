package upx

import (
	"bytes"
	"errors"
)

const importSize = 20 // of an entry of the table of imports, one for each library

// imports rebuilds the table of imports. The packer noted, for each library,
// its name (which it kept in the packed file's own table), where the addresses
// go, and the functions: a name behind a 1, a number behind a 0xff, or the
// place of a number in the packed file's own table.
func (r *rebuild) imports() error {
	address, size := r.own.at(tableImports)
	if address == 0 || size <= importSize {
		return nil
	}
	note, err := r.note(8)
	if err != nil {
		return err
	}
	notes, names := le32(note), le32(note[4:])
	if uint64(notes) > uint64(len(r.image)) {
		return errSpot
	}
	// The notes may lie where the tables go: work from a copy.
	cost := int64(len(r.image)) - int64(notes)
	if err := r.held.budget.Hold(cost); err != nil {
		return err
	}
	defer r.held.budget.Release(cost)
	list, err := r.readImports(append([]byte(nil), r.image[notes:]...))
	if err != nil {
		return err
	}
	w := &importWriter{rebuild: r, named: names != 0, libraries: r.first + names, names: r.first + names}
	for _, l := range list {
		w.names += uint32(len(l.name) + 1)
	}
	w.names = (w.names - w.libraries + 1) &^ 1
	w.names += w.libraries
	w.start = w.names
	for i, l := range list {
		if err := w.library(address+uint32(i*importSize), l); err != nil {
			return err
		}
	}
	return nil
}

// library is what is imported from one.
type library struct {
	name      []byte
	addresses uint32
	functions []function
}

// function is a name, or a number with its mark if the name is nil.
type function struct {
	name   []byte
	number uint64
}

const (
	maxImports     = 1 << 18 // more functions and libraries than any program's
	maxLibraryName = 4 << 10
)

func (r *rebuild) readImports(p []byte) ([]library, error) {
	own, _ := r.f.at(tableImports)
	table := r.f.atAddress(own)
	errCut := errors.New("cut off")
	var list []library
	for count := 0; ; {
		if len(p) < 4 {
			return nil, errCut
		}
		name := le32(p)
		if name == 0 {
			return list, nil
		}
		if len(p) < 9 || uint64(name) >= uint64(len(table)) {
			return nil, errCut
		}
		end := bytes.IndexByte(table[name:min(uint64(name)+maxLibraryName, uint64(len(table)))], 0)
		if count++; end < 0 || count > maxImports {
			return nil, errCut
		}
		l := library{name: table[name:][:end], addresses: r.first + le32(p[4:])}
		for p = p[8:]; len(p) > 0 && p[0] != 0; count++ {
			f, size := r.readFunction(p, table)
			if size == 0 || count > maxImports {
				return nil, errCut
			}
			l.functions = append(l.functions, f)
			p = p[size:]
		}
		if len(p) == 0 {
			return nil, errCut
		}
		p = p[1:]
		list = append(list, l)
	}
}

func (r *rebuild) readFunction(p, table []byte) (f function, size int) {
	mark := uint64(1) << 31
	if r.own.wide {
		mark = 1 << 63
	}
	switch p[0] {
	case 1:
		end := bytes.IndexByte(p, 0)
		if end < 0 {
			return f, 0
		}
		return function{name: p[1:end]}, end + 1
	case 0xff:
		if len(p) < 3 {
			return f, 0
		}
		return function{number: uint64(le16(p[1:])) | mark}, 3
	}
	if len(p) < 5 {
		return f, 0
	}
	at := uint64(le32(p[1:]))
	if at+8 > uint64(len(table)) {
		return f, 0
	}
	if r.own.wide {
		return function{number: le64(table[at:])}, 5
	}
	return function{number: uint64(le32(table[at:]))}, 5
}

// importWriter writes the tables of imports into the image.
type importWriter struct {
	*rebuild
	named     bool   // the names were removed, and go to libraries and names
	libraries uint32 // where the next library's name goes
	names     uint32 // where the next function's name goes
	start     uint32 // of the functions' names
}

func (w *importWriter) library(entry uint32, l library) error {
	head, err := w.span(entry, importSize)
	if err != nil {
		return err
	}
	if w.named {
		put32(head[12:], w.libraries)
		w.libraries += uint32(len(l.name) + 1)
	}
	if err := w.text(le32(head[12:]), l.name); err != nil {
		return err
	}
	put32(head[16:], l.addresses)
	at, width := l.addresses, uint32(4)
	if w.own.wide {
		width = 8
	}
	for _, f := range append(l.functions, function{}) {
		slot, err := w.span(at, width)
		if err != nil {
			return err
		}
		at += width
		if f.name != nil {
			if f.number, err = w.function(f.name, slot); err != nil {
				return err
			}
		}
		if w.own.wide {
			put64(slot, f.number)
		} else {
			put32(slot, uint32(f.number))
		}
	}
	return nil
}

// function writes a name and gives its address. Where names were not removed
// the slot says where it belongs.
func (w *importWriter) function(name, slot []byte) (uint64, error) {
	if !w.named {
		address := uint64(le32(slot))
		if w.own.wide {
			address = le64(slot)
		}
		return address, w.text(uint32(address)+2, name)
	}
	if (w.names-w.start)&1 == 1 {
		w.names--
	}
	at := w.names
	w.names += uint32(len(name) + 3)
	return uint64(at), w.text(at+2, name)
}

// text writes a string with its zero.
func (w *importWriter) text(address uint32, s []byte) error {
	to, err := w.span(address, uint32(len(s)+1))
	if err != nil {
		return err
	}
	copy(to, s)
	to[len(s)] = 0
	return nil
}

package blob

import (
	"fmt"
	"math"

	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/module"
	"vitrine/yara/internal/pattern"
	"vitrine/yara/internal/search"
)

// WriteSet writes all of a Set. One that
// would be refused when it is read is refused now.
func WriteSet(w *Writer, s *ir.Set) error {
	if err := s.Check(); err != nil {
		return fmt.Errorf("write compiled rules: %w", err)
	}
	for i := range int32(s.Patterns.Len()) {
		if err := s.Patterns.At(i).Check(); err != nil {
			return fmt.Errorf("write compiled rules: pattern %d: %w", i, err)
		}
	}
	w.Row(Info, Bit(0, s.YARAX), uint32(s.Slots), 0, 0)
	for id := range s.NodeCount() {
		n := s.Node(int32(id))
		w.Row(Nodes, uint32(n.Op)|uint32(n.Kind)<<8, uint32(n.A), uint32(n.B), uint32(n.C), uint32(n.D))
	}
	for _, v := range s.Lists {
		w.Row(Lists, uint32(v))
	}
	for _, ns := range s.Namespaces {
		at, n := w.Text(ns.Name)
		w.Row(Namespaces, at, n)
	}
	writeRules(w, s)
	writeConstants(w, s)
	p := &programs{w: w, known: map[*pattern.Program]uint32{}}
	for _, re := range s.Regexps {
		w.Row(Regexps, p.number(re))
	}
	for i := range int32(s.Patterns.Len()) {
		p.pattern(s.Patterns.At(i))
	}
	return writeModules(w, s)
}

func writeConstants(w *Writer, s *ir.Set) {
	for _, v := range s.Ints {
		low, high := Halves(uint64(v))
		w.Row(Ints, low, high)
	}
	for _, v := range s.Floats {
		low, high := Halves(math.Float64bits(v))
		w.Row(Floats, low, high)
	}
	for _, v := range s.Texts {
		at, n := w.Bytes(v)
		w.Row(Texts, at, n)
	}
	for _, x := range s.Externals {
		at, n := w.Text(x.Name)
		w.Row(Externals, at, n, uint32(x.Value.Kind), 0, 0)
		writeValue(w, Externals, x.Value)
	}
}

// writeValue fills the last two words of the record written last.
func writeValue(w *Writer, s Section, v module.Value) {
	var low, high uint32
	switch v.Kind {
	case module.KindString:
		low, high = w.Bytes(v.Bytes)
	case module.KindFloat:
		low, high = Halves(math.Float64bits(v.Float))
	default:
		low, high = Halves(uint64(v.Int))
	}
	w.amend(s, low, high)
}

func writeModules(w *Writer, s *ir.Set) error {
	for _, m := range s.Modules {
		at, n := w.Text(m.Name)
		w.Row(Modules, at, n)
	}
	p := pathsOf(s.Modules)
	if err := writePaths(w, Fields, s.Fields, p.fields); err != nil {
		return err
	}
	if err := writePaths(w, Types, s.Types, p.types); err != nil {
		return err
	}
	return writePaths(w, Calls, s.Calls, p.calls)
}

func writePaths[T comparable](w *Writer, s Section, things []T, named map[string]T) error {
	short := shortest(named)
	for i, t := range things {
		path, ok := short[t]
		if !ok {
			return fmt.Errorf("write compiled rules: thing %d of section %d is in no module", i, s)
		}
		at, n := w.Text(path)
		w.Row(s, at, n)
	}
	return nil
}

// ReadSet reads a Set, which is then to be checked, and gives the forms of its
// patterns that no literal is of. named finds the modules of this program. Programs and
// patterns are made when they are asked for, so the blob is kept, and CheckCode has to be
// asked before.
func ReadSet(r *Reader, named func(string) (*module.Module, bool)) (*ir.Set, []search.Slow) {
	s := &ir.Set{}
	if r.Len(Info) != 1 {
		r.Fail("no information about the rules")
		return s, nil
	}
	info := r.At(Info, 0)
	s.YARAX, s.Slots = r.Flags(info, 0, 1) != 0, int(info.Word(1))
	r.Flags(info, 2, 0)
	r.Flags(info, 3, 0)
	s.Stored = r.Section(Nodes)
	for i := range r.Len(Nodes) {
		r.Flags(r.At(Nodes, i), 0, 0xFFFF)
	}
	s.Lists = ReadInts(r, Lists)
	s.Namespaces = make([]ir.Namespace, r.Len(Namespaces))
	for i := range s.Namespaces {
		s.Namespaces[i].Name = r.Text(r.At(Namespaces, i), 0)
	}
	readRules(r, s)
	readConstants(r, s)
	made := newStored(r)
	r.code = meanwhile(made.checkPrograms)
	slow := made.checkPatterns(r)
	s.Patterns = search.Lazy(r.Len(Patterns), made.pattern)
	readModules(r, s, named)
	s.Regexps = made.regexps(r)
	return s, slow
}

// regexps gives the regular expressions of conditions, once all code was checked.
func (m *stored) regexps(r *Reader) []*pattern.Program {
	if r.CheckCode(); r.Err() != nil {
		return nil
	}
	p := &patternReader{r: r, program: func(number uint32) *pattern.Program { return m.program(int(number - 1)) }}
	out := make([]*pattern.Program, r.Len(Regexps))
	for i := range out {
		if out[i] = p.programAt(r.At(Regexps, i), 0); out[i] == nil {
			r.Fail("regular expression %d is missing", i)
		}
	}
	return out
}

// ReadInts reads a section of signed words.
func ReadInts(r *Reader, s Section) []int32 {
	out := make([]int32, r.Len(s))
	for i := range out {
		out[i] = r.At(s, i).Int(0)
	}
	return out
}

func readConstants(r *Reader, s *ir.Set) {
	for i := range r.Len(Ints) {
		s.Ints = append(s.Ints, int64(r.At(Ints, i).Long(0)))
	}
	for i := range r.Len(Floats) {
		s.Floats = append(s.Floats, math.Float64frombits(r.At(Floats, i).Long(0)))
	}
	for i := range r.Len(Texts) {
		s.Texts = append(s.Texts, r.Bytes(r.At(Texts, i), 0))
	}
	for i := range r.Len(Externals) {
		row := r.At(Externals, i)
		x := ir.External{Name: r.Text(row, 0), Value: module.Value{Kind: module.Kind(row.Word(2))}}
		switch row.Word(2) {
		case uint32(module.KindString):
			x.Value.Bytes = r.Bytes(row, 3)
		case uint32(module.KindFloat):
			x.Value.Float = math.Float64frombits(row.Long(3))
		case uint32(module.KindInt), uint32(module.KindBool):
			x.Value.Int = int64(row.Long(3))
		default:
			r.Fail("external variable %q has no type", x.Name)
		}
		s.Externals = append(s.Externals, x)
	}
}

func readModules(r *Reader, s *ir.Set, named func(string) (*module.Module, bool)) {
	seen := map[string]bool{}
	for i := range r.Len(Modules) {
		name := r.Text(r.At(Modules, i), 0)
		m, ok := named(name)
		if !ok || seen[name] {
			r.Fail("the rules import the module %q, which this program does not have", name)
			return
		}
		seen[name] = true
		s.Modules = append(s.Modules, m)
	}
	p := pathsOf(s.Modules)
	s.Fields = readPaths(r, Fields, p.fields)
	s.Types = readPaths(r, Types, p.types)
	s.Calls = readPaths(r, Calls, p.calls)
}

func readPaths[T any](r *Reader, s Section, named map[string]T) []T {
	var out []T
	for i := range r.Len(s) {
		path := r.Text(r.At(s, i), 0)
		t, ok := named[path]
		if !ok {
			r.Fail("the rules use %s, which this program does not have: compile them again", path)
			return nil
		}
		out = append(out, t)
	}
	return out
}

package blob

import (
	"vitrine/yara/internal/ir"
	"vitrine/yara/internal/packed"
)

// The flags of rules and of their strings.
const (
	rulePrivate = 1 << iota
	ruleGlobal
)

const (
	stringPrivate = 1 << iota
	stringList
)

func writeRules(w *Writer, s *ir.Set) {
	for i := range s.Rules {
		r := &s.Rules[i]
		w.Row(Rules, uint32(r.Namespace), Bit(0, r.Private)|Bit(1, r.Global), uint32(len(r.Strings)), uint32(r.Condition))
		for _, str := range r.Strings {
			w.Row(Strings, uint32(str.Pattern), Bit(0, str.Private)|Bit(1, str.List))
		}
	}
}

// readRules reads the rules of a Set that has its namespaces.
func readRules(r *Reader, s *ir.Set) {
	uses := make([]ir.String, r.Len(Strings))
	for i := range uses {
		row := r.At(Strings, i)
		flags := r.Flags(row, 1, stringPrivate|stringList)
		uses[i] = ir.String{Pattern: row.Int(0), Private: flags&stringPrivate != 0, List: flags&stringList != 0}
	}
	s.Rules = make([]ir.Rule, r.Len(Rules))
	for i := range s.Rules {
		row := r.At(Rules, i)
		ns, flags := row.Word(0), r.Flags(row, 1, rulePrivate|ruleGlobal)
		from, to := r.Take(Strings, row.Word(2))
		if uint64(ns) >= uint64(len(s.Namespaces)) {
			r.Fail("namespace %d of %d", ns, len(s.Namespaces))
			return
		}
		s.Rules[i] = ir.Rule{Namespace: int32(ns), Private: flags&rulePrivate != 0, Global: flags&ruleGlobal != 0,
			Condition: row.Int(3), Strings: uses[from:to:to]}
		if s.Rules[i].Global {
			s.Namespaces[ns].Globals = append(s.Namespaces[ns].Globals, int32(i))
		}
	}
	r.Done(Strings)
}

// WritePacked writes packed pieces.
func WritePacked(w *Writer, s *packed.Store) {
	for _, b := range s.Blocks() {
		w.Row(Blocks, b.Pieces, b.Raw, b.Packed)
	}
	w.sections[Packed] = s.Data()
}

// ReadPacked reads packed pieces, one for each rule. What is in them is not
// looked at.
func ReadPacked(r *Reader) *packed.Store {
	blocks := make([]packed.Block, r.Len(Blocks))
	for i := range blocks {
		row := r.At(Blocks, i)
		blocks[i] = packed.Block{Pieces: row.Word(0), Raw: row.Word(1), Packed: row.Word(2)}
	}
	s, err := packed.Load(blocks, r.Section(Packed))
	if err != nil {
		r.Fail("%w", err)
		return nil
	}
	if s.Len() != r.Len(Rules) {
		r.Fail("descriptions of %d rules of %d", s.Len(), r.Len(Rules))
	}
	return s
}

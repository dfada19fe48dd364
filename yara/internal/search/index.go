package search

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"vitrine/yara/internal/prefilter"
)

// Index finds candidates for many patterns in one pass.
type Index struct {
	class []uint16 // by pattern
	kinds []*kind  // of data; those with the same patterns are the same
	refs  []byte   // what each literal belongs to
	slow  []Slow
	image *prefilter.Image
	count int // of different kinds
}

// RefLen is the bytes of a ref: the numbers of a pattern, in four bytes, and of the
// link, the form and the atom in it, and how many bytes of the literal are before
// the atom, in two each.
const RefLen = 12

// ref says what a literal belongs to.
type ref struct {
	pattern          int32
	link, form, atom int
	lead             int // bytes of the literal before the atom
}

// Slow names a form without a literal.
type Slow struct {
	Pattern    int32
	Link, Form int
}

// kind is what a kind of data is searched with. Tables are large, and many a
// scanner never sees data of some kind, so each is built when it is needed.
type kind struct {
	table func() *prefilter.Table
	open  []bool // by class: whether its patterns may matter
}

// Classes groups patterns by when they matter.
type Classes struct {
	Of []uint16 // by pattern
	// In tells for each kind of data and each class whether its patterns may
	// matter there. Data of one kind is searched for those only.
	In [][]bool
}

// OneClass is for patterns that always matter.
func OneClass(patterns int) Classes {
	return Classes{Of: make([]uint16, patterns), In: [][]bool{{true}}}
}

// NewIndex indexes the patterns that are searched; on-demand ones are left out.
func NewIndex(patterns Patterns, c Classes) *Index {
	x := &Index{class: c.Of}
	kinds := x.classify(c)
	literals := x.literals(patterns)
	x.image = prefilter.Build(literals, func(literal uint32) (tables uint8) {
		r, _ := x.ref(literal)
		for i, k := range kinds {
			if k.open[c.Of[r.pattern]] {
				tables |= 1 << i
			}
		}
		return tables
	})
	for i, k := range kinds {
		k.table = sync.OnceValue(func() *prefilter.Table { return x.image.Table(i) })
	}
	return x
}

// Stored is an Index as it lies in a file.
type Stored struct {
	Image *prefilter.Image // with the tables of all kinds of data that differ
	Refs  []byte           // RefLen for each literal
}

// Stored gives the index to be kept.
func (x *Index) Stored() Stored {
	if len(x.image.Tables) > 0 || x.count == 0 {
		return Stored{x.image, x.refs}
	}
	return Stored{x.image.WithFilters(x.count), x.refs}
}

// LoadIndex is NewIndex with what was kept, which is used where it is and may be
// anything: then matches are missed, and nothing else happens. slow are the forms
// without a literal.
func LoadIndex(s Stored, slow []Slow, c Classes) (*Index, error) {
	x := &Index{class: c.Of, refs: s.Refs, slow: slow, image: s.Image}
	kinds := x.classify(c)
	tables, err := s.Image.Load()
	if err != nil {
		return nil, fmt.Errorf("index patterns: %w", err)
	}
	if len(tables) != len(kinds) {
		return nil, fmt.Errorf("index patterns: %d tables for %d kinds of data", len(tables), len(kinds))
	}
	for i, k := range kinds {
		k.table = func() *prefilter.Table { return tables[i] }
	}
	return x, nil
}

// classify finds the kinds of data; those with the same classes share one. It
// gives those that differ.
func (x *Index) classify(c Classes) (kinds []*kind) {
	for _, in := range c.In {
		same := slices.IndexFunc(kinds, func(k *kind) bool { return slices.Equal(k.open, in) })
		if same < 0 {
			same = len(kinds)
			kinds = append(kinds, &kind{open: in})
		}
		x.kinds = append(x.kinds, kinds[same])
	}
	x.count = len(kinds)
	return kinds
}

// literals gives what is to be looked for. A ref has the index of its literal.
func (x *Index) literals(patterns Patterns) []prefilter.Literal {
	n := 0
	for id := range int32(patterns.Len()) {
		n += patterns.At(id).atoms()
	}
	literals := make([]prefilter.Literal, 0, n)
	x.refs = make([]byte, 0, n*RefLen)
	for id := range int32(patterns.Len()) {
		p := patterns.At(id)
		if p.OnDemand {
			continue
		}
		x.slow = p.AppendSlow(x.slow, id)
		for l := range p.Links {
			for f := range p.Links[l].Forms {
				form := &p.Links[l].Forms[f]
				for a := range form.Atoms {
					literal, lead := form.around(&form.Atoms[a])
					literals = append(literals, literal)
					x.refs = binary.LittleEndian.AppendUint32(x.refs, uint32(id))
					for _, v := range []int{l, f, a, lead} {
						x.refs = binary.LittleEndian.AppendUint16(x.refs, uint16(v))
					}
				}
			}
		}
	}
	return literals
}

// atoms counts the atoms of a pattern.
func (p *Pattern) atoms() int {
	n := 0
	for _, l := range p.Links {
		for f := range l.Forms {
			n += len(l.Forms[f].Atoms)
		}
	}
	return n
}

// AppendSlow adds the forms of the pattern without a literal.
func (p *Pattern) AppendSlow(slow []Slow, id int32) []Slow {
	for l := range p.Links {
		for f := range p.Links[l].Forms {
			if !p.OnDemand && len(p.Links[l].Forms[f].Atoms) == 0 {
				slow = append(slow, Slow{id, l, f})
			}
		}
	}
	return slow
}

// ref gives what a literal belongs to. ok is false where there is no such pattern.
func (x *Index) ref(literal uint32) (r ref, ok bool) {
	at := int(literal) * RefLen
	if at+RefLen > len(x.refs) {
		return ref{}, false
	}
	b := (*[RefLen]byte)(x.refs[at:])
	word := func(k int) int { return int(binary.LittleEndian.Uint16(b[k:])) }
	id := binary.LittleEndian.Uint32(b[:])
	return ref{int32(id), word(4), word(6), word(8), word(10)}, uint64(id) < uint64(len(x.class))
}

// form gives a form of the pattern; nil where there is none.
func (p *Pattern) form(link, form int) *Form {
	if link >= len(p.Links) || form >= len(p.Links[link].Forms) {
		return nil
	}
	return &p.Links[link].Forms[form]
}

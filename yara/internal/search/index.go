package search

import (
	"fmt"
	"slices"
	"sync"

	"vitrine/yara/internal/prefilter"
)

// Index finds candidates for many patterns in one pass.
type Index struct {
	class []uint16  // by pattern
	kinds []*kind   // of data; those with the same patterns are the same
	refs  []ref     // by literal id
	slow  []slowRef // forms without a literal

	windows []prefilter.Window // chosen for all literals
	shelves *prefilter.Shelves // until Classify
}

// ref says what a literal belongs to.
type ref struct {
	pattern          int32
	link, form, atom uint16
	lead             uint16 // bytes of the literal before the atom
}

type slowRef struct {
	pattern    int32
	link, form uint16
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
func NewIndex(patterns []*Pattern, c Classes) *Index {
	x := &Index{}
	literals := x.literals(patterns)
	if err := x.shelve(literals, prefilter.Arrange(literals)); err != nil {
		panic(err) // what was chosen for the literals fits them
	}
	x.Classify(c)
	return x
}

// LoadIndex is NewIndex with windows that were chosen before, and may not fit.
// What it gives can be used once Classify has told it the classes.
func LoadIndex(patterns []*Pattern, windows []prefilter.Window) (*Index, error) {
	x := &Index{}
	if err := x.shelve(x.literals(patterns), windows); err != nil {
		return nil, fmt.Errorf("index patterns: %w", err)
	}
	return x, nil
}

// Windows gives the windows chosen, for LoadIndex.
func (x *Index) Windows() []prefilter.Window { return x.windows }

// literals gives what is to be looked for. A literal's ID is its index.
func (x *Index) literals(patterns []*Pattern) []prefilter.Literal {
	n := 0
	for _, p := range patterns {
		n += p.atoms()
	}
	literals := make([]prefilter.Literal, 0, n)
	x.refs = make([]ref, 0, n)
	for id, p := range patterns {
		if !p.OnDemand {
			x.add(int32(id), p, &literals)
		}
	}
	return literals
}

// atoms counts the literals that are looked for.
func (p *Pattern) atoms() int {
	n := 0
	for l := range p.Links {
		for f := range p.Links[l].Forms {
			n += len(p.Links[l].Forms[f].Atoms)
		}
	}
	return n
}

func (x *Index) shelve(literals []prefilter.Literal, windows []prefilter.Window) (err error) {
	x.windows = windows
	x.shelves, err = prefilter.Shelve(literals, windows)
	return err
}

// Classify prepares the tables; kinds with the same classes share one.
func (x *Index) Classify(c Classes) {
	x.class = c.Of
	shelves := x.shelves // for the tables alone, so that it is gone when all are built
	x.shelves = nil
	for _, in := range c.In {
		same := slices.IndexFunc(x.kinds, func(k *kind) bool { return slices.Equal(k.open, in) })
		if same >= 0 {
			x.kinds = append(x.kinds, x.kinds[same])
			continue
		}
		x.kinds = append(x.kinds, &kind{open: in, table: sync.OnceValue(func() *prefilter.Table {
			return shelves.Table(func(literal uint32) bool { return in[x.class[x.refs[literal].pattern]] })
		})})
	}
}

func (x *Index) add(id int32, p *Pattern, literals *[]prefilter.Literal) {
	for l := range p.Links {
		for f := range p.Links[l].Forms {
			form := &p.Links[l].Forms[f]
			if len(form.Atoms) == 0 {
				x.slow = append(x.slow, slowRef{id, uint16(l), uint16(f)})
			}
			for a, atom := range form.Atoms {
				literal, lead := form.around(&atom)
				literal.ID = uint32(len(x.refs))
				*literals = append(*literals, literal)
				x.refs = append(x.refs, ref{id, uint16(l), uint16(f), uint16(a), uint16(lead)})
			}
		}
	}
}

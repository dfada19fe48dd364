package search

import (
	"slices"

	"vitrine/yara/internal/prefilter"
)

// Index finds candidates for many patterns in one pass.
type Index struct {
	class  []uint16           // by pattern
	tables []*prefilter.Table // by kind of data; kinds with the same patterns share one
	refs   []ref              // by literal id
	slow   []slowRef          // forms without a literal
}

// ref says what a literal belongs to.
type ref struct {
	pattern          int32
	link, form, atom uint16
}

type slowRef struct {
	pattern    int32
	link, form uint16
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
	x := &Index{class: c.Of}
	var literals []prefilter.Literal
	for id, p := range patterns {
		if !p.OnDemand {
			x.add(int32(id), p, &literals)
		}
	}
	for kind := range c.In {
		x.tables = append(x.tables, x.table(c, kind, literals))
	}
	return x
}

// table builds the table of a kind of data, or takes that of an earlier kind
// with the same classes.
func (x *Index) table(c Classes, kind int, literals []prefilter.Literal) *prefilter.Table {
	for k := range kind {
		if slices.Equal(c.In[k], c.In[kind]) {
			return x.tables[k]
		}
	}
	var some []prefilter.Literal
	for _, l := range literals {
		if c.In[kind][x.class[x.refs[l.ID].pattern]] {
			some = append(some, l)
		}
	}
	return prefilter.Build(some)
}

func (x *Index) add(id int32, p *Pattern, literals *[]prefilter.Literal) {
	for l := range p.Links {
		for f := range p.Links[l].Forms {
			form := &p.Links[l].Forms[f]
			if len(form.Atoms) == 0 {
				x.slow = append(x.slow, slowRef{id, uint16(l), uint16(f)})
			}
			for a, atom := range form.Atoms {
				*literals = append(*literals, prefilter.Literal{Bytes: atom.Bytes, NoCase: atom.NoCase, ID: uint32(len(x.refs))})
				x.refs = append(x.refs, ref{id, uint16(l), uint16(f), uint16(a)})
			}
		}
	}
}

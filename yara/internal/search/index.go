package search

import "vitrine/yara/internal/prefilter"

// Index finds candidates for many patterns in one pass.
type Index struct {
	class []uint16 // by pattern; nil: all of class 0
	table *prefilter.Table
	refs  []ref     // by literal id
	slow  []slowRef // forms without a literal
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

// NewIndex indexes the patterns that are searched; on-demand ones are left out.
// class groups the patterns: Searcher.Reset is told which groups matter in the
// data at hand. Nil puts all into class 0.
func NewIndex(patterns []*Pattern, class []uint16) *Index {
	x := &Index{class: class}
	if class == nil {
		x.class = make([]uint16, len(patterns))
	}
	var literals []prefilter.Literal
	for id, p := range patterns {
		if p.OnDemand {
			continue
		}
		x.add(int32(id), p, &literals)
	}
	x.table = prefilter.Build(literals)
	return x
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

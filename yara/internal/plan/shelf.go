package plan

import (
	"vitrine/yara/internal/facts"
	"vitrine/yara/internal/ir"
)

// shelf holds ways that no pattern opens, of files that begin alike.
type shelf struct {
	free   []int32  // whatever a module found
	groups []*group // those that need something of a module, by what it is
}

// group is ways that need the same of a module.
type group struct {
	module, field, elem int32 // as in facts.Need
	ways                []int32
	texts               map[string][]int32 // ways by the text one of which they need; nil where they need none
}

// Modules answers what modules found in the data at hand. Fields and elem are
// those of a facts.Need.
type Modules interface {
	// Extent tells how many elements an array or dictionary has; of a number, 1
	// when it is not 0.
	Extent(module, field int32) int
	// Text gives a text, where elem is not negative that in element i of an array;
	// nil when it is not defined.
	Text(module, field, elem int32, i int) []byte
}

// put adds a way, which may be the last already.
func (s *shelf) put(w int32, need *facts.Need, set *ir.Set) {
	if need == nil {
		s.free = appendNew(s.free, w)
		return
	}
	g := s.group(need)
	g.ways = appendNew(g.ways, w)
	for _, t := range need.Texts {
		text := string(set.Texts[t])
		g.texts[text] = appendNew(g.texts[text], w)
	}
}

func appendNew(list []int32, w int32) []int32 {
	if n := len(list); n > 0 && list[n-1] == w {
		return list
	}
	return append(list, w)
}

func (s *shelf) group(n *facts.Need) *group {
	for _, g := range s.groups {
		if g.module == n.Module && g.field == n.Field && g.elem == n.Elem && (g.texts == nil) == (len(n.Texts) == 0) {
			return g
		}
	}
	g := &group{module: n.Module, field: n.Field, elem: n.Elem}
	if len(n.Texts) > 0 {
		g.texts = map[string][]int32{}
	}
	s.groups = append(s.groups, g)
	return g
}

// look gives add the ways that what a module found may leave open. It works no
// longer than it would take to look at all of them.
func (g *group) look(m Modules, add func(ways []int32)) {
	n := 1
	if g.elem >= 0 || g.texts == nil {
		n = m.Extent(g.module, g.field)
	}
	switch {
	case n == 0:
	case g.texts == nil || n > len(g.ways):
		add(g.ways)
	default:
		for i := range n {
			if text := m.Text(g.module, g.field, g.elem, i); text != nil {
				add(g.texts[string(text)])
			}
		}
	}
}

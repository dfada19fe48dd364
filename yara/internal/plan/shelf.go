package plan

import (
	"vitrine/yara/internal/facts"
	"vitrine/yara/internal/ir"
)

// shelf holds ways that no pattern opens, of files that begin alike.
type shelf struct {
	free   []int32  // whatever a module found
	groups []*group // those that need something of a module, by what it is
	known  map[about]*group
}

// about is what a group needs: a facts.Need without its texts.
type about struct {
	module, field, elem int32
	texts               bool // some, not just anything
}

// group is ways that need the same of a module.
type group struct {
	about
	ways   []int32
	byText map[string][]int32 // where texts: the ways by those one of which they need
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
	g := s.group(about{need.Module, need.Field, need.Elem, len(need.Texts) > 0})
	g.ways = appendNew(g.ways, w)
	for _, t := range need.Texts {
		text := string(set.Texts[t])
		g.byText[text] = appendNew(g.byText[text], w)
	}
}

func appendNew(list []int32, w int32) []int32 {
	if n := len(list); n > 0 && list[n-1] == w {
		return list
	}
	return append(list, w)
}

func (s *shelf) group(a about) *group {
	if g := s.known[a]; g != nil {
		return g
	}
	if s.known == nil {
		s.known = map[about]*group{}
	}
	g := &group{about: a, byText: map[string][]int32{}}
	s.groups, s.known[a] = append(s.groups, g), g
	return g
}

// look gives add the ways that what a module found may leave open. It works no
// longer than it would take to look at all of them.
func (g *group) look(m Modules, add func(ways []int32)) {
	n := 1
	if g.elem >= 0 || !g.texts {
		n = m.Extent(g.module, g.field)
	}
	switch {
	case n == 0:
	case !g.texts || n > len(g.ways):
		add(g.ways)
	default:
		for i := range n {
			if text := m.Text(g.module, g.field, g.elem, i); text != nil {
				add(g.byText[string(text)])
			}
		}
	}
}

package search

import (
	"vitrine/yara/internal/pattern"
	"vitrine/yara/internal/prefilter"
)

// Config bounds a Searcher's work.
type Config struct {
	MaxMatches  int  // per pattern
	RegexWindow int  // bytes a program may look ahead of or behind a literal
	Lists       bool // keep every match of every pattern, whatever its NeedList
	// Tally counts what is done for each pattern; nil counts nothing.
	Tally []Tally
	// Stop is asked now and then; an error ends the search.
	Stop func() error
}

// Tally is what was done for one pattern over all searches.
type Tally struct {
	Tried int // places at which it, or a piece of a cut one, might have stood
	Found int // matches of it, or of such a piece
}

// Cut says which limit cut the search for a pattern.
type Cut uint8

// The limits.
const (
	CutMatches Cut = 1 << iota // MaxMatches
	CutRegex                   // RegexWindow, or the cap on threads
)

// pieceLen is how much is searched between two looks at the clock.
const pieceLen = 8 << 10

// maxIdle is how many matches all lists together keep room for from one scan
// to the next, 2 MiB: a scanner has many patterns, and no series of files may
// make it keep much for each.
const maxIdle = 1 << 17

// Searcher searches one piece of data at a time. Not safe for concurrent use.
type Searcher struct {
	index    *Index
	patterns Patterns
	config   Config
	machine  pattern.Machine
	run      prefilter.Run

	data   []byte
	kind   int    // of data
	open   []bool // by class: whether its patterns matter
	err    error
	work   int // done since the last look at the clock
	kept   int // matches of all patterns and links
	idle   int // room kept in lists from the scans before, in matches
	states []state
	parts  map[linkKey]*list // matches of links of cut patterns
	dirty  []int32           // patterns whose state is not zero
}

// state is what is known of one pattern in the data at hand.
type state struct {
	found   bool
	dirty   bool
	full    bool // no more matches are wanted
	whole   bool // an on-demand pattern that has been searched after all
	cut     Cut
	matches list  // only the first match where no list is needed
	idle    int32 // its part of Searcher.idle
}

type linkKey struct {
	pattern int32
	link    uint16
}

// NewSearcher returns a Searcher over the patterns the index was made of.
func NewSearcher(x *Index, patterns Patterns, c Config) *Searcher {
	s := &Searcher{index: x, patterns: patterns, config: c, parts: map[linkKey]*list{}}
	s.machine.Stop = func() bool { return s.look() != nil }
	return s
}

// Reset forgets the data at hand and takes new data of some kind. open tells
// for each class of patterns whether it is searched.
func (s *Searcher) Reset(data []byte, kind int, open []bool) {
	if s.states == nil { // large, and not every searcher is given data
		s.states = make([]state, s.patterns.Len())
	}
	for _, p := range s.dirty {
		st := &s.states[p]
		s.idle -= int(st.idle)
		idle := st.matches.reset(maxIdle - s.idle)
		s.idle += idle
		*st = state{matches: st.matches, idle: int32(idle)}
	}
	s.dirty = s.dirty[:0]
	clear(s.parts)
	s.data, s.kind, s.open, s.err, s.work, s.kept = data, kind, open, nil, 0, 0
}

// Search runs the pass over the data. What was found before an error stays.
func (s *Searcher) Search() error {
	table := s.index.kinds[s.kind].table()
	s.run.Start(table, s.data, s)
	for from := 0; from < len(s.data) && !table.Empty(); from += pieceLen {
		if err := s.look(); err != nil {
			return err
		}
		s.run.Scan(from, from+pieceLen)
		if s.err != nil {
			return s.err
		}
	}
	for _, r := range s.index.slow {
		if !s.open[s.index.class[r.Pattern]] {
			continue
		}
		if err := s.searchSlow(r); err != nil {
			return err
		}
	}
	return s.chainAll()
}

// Candidate implements prefilter.Sink.
func (s *Searcher) Candidate(id uint32, pos int) (enough bool) {
	r, ok := s.index.ref(id)
	switch {
	case !ok || !s.open[s.index.class[r.pattern]] || s.states[r.pattern].full:
		return true
	case s.err != nil || !s.spend(costCandidate):
		return false
	}
	form := s.patterns.At(r.pattern).form(r.link, r.form)
	if pos += r.lead; form != nil && r.atom < len(form.Atoms) && pos <= len(s.data) {
		s.tried(r.pattern)
		s.verify(r.pattern, uint16(r.link), form, &form.Atoms[r.atom], pos)
	}
	return s.states[r.pattern].full
}

// verify follows up an atom that stands at pos.
func (s *Searcher) verify(id int32, link uint16, form *Form, a *Atom, pos int) {
	if a.Prefix == nil {
		if start := pos - a.Offset; start >= 0 {
			s.verifyAt(id, link, form, start)
		}
		return
	}
	s.spend(costOf(a.Suffix))
	end, ok, cut := s.machine.Forward(a.Suffix, s.data, pos, s.config.RegexWindow)
	if ok {
		s.spend(costOf(a.Prefix))
		cut = s.machine.Backward(a.Prefix, s.data, pos, s.config.RegexWindow, func(start int) bool {
			s.keep(id, link, form, start, end, 0)
			return s.spend(costCandidate) && !s.states[id].full
		}) || cut
	}
	if cut {
		s.cutBy(id, CutRegex)
	}
}

// verifyAt matches a form at start and keeps the match.
func (s *Searcher) verifyAt(id int32, link uint16, form *Form, start int) bool {
	end, key, ok := s.matchForm(id, form, start)
	if !ok {
		return false
	}
	return s.keep(id, link, form, start, end, key)
}

// keep adds a match of a form unless it fails to be a whole word.
func (s *Searcher) keep(id int32, link uint16, form *Form, start, end int, key byte) bool {
	p := s.patterns.At(id)
	if !p.accepts(s.data, form, start, end, key) {
		return false
	}
	s.hit(id)
	m := Match{Offset: int64(start), Length: int32(end - start), Key: key}
	if len(p.Links) > 1 {
		s.addPart(id, link, m)
		return true
	}
	s.add(id, m)
	return true
}

// accepts asks for whole words where the pattern does.
func (p *Pattern) accepts(data []byte, form *Form, start, end int, key byte) bool {
	if !p.FullWord {
		return true
	}
	var mask byte
	if p.decodeWord {
		mask = key
	}
	return isWord(data, start, end, form.Wide, mask)
}

func (s *Searcher) matchForm(id int32, form *Form, start int) (end int, key byte, ok bool) {
	if form.Literal != nil {
		s.spend(len(form.Literal))
		end = start + len(form.Literal)
		key, ok = matchLiteral(form, s.data, start)
		return end, key, ok
	}
	if start < len(s.data) && !form.Program.First.Has(s.data[start]) {
		return 0, 0, false
	}
	s.spend(costOf(form.Program))
	end, ok, cut := s.machine.Forward(form.Program, s.data, start, s.config.RegexWindow)
	if cut {
		s.cutBy(id, CutRegex)
	}
	return end, 0, ok
}

func (s *Searcher) tried(id int32) {
	if s.config.Tally != nil {
		s.config.Tally[id].Tried++
	}
}

func (s *Searcher) hit(id int32) {
	if s.config.Tally != nil {
		s.config.Tally[id].Found++
	}
}

// slot gives the state of a pattern to be written.
func (s *Searcher) slot(id int32) *state {
	st := &s.states[id]
	if !st.dirty {
		st.dirty = true
		s.dirty = append(s.dirty, id)
	}
	return st
}

func (s *Searcher) cutBy(id int32, c Cut) { s.slot(id).cut |= c }

// add keeps a match of a whole pattern.
func (s *Searcher) add(id int32, m Match) {
	p, st := s.patterns.At(id), s.slot(id)
	if p.Anchor >= 0 && m.Offset != p.Anchor {
		return
	}
	st.found = true
	if !p.NeedList && !s.config.Lists {
		st.full = true
	}
	if !s.store(&st.matches, m, p.Greedy) {
		st.full, st.cut = true, st.cut|CutMatches
	}
}

// store puts a match into a list unless it is there. It fails when the list,
// or all lists together, may hold no more.
func (s *Searcher) store(l *list, m Match, longest bool) bool {
	if l.known(m, longest) {
		return true
	}
	if l.crowded() || !s.hasRoom(l) {
		s.settle(l, longest)
		if l.known(m, longest) {
			return true
		}
		if !s.hasRoom(l) {
			return false
		}
	}
	l.add(m)
	s.kept++
	return true
}

func (s *Searcher) hasRoom(l *list) bool {
	return l.size() < s.config.MaxMatches && s.kept < max(s.config.MaxMatches, minKept)
}

func (s *Searcher) settle(l *list, longest bool) {
	if len(l.late) > 0 {
		s.spend(l.size())
		s.kept -= l.settle(longest)
	}
}

// minKept bounds the matches of all patterns together, so that no file makes
// the lists of many patterns long at once: 16 MiB of them.
const minKept = 1 << 20

package sema

import (
	"encoding/binary"
	"errors"
	"strings"

	"vitrine/yara/internal/pattern"
	"vitrine/yara/internal/search"
	"vitrine/yara/syntax"
)

// stringUse gathers how a condition uses a string. What is asked decides how
// it is searched, so the pattern gets its number first and its form at the end.
type stringUse struct {
	def      *syntax.String
	id       int32
	compiled *search.Pattern

	used     bool
	found    bool    // its presence anywhere is asked
	list     bool    // counts, offsets, lengths or ranges are asked
	atConst  []int64 // it is asked at these offsets
	atOthers bool    // it is asked at computed offsets
}

// declareStrings compiles the strings of the rule and gives them numbers. The
// numbers are provisional: finishStrings replaces them once uses are known.
func (u *unit) declareStrings() {
	u.byName = map[string]*stringUse{}
	for _, def := range u.rule.Strings {
		s := &stringUse{def: def, id: int32(len(u.strings))}
		u.strings = append(u.strings, s)
		if def.Name != "" {
			u.byName[def.Name] = s
		}
		p, err := search.Compile(def, search.Options{YARAX: u.c.options.YARAX})
		if err != nil {
			u.stringError(def, err)
			continue
		}
		s.compiled = p
		u.checkEscapes(def.Pos, p.UnknownEscape)
	}
}

func (u *unit) checkEscapes(p syntax.Pos, unknown bool) {
	if unknown && u.c.options.StrictEscape {
		u.warnf(p, "an escape in the regular expression means nothing but the character behind it")
	}
}

func (u *unit) stringError(def *syntax.String, err error) {
	var at *pattern.SyntaxError
	if errors.As(err, &at) {
		u.errorf(offsetPos(def.ValuePos, def.Value, at.Offset), "invalid %s $%s: %s", kindName(def.Kind), def.Name, at.Message)
		return
	}
	u.errorf(def.Pos, "invalid %s $%s: %v", kindName(def.Kind), def.Name, err)
}

func kindName(k syntax.StringKind) string {
	switch k {
	case syntax.Hex:
		return "hex string"
	case syntax.Regexp:
		return "regular expression"
	}
	return "string"
}

// offsetPos moves a position over the first n bytes of the source behind it.
func offsetPos(p syntax.Pos, src []byte, n int) syntax.Pos {
	for _, c := range src[:min(n, len(src))] {
		p.Col++
		if c == '\n' {
			p.Line, p.Col = p.Line+1, 1
		}
	}
	return p
}

// finishStrings decides how each string is searched, shares identical ones,
// and rewrites the provisional numbers in the condition.
func (u *unit) finishStrings() {
	for _, s := range u.strings {
		if !s.used && !strings.HasPrefix(s.def.Name, "_") && len(u.problems) == 0 {
			u.errorf(s.def.Pos, "string $%s is never used in the condition; name it $_%s to keep it", s.def.Name, s.def.Name)
		}
	}
	if len(u.problems) > 0 {
		return
	}
	final := make([]int32, len(u.strings))
	for i, s := range u.strings {
		s.decide(u.loose)
		final[i] = u.share(s)
		s.id = final[i]
	}
	u.renumber(final)
}

// decide sets how the pattern is searched from how it is used, and from whether
// the rule lets its strings loose.
func (s *stringUse) decide(loose bool) {
	p := s.compiled
	p.NeedList = s.list
	asked := len(s.atConst) > 0 || s.atOthers
	p.OnDemand = asked && !s.found && !s.list && len(p.Links) == 1
	if asked && !p.OnDemand {
		p.NeedList = true
	}
	// As in YARA, text that is asked for at one written offset matches nowhere
	// else; so does what begins with text before a long jump.
	if asked && !loose && !s.found && !s.list && !s.atOthers && same(s.atConst) && p.BeginsLiteral() {
		p.Anchor = s.atConst[0]
	}
}

func same(v []int64) bool {
	for _, x := range v {
		if x != v[0] {
			return false
		}
	}
	return true
}

// share gives the number of the pattern in the Set, which may be that of an
// identical string of an earlier rule.
func (u *unit) share(s *stringUse) int32 {
	key := sharingKey(s.def, s.compiled)
	set := u.c.set
	if id, ok := u.c.interned.patterns[key]; ok {
		known := set.Patterns.At(id)
		known.NeedList = known.NeedList || s.compiled.NeedList
		return id
	}
	id := int32(set.Patterns.Len())
	s.compiled.Pack()
	set.Patterns.Append(s.compiled)
	u.c.interned.patterns[key] = id
	u.c.interned.names = append(u.c.interned.names, key)
	return id
}

// sharingKey is the same for strings that are searched and matched alike.
func sharingKey(def *syntax.String, p *search.Pattern) string {
	m := &def.Mods
	flags := int64(0)
	for i, on := range []bool{p.OnDemand, def.CaseInsensitive, def.DotAll, m.ASCII || def.Kind == syntax.Text && !m.Wide,
		m.Wide, m.NoCase, m.FullWord, m.Xor, m.Base64, m.Base64Wide} {
		if on {
			flags |= 1 << i
		}
	}
	key := append(make([]byte, 0, 32+len(def.Value)), byte(def.Kind), m.XorMin, m.XorMax)
	key = binary.AppendVarint(key, flags)
	key = binary.AppendVarint(key, p.Anchor)
	for _, alphabet := range []string{m.Base64Alphabet, m.Base64WideAlphabet} {
		key = binary.AppendVarint(key, int64(len(alphabet)))
		key = append(key, alphabet...)
	}
	return string(append(key, def.Value...))
}

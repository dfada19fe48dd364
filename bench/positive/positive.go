// Package positive makes, from a parsed rule, a file that the rule ought to
// match or nearly matches: its strings in their encodings, wildcards filled from
// a seed, behind the bytes its condition asks of the header. Comparing scanners
// on clean files alone would leave offsets and lengths untried.
//
// The files hold text fragments of a rule and nothing that runs. They are made
// when they are needed and never kept.
package positive

import (
	"hash/fnv"
	"math/rand/v2"

	"vitrine/yara/syntax"
)

// most bounds a file: a rule may have thousands of strings.
const most = 256 << 10

// maker writes one file.
type maker struct {
	rand *rand.Rand
	out  []byte
}

// For makes the file for one rule. The same rule and seed give the same bytes.
func For(rule *syntax.Rule, seed uint64) []byte {
	h := fnv.New64a()
	h.Write([]byte(rule.Name))
	m := &maker{rand: rand.New(rand.NewPCG(seed, h.Sum64()))}
	fixed := header(rule.Condition)
	if fixed.windows() {
		fixed.addPE()
	}
	fixed.addAnchored(m, rule)
	m.out = fixed.bytes(m.rand)
	for _, s := range rule.Strings {
		if len(m.out) < most {
			m.occurrences(s)
		}
	}
	return m.out
}

// occurrences writes a string once as asked, once within a word, once beside
// itself and once cut short, so that both sides of each decision are tried.
func (m *maker) occurrences(s *syntax.String) {
	for _, form := range m.forms(s) {
		m.gap()
		m.add(form)
		m.gap()
		if m.rand.IntN(4) == 0 {
			m.add([]byte("x"), form, form, []byte("9"))
			m.gap()
		}
		if m.rand.IntN(4) == 0 && len(form) > 1 {
			m.add(form[:len(form)-1])
			m.gap()
		}
	}
}

func (m *maker) add(parts ...[]byte) {
	for _, p := range parts {
		m.out = append(m.out, p...)
	}
}

// gap is what stands between strings: blanks, line ends or zeros.
func (m *maker) gap() {
	gaps := [...]string{" ", "\n", "\r\n", "\x00\x00", "\x00\x00\x00\x00", " = ", "\xff\xfe"}
	m.add([]byte(gaps[m.rand.IntN(len(gaps))]))
}

// forms gives the encodings in which a string is searched, one sample of each.
func (m *maker) forms(s *syntax.String) [][]byte {
	switch s.Kind {
	case syntax.Hex:
		return [][]byte{m.hex(s.Value)}
	case syntax.Regexp:
		sample := m.regexp(s)
		if sample == nil {
			return nil
		}
		return m.widths(sample, s.Mods)
	}
	value := s.Value
	if s.Mods.NoCase {
		value = m.anyCase(value)
	}
	if s.Mods.Base64 || s.Mods.Base64Wide {
		return m.base64(value, s.Mods)
	}
	forms := m.widths(value, s.Mods)
	if s.Mods.Xor {
		for i := range forms {
			forms[i] = m.xored(forms[i], s.Mods)
		}
	}
	return forms
}

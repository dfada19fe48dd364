package lint

import (
	"fmt"
	"slices"
	"strings"

	"vitrine/internal/rulecheck"
	"vitrine/yara/syntax"
)

// Correct looks at one file. text is its source. The rules of the files given
// with it, which are compiled together with it, may use its own.
func (l *Linter) Correct(f *syntax.File, text []byte, with ...*syntax.File) (out []rulecheck.Finding) {
	used := usedRules(append([]*syntax.File{f}, with...))
	for rule := range f.Rules() {
		add := func(at syntax.Pos, check string, severity rulecheck.Severity, format string, args ...any) {
			out = append(out, about(f, rule, at, rulecheck.Correctness, check, severity, fmt.Sprintf(format, args...)))
		}
		if rule.Private && !rule.Global && !used(rule.Name) {
			add(rule.Pos, "unused-private", rulecheck.Low, "the rule is private and no rule uses it, so it never has an effect")
		}
		if missing := l.missing(rule); len(missing) > 0 {
			add(rule.Pos, "missing-meta", rulecheck.Low, "the rule has no %s in its metadata", strings.Join(missing, ", "))
		}
		if place, twice := l.names[rule.Name]; twice {
			add(rule.Pos, "duplicate-name", rulecheck.Low, "a rule of this name is in %s already", place)
		} else {
			l.names[rule.Name] = fmt.Sprintf("%s:%d", f.Name, rule.Pos.Line)
		}
		body := body(rule, text)
		if name, twice := l.texts[body]; twice && name != rule.Name {
			add(rule.Pos, "duplicate-rule", rulecheck.Low, "strings and condition are those of the rule %s", name)
		} else {
			l.texts[body] = rule.Name
		}
		for _, twin := range twins(rule) {
			add(twin.Pos, "duplicate-string", rulecheck.Low, "the string $%s is there twice", twin.Name)
		}
		for _, name := range l.externals(rule) {
			add(name.At, "external", rulecheck.Low, "vitrine scan does not define the external variable %s", name.Name)
		}
	}
	return out
}

// usedRules tells which rules those of the files refer to.
func usedRules(files []*syntax.File) func(name string) bool {
	names := map[string]bool{}
	var prefixes []string
	look := func(e syntax.Expr) bool {
		switch e := e.(type) {
		case *syntax.Name:
			names[e.Name] = true
		case *syntax.Of:
			if e.Set.Kind != syntax.RuleSet {
				break
			}
			for _, item := range e.Set.Items {
				names[item.Name] = true
				if item.Wildcard {
					prefixes = append(prefixes, item.Name)
				}
			}
		}
		return true
	}
	for _, f := range files {
		for rule := range f.Rules() {
			syntax.Walk(rule.Condition, look)
		}
	}
	return func(name string) bool {
		return names[name] || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
	}
}

func (l *Linter) missing(rule *syntax.Rule) (keys []string) {
	for _, key := range l.config.Meta {
		has := slices.ContainsFunc(rule.Meta, func(m syntax.Meta) bool { return strings.EqualFold(m.Key, key) })
		if !has && !rule.Private {
			keys = append(keys, key)
		}
	}
	return keys
}

// body is a rule from its strings on, or from its condition, without spaces.
func body(rule *syntax.Rule, text []byte) string {
	source := string(text[min(rule.Source.Start, len(text)):min(rule.Source.End, len(text))])
	word := "condition"
	if len(rule.Strings) > 0 {
		word = "strings"
	}
	at := 0
	for i := 0; i < len(source); {
		next := strings.Index(source[i:], word)
		if next < 0 {
			break
		}
		i += next + len(word)
		if rest := strings.TrimLeft(source[i:], " \t\r\n"); strings.HasPrefix(rest, ":") {
			at = i
			break
		}
	}
	return strings.Join(strings.Fields(source[at:]), "")
}

// twins gives the strings of a rule that are there already.
func twins(rule *syntax.Rule) (out []*syntax.String) {
	seen := map[string]bool{}
	for _, s := range rule.Strings {
		m := s.Mods
		m.Pos = nil
		key := fmt.Sprintf("%d %q %v %v %v", s.Kind, s.Value, s.CaseInsensitive, s.DotAll, m)
		if seen[key] {
			out = append(out, s)
		}
		seen[key] = true
	}
	return out
}

// externals gives the first use of each external variable that is reported.
func (l *Linter) externals(rule *syntax.Rule) (out []*syntax.Name) {
	syntax.Walk(rule.Condition, func(e syntax.Expr) bool {
		if name, ok := e.(*syntax.Name); ok && l.config.Externals[name.Name] &&
			!slices.ContainsFunc(out, func(o *syntax.Name) bool { return o.Name == name.Name }) {
			out = append(out, name)
		}
		return true
	})
	return out
}

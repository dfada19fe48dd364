package bundle

import (
	"vitrine/internal/rulecheck"
	"vitrine/internal/rulecheck/hunting"
	"vitrine/internal/rulecheck/lint"
	"vitrine/yara/syntax"
)

// Lint looks at the sources: for rules that would fire on documents rather than
// on code, and for mistakes. The worst come first.
func (b *Bundle) Lint() []rulecheck.Finding {
	var all []rulecheck.Finding
	linter, hunter := lint.New(lint.Config{}), hunting.New()
	for _, s := range b.Sources {
		file, errs := syntax.Parse(s.Name, s.Data, syntax.Options{})
		if len(errs) == 0 { // else it is there to be included, or was refused by the compiler
			all = append(append(all, linter.Correct(file, s.Data)...), hunter.File(file)...)
		}
	}
	rulecheck.Sort(all)
	return all
}

package yaracmd

import (
	"slices"

	"vitrine/yara"
	"vitrine/yara/syntax"
)

// report prints the rules of one file and gives the number that matched, be
// they printed or not.
func (w *worker) report(path string, result *yara.Result) int {
	if w.options.Negate || w.options.MaxRules > 0 {
		return w.reportAll(path, result)
	}
	for i := range result.Matches {
		m := &result.Matches[i]
		w.rule(path, m.Rule, m.Strings)
	}
	return len(result.Matches)
}

// reportAll goes through every rule, as -n and -l want. When -l is reached
// already it still looks at the first rule: so does yara, for each file.
func (w *worker) reportAll(path string, result *yara.Result) int {
	found, left := 0, result.Matches
	for r := range w.rules.All() {
		if r.Private {
			continue
		}
		switch matching := len(left) > 0 && left[0].Rule == r; {
		case matching:
			if !w.options.Negate {
				w.rule(path, r, left[0].Strings)
			}
			left = left[1:]
			found++
			w.total.Add(1)
		case w.options.Negate:
			w.rule(path, r, nil)
		}
		if w.full() {
			break
		}
	}
	return found
}

// rule prints a rule and its matches, unless -c, -i or -t say otherwise.
func (w *worker) rule(path string, r *yara.Rule, matches []yara.StringMatch) {
	if w.options.Count || !w.options.selects(r) {
		return
	}
	w.line = w.options.appendRule(w.line[:0], r, path)
	w.page.write(w.line)
	if !w.options.wantsMatches() {
		return
	}
	for _, m := range matches {
		info := r.Strings[m.Index]
		if info.Private {
			continue
		}
		w.line = w.options.appendMatch(w.line[:0], m, info.Kind == syntax.Hex)
		w.page.write(w.line)
	}
}

// selects applies -i and -t. As in yara, names given with -i overrule tags.
func (o *Options) selects(r *yara.Rule) bool {
	switch {
	case len(o.Identifiers) > 0:
		return slices.Contains(o.Identifiers, r.Name)
	case len(o.Tags) > 0:
		return slices.ContainsFunc(o.Tags, func(t string) bool { return slices.Contains(r.Tags, t) })
	}
	return true
}

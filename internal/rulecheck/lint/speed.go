package lint

import (
	"bytes"
	"fmt"
	"strconv"

	"vitrine/internal/rulecheck"
	"vitrine/yara"
	"vitrine/yara/syntax"
)

// A literal shorter than this comes up by chance in most files.
const shortAtom = 4

// hugeRange is how many offsets a loop may go through.
const hugeRange = 100_000

// Speed looks at the rules of one parsed file that compiled holds.
func Speed(f *syntax.File, compiled *yara.Rules) (out []rulecheck.Finding) {
	costs := map[string]yara.Cost{}
	i := 0
	for rule := range compiled.All() {
		if rule.File == f.Name {
			costs[rule.Name] = compiled.Cost(i)
		}
		i++
	}
	for rule := range f.Rules() {
		cost, ok := costs[rule.Name]
		if !ok {
			continue
		}
		out = append(out, whole(f, rule, cost)...)
		for i, s := range rule.Strings {
			if i < len(cost.Strings) {
				out = append(out, literal(f, rule, s, cost.Strings[i])...)
			}
		}
		out = append(out, loops(f, rule)...)
	}
	return out
}

// whole looks at when the rule is evaluated.
func whole(f *syntax.File, rule *syntax.Rule, cost yara.Cost) []rulecheck.Finding {
	switch {
	case cost.Never:
		return []rulecheck.Finding{about(f, rule, rule.Pos, rulecheck.Correctness, "never", rulecheck.Medium,
			"the condition can never hold")}
	case cost.Always && !cost.Gated && !rule.Private:
		return []rulecheck.Finding{about(f, rule, rule.Pos, rulecheck.Performance, "always", rulecheck.Medium,
			"no string has to be found for the condition to hold, so the rule is evaluated for every file")}
	}
	return nil
}

// literal looks at the text by which a string is found.
func literal(f *syntax.File, rule *syntax.Rule, s *syntax.String, cost yara.StringCost) []rulecheck.Finding {
	if cost.OnDemand {
		return nil
	}
	var check, reason string
	severity := rulecheck.Medium
	switch n := len(cost.Atom); {
	case n == 0:
		check, reason = "no-literal", "nothing in the string is fixed, so it is tried at every offset of every file"
	case cost.Padding:
		check, reason = "common-atom", fmt.Sprintf("the string is found by %s, which fills gaps in most files", quoted(cost.Atom))
	case n < shortAtom:
		check, reason = "short-atom", fmt.Sprintf("the string is found by %s only, which comes up by chance", quoted(cost.Atom))
		if n == shortAtom-1 {
			severity = rulecheck.Low
		}
	case s.Kind == syntax.Regexp && leadsWithAny(s.Value):
		check, reason = "leading-any", "the expression begins with .* or .+, which adds nothing to what it finds but time"
		severity = rulecheck.Low
	default:
		return nil
	}
	out := about(f, rule, s.Pos, rulecheck.Performance, check, severity, reason)
	out.String = "$" + s.Name
	return []rulecheck.Finding{out}
}

func quoted(b []byte) string {
	word := "byte"
	if len(b) != 1 {
		word = "bytes"
	}
	return fmt.Sprintf("%d %s, %s", len(b), word, strconv.QuoteToASCII(string(b)))
}

func leadsWithAny(source []byte) bool {
	source = bytes.TrimLeft(source, "(")
	return bytes.HasPrefix(source, []byte(".*")) || bytes.HasPrefix(source, []byte(".+"))
}

// loops looks for loops over ranges that the file decides.
func loops(f *syntax.File, rule *syntax.Rule) (out []rulecheck.Finding) {
	add := func(at syntax.Pos, check string, severity rulecheck.Severity, reason string) {
		out = append(out, about(f, rule, at, rulecheck.Performance, check, severity, reason))
	}
	syntax.Walk(rule.Condition, func(e syntax.Expr) bool {
		switch e := e.(type) {
		case *syntax.ForIn:
			switch {
			case e.Range == nil || !unbounded(e.Range):
			case holdsLoop(e.Body):
				add(e.At, "nested-loop", rulecheck.Medium, "a loop over much of the file holds another loop, so time grows with the square of the size")
			default:
				add(e.At, "file-loop", rulecheck.Medium, "the loop goes through as many offsets as the file is long")
			}
		case *syntax.StringCount:
			if e.In != nil && unbounded(e.In) {
				add(e.At, "wide-count", rulecheck.Low, "counting in nearly the whole file asks for every match; #"+e.Name+" alone is the same for less")
			}
		}
		return true
	})
	return out
}

// unbounded reports whether a range is as long as the file, or very long.
func unbounded(r *syntax.Range) bool {
	low, lowKnown := r.Low.(*syntax.IntLit)
	high, highKnown := r.High.(*syntax.IntLit)
	if highKnown {
		return lowKnown && high.Value-low.Value > hugeRange
	}
	return lowKnown && mentionsSize(r.High)
}

func mentionsSize(e syntax.Expr) (found bool) {
	syntax.Walk(e, func(e syntax.Expr) bool {
		_, size := e.(*syntax.Filesize)
		found = found || size
		return !found
	})
	return found
}

func holdsLoop(e syntax.Expr) (found bool) {
	syntax.Walk(e, func(e syntax.Expr) bool {
		loop, ok := e.(*syntax.ForIn)
		found = found || ok && loop.Range != nil
		return !found
	})
	return found
}

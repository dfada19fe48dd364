package scanreport

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"vitrine/internal/cli/term"
)

// Text writes the summary for people, in three lines, and one for each
// installed bundle.
func (s *Summary) Text(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s\n%s%s\n%s\n", s.scanned(), s.bundles(), s.outcome(), Left(s.Departures))
	return err
}

func (s *Summary) bundles() string {
	var b strings.Builder
	for _, u := range s.Bundles {
		fmt.Fprintf(&b, "rules: %s bundle %d, entry %d of %s, witnessed by %s\n", u.Channel, u.Serial, u.Index, u.Log, strings.Join(u.Witnesses, ", "))
	}
	return b.String()
}

func (s *Summary) scanned() string {
	begin := "scanned"
	if s.Interrupted {
		begin = "interrupted: scanned"
	}
	line := fmt.Sprintf("%s %s (%s) in %s with %s", begin,
		term.Plural(s.Files, "file", "files"), term.Bytes(s.Bytes), term.Elapsed(s.Elapsed), s.lookedFor())
	if inside := s.Objects - s.Files; inside > 0 {
		line += fmt.Sprintf("; %s inside them (%s)",
			term.Plural(inside, "object", "objects"), term.Bytes(s.ObjectBytes-s.Bytes))
	}
	return line
}

func (s *Summary) lookedFor() string {
	line := term.Plural(int64(s.RuleCount), "rule", "rules")
	if s.RuleCount > 0 {
		line += " (sha256 " + s.RuleSHA256[:min(12, len(s.RuleSHA256))] + ")"
	}
	if s.HashCount > 0 {
		line += " and " + term.Plural(int64(s.HashCount), "hash", "hashes")
	}
	if s.SignatureCount > 0 {
		line += " and " + term.Plural(int64(s.SignatureCount), "ClamAV signature", "ClamAV signatures")
	}
	return line
}

func (s *Summary) outcome() string {
	found := term.Count(s.Findings) + " found"
	if s.Findings != s.Infected {
		found += " in " + term.Plural(s.Infected, "file", "files")
	}
	parts := []string{
		found,
		term.Count(s.Unread.Total()) + " unread" + s.Unread.reasons(),
		term.Count(s.Incomplete.Total()) + " incomplete" + s.Incomplete.reasons(),
	}
	if s.Allowed > 0 {
		parts = append(parts, term.Count(s.Allowed)+" allowed")
	}
	if n := s.Skipped.Total(); n > 0 {
		parts = append(parts, term.Count(n)+" left out"+s.Skipped.reasons())
	}
	return strings.Join(parts, ", ")
}

// reasons is " (2 encrypted, 1 size)", or nothing.
func (t *Tally) reasons() string {
	var parts []string
	for _, word := range slices.Sorted(maps.Keys(t.counts)) {
		parts = append(parts, term.Count(t.counts[word])+" "+strings.ReplaceAll(word, "_", " "))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// Left says in one sentence what left this machine.
func Left(departures []Departure) string {
	if len(departures) == 0 {
		return "Nothing left this machine."
	}
	var parts []string
	for _, d := range departures {
		parts = append(parts, fmt.Sprintf("%s to %s (%s)", term.Escape(d.Flow), term.Escape(d.To), term.Bytes(d.Bytes)))
	}
	return "Left this machine: " + strings.Join(parts, "; ") + "."
}

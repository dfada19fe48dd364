package machine

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"vitrine/internal/cli/machine/scanreport"
	"vitrine/internal/cli/machine/sweep"
	"vitrine/internal/cli/ruleset"
	"vitrine/internal/cli/term"
	"vitrine/internal/endpoint/files"
	"vitrine/internal/engine"
	"vitrine/internal/engine/limit"
	"vitrine/yara"
)

// excerpt is how many matched bytes are shown.
const excerpt = 64

// tally counts outcomes and turns them into events.
type tally struct {
	scanreport.Summary
	set *ruleset.Set // of the rules, for what only it knows of them; may be nil
}

// add counts one outcome and gives what is to be told of it.
func (t *tally) add(o sweep.Outcome) []scanreport.Event {
	switch {
	case o.Kind == files.Unread:
		return t.unread(o.Path, o.Err)
	case o.Kind != files.File:
		t.Skipped.Add(o.Kind.String())
		return nil
	case o.Seen.Kind == files.Unread:
		return t.unread(o.Path, o.Seen.Problem)
	case o.Seen.Kind != files.File:
		t.Skipped.Add(o.Seen.Kind.String())
		return nil
	}
	if o.Shown {
		t.Files++
		t.Bytes += o.Seen.Size
	}
	t.Objects += int64(o.Report.Objects)
	t.ObjectBytes += o.Report.Bytes
	if o.Report.Allowed {
		t.Allowed++
	}
	return append(t.found(o), t.incomplete(o)...)
}

func (t *tally) unread(path string, p *files.Problem) []scanreport.Event {
	t.Unread.Add(string(p.Reason))
	return []scanreport.Event{scanreport.Unread{
		Path: path, Reason: string(p.Reason), Detail: p.Line(term.Escape(path)),
	}}
}

func (t *tally) found(o sweep.Outcome) []scanreport.Event {
	var events []scanreport.Event
	for _, f := range o.Report.Findings {
		t.Findings++
		events = append(events, t.describe(o.Path, f))
	}
	if len(events) > 0 {
		t.Infected++
	}
	return events
}

func (t *tally) describe(path string, f engine.Finding) scanreport.Finding {
	out := scanreport.Finding{
		Object: scanreport.Object{Path: path, Members: f.Path},
		Rule:   f.Name,
		Digest: f.Digest,
	}
	if f.Rule == nil {
		return out
	}
	rule := f.Rule.Rule
	out.Namespace, out.File, out.Line, out.Tags = rule.Namespace, rule.File, rule.Line, rule.Tags
	out.Severity, out.Family = rule.MetaText("severity"), rule.MetaText("family")
	out.About, out.Reference = rule.MetaText("description"), rule.MetaText("reference")
	out.Author, out.License = rule.MetaText("author"), cmp.Or(rule.MetaText("license"), rule.MetaText("licence"))
	if out.License == "" && t.set != nil {
		out.License = t.set.Licence(rule.File)
	}
	out.Matches = places(f.Rule.Strings)
	return out
}

func places(strings []yara.StringMatch) []scanreport.Match {
	var out []scanreport.Match
	for _, m := range strings {
		out = append(out, scanreport.Match{
			String: m.Name, Offset: m.Offset, Length: len(m.Data), Data: m.Data[:min(len(m.Data), excerpt)],
		})
	}
	return out
}

// incomplete gathers what kept a file from being looked at as a whole, whether
// the engine or the reading of the file found out.
func (t *tally) incomplete(o sweep.Outcome) []scanreport.Event {
	all := o.Report.Incomplete
	if o.Seen.TooLarge {
		all = append(all, engine.Incomplete{Reason: limit.Size, Detail: tooLarge(o)})
	}
	if o.Seen.Changed {
		all = append(all, engine.Incomplete{Reason: limit.Changed, Detail: "the file changed while it was scanned"})
	}
	var events []scanreport.Event
	for _, i := range all {
		t.Incomplete.Add(string(i.Reason))
		events = append(events, scanreport.Incomplete{
			Object: scanreport.Object{Path: o.Path, Members: i.Path},
			Reason: string(i.Reason),
			Detail: i.Detail,
		})
	}
	return events
}

func tooLarge(o sweep.Outcome) string {
	if o.Shown {
		return "only the start was scanned: it does not fit into --max-memory or --max-filesize"
	}
	return fmt.Sprintf("not scanned: %s are more than --max-filesize", term.Bytes(o.Seen.Size))
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+,-]+$`)

// shellWord quotes a word for a shell where it needs to be.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
